// Small writers for the listing renderers: numbers and names straight into a caller's buffer.
//
// A format string costs more than the whole line otherwise does (facts.cpp renders over a million
// lines a second). No bounds here: the caller has checked that the longest form fits.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace sluice::proto {

// '?' for the three bytes that may not appear in a reply or a listing.
constexpr char clean_byte(char c) {
    return (c == '\r' || c == '\n' || c == '\0') ? '?' : c;
}

inline char* write_text(char* out, std::string_view text) {
    if (!text.empty()) {
        std::memcpy(out, text.data(), text.size());
    }
    return out + text.size();
}

inline char* write_clean(char* out, std::string_view text) {
    for (const char c : text) {
        *out++ = clean_byte(c);
    }
    return out;
}

inline constexpr char kDigitPairs[] =
    "00010203040506070809101112131415161718192021222324252627282930313233343536373839"
    "40414243444546474849505152535455565758596061626364656667686970717273747576777879"
    "8081828384858687888990919293949596979899";

// Two digits of a number below 100.
inline char* write_two(char* out, std::uint32_t value) {
    std::memcpy(out, kDigitPairs + 2 * static_cast<std::size_t>(value), 2);
    return out + 2;
}

inline constexpr std::size_t kDecimalDigitsMax = 20;  // of a 64-bit number

// The digits at the end of `buffer`; returns the first.
inline char* decimal_from_end(char* end, std::uint64_t value) {
    while (value >= 100) {
        end -= 2;
        std::memcpy(end, kDigitPairs + 2 * (value % 100), 2);
        value /= 100;
    }
    if (value >= 10) {
        end -= 2;
        std::memcpy(end, kDigitPairs + 2 * value, 2);
    } else {
        *--end = static_cast<char>('0' + value);
    }
    return end;
}

inline char* write_decimal(char* out, std::uint64_t value) {
    char digits[kDecimalDigitsMax];
    char* const end = digits + sizeof(digits);
    const char* const begin = decimal_from_end(end, value);
    return write_text(out, {begin, static_cast<std::size_t>(end - begin)});
}

// Right-aligned in `width` columns, wider when it must be.
inline char* write_decimal_right(char* out, std::uint64_t value, std::size_t width) {
    char digits[kDecimalDigitsMax];
    char* const end = digits + sizeof(digits);
    const char* const begin = decimal_from_end(end, value);
    const auto size = static_cast<std::size_t>(end - begin);
    if (size < width) {
        std::memset(out, ' ', width - size);
        out += width - size;
    }
    return write_text(out, {begin, size});
}

inline char* write_hex(char* out, std::uint64_t value) {
    char digits[16];
    std::size_t at = sizeof(digits);
    do {
        digits[--at] = "0123456789abcdef"[value & 15];
        value >>= 4;
    } while (value != 0);
    return write_text(out, {digits + at, sizeof(digits) - at});
}

// Owner and group names must be one word in LIST and must not end a fact in MLSD (proftpd#1367).
inline char* write_owner(char* out, std::string_view name, std::uint32_t number,
                         std::size_t bytes_max) {
    if (name.empty()) {
        return write_decimal(out, number);
    }
    for (const char c : name.substr(0, std::min(name.size(), bytes_max))) {
        const bool is_plain = static_cast<unsigned char>(c) > ' ' && c != ';' && c != 0x7F;
        *out++ = is_plain ? c : '_';
    }
    return out;
}

}  // namespace sluice::proto
