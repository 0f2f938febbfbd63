#include "sluice/config/near_miss.hpp"

#include <algorithm>
#include <array>

namespace sluice::config {
namespace {

char folded(char c) {
    if (c >= 'A' && c <= 'Z') {
        return static_cast<char>(c - 'A' + 'a');
    }
    return c == '-' ? '_' : c;
}

std::size_t edits_allowed(std::size_t word_bytes) {
    if (word_bytes <= 4) {
        return 1;
    }
    return word_bytes <= 8 ? 2 : 3;
}

}  // namespace

std::size_t edit_distance(std::string_view a, std::string_view b, std::size_t bound) {
    const std::size_t difference = a.size() > b.size() ? a.size() - b.size() : b.size() - a.size();
    if (a.size() > kNearMissBytesMax || b.size() > kNearMissBytesMax || difference > bound) {
        return bound + 1;
    }
    // Optimal string alignment with three rows: the swap looks two rows back.
    using Row = std::array<std::size_t, kNearMissBytesMax + 1>;
    Row before_last{};
    Row last{};
    Row current{};
    for (std::size_t j = 0; j <= b.size(); ++j) {
        last[j] = j;
    }
    for (std::size_t i = 1; i <= a.size(); ++i) {
        current[0] = i;
        for (std::size_t j = 1; j <= b.size(); ++j) {
            const bool is_same = folded(a[i - 1]) == folded(b[j - 1]);
            current[j] =
                std::min({last[j] + 1, current[j - 1] + 1, last[j - 1] + (is_same ? 0 : 1)});
            if (i > 1 && j > 1 && folded(a[i - 1]) == folded(b[j - 2]) &&
                folded(a[i - 2]) == folded(b[j - 1])) {
                current[j] = std::min(current[j], before_last[j - 2] + 1);
            }
        }
        before_last = last;
        last = current;
    }
    return std::min(last[b.size()], bound + 1);
}

std::string_view near_miss(std::string_view word, std::span<const std::string_view> known) {
    std::string_view best;
    std::size_t allowed = edits_allowed(word.size());
    for (const std::string_view candidate : known) {
        const std::size_t edits = edit_distance(word, candidate, allowed);
        // A word with nothing in common is no suggestion: "x" is one edit away from "" and "y".
        if (edits > allowed || edits >= candidate.size()) {
            continue;
        }
        best = candidate;
        if (edits == 0) {
            return best;
        }
        allowed = edits - 1;
    }
    return best;
}

}  // namespace sluice::config
