// MFF (draft-somers-ftp-mfxx-04 section 5): facts of a name that a client wants changed. Pure, any
// thread; views point into the line.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "sluice/base/result.hpp"
#include "sluice/base/time.hpp"

namespace sluice::proto {

struct FactChanges {
    std::optional<WallTime> modified;
    std::optional<WallTime> created;
    std::optional<std::uint32_t> mode;
    std::optional<std::string_view> group;
    std::string_view path;
};

// "modify=20200102030405;UNIX.mode=0644; name": each fact at most once, in any
// case. NcFTP leaves out the last ';', which is no loss.
// BadArgument -> 501; NotSupported (a fact that cannot be changed) -> 504.
Result<FactChanges> parse_fact_changes(std::string_view argument);

// "Modify=20200102030405;UNIX.mode=0644; name": what the draft's 213 says was done.
std::string print_fact_changes(const FactChanges& changes);

// One to four octal digits, up to 07777.
Result<std::uint32_t> parse_octal_mode(std::string_view text);

}  // namespace sluice::proto
