// Times as FTP writes them, always in UTC and without the C library's time zones.
//
// MDTM, MFMT and MLST use YYYYMMDDHHMMSS[.sss] (RFC 3659 2.3); LIST uses the two forms of ls. Pure:
// "now" is an argument. Any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "sluice/base/result.hpp"
#include "sluice/base/time.hpp"

namespace sluice::proto {

struct CivilTime {
    std::int32_t year = 1970;
    std::uint8_t month = 1;  // 1-12
    std::uint8_t day = 1;    // 1-31
    std::uint8_t hour = 0;
    std::uint8_t minute = 0;
    std::uint8_t second = 0;
    friend bool operator==(const CivilTime&, const CivilTime&) = default;
};

// The span that four digits of a year can show. What a file system holds beyond it is clamped.
inline constexpr std::int64_t kTimeSecondsMin = -62'167'219'200;  // 0000-01-01 00:00:00
inline constexpr std::int64_t kTimeSecondsMax = 253'402'300'799;  // 9999-12-31 23:59:59

CivilTime civil_from_seconds(std::int64_t seconds);
// Seconds since 1970, Errc::BadArgument for a date or an hour that does not exist. Second 60 is
// allowed (RFC 3659 2.3 has it for leap seconds) and is the first second of the next minute.
Result<std::int64_t> seconds_from_civil(const CivilTime& civil);

// "YYYYMMDDHHMMSS" with any number of digits behind a dot, of which nine count.
Result<WallTime> parse_time_value(std::string_view text);

inline constexpr std::size_t kTimeValueBytes = 14;
inline constexpr std::size_t kListDateBytes = 12;

// Writes 14 digits and returns the end.
char* write_time_value(char* out, std::int64_t seconds);
// The same as text; with `.sss` when the time has milliseconds.
std::string print_time_value(WallTime time);

// Writes 12 bytes: "Jan  2 15:04" for the last half year, else "Jan  2  2006", and returns the end.
// A time up to a minute ahead of `now_seconds` counts as recent: shards keep a cached clock.
char* write_list_date(char* out, std::int64_t seconds, std::int64_t now_seconds);

// The arguments of MFMT, and of MDTM when it sets: a time value, one blank, a path.
struct TimedPath {
    WallTime time;
    std::string_view path;
};
Result<TimedPath> parse_timed_path(std::string_view argument);

}  // namespace sluice::proto
