#include "sluice/proto/timestamp.hpp"

#include <algorithm>
#include <array>

#include "proto/text_writer.hpp"
#include "proto/utc.hpp"

namespace sluice::proto {
namespace {

constexpr std::array<std::string_view, 12> kMonths = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                      "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

bool is_leap_year(std::int32_t year) {
    return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

std::uint8_t days_in_month(std::int32_t year, std::uint8_t month) {
    constexpr std::array<std::uint8_t, 12> kDays = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    if (month == 2 && is_leap_year(year)) {
        return 29;
    }
    return kDays[static_cast<std::size_t>(month - 1)];
}

bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

// The caller has checked that these are digits.
std::uint8_t two_digits(std::string_view text, std::size_t at) {
    return static_cast<std::uint8_t>((text[at] - '0') * 10 + (text[at + 1] - '0'));
}

}  // namespace

CivilTime civil_from_seconds(std::int64_t seconds) {
    const std::int64_t clamped = std::clamp(seconds, kTimeSecondsMin, kTimeSecondsMax);
    const std::int64_t day = day_of(clamped);
    const auto in_day = static_cast<std::uint32_t>(clamped - day * kDaySeconds);
    const CivilDate date = date_of_day(day);
    CivilTime civil;
    civil.year = date.year;
    civil.month = date.month;
    civil.day = date.day;
    civil.hour = static_cast<std::uint8_t>(in_day / 3600);
    civil.minute = static_cast<std::uint8_t>(in_day / 60 % 60);
    civil.second = static_cast<std::uint8_t>(in_day % 60);
    return civil;
}

Result<std::int64_t> seconds_from_civil(const CivilTime& civil) {
    if (civil.year < 0 || civil.year > 9999 || civil.month < 1 || civil.month > 12 ||
        civil.day < 1 || civil.day > days_in_month(civil.year, civil.month) || civil.hour > 23 ||
        civil.minute > 59 || civil.second > 60) {
        return fail(Errc::BadArgument);
    }
    return day_of_date({civil.year, civil.month, civil.day}) * kDaySeconds + civil.hour * 3600 +
           civil.minute * 60 + civil.second;
}

Result<WallTime> parse_time_value(std::string_view text) {
    if (text.size() < kTimeValueBytes ||
        !std::all_of(text.begin(), text.begin() + kTimeValueBytes, is_digit)) {
        return fail(Errc::BadArgument);
    }
    std::int32_t nanoseconds = 0;
    if (text.size() > kTimeValueBytes) {
        const std::string_view fraction = text.substr(kTimeValueBytes + 1);
        if (text[kTimeValueBytes] != '.' || fraction.empty() ||
            !std::all_of(fraction.begin(), fraction.end(), is_digit)) {
            return fail(Errc::BadArgument);
        }
        std::int32_t unit = 100'000'000;
        for (const char c : fraction.substr(0, 9)) {
            nanoseconds += (c - '0') * unit;
            unit /= 10;
        }
    }
    CivilTime civil;
    civil.year = two_digits(text, 0) * 100 + two_digits(text, 2);
    civil.month = two_digits(text, 4);
    civil.day = two_digits(text, 6);
    civil.hour = two_digits(text, 8);
    civil.minute = two_digits(text, 10);
    civil.second = two_digits(text, 12);
    const Result<std::int64_t> seconds = seconds_from_civil(civil);
    if (!seconds) {
        return fail(seconds.error());
    }
    return WallTime(*seconds, nanoseconds);
}

char* write_time_value(char* out, std::int64_t seconds) {
    const CivilTime civil = civil_from_seconds(seconds);
    out = write_date_digits(out, {civil.year, civil.month, civil.day});
    out = write_two(out, civil.hour);
    out = write_two(out, civil.minute);
    return write_two(out, civil.second);
}

std::string print_time_value(WallTime time) {
    char text[kTimeValueBytes + 4];
    char* end = write_time_value(text, time.seconds);
    const auto milliseconds = static_cast<std::uint32_t>(time.nanoseconds / 1'000'000);
    if (milliseconds != 0) {
        *end++ = '.';
        *end++ = static_cast<char>('0' + milliseconds / 100 % 10);
        end = write_two(end, milliseconds % 100);
    }
    return {text, static_cast<std::size_t>(end - text)};
}

char* write_list_date(char* out, std::int64_t seconds, std::int64_t now_seconds) {
    // Half of a Gregorian year of 365.2425 days, as GNU ls has it.
    constexpr std::int64_t kHalfYearSeconds = 31'556'952 / 2;
    constexpr std::int64_t kClockLagSeconds = 60;
    const CivilTime civil = civil_from_seconds(seconds);
    out = write_text(out, kMonths[static_cast<std::size_t>(civil.month - 1)]);
    *out++ = ' ';
    out = write_decimal_right(out, civil.day, 2);
    *out++ = ' ';
    // Clamped, so that no time of a file can overflow the differences.
    const std::int64_t then = std::clamp(seconds, kTimeSecondsMin, kTimeSecondsMax);
    const std::int64_t now = std::clamp(now_seconds, kTimeSecondsMin, kTimeSecondsMax);
    if (then > now - kHalfYearSeconds && then <= now + kClockLagSeconds) {
        out = write_two(out, civil.hour);
        *out++ = ':';
        return write_two(out, civil.minute);
    }
    *out++ = ' ';
    out = write_two(out, static_cast<std::uint32_t>(civil.year / 100));
    return write_two(out, static_cast<std::uint32_t>(civil.year % 100));
}

Result<TimedPath> parse_timed_path(std::string_view argument) {
    const std::size_t blank = argument.find(' ');
    if (blank == std::string_view::npos || blank + 1 == argument.size()) {
        return fail(Errc::BadArgument);
    }
    const Result<WallTime> time = parse_time_value(argument.substr(0, blank));
    if (!time) {
        return fail(time.error());
    }
    return TimedPath{*time, argument.substr(blank + 1)};
}

}  // namespace sluice::proto
