// Days and dates of the proleptic Gregorian calendar, for timestamp.cpp and facts.cpp.
// Source of the algorithms: Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms".
#pragma once

#include <cstdint>

#include "proto/text_writer.hpp"

namespace sluice::proto {

inline constexpr std::int64_t kDaySeconds = 86'400;

struct CivilDate {
    std::int32_t year;
    std::uint8_t month;
    std::uint8_t day;
};

// Days since 1970-01-01, rounded towards the past.
constexpr std::int64_t day_of(std::int64_t seconds) {
    const std::int64_t day = seconds / kDaySeconds;
    return seconds % kDaySeconds < 0 ? day - 1 : day;
}

// Years begin in March inside, so that the leap day is the last of its year; an era is 400 years.
constexpr std::int64_t day_of_date(CivilDate date) {
    const std::int64_t year = date.month <= 2 ? date.year - 1 : date.year;
    const std::int64_t era = (year >= 0 ? year : year - 399) / 400;
    const std::int64_t year_of_era = year - era * 400;
    const std::int64_t month = date.month > 2 ? date.month - 3 : date.month + 9;
    const std::int64_t day_of_year = (153 * month + 2) / 5 + date.day - 1;
    const std::int64_t day_of_era =
        year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    return era * 146'097 + day_of_era - 719'468;
}

constexpr CivilDate date_of_day(std::int64_t day) {
    const std::int64_t shifted = day + 719'468;
    const std::int64_t era = (shifted >= 0 ? shifted : shifted - 146'096) / 146'097;
    const auto day_of_era = static_cast<std::uint32_t>(shifted - era * 146'097);
    const std::uint32_t year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36'524 - day_of_era / 146'096) / 365;
    const std::uint32_t day_of_year =
        day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    const std::uint32_t month = (5 * day_of_year + 2) / 153;
    CivilDate date{};
    date.day = static_cast<std::uint8_t>(day_of_year - (153 * month + 2) / 5 + 1);
    date.month = static_cast<std::uint8_t>(month < 10 ? month + 3 : month - 9);
    date.year = static_cast<std::int32_t>(static_cast<std::int64_t>(year_of_era) + era * 400 +
                                          (date.month <= 2 ? 1 : 0));
    return date;
}

// "YYYYMMDD" of a year from 0 to 9999.
inline char* write_date_digits(char* out, CivilDate date) {
    out = write_two(out, static_cast<std::uint32_t>(date.year / 100));
    out = write_two(out, static_cast<std::uint32_t>(date.year % 100));
    out = write_two(out, date.month);
    return write_two(out, date.day);
}

}  // namespace sluice::proto
