#include "pattern.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <utility>
#include <vector>

namespace sluice::conform {
namespace {

bool is_name_char(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

// One unit of a text: a byte, a star, or the name of a variable.
struct Unit {
    enum class Kind : std::uint8_t { Byte, Star, Name };
    Kind kind = Kind::Byte;
    char byte = 0;
    std::string name;
};

char escaped_byte(std::string_view text, std::size_t& i) {
    const char c = text[i++];
    switch (c) {
        case 'n':
            return '\n';
        case 'r':
            return '\r';
        case 't':
            return '\t';
        case '0':
            return '\0';
        case 'x': {
            unsigned value = 0;
            const std::string_view digits = text.substr(i, 2);
            std::from_chars(digits.data(), digits.data() + digits.size(), value, 16);
            i += digits.size();
            return static_cast<char>(value);
        }
        default:
            return c;
    }
}

std::vector<Unit> split_units(std::string_view text) {
    std::vector<Unit> units;
    std::size_t i = 0;
    while (i < text.size()) {
        const char c = text[i++];
        if (c == '\\' && i < text.size()) {
            units.push_back({Unit::Kind::Byte, escaped_byte(text, i), {}});
        } else if (c == '*') {
            units.push_back({Unit::Kind::Star, '*', {}});
        } else if (c == '$' && i < text.size() && is_name_char(text[i])) {
            const std::size_t begin = i;
            while (i < text.size() && is_name_char(text[i])) {
                ++i;
            }
            units.push_back({Unit::Kind::Name, '$', std::string(text.substr(begin, i - begin))});
        } else {
            units.push_back({Unit::Kind::Byte, c, {}});
        }
    }
    return units;
}

// Known variables become bytes; what is left of Kind::Name captures.
std::vector<Unit> resolve(std::string_view pattern, const Variables& variables) {
    std::vector<Unit> out;
    for (Unit& unit : split_units(pattern)) {
        const auto known =
            unit.kind == Unit::Kind::Name ? variables.find(unit.name) : variables.end();
        if (known == variables.end()) {
            out.push_back(std::move(unit));
            continue;
        }
        for (const char c : known->second) {
            out.push_back({Unit::Kind::Byte, c, {}});
        }
    }
    return out;
}

}  // namespace

std::string expand(std::string_view text, const Variables& variables) {
    std::string out;
    for (const Unit& unit : split_units(text)) {
        if (unit.kind != Unit::Kind::Name) {
            out += unit.byte;
            continue;
        }
        const auto known = variables.find(unit.name);
        out += known == variables.end() ? "$" + unit.name : known->second;
    }
    return out;
}

// Only the last star is ever retried: the leftmost shortest match of each star is as good as any
// other, so a line of n bytes costs n times the pattern at most.
bool matches(std::string_view pattern, std::string_view line, Variables& variables) {
    const std::vector<Unit> units = resolve(pattern, variables);
    std::vector<std::pair<std::size_t, std::size_t>> taken(units.size());  // by wild unit
    std::size_t u = 0;
    std::size_t at = 0;
    std::size_t star = units.size();
    for (;;) {
        if (u < units.size() && units[u].kind != Unit::Kind::Byte) {
            star = u++;
            taken[star] = {at, at};
        } else if (u < units.size() && at < line.size() && units[u].byte == line[at]) {
            ++u;
            ++at;
        } else if (u == units.size() && at == line.size()) {
            break;
        } else if (star < units.size() && taken[star].second < line.size()) {
            at = ++taken[star].second;
            u = star + 1;
        } else {
            return false;
        }
    }
    for (std::size_t i = 0; i < units.size(); ++i) {
        if (units[i].kind == Unit::Kind::Name) {
            const auto [begin, end] = taken[i];
            variables.emplace(units[i].name, line.substr(begin, end - begin));
        }
    }
    return true;
}

bool matches_reply(std::string_view pattern, std::string_view line, Variables& variables) {
    constexpr std::size_t kCodeSize = 3;
    std::size_t end = kCodeSize;
    while (end < pattern.size() && pattern[end] == '|') {
        end += kCodeSize + 1;
    }
    if (end == kCodeSize || end > pattern.size()) {
        return matches(pattern, line, variables);
    }
    for (std::size_t code = 0; code < end; code += kCodeSize + 1) {
        std::string one(pattern.substr(code, kCodeSize));
        one += pattern.substr(end);
        if (matches(one, line, variables)) {
            return true;
        }
    }
    return false;
}

std::string printable(std::string_view bytes, std::size_t bytes_max) {
    std::string out;
    for (const char c : bytes.substr(0, bytes_max)) {
        const auto byte = static_cast<unsigned char>(c);
        if (c == '\r') {
            out += "\\r";
        } else if (c == '\n') {
            out += "\\n";
        } else if (byte < 0x20 || byte >= 0x7F) {
            out += fmt::format("\\x{:02x}", byte);
        } else {
            out += c;
        }
    }
    if (bytes.size() > bytes_max) {
        out += fmt::format("... ({} bytes)", bytes.size());
    }
    return out;
}

}  // namespace sluice::conform
