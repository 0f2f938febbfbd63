// The words of a line of a transcript, and the step that they make: a table says for each first
// word how those behind it are read. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "transcript.hpp"

namespace sluice::conform {

// What `times` may ask for: 64 MiB of a repeated text is more than any case needs.
inline constexpr std::uint64_t kRepeatsMax = 64ull << 20;

// How the words behind the first one are read.
enum class Shape : std::uint8_t {
    None,
    Name,  // PATH
    OptionalName,
    Names,         // PATH NAME...
    Pair,          // PATH WORD
    PairOfPaths,   // PATH -> TARGET (the arrow is optional)
    Octal,         // PATH 0644
    NameAndSize,   // PATH 10K
    NameAndBytes,  // PATH EXPRESSION, or PATH SIZE
    Equals,        // PATH == EXPRESSION
    Expression,
    Number,
    Options,  // any words
    Special,  // has its own function
};

struct Rule {
    std::string_view name;
    Word word;
    Shape shape;
    bool may_wait;  // "eventually" may stand before it
};

inline bool is_blank(char c) {
    return c == ' ' || c == '\t';
}

std::optional<std::uint64_t> parse_number(std::string_view text);

// Words, and texts in quotes. Returns what is wrong with them, or "".
std::string_view split_words(std::string_view line, std::vector<Token>& words);

// Whether the word at `index` is `text`, not in quotes.
bool is_bare(const std::vector<Token>& words, std::size_t index, std::string_view text);

// Of the first word; null when there is none.
const Rule* find_rule(const std::vector<Token>& words);

// False: the rule does not take these words.
bool fill_step(Step& step, const Rule& rule, std::vector<Token> words);

}  // namespace sluice::conform
