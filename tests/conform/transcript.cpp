#include "transcript.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "pattern.hpp"
#include "step_words.hpp"

namespace sluice::conform {
namespace {

// A transcript is read by people; one that outgrows this is several.
constexpr std::size_t kStepsMax = 2000;

class Parser {
public:
    Parser(std::string name, std::string_view text) : text_(text) { out_.name = std::move(name); }

    Transcript run(std::optional<ParseError>& error) {
        while (!text_.empty() && error_.empty()) {
            ++line_;
            const std::size_t end = text_.find('\n');
            std::string_view line = text_.substr(0, end);
            text_.remove_prefix(end == std::string_view::npos ? text_.size() : end + 1);
            parse_line(line);
            if (out_.steps.size() > kStepsMax) {
                fail("too many steps");
            }
        }
        if (error_.empty() && block_) {
            fail("'pipeline {' without '}'");
        }
        if (error_.empty() && out_.steps.empty()) {
            fail("no steps at all");
        }
        if (!error_.empty()) {
            error = ParseError{line_, error_};
        }
        return std::move(out_);
    }

private:
    void fail(std::string message) {
        if (error_.empty()) {
            error_ = std::move(message);
        }
    }

    Step& add(Word word) {
        std::vector<Step>& list = block_ ? out_.steps.back().block : out_.steps;
        list.emplace_back();
        list.back().word = word;
        list.back().line = line_;
        return list.back();
    }

    void parse_line(std::string_view line) {
        std::string_view trimmed = line;
        while (!trimmed.empty() && is_blank(trimmed.front())) {
            trimmed.remove_prefix(1);
        }
        if (trimmed.empty() || trimmed.front() == '#') {
            parse_comment(trimmed);
            return;
        }
        switch (trimmed.front()) {
            case '>':
                add(Word::Say).text = rest_of(trimmed.substr(1));
                return;
            case '<':
                parse_reply(trimmed.substr(1));
                return;
            case '|':
                parse_pattern(trimmed.substr(1));
                return;
            default:
                break;
        }
        tokenize(trimmed);
        if (error_.empty()) {
            parse_words();
        }
    }

    void parse_comment(std::string_view line) {
        constexpr std::string_view kCovers = "# covers:";
        if (!line.starts_with(kCovers)) {
            return;
        }
        tokenize(line.substr(kCovers.size()));
        for (Token& token : tokens_) {
            out_.covers.push_back(std::move(token.text));
        }
    }

    // Everything behind one blank, byte for byte.
    std::string rest_of(std::string_view text) {
        if (!text.empty()) {
            if (text.front() != ' ') {
                fail("a blank must follow '>', '<' and '|'");
            } else {
                text.remove_prefix(1);
            }
        }
        if (!escapes_are_valid(text)) {
            fail("unknown escape");
        }
        return std::string(text);
    }

    void parse_reply(std::string_view rest) {
        if (block_) {
            fail("no replies inside a pipeline");
            return;
        }
        if (rest == "...") {
            add(Word::ReplyRest);
            return;
        }
        std::uint64_t count = 1;
        if (rest.starts_with("x")) {
            const std::size_t blank = std::min(rest.find(' '), rest.size());
            const std::optional<std::uint64_t> number = parse_number(rest.substr(1, blank - 1));
            if (!number || *number == 0 || *number > kRepeatsMax) {
                fail("'<xN ' wants a count");
                return;
            }
            count = *number;
            rest.remove_prefix(blank);
        }
        Step& step = add(Word::Reply);
        step.number = count;
        step.text = rest_of(rest);
    }

    void parse_pattern(std::string_view rest) {
        if (out_.steps.empty() || out_.steps.back().word != Word::ReceiveLines) {
            fail("'|' lines belong below 'receive ~'");
            return;
        }
        if (rest == "...") {
            out_.steps.back().words.emplace_back("...");
            return;
        }
        out_.steps.back().words.push_back(rest_of(rest));
    }

    void tokenize(std::string_view line) {
        const std::string_view problem = split_words(line, tokens_);
        if (!problem.empty()) {
            fail(std::string(problem));
        }
    }

    bool is_word(std::size_t index, std::string_view text) const {
        return is_bare(tokens_, index, text);
    }

    void parse_words() {
        if (is_word(0, "}")) {
            if (!block_ || tokens_.size() != 1) {
                fail("stray '}'");
            }
            block_ = false;
            return;
        }
        if (is_word(0, "pipeline")) {
            if (block_ || tokens_.size() != 2 || !is_word(1, "{")) {
                fail("expected 'pipeline {'");
                return;
            }
            add(Word::Pipeline);
            block_ = true;
            return;
        }
        if (is_word(0, "server") || is_word(0, "requires")) {
            parse_header();
            return;
        }
        if (is_word(0, "differs:")) {
            parse_difference();
            return;
        }
        const bool eventually = is_word(0, "eventually");
        if (eventually) {
            tokens_.erase(tokens_.begin());
        }
        const Rule* rule = find_rule(tokens_);
        if (rule == nullptr) {
            fail(fmt::format("unknown word '{}'", tokens_.empty() ? "" : tokens_[0].text));
            return;
        }
        if (block_ && rule->word != Word::Raw) {
            fail("a pipeline holds only '>' and 'raw' lines");
            return;
        }
        if (eventually && !rule->may_wait) {
            fail("'eventually' belongs before a check of the tree");
            return;
        }
        Step& step = add(rule->word);
        step.eventually = eventually;
        step.urgent = is_word(0, "urgent");
        step.may_break = is_word(0, "flood");
        if (!fill_step(step, *rule, std::move(tokens_))) {
            fail(fmt::format("'{}' does not take these words", rule->name));
        }
    }

    void parse_header() {
        if (is_word(0, "requires")) {
            // Also below a `case`, whose beginning has steps of its own.
            for (std::size_t i = 1; i < tokens_.size(); ++i) {
                out_.requirements.push_back(tokens_[i].text);
            }
            return;
        }
        if (!out_.steps.empty()) {
            fail("'server' stands before the first step");
            return;
        }
        if (!is_word(1, "writable") && !is_word(1, "readonly")) {
            fail("expected 'server writable' or 'server readonly'");
            return;
        }
        out_.writable = is_word(1, "writable");
        out_.is_readonly = !out_.writable;
        for (std::size_t i = 2; i < tokens_.size(); ++i) {
            if (tokens_[i].text.find('=') == std::string::npos) {
                fail("a setting is 'key=value'");
            }
            out_.settings.push_back(expand(tokens_[i].text, {}));
        }
    }

    void parse_difference() {
        if (out_.steps.empty() || out_.steps.back().word != Word::Reply || tokens_.size() < 3) {
            fail("'differs: SERVER CODE...' stands below a '<' line");
            return;
        }
        std::string pattern = tokens_[2].text;
        for (std::size_t i = 3; i < tokens_.size(); ++i) {
            pattern += ' ' + tokens_[i].text;
        }
        out_.steps.back().differs.emplace_back(tokens_[1].text, std::move(pattern));
    }

    std::string_view text_;
    std::uint32_t line_ = 0;
    std::string error_;
    std::vector<Token> tokens_;
    bool block_ = false;
    Transcript out_;
};

}  // namespace

Transcript parse_transcript(std::string name, std::string_view text,
                            std::optional<ParseError>& error) {
    return Parser(std::move(name), text).run(error);
}

}  // namespace sluice::conform
