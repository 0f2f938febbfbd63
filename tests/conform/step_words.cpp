#include "step_words.hpp"

#include <algorithm>
#include <array>
#include <charconv>

namespace sluice::conform {
namespace {

int hex_digit(char c) {
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    if (c >= 'a' && c <= 'f') {
        return c - 'a' + 10;
    }
    if (c >= 'A' && c <= 'F') {
        return c - 'A' + 10;
    }
    return -1;
}

// 10, 4K, 20M, 8G.
std::optional<std::uint64_t> parse_size(std::string_view text) {
    std::uint64_t unit = 1;
    if (!text.empty()) {
        switch (text.back()) {
            case 'K':
                unit = 1ull << 10;
                break;
            case 'M':
                unit = 1ull << 20;
                break;
            case 'G':
                unit = 1ull << 30;
                break;
            default:
                break;
        }
    }
    if (unit != 1) {
        text.remove_suffix(1);
    }
    const std::optional<std::uint64_t> count = parse_number(text);
    if (!count || *count > (1ull << 62) / unit) {
        return std::nullopt;
    }
    return *count * unit;
}

constexpr auto kRules = std::to_array<Rule>({
    {"dir", Word::Dir, Shape::Name, false},
    {"file", Word::File, Shape::NameAndBytes, false},
    {"bytes", Word::Bytes, Shape::NameAndBytes, false},
    {"let", Word::Let, Shape::NameAndBytes, false},
    {"link", Word::Link, Shape::PairOfPaths, false},
    {"fifo", Word::Fifo, Shape::Name, false},
    {"mode", Word::Mode, Shape::Octal, false},
    {"mtime", Word::Mtime, Shape::Pair, false},
    {"truncate", Word::Truncate, Shape::NameAndSize, false},
    {"rename", Word::Rename, Shape::PairOfPaths, false},
    {"remove", Word::Remove, Shape::Name, false},
    {"exists", Word::Exists, Shape::Name, true},
    {"missing", Word::Missing, Shape::Name, true},
    {"content", Word::Content, Shape::Equals, true},
    {"size", Word::Size, Shape::NameAndSize, true},
    {"permissions", Word::Permissions, Shape::Octal, true},
    {"modified", Word::Modified, Shape::Pair, true},
    {"only", Word::Only, Shape::Names, true},
    {"connect", Word::Connect, Shape::Options, false},
    {"session", Word::Session, Shape::Name, false},
    {"login", Word::Login, Shape::OptionalName, false},
    {"raw", Word::Raw, Shape::Expression, false},
    {"urgent", Word::Raw, Shape::Expression, false},
    {"flood", Word::Raw, Shape::Expression, false},
    {"split", Word::Split, Shape::Number, false},
    {"tls", Word::Tls, Shape::Options, false},
    {"reply", Word::WholeReply, Shape::Name, false},
    {"repeat", Word::Repeat, Shape::Special, false},
    {"expect-close", Word::ExpectClose, Shape::None, false},
    {"expect-no-data", Word::ExpectNoData, Shape::OptionalName, false},
    {"expect-drop", Word::ExpectDrop, Shape::OptionalName, false},
    {"discard", Word::Discard, Shape::OptionalName, false},
    {"close", Word::CloseData, Shape::Special, false},
    {"abort", Word::AbortData, Shape::Special, false},
    {"data", Word::Data, Shape::Options, false},
    {"dial", Word::Dial, Shape::Options, false},
    {"receive", Word::Receive, Shape::Special, false},
    {"send", Word::Send, Shape::Special, false},
});

// Fills a step from the words of its line.
class StepFiller {
public:
    explicit StepFiller(std::vector<Token> words) : tokens_(std::move(words)) {}

    bool fill(Step& step, const Rule& rule) {
        const std::size_t count = tokens_.size() - 1;
        const auto take_name = [&] { step.text = tokens_[1].text; };
        switch (rule.shape) {
            case Shape::None:
                return count == 0;
            case Shape::OptionalName:
                if (count == 1) {
                    take_name();
                }
                return count <= 1;
            case Shape::Name:
            case Shape::Names:
            case Shape::Options:
                return parse_names(step, rule.shape);
            case Shape::Pair:
            case Shape::Octal:
            case Shape::NameAndSize:
            case Shape::PairOfPaths:
                return parse_pair(step, rule.shape);
            case Shape::NameAndBytes:
                if (count < 2) {
                    return false;
                }
                take_name();
                if (count == 2 && !tokens_[2].quoted) {
                    if (const auto size = parse_size(tokens_[2].text)) {
                        step.number = *size;
                        return rule.word != Word::Let;
                    }
                }
                return parse_expression(step, 2);
            case Shape::Equals:
                if (count < 3 || !is_word(2, "==")) {
                    return false;
                }
                take_name();
                return parse_expression(step, 3);
            case Shape::Expression:
                return parse_expression(step, 1);
            case Shape::Number: {
                const auto number = count == 1 ? parse_number(tokens_[1].text) : std::nullopt;
                step.number = number.value_or(0);
                return number.has_value();
            }
            case Shape::Special:
                return parse_special(step, rule);
        }
        return false;
    }

private:
    bool parse_names(Step& step, Shape shape) {
        std::size_t first = 1;
        if (shape != Shape::Options) {
            if (tokens_.size() < 2) {
                return false;
            }
            step.text = tokens_[1].text;
            first = 2;
        }
        for (std::size_t i = first; i < tokens_.size(); ++i) {
            step.words.push_back(tokens_[i].text);
        }
        return shape != Shape::Name || step.words.empty();
    }

    bool parse_pair(Step& step, Shape shape) {
        if (is_word(2, "->")) {
            if (shape != Shape::PairOfPaths) {
                return false;
            }
            tokens_.erase(tokens_.begin() + 2);
        }
        if (tokens_.size() != 3) {
            return false;
        }
        step.text = tokens_[1].text;
        const std::string& second = tokens_[2].text;
        step.words.push_back(second);
        if (shape == Shape::NameAndSize) {
            const auto size = parse_size(second);
            step.number = size.value_or(0);
            return size.has_value();
        }
        if (shape == Shape::Octal) {
            unsigned value = 0;
            const auto [end, error] =
                std::from_chars(second.data(), second.data() + second.size(), value, 8);
            step.number = value;
            return error == std::errc() && end == second.data() + second.size() && value <= 07777;
        }
        return true;
    }

    // `"text" [times N]` or `NAME [from A] [to B]`, joined by `+`.
    bool parse_expression(Step& step, std::size_t first) {
        std::size_t i = first;
        while (i < tokens_.size()) {
            Term term;
            term.source = tokens_[i++];
            bool more = true;
            while (more) {
                const bool has_number = i + 1 < tokens_.size();
                const auto number = has_number ? parse_size(tokens_[i + 1].text) : std::nullopt;
                if (is_word(i, "times") && number && *number <= kRepeatsMax) {
                    term.times = *number;
                } else if (is_word(i, "from") && number) {
                    term.from = *number;
                } else if (is_word(i, "to") && number) {
                    term.to = number;
                } else {
                    more = false;
                    continue;
                }
                i += 2;
            }
            step.bytes.push_back(std::move(term));
            if (i == tokens_.size()) {
                return true;
            }
            if (!is_word(i++, "+")) {
                return false;
            }
        }
        return false;
    }

    bool parse_special(Step& step, const Rule& rule) {
        if (rule.name == "close" || rule.name == "abort") {
            if (tokens_.size() != 2) {
                return false;
            }
            const bool is_close = rule.name == "close";
            if (is_word(1, "control")) {
                step.word = is_close ? Word::CloseControl : Word::AbortControl;
            } else {
                step.text = tokens_[1].text;
            }
            return true;
        }
        if (rule.name == "repeat") {
            // repeat "STAT" until "PATTERN"
            if (tokens_.size() != 4 || !is_word(2, "until")) {
                return false;
            }
            step.text = tokens_[1].text;
            step.words.push_back(tokens_[3].text);
            return true;
        }
        if (rule.name == "send") {
            // `send to NAME X` names the connection, `send X` uses the only one.
            if (is_word(1, "to") && tokens_.size() > 3) {
                step.text = tokens_[2].text;
                return parse_expression(step, 3);
            }
            return parse_expression(step, 1);
        }
        return parse_receive(step);
    }

    // receive [NAME] == X | size N | some N | ~ [unordered]
    bool parse_receive(Step& step) {
        std::size_t i = 1;
        const auto is_operator = [this](std::size_t at) {
            return is_word(at, "==") || is_word(at, "size") || is_word(at, "some") ||
                   is_word(at, "~");
        };
        if (!is_operator(i) && is_operator(i + 1)) {
            step.text = tokens_[i++].text;
        }
        if (is_word(i, "==")) {
            return parse_expression(step, i + 1);
        }
        if (is_word(i, "~")) {
            step.word = Word::ReceiveLines;
            step.number = is_word(i + 1, "unordered") ? 1 : 0;
            return tokens_.size() == i + 1 + step.number;
        }
        step.word = is_word(i, "size") ? Word::ReceiveSize : Word::ReceiveSome;
        const auto size = i + 2 == tokens_.size() ? parse_size(tokens_[i + 1].text) : std::nullopt;
        step.number = size.value_or(0);
        return size.has_value();
    }

    bool is_word(std::size_t index, std::string_view text) const {
        return is_bare(tokens_, index, text);
    }

    std::vector<Token> tokens_;
};

}  // namespace

std::optional<std::uint64_t> parse_number(std::string_view text) {
    std::uint64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size()) {
        return std::nullopt;
    }
    return value;
}

bool is_bare(const std::vector<Token>& words, std::size_t index, std::string_view text) {
    return index < words.size() && !words[index].quoted && words[index].text == text;
}

const Rule* find_rule(const std::vector<Token>& words) {
    const auto* const rule = std::find_if(kRules.begin(), kRules.end(), [&words](const Rule& r) {
        return is_bare(words, 0, r.name);
    });
    return rule == kRules.end() ? nullptr : rule;
}

bool fill_step(Step& step, const Rule& rule, std::vector<Token> words) {
    return StepFiller(std::move(words)).fill(step, rule);
}

std::string_view split_words(std::string_view line, std::vector<Token>& words) {
    words.clear();
    std::size_t i = 0;
    while (i < line.size()) {
        if (is_blank(line[i])) {
            ++i;
            continue;
        }
        Token token;
        token.quoted = line[i] == '"';
        const std::size_t begin = token.quoted ? i + 1 : i;
        std::size_t end = begin;
        while (end < line.size() && (token.quoted ? line[end] != '"' : !is_blank(line[end]))) {
            end += (line[end] == '\\' && end + 1 < line.size()) ? 2u : 1u;
        }
        if (token.quoted && end >= line.size()) {
            return "a quote is never closed";
        }
        token.text = std::string(line.substr(begin, end - begin));
        if (!escapes_are_valid(token.text)) {
            return "unknown escape";
        }
        words.push_back(std::move(token));
        i = token.quoted ? end + 1 : end;
    }
    return {};
}

bool escapes_are_valid(std::string_view text) {
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] != '\\') {
            continue;
        }
        if (++i == text.size()) {
            return false;
        }
        if (text[i] == 'x') {
            if (i + 2 >= text.size() || hex_digit(text[i + 1]) < 0 || hex_digit(text[i + 2]) < 0) {
                return false;
            }
            i += 2;
        } else if (std::string_view("\\\"nrt0*$").find(text[i]) == std::string_view::npos) {
            return false;
        }
    }
    return true;
}

}  // namespace sluice::conform
