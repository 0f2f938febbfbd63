// "Did you mean ...?": the known word closest to a misspelt one. Pure; any thread.
#pragma once

#include <cstddef>
#include <span>
#include <string_view>

namespace sluice::config {

// Longer words get no suggestion: the work stays bounded, and no key of ours is longer.
inline constexpr std::size_t kNearMissBytesMax = 40;

// Insertions, deletions, replacements and swaps of neighbours between the two words, letters of
// either case alike, '-' and '_' alike. Anything above `bound` may come back as bound + 1.
std::size_t edit_distance(std::string_view a, std::string_view b, std::size_t bound);

// The closest of `known` (the first of equals), or "" when none is near: one edit for words of up
// to four letters, two up to eight, three above.
std::string_view near_miss(std::string_view word, std::span<const std::string_view> known);

}  // namespace sluice::config
