#include "foreign.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

namespace sluice::conform {
namespace {

constexpr std::size_t kCodeSize = 3;

int code_of(std::string_view text) {
    if (text.size() < kCodeSize) {
        return 0;
    }
    int value = 0;
    for (const char c : text.substr(0, kCodeSize)) {
        if (c < '0' || c > '9') {
            return 0;
        }
        value = value * 10 + (c - '0');
    }
    return value;
}

std::vector<int> codes_of(std::string_view pattern) {
    std::vector<int> codes = {code_of(pattern)};
    for (std::size_t at = kCodeSize; at < pattern.size() && pattern[at] == '|';
         at += kCodeSize + 1) {
        codes.push_back(code_of(pattern.substr(at + 1)));
    }
    return codes;
}

bool is_refusal(int code) {
    return code >= 400;
}

// RFC 959: "syntax error", also for arguments, and "not implemented (for that parameter)".
bool is_syntax(int code) {
    return code >= 500 && code <= 504;
}

std::string lower(std::string_view text) {
    std::string out(text);
    std::transform(out.begin(), out.end(), out.begin(),
                   [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
    return out;
}

// "a=1;b=2; name": the facts by name in small letters, and the name.
struct Facts {
    std::vector<std::pair<std::string, std::string>> values;
    std::string name;
};

std::optional<Facts> split_facts(std::string_view line) {
    while (line.starts_with(' ')) {
        line.remove_prefix(1);
    }
    const std::size_t blank = line.find(' ');
    if (blank == std::string_view::npos || (blank != 0 && line[blank - 1] != ';')) {
        return std::nullopt;
    }
    Facts facts;
    facts.name = line.substr(blank + 1);
    std::string_view rest = line.substr(0, blank);
    while (!rest.empty()) {
        const std::string_view fact = rest.substr(0, rest.find(';'));
        rest.remove_prefix(std::min(rest.size(), fact.size() + 1));
        const std::size_t equals = fact.find('=');
        if (equals != std::string_view::npos) {
            facts.values.emplace_back(lower(fact.substr(0, equals)), fact.substr(equals + 1));
        }
    }
    return facts;
}

// The facts of RFC 3659 section 7.5 that two servers must agree on; `perm` depends on the user and
// `unique` on the disk.
bool is_shared_fact(std::string_view name) {
    return name == "type" || name == "size" || name == "modify";
}

std::string_view last_component(std::string_view path) {
    const std::size_t slash = path.rfind('/');
    return slash == std::string_view::npos ? path : path.substr(slash + 1);
}

// What is left when the fields that `ls` invents are gone: the last word of the pattern.
bool fits_list_line(std::string_view pattern, std::string_view line, Variables& variables) {
    // "name -> target" is a link's name; what follows the arrow alone is not.
    constexpr std::string_view kArrow = " -> ";
    const std::size_t arrow = pattern.find(kArrow);
    if ((arrow == std::string_view::npos) != (line.find(kArrow) == std::string_view::npos)) {
        return false;
    }
    const std::size_t blank = pattern.substr(0, arrow).rfind(' ');
    std::string name = "* ";
    name += blank == std::string_view::npos ? pattern : pattern.substr(blank + 1);
    return matches(name, line, variables);
}

bool is_noise(const std::string& command, const std::string& line) {
    if (command == "MLSD") {
        const std::string small = lower(line);
        return small.find("type=cdir;") != std::string::npos ||
               small.find("type=pdir;") != std::string::npos;
    }
    const std::string_view name = last_component(line);
    return line.starts_with("total ") || name == "." || name == ".." || line.ends_with(" .") ||
           line.ends_with(" ..");
}

}  // namespace

Fit judge_code(const CodeTable& codes, const std::string& command, std::string_view pattern,
               std::string_view line, bool is_long) {
    const int got = code_of(line);
    const std::vector<int> wanted = codes_of(pattern);
    if (std::find(wanted.begin(), wanted.end(), got) != wanted.end()) {
        return Fit::Yes;
    }
    // "5*": any code of a class.
    if (pattern.size() >= 2 && pattern[1] == '*' && got / 100 == pattern[0] - '0') {
        return Fit::Yes;
    }
    if (is_long && got == 500) {
        return Fit::Yes;
    }
    const CodeRow* const row = codes.find(command);
    const bool wants_syntax = std::any_of(wanted.begin(), wanted.end(), is_syntax);
    if ((got == 500 || got == 502) && row != nullptr && !row->is_minimum) {
        return Fit::Lacks;
    }
    if (row == nullptr) {
        return wants_syntax && is_syntax(got) ? Fit::Yes : Fit::No;
    }
    const bool same_class = std::any_of(wanted.begin(), wanted.end(), [got](int code) {
        return code / 100 == got / 100 || (is_refusal(code) && is_refusal(got));
    });
    if (!same_class || !codes.is_legal(command, got)) {
        return Fit::No;
    }
    // "Unknown command" is no answer about a file or a login.
    if ((got == 500 || got == 502) && !wants_syntax) {
        return Fit::No;
    }
    return Fit::Yes;
}

bool fits_text(const std::string& command, std::string_view pattern, std::string_view line,
               Variables& variables) {
    const int code = code_of(line);
    if (code == 257 && pattern.starts_with("257 \"")) {
        const std::size_t quote = pattern.rfind('"');
        std::string path(pattern.substr(0, quote + 1));
        path += '*';
        return matches(path, line, variables);
    }
    // RFC 1123 section 4.1.2.9 tells clients to read the name of STOU there.
    if (code / 100 == 1 && command == "STOU" && pattern.find("FILE: ") != std::string_view::npos) {
        std::string name = "1*";
        name += pattern.substr(pattern.find("FILE: "));
        return matches(name, line, variables);
    }
    if (code == 213 && pattern.starts_with("213 ") && (command == "SIZE" || command == "MDTM")) {
        // RFC 3659 section 2.3: a time may have a fraction.
        const std::size_t point = command == "MDTM" ? line.find('.') : std::string_view::npos;
        return matches(pattern, line.substr(0, point), variables);
    }
    return true;
}

bool fits_facts(std::string_view pattern, std::string_view line, Variables& variables) {
    const std::optional<Facts> wanted = split_facts(pattern);
    const std::optional<Facts> got = split_facts(line);
    if (!got) {
        return false;
    }
    if (!wanted) {
        return fits_list_line(pattern, line, variables);
    }
    for (const auto& [key, value] : wanted->values) {
        for (const auto& [name, other] : got->values) {
            if (key != name || !is_shared_fact(key)) {
                continue;
            }
            const std::size_t point = key == "modify" ? other.find('.') : std::string::npos;
            if (!matches(value, std::string_view(other).substr(0, point), variables)) {
                return false;
            }
        }
    }
    return matches(wanted->name, got->name, variables) ||
           matches(wanted->name, last_component(got->name), variables) ||
           matches(last_component(wanted->name), last_component(got->name), variables);
}

std::string compare_listing(const std::string& command, const std::vector<std::string>& patterns,
                            const std::vector<std::string>& all, Variables& variables) {
    std::vector<std::string> lines = all;
    std::erase_if(lines, [&](const std::string& line) { return is_noise(command, line); });
    const auto fits = [&](std::string_view pattern, std::string_view line) {
        if (command == "MLSD") {
            return fits_facts(pattern, line, variables);
        }
        if (command == "NLST") {
            return matches(last_component(pattern), last_component(line), variables);
        }
        return fits_list_line(pattern, line, variables);
    };
    for (const std::string& pattern : patterns) {
        if (pattern == "...") {
            return {};
        }
        if (is_noise(command, pattern)) {
            continue;
        }
        const auto found = std::find_if(lines.begin(), lines.end(), [&](const std::string& line) {
            return fits(pattern, line);
        });
        if (found == lines.end()) {
            return fmt::format("no line for '{}'; there is '{}'", pattern,
                               lines.empty() ? "nothing" : printable(lines.front()));
        }
        lines.erase(found);
    }
    return lines.empty() ? std::string()
                         : fmt::format("an unexpected line '{}'", printable(lines.front()));
}

std::vector<std::string> patterns_of(std::string_view bytes) {
    std::vector<std::string> out;
    while (!bytes.empty()) {
        const std::string_view line = bytes.substr(0, bytes.find("\r\n"));
        bytes.remove_prefix(std::min(bytes.size(), line.size() + 2));
        std::string pattern;
        for (const char c : line) {
            if (c == '\\' || c == '*' || c == '$') {
                pattern += '\\';
            }
            pattern += c;
        }
        out.push_back(std::move(pattern));
    }
    return out;
}

}  // namespace sluice::conform
