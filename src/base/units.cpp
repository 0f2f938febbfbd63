#include "sluice/base/units.hpp"

#include <fmt/format.h>

#include <iterator>

#include "sluice/base/parse_number.hpp"

namespace sluice {
namespace {

struct Unit {
    std::string_view name;
    std::uint64_t factor;
};

constexpr std::uint64_t kSecond = 1'000'000'000;

// Biggest first: the order in which the parts of a duration must come.
constexpr Unit kDurationUnits[] = {
    {"d", 24 * 3600 * kSecond}, {"h", 3600 * kSecond}, {"m", 60 * kSecond}, {"s", kSecond},
    {"ms", 1'000'000},          {"us", 1'000},         {"ns", 1},
};

// "KB" is only understood; format_size writes "kB", the first of equals.
constexpr Unit kSizeUnits[] = {
    {"TiB", 1ull << 40}, {"GiB", 1ull << 30},   {"MiB", 1ull << 20},
    {"KiB", 1ull << 10}, {"TB", 1000000000000}, {"GB", 1000000000},
    {"MB", 1000000},     {"kB", 1000},          {"B", 1},
    {"KB", 1000},
};

std::size_t count_digits(std::string_view text) {
    std::size_t n = 0;
    while (n < text.size() && text[n] >= '0' && text[n] <= '9') {
        ++n;
    }
    return n;
}

std::size_t count_letters(std::string_view text) {
    std::size_t n = 0;
    while (n < text.size() &&
           ((text[n] >= 'a' && text[n] <= 'z') || (text[n] >= 'A' && text[n] <= 'Z'))) {
        ++n;
    }
    return n;
}

// Takes one "<digits><unit>" from the front of `text`. The unit is looked for from `first` on, and
// `first` moves behind it, which is what forbids "5s1m" and "1m1m".
template <std::size_t kCount>
Result<std::uint64_t> take_part(std::string_view& text, const Unit (&units)[kCount],
                                std::size_t& first) {
    const std::string_view digits = text.substr(0, count_digits(text));
    text.remove_prefix(digits.size());
    const std::string_view name = text.substr(0, count_letters(text));
    text.remove_prefix(name.size());
    const Result<std::uint64_t> number = parse_decimal<std::uint64_t>(digits);
    if (!number && number.error() == Error(Errc::BadArgument)) {
        return number;
    }

    while (first < kCount && units[first].name != name) {
        ++first;
    }
    if (first == kCount) {
        return fail(Errc::BadArgument);
    }
    const std::uint64_t factor = units[first++].factor;
    std::uint64_t value = 0;
    if (!number || __builtin_mul_overflow(*number, factor, &value)) {
        return fail(Errc::OutOfRange);
    }
    return value;
}

}  // namespace

Result<Duration> parse_duration(std::string_view text) {
    if (text == "0") {
        return Duration(0);
    }
    if (text.empty()) {
        return fail(Errc::BadArgument);
    }
    constexpr auto kMax = static_cast<std::uint64_t>(kDurationMax.ns);
    std::uint64_t total = 0;
    std::size_t unit = 0;
    bool is_too_long = false;
    // Each turn uses up a unit, so there are at most seven. A form that is wrong further on counts
    // more than a part that is too long: the whole text is read before the verdict.
    while (!text.empty()) {
        const Result<std::uint64_t> part = take_part(text, kDurationUnits, unit);
        if (!part && part.error() == Error(Errc::BadArgument)) {
            return fail(part.error());
        }
        is_too_long = is_too_long || !part || *part > kMax || total + *part > kMax;
        if (!is_too_long) {
            total += *part;
        }
    }
    if (is_too_long) {
        return fail(Errc::OutOfRange);
    }
    return Duration(static_cast<std::int64_t>(total));
}

std::string format_duration(Duration duration) {
    if (duration.ns == 0) {
        return "0";
    }
    std::string text = duration.ns < 0 ? "-" : "";
    // Negated as unsigned, so that the smallest value has a magnitude too.
    std::uint64_t rest = static_cast<std::uint64_t>(duration.ns);
    if (duration.ns < 0) {
        rest = 0 - rest;
    }
    for (const Unit& unit : kDurationUnits) {
        if (rest >= unit.factor) {
            fmt::format_to(std::back_inserter(text), "{}{}", rest / unit.factor, unit.name);
            rest %= unit.factor;
        }
    }
    return text;
}

Result<std::uint64_t> parse_size(std::string_view text) {
    if (text == "0") {
        return std::uint64_t{0};
    }
    std::size_t unit = 0;
    const Result<std::uint64_t> bytes = take_part(text, kSizeUnits, unit);
    if (!text.empty()) {
        return fail(Errc::BadArgument);
    }
    return bytes;
}

std::string format_size(std::uint64_t bytes) {
    if (bytes == 0) {
        return "0";
    }
    // The smallest count reads best: 1 TB is also 976562500 KiB. "B" divides everything.
    Unit best{"B", 1};
    for (const Unit& unit : kSizeUnits) {
        if (bytes % unit.factor == 0 && unit.factor > best.factor) {
            best = unit;
        }
    }
    return fmt::format("{}{}", bytes / best.factor, best.name);
}

}  // namespace sluice
