// The one table of all settings.
//
// It drives everything that knows keys: the file, --set and the other flags, the environment, the
// commented default file, --dump-config and the checks. A new setting is a member of Snapshot and a
// row here; a unit test fails when a row has no help, when a default does not pass its own check or
// differs from the initialiser in Snapshot.
// Static storage, never changes; any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "sluice/config/snapshot.hpp"

namespace sluice::config {

enum class Type : std::uint8_t {
    Boolean,
    Integer,
    Choice,    // one of Field::choices
    Duration,  // base/units.hpp
    Size,      // base/units.hpp
    Mode,      // octal permission bits
    Text,      // one line
    Lines,     // one or several
    Name,      // letters, digits, '-' and '_'
    Path,
    Paths,       // several or none
    Ipv4,        // numeric, or "" and "auto" for none
    PortRange,   // "A-B" or "A"
    ListenList,  // "ADDR:PORT", several
    HostNames,   // "ftp.example.org", several or none
    Words,       // texts without commas, several or none
    TlsRules,    // "required for named from 192.0.2.0/24", several or none
};

// A checked value on its way between text and Snapshot; which member counts is the Type's matter.
struct Value {
    std::int64_t number = 0;  // Boolean, Integer, Choice (index), Duration (ns), Size (bytes), Mode
    std::string text;         // Text, Lines, Name, Path, Ipv4
    PortRange ports;
    std::vector<ListenAddress> listen;
    std::vector<std::string> names;
    std::vector<TlsRule> tls_rules;
};

struct Section {
    std::string_view name;
    std::string_view help;
};

struct Field {
    std::string_view section;
    std::string_view name;
    Type type;
    std::string_view unit;      // of an Integer: "sessions"
    std::string_view fallback;  // the default, as text; a list is separated by commas
    std::int64_t min;  // numbers: of the value; Text, Name, Path and Words: of the length in bytes
    std::int64_t max;
    std::string_view zero;     // what 0 means, where 0 is allowed and special
    std::string_view choices;  // "auto|io_uring|epoll", in the order of the enumerators
    std::string_view help;     // one sentence
    void (*put)(Snapshot& snapshot, const Value& value);
    Value (*get)(const Snapshot& snapshot);

    std::string key() const;  // "server.root"
};

std::span<const Section> sections();
std::span<const Field> fields();

// Index in fields() of "section.name".
std::optional<std::size_t> find_field(std::string_view key);
std::optional<std::size_t> find_field(std::string_view section, std::string_view name);

// The words of a Choice.
std::vector<std::string_view> choices_of(const Field& field);

}  // namespace sluice::config
