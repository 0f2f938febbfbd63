#include "sluice/obs/escape.hpp"

#include <cstddef>
#include <cstdint>

namespace sluice::obs {
namespace {

constexpr char kHex[] = "0123456789abcdef";

bool is_control(unsigned char c) { return c < 0x20 || c == 0x7F; }

// U+0080 to U+009F in UTF-8: a terminal may take them for the beginning of a command.
bool begins_c1_control(std::string_view bytes) {
    return bytes.size() >= 2 && static_cast<unsigned char>(bytes[0]) == 0xC2 &&
           static_cast<unsigned char>(bytes[1]) < 0xA0;
}

// The length of the UTF-8 sequence at the front of `bytes`, or 0 when it is none (RFC 3629: no
// overlong forms, no surrogates, nothing above U+10FFFF).
std::size_t utf8_length(std::string_view bytes) {
    const auto at = [&bytes](std::size_t i) { return static_cast<unsigned char>(bytes[i]); };
    const unsigned char first = at(0);
    if (first < 0x80) { return 1; }
    std::size_t length = 0;
    std::uint32_t value = 0;
    if (first >= 0xC2 && first <= 0xDF) {
        length = 2;
        value = first & 0x1Fu;
    } else if ((first & 0xF0) == 0xE0) {
        length = 3;
        value = first & 0x0Fu;
    } else if (first >= 0xF0 && first <= 0xF4) {
        length = 4;
        value = first & 0x07u;
    }
    if (length == 0 || bytes.size() < length) { return 0; }
    for (std::size_t i = 1; i < length; ++i) {
        if ((at(i) & 0xC0) != 0x80) { return 0; }
        value = (value << 6) | (at(i) & 0x3Fu);
    }
    if (length == 3 && (value < 0x800 || (value >= 0xD800 && value <= 0xDFFF))) { return 0; }
    if (length == 4 && (value < 0x10000 || value > 0x10FFFF)) { return 0; }
    return length;
}

}  // namespace

void append_quoted_text(std::string& out, std::string_view bytes) {
    const auto escape = [&out](unsigned char c) {
        out.append("\\x");
        out.push_back(kHex[c >> 4]);
        out.push_back(kHex[c & 0xF]);
    };
    out.push_back('"');
    for (std::size_t i = 0; i < bytes.size(); ++i) {
        const unsigned char c = static_cast<unsigned char>(bytes[i]);
        if (c == '"' || c == '\\') {
            out.push_back('\\');
            out.push_back(bytes[i]);
        } else if (is_control(c)) {
            escape(c);
        } else if (begins_c1_control(bytes.substr(i))) {
            escape(c);
            escape(static_cast<unsigned char>(bytes[++i]));
        } else {
            out.push_back(bytes[i]);
        }
    }
    out.push_back('"');
}

void append_json_string(std::string& out, std::string_view bytes) {
    const auto escape = [&out](unsigned char c) {
        out.append("\\u00");
        out.push_back(kHex[c >> 4]);
        out.push_back(kHex[c & 0xF]);
    };
    out.push_back('"');
    while (!bytes.empty()) {
        const unsigned char c = static_cast<unsigned char>(bytes.front());
        const std::size_t length = utf8_length(bytes);
        if (length == 0 || is_control(c)) {
            escape(c);
            bytes.remove_prefix(1);
            continue;
        }
        if (begins_c1_control(bytes)) {
            escape(static_cast<unsigned char>(bytes[1]));  // the code point is its second byte
            bytes.remove_prefix(2);
            continue;
        }
        if (c == '"' || c == '\\') { out.push_back('\\'); }
        out.append(bytes.substr(0, length));
        bytes.remove_prefix(length);
    }
    out.push_back('"');
}

void append_xferlog_token(std::string& out, std::string_view bytes) {
    if (bytes.empty()) { out.push_back('-'); }
    for (std::size_t i = 0; i < bytes.size(); ++i) {
        const unsigned char c = static_cast<unsigned char>(bytes[i]);
        const bool is_c1 = begins_c1_control(bytes.substr(i));
        out.push_back(c == ' ' || is_control(c) || is_c1 ? '_' : bytes[i]);
        if (is_c1) { ++i; }
    }
}

}  // namespace sluice::obs
