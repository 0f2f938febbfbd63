// Whole-string numbers: the text is the number, all of it, or it is refused.
//
// strtoul and its kin accept leading spaces, signs and trailing rubbish, and wrap negative input;
// each of these has been a bug in some FTP server. Here only digits are accepted, the range is part
// of the question, and overflow is a value (OutOfRange) rather than a surprise.
#pragma once

#include <charconv>
#include <concepts>
#include <limits>
#include <string_view>
#include <system_error>

#include "sluice/base/result.hpp"

namespace sluice {

// A number of digits of `base` only. BadArgument: empty, or any other byte in it. OutOfRange: all
// digits, but not within [min, max]. Leading zeros are fine ("0021" is 21).
template <std::unsigned_integral T>
Result<T> parse_digits(std::string_view text, int base, T min, T max) {
    // from_chars takes no sign for unsigned types, no space and no "0x": digits only.
    T value = 0;
    const char* const end = text.data() + text.size();
    const std::from_chars_result parsed = std::from_chars(text.data(), end, value, base);
    if (parsed.ec == std::errc::invalid_argument || parsed.ptr != end) {
        return fail(Errc::BadArgument);
    }
    if (parsed.ec == std::errc::result_out_of_range || value < min || value > max) {
        return fail(Errc::OutOfRange);
    }
    return value;
}

template <std::unsigned_integral T>
Result<T> parse_decimal(std::string_view text, T min = 0, T max = std::numeric_limits<T>::max()) {
    return parse_digits<T>(text, 10, min, max);
}

template <std::unsigned_integral T>
Result<T> parse_octal(std::string_view text, T min = 0, T max = std::numeric_limits<T>::max()) {
    return parse_digits<T>(text, 8, min, max);
}

}  // namespace sluice
