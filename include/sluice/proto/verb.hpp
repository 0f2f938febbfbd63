// An FTP verb: one to seven letters and digits in a 64-bit number. RFC 959 knows three and four
// letters; what came later has digits (XMD5) and more of them (XSHA512).
//
// Comparing, hashing and switching on a verb is then one integer operation, and a table of verbs
// can be checked by the compiler. Upper-casing is plain ASCII arithmetic: with the C locale's
// toupper() a Turkish locale once turned "site" into something no table knew (proftpd#2019). Value
// type, no owner, any thread.
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace sluice::proto {

// ASCII only; every byte outside a-z stays as it is.
constexpr char ascii_upper(char c) {
    return (c >= 'a' && c <= 'z') ? static_cast<char>(c - 'a' + 'A') : c;
}

// True when both texts are equal but for the case of ASCII letters.
constexpr bool equal_ignoring_case(std::string_view a, std::string_view b) {
    if (a.size() != b.size()) {
        return false;
    }
    for (std::size_t i = 0; i < a.size(); ++i) {
        if (ascii_upper(a[i]) != ascii_upper(b[i])) {
            return false;
        }
    }
    return true;
}

struct Verb {
    static constexpr std::size_t kLettersMax = 7;

    // First letter in the highest byte, unused low bytes 0: numeric order is alphabetical order.
    // 0 means "no verb".
    std::uint64_t packed = 0;

    constexpr Verb() = default;

    // The verb of `text`, or the empty verb when the text is not a letter and up to six letters and
    // digits. '@' counts as a letter: some firewalls turn PASV into P@SW, and vsftpd has answered
    // it ever since.
    constexpr explicit Verb(std::string_view text) {
        if (text.empty() || text.size() > kLettersMax) {
            return;
        }
        std::uint64_t value = 0;
        for (const char raw : text) {
            const char c = ascii_upper(raw);
            const bool is_digit = c >= '0' && c <= '9' && value != 0;
            if ((c < 'A' || c > 'Z') && c != '@' && !is_digit) {
                return;
            }
            value = (value << 8) | static_cast<unsigned char>(c);
        }
        packed = value << (8 * (sizeof value - text.size()));
    }

    constexpr bool is_empty() const { return packed == 0; }

    // The letters, upper case, as a small value. Views of it are made from named values only: one
    // of a temporary would dangle.
    struct Text {
        char letters[kLettersMax] = {};
        std::uint8_t size = 0;
        constexpr std::string_view view() const& { return {letters, size}; }
        std::string_view view() const&& = delete;
    };
    constexpr Text text() const {
        Text out;
        for (std::size_t i = 0; i < kLettersMax; ++i) {
            const char c = static_cast<char>((packed >> (8 * (sizeof packed - 1 - i))) & 0xFF);
            if (c == 0) {
                break;
            }
            out.letters[out.size++] = c;
        }
        return out;
    }

    friend constexpr auto operator<=>(Verb, Verb) = default;
};

}  // namespace sluice::proto
