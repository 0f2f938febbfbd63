#include "sluice/proto/glob.hpp"

#include <cstddef>

namespace sluice::proto {
namespace {

// One pattern element against one byte: where the next element begins, or 0 when it does not match.
// `at` is not at a star.
struct ElementMatch {
    std::size_t next = 0;
    std::size_t steps = 1;
};

ElementMatch match_element(std::string_view pattern, std::size_t at, char byte) {
    const char c = pattern[at];
    if (c == '?') {
        return {at + 1, 1};
    }
    if (c == '[') {
        std::size_t in = at + 1;
        const bool is_negated = in < pattern.size() && (pattern[in] == '!' || pattern[in] == '^');
        if (is_negated) {
            ++in;
        }
        const auto wanted = static_cast<unsigned char>(byte);
        bool is_member = false;
        // A ']' right at the start is a member, not the end.
        for (std::size_t first = in; in < pattern.size(); ++in) {
            if (pattern[in] == ']' && in != first) {
                return {is_member != is_negated ? in + 1 : 0, in - at};
            }
            const auto low = static_cast<unsigned char>(pattern[in]);
            auto high = low;
            if (in + 2 < pattern.size() && pattern[in + 1] == '-' && pattern[in + 2] != ']') {
                high = static_cast<unsigned char>(pattern[in + 2]);
                in += 2;
            }
            if (wanted >= low && wanted <= high) {
                is_member = true;
            }
        }
        // No closing bracket: the bracket is an ordinary byte.
        return {byte == '[' ? at + 1 : 0, in - at};
    }
    return {c == byte ? at + 1 : 0, 1};
}

}  // namespace

GlobMatch glob_match(std::string_view pattern, std::string_view name, std::uint64_t& steps_left) {
    if (!name.empty() && name.front() == '.' && (pattern.empty() || pattern.front() != '.')) {
        return GlobMatch::No;
    }
    constexpr std::size_t kNone = static_cast<std::size_t>(-1);
    std::size_t at = 0;
    std::size_t in_name = 0;
    std::size_t after_star = kNone;  // where the pattern goes on behind the last star seen
    std::size_t star_end = 0;        // how much of the name that star and all before have taken
    while (in_name < name.size()) {
        ElementMatch match;
        const bool is_star = at < pattern.size() && pattern[at] == '*';
        if (!is_star && at < pattern.size()) {
            match = match_element(pattern, at, name[in_name]);
        }
        if (match.steps > steps_left) {
            steps_left = 0;
            return GlobMatch::OutOfSteps;
        }
        steps_left -= match.steps;
        if (is_star) {
            after_star = ++at;
            star_end = in_name;
        } else if (match.next != 0) {
            at = match.next;
            ++in_name;
        } else if (after_star != kNone) {
            // Retrying earlier stars cannot help: what they matched is as short as can be.
            at = after_star;
            in_name = ++star_end;
        } else {
            return GlobMatch::No;
        }
    }
    while (at < pattern.size() && pattern[at] == '*') {
        ++at;
    }
    return at == pattern.size() ? GlobMatch::Yes : GlobMatch::No;
}

bool has_wildcards(std::string_view path) {
    return path.find_first_of("*?[") != std::string_view::npos;
}

}  // namespace sluice::proto
