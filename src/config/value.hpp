// Text to checked value and back, by the type of a schema row.
//
// The one place where it is decided which spellings a setting takes, so that the file, --set, the
// flags and the environment can not differ. Pure; any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <tl/expected.hpp>

#include "config/schema.hpp"

namespace sluice::config {

inline constexpr std::size_t kListenMax = 64;
inline constexpr std::size_t kHostNamesMax = 1024;
inline constexpr std::size_t kWordsMax = 64;
inline constexpr std::size_t kPathsMax = 1024;

// A value as it was written, before anyone knows what it should be.
struct RawValue {
    enum class Kind : std::uint8_t {
        Word,     // from a flag or the environment: text that may stand for any type
        String,   // the other kinds are TOML's
        Integer,  // `text` holds it in decimal
        Boolean,  // `text` is "true" or "false"
        List,     // of strings, in `items`
        Other,    // a float, a date, a table; `text` is what to call it in a message
    };

    Kind kind = Kind::Word;
    std::string text;
    std::vector<std::string> items;
};

// Why a value was refused: the words behind the quoted key, "wants a duration like ...; got ...".
struct Complaint {
    static constexpr std::size_t kWhole = SIZE_MAX;

    std::string text;
    std::string hint;           // "did you mean 'epoll'?", or ""
    std::size_t item = kWhole;  // which item of a list is at fault
};

tl::expected<Value, Complaint> parse_value(const Field& field, const RawValue& raw);

// What parse_value takes back to the same value, without quotes; a list as the items.
std::string format_value(const Field& field, const Value& value);
std::vector<std::string> format_items(const Value& value);

// "duration, 1s to 7d, \"0\" = never": for the comments of the default file.
std::string describe(const Field& field);

// The text in double quotes with TOML's escapes; longer than `shown_max` bytes ends in "...".
std::string quoted(std::string_view text, std::size_t shown_max = SIZE_MAX);

}  // namespace sluice::config
