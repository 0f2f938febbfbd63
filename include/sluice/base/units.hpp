// Durations and sizes as people write them: "1h30m", "500ms", "64MiB", "1GB".
//
// A number without a unit is refused, because nobody remembers whether a timeout was in seconds or
// milliseconds; only "0" needs none. Parsing and formatting are exact inverses: what format_*
// gives, parse_* takes back to the same value. Pure functions, any thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "sluice/base/result.hpp"
#include "sluice/base/time.hpp"

namespace sluice {

// One or more "<digits><unit>" with the units d h m s ms us ns, biggest first and each at most
// once, or "0". BadArgument for any other form; OutOfRange above kDurationMax. Ten years: long
// enough for any bound, and a sum of several still fits 64 bits of nanoseconds.
inline constexpr Duration kDurationMax = Duration::seconds(10ll * 365 * 24 * 3600);
Result<Duration> parse_duration(std::string_view text);

// The same in the fewest parts: "1h30m", "90d", "0"; a negative duration gets a leading '-', which
// parse_duration refuses.
std::string format_duration(Duration duration);

// "<digits><unit>" with B, KiB MiB GiB TiB (powers of 1024), kB KB MB GB TB (powers of 1000), or
// "0". BadArgument for any other form; OutOfRange when it does not fit 64 bits.
Result<std::uint64_t> parse_size(std::string_view text);

// In the biggest unit that divides it exactly: "2MiB", "1TB", "1001B".
std::string format_size(std::uint64_t bytes);

}  // namespace sluice
