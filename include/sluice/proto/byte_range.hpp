// Parts of files in arguments: RANG (draft-bryan-ftp-range-08) and the X... digests. Pure, any
// thread; views point into the line.
#pragma once

#include <cstdint>
#include <limits>
#include <string_view>

#include "sluice/base/result.hpp"

namespace sluice::proto {

// The bytes from `first` to before `end`. By default the whole file.
struct ByteRange {
    static constexpr std::int64_t kToTheEnd = std::numeric_limits<std::int64_t>::max();

    std::int64_t first = 0;
    std::int64_t end = kToTheEnd;

    constexpr ByteRange() = default;
    constexpr ByteRange(std::int64_t from, std::int64_t before) : first(from), end(before) {}

    // Whether somebody has chosen a part.
    constexpr bool is_set() const { return first != 0 || end != kToTheEnd; }
    friend constexpr bool operator==(ByteRange, ByteRange) = default;
};

// RANG: "first last", both inclusive, at most 2^63 - 3. "1 0" is the whole file. BadArgument for
// anything else, first > last included.
Result<ByteRange> parse_range(std::string_view argument);

// The argument of XCRC and its kin, in the forms that are about:
//     name    name;start;end    name start end    "name"    "name" start end    "name";start;end
// `end` is the byte behind the last one, as ProFTPD has it. A quote inside quotes is doubled.
struct ChecksumArgument {
    std::string_view path;  // without quotes around it; quotes inside are still doubled
    bool is_quoted = false;
    ByteRange range;
    // What was taken for a range may be part of a name all the same ("chapter 1 2"): who finds a
    // file of the whole argument's name should take that. Never where there are quotes.
    bool may_be_all_name = false;
};
// BadArgument: no name, a quote without its pair, a range that is empty or not one of numbers
// behind a quoted name.
Result<ChecksumArgument> parse_checksum_argument(std::string_view argument);

}  // namespace sluice::proto
