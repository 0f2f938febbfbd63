// Method: known instants, every day of four centuries both ways against a counter, and bad texts.
#include "sluice/proto/timestamp.hpp"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "sluice/base/prng.hpp"

namespace sluice::proto {
namespace {

std::string time_value(std::int64_t seconds) {
    char text[kTimeValueBytes];
    EXPECT_EQ(write_time_value(text, seconds), text + sizeof(text));
    return {text, sizeof(text)};
}

std::string list_date(std::int64_t seconds, std::int64_t now) {
    char text[kListDateBytes];
    EXPECT_EQ(write_list_date(text, seconds, now), text + sizeof(text));
    return {text, sizeof(text)};
}

TEST(Timestamp, KnowsFamousInstants) {
    EXPECT_EQ(time_value(0), "19700101000000");
    EXPECT_EQ(time_value(-1), "19691231235959");
    EXPECT_EQ(time_value(1'000'000'000), "20010909014640");
    EXPECT_EQ(time_value(951'782'400), "20000229000000");
    EXPECT_EQ(time_value(2'147'483'648), "20380119031408");
}

TEST(Timestamp, ClampsWhatFourDigitsCannotShow) {
    EXPECT_EQ(time_value(INT64_MAX), "99991231235959");
    EXPECT_EQ(time_value(kTimeSecondsMax), "99991231235959");
    EXPECT_EQ(time_value(INT64_MIN), "00000101000000");
    EXPECT_EQ(time_value(kTimeSecondsMin), "00000101000000");
}

TEST(Timestamp, CountsEveryDayOfFourCenturies) {
    constexpr int kMonthDays[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    std::int64_t day = -25'567;  // 1900-01-01
    for (int year = 1900; year < 2300; ++year) {
        const bool is_leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
        for (int month = 1; month <= 12; ++month) {
            const int days = kMonthDays[month - 1] + (month == 2 && is_leap ? 1 : 0);
            for (int in_month = 1; in_month <= days; ++in_month, ++day) {
                const CivilTime civil = civil_from_seconds(day * 86'400 + 86'399);
                ASSERT_EQ(civil.year, year);
                ASSERT_EQ(civil.month, month);
                ASSERT_EQ(civil.day, in_month);
                ASSERT_EQ(civil.hour, 23);
                ASSERT_EQ(seconds_from_civil(civil).value(), day * 86'400 + 86'399);
            }
        }
    }
}

TEST(Timestamp, IsReadBackFromWhatIsPrinted) {
    for (std::uint64_t seed = 1; seed <= 20'000; ++seed) {
        Prng prng(seed);
        const auto span = static_cast<std::uint64_t>(kTimeSecondsMax - kTimeSecondsMin);
        const std::int64_t seconds = kTimeSecondsMin + static_cast<std::int64_t>(prng.below(span));
        const auto milliseconds = static_cast<std::int32_t>(prng.below(1000));
        const WallTime time(seconds, milliseconds * 1'000'000);
        ASSERT_EQ(parse_time_value(print_time_value(time)).value(), time) << "seed " << seed;
    }
}

TEST(TimeValue, ReadsFractions) {
    EXPECT_EQ(parse_time_value("19700101000001").value(), WallTime(1));
    EXPECT_EQ(parse_time_value("19700101000001.5").value(), WallTime(1, 500'000'000));
    EXPECT_EQ(parse_time_value("19700101000001.123456789").value(), WallTime(1, 123'456'789));
    EXPECT_EQ(parse_time_value("19700101000001.1234567899999").value(), WallTime(1, 123'456'789));
    EXPECT_EQ(print_time_value(WallTime(1, 5'000'000)), "19700101000001.005");
    EXPECT_EQ(print_time_value(WallTime(1)), "19700101000001");
}

TEST(TimeValue, TakesALeapSecond) {
    EXPECT_EQ(parse_time_value("19981231235960").value(),
              parse_time_value("19990101000000").value());
}

TEST(TimeValue, RefusesWhatDoesNotExist) {
    for (const std::string_view bad : {"",
                                       "2001",
                                       "20010230000000",
                                       "20010229000000",
                                       "19000229000000",
                                       "20011301000000",
                                       "20010001000000",
                                       "20010100000000",
                                       "20010132000000",
                                       "20010101240000",
                                       "20010101006000",
                                       "20010101000061",
                                       "191000101000000",
                                       "2001010100000",
                                       "20010101000000.",
                                       "20010101000000.x",
                                       "20010101000000,5",
                                       "2001010100000a",
                                       " 20010101000000",
                                       "20010101000000 ",
                                       "-2010101000000",
                                       "20010431000000"}) {
        const Result<WallTime> time = parse_time_value(bad);
        ASSERT_FALSE(time.has_value()) << bad;
        EXPECT_EQ(time.error().code, Errc::BadArgument);
    }
    EXPECT_TRUE(parse_time_value("20000229000000").has_value());
}

TEST(ListDate, ShowsTheTimeForHalfAYear) {
    const std::int64_t now = 1'700'000'000;  // 2023-11-14 22:13:20
    EXPECT_EQ(list_date(now, now), "Nov 14 22:13");
    EXPECT_EQ(list_date(now - 86'400 * 10, now), "Nov  4 22:13");
    EXPECT_EQ(list_date(now - 86'400 * 182, now), "May 16 22:13");
    EXPECT_EQ(list_date(now - 86'400 * 183, now), "May 15  2023");
    EXPECT_EQ(list_date(0, now), "Jan  1  1970");
}

TEST(ListDate, TakesAMinuteAheadForNow) {
    const std::int64_t now = 1'700'000'000;
    EXPECT_EQ(list_date(now + 60, now), "Nov 14 22:14");
    EXPECT_EQ(list_date(now + 61, now), "Nov 14  2023");
}

TEST(ListDate, HasTheSameWidthForEveryTime) {
    for (const std::int64_t seconds : {INT64_MIN, INT64_MIN + 1, std::int64_t{-1}, INT64_MAX}) {
        for (const std::int64_t now : {INT64_MIN, std::int64_t{0}, INT64_MAX}) {
            EXPECT_EQ(list_date(seconds, now).size(), kListDateBytes);
        }
    }
}

TEST(TimedPath, IsATimeABlankAndAPath) {
    const TimedPath got = parse_timed_path("20010909014640  a b ").value();
    EXPECT_EQ(got.time, WallTime(1'000'000'000));
    EXPECT_EQ(got.path, " a b ");
    for (const std::string_view bad : {"", "20010909014640", "20010909014640 ", "name", "name name",
                                       "20010909 x", " 20010909014640 x"}) {
        EXPECT_FALSE(parse_timed_path(bad).has_value()) << bad;
    }
}

}  // namespace
}  // namespace sluice::proto
