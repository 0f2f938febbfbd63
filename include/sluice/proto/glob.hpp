// Matches one name against a pattern of `*`, `?` and `[..]`.
//
// Only the last star is ever retried, so a pattern of p bytes and a name of n bytes cost at most p
// * n steps, and the caller's budget bounds the whole listing: no pattern can hold a shard
// (O-GLB-3). Braces, '~' and backslash are ordinary bytes (O-GLB-1); "[*]" is how to write a
// literal star. Pure, any thread.
#pragma once

#include <cstdint>
#include <string_view>

namespace sluice::proto {

// Steps for one listing command: a directory of 100,000 names of 40 bytes against a plain "*.iso"
// takes about 4 million; at about 1 ns a step this is some 50 ms, spread over the turns of the
// listing.
inline constexpr std::uint64_t kGlobStepsMax = 50'000'000;

enum class GlobMatch : std::uint8_t {
    No,
    Yes,
    OutOfSteps,  // the budget is spent: fail the listing, do not show a part as the whole
};

// Takes the steps it needed from `steps_left`. A leading dot is matched only by a pattern that
// begins with a dot.
GlobMatch glob_match(std::string_view pattern, std::string_view name, std::uint64_t& steps_left);

// The path has a byte that glob_match treats specially.
bool has_wildcards(std::string_view path);

}  // namespace sluice::proto
