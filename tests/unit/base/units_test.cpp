// Each unit, each wrong form, and the inverse property on seeded random values.
#include "sluice/base/units.hpp"

#include <gtest/gtest.h>

#include <cstdint>

#include "sluice/base/prng.hpp"

namespace sluice {
namespace {

template <class T>
Errc code_of(const Result<T>& result) {
    return result ? Errc::Ok : result.error().code;
}

TEST(ParseDuration, KnowsEachUnitAndTheirSums) {
    const struct {
        const char* text;
        std::int64_t ns;
    } rows[] = {
        {"0", 0},
        {"0s", 0},
        {"1ns", 1},
        {"7us", 7'000},
        {"500ms", 500'000'000},
        {"90s", 90'000'000'000},
        {"5m", 300'000'000'000},
        {"1h30m", 5'400'000'000'000},
        {"1d", 86'400'000'000'000},
        {"1d2h3m4s5ms6us7ns", 93'784'005'006'007},
        {"1m0s", 60'000'000'000},
        {"3650d", kDurationMax.ns},
    };
    for (const auto& row : rows) {
        const Result<Duration> parsed = parse_duration(row.text);
        ASSERT_TRUE(parsed.has_value()) << row.text;
        EXPECT_EQ(parsed->ns, row.ns) << row.text;
    }
}

TEST(ParseDuration, RefusesNumbersWithoutUnitAndOtherForms) {
    for (const char* text :
         {"",     "5",   "00",  "s",     "5 m",  " 5m", "5m ",   "5 minutes", "5min", "5M",   "5H",
          "1.5h", "-5s", "+5s", "30m1h", "1m1m", "5s5", "1h,5m", "five",      "5mm",  "1ms1s"}) {
        EXPECT_EQ(code_of(parse_duration(text)), Errc::BadArgument) << text;
    }
}

TEST(ParseDuration, SaysOutOfRangeAboveTenYears) {
    for (const char* text : {"3651d", "3650d1ns", "99999999999999999999999h",
                             "18446744073709551615d", "18446744073709551615ns"}) {
        EXPECT_EQ(code_of(parse_duration(text)), Errc::OutOfRange) << text;
    }
    EXPECT_EQ(code_of(parse_duration("99999999999999999999999hh")), Errc::BadArgument);
    EXPECT_EQ(code_of(parse_duration("9999999d5")), Errc::BadArgument);
}

TEST(FormatDuration, WritesTheFewestParts) {
    EXPECT_EQ(format_duration(Duration(0)), "0");
    EXPECT_EQ(format_duration(Duration::seconds(5400)), "1h30m");
    EXPECT_EQ(format_duration(Duration::milliseconds(1500)), "1s500ms");
    EXPECT_EQ(format_duration(Duration::seconds(-90)), "-1m30s");
    EXPECT_EQ(format_duration(Duration(INT64_MIN)).front(), '-');
}

TEST(FormatDuration, IsTheInverseOfParsing) {
    Prng prng(20260101);
    for (int i = 0; i < 5000; ++i) {
        // Shifting spreads the values over all magnitudes.
        const std::uint64_t raw = prng.next() >> prng.below(64);
        const Duration duration(
            static_cast<std::int64_t>(raw % (static_cast<std::uint64_t>(kDurationMax.ns) + 1)));
        const Result<Duration> back = parse_duration(format_duration(duration));
        ASSERT_TRUE(back.has_value()) << format_duration(duration);
        ASSERT_EQ(back->ns, duration.ns);
    }
}

TEST(ParseSize, KnowsEachUnit) {
    const struct {
        const char* text;
        std::uint64_t bytes;
    } rows[] = {
        {"0", 0},
        {"0B", 0},
        {"1B", 1},
        {"512KiB", 512ull << 10},
        {"64MiB", 64ull << 20},
        {"3GiB", 3ull << 30},
        {"1TiB", 1ull << 40},
        {"5kB", 5000},
        {"5KB", 5000},
        {"2MB", 2'000'000},
        {"1GB", 1'000'000'000},
        {"1TB", 1'000'000'000'000},
        {"18446744073709551615B", UINT64_MAX},
    };
    for (const auto& row : rows) {
        const Result<std::uint64_t> parsed = parse_size(row.text);
        ASSERT_TRUE(parsed.has_value()) << row.text;
        EXPECT_EQ(*parsed, row.bytes) << row.text;
    }
}

TEST(ParseSize, RefusesNumbersWithoutUnitAndOtherForms) {
    for (const char* text : {"", "64", "64M", "64 MiB", "64mib", "1.5MiB", "-1B", "1MiB1B", "MiB",
                             "64Mib", "1MiB ", "1PiB"}) {
        EXPECT_EQ(code_of(parse_size(text)), Errc::BadArgument) << text;
    }
}

TEST(ParseSize, SaysOutOfRangeRatherThanWrapping) {
    EXPECT_EQ(code_of(parse_size("16777216TiB")), Errc::OutOfRange);
    EXPECT_EQ(code_of(parse_size("18446744073709551616B")), Errc::OutOfRange);
}

TEST(FormatSize, PrefersTheBiggestExactUnit) {
    EXPECT_EQ(format_size(0), "0");
    EXPECT_EQ(format_size(512ull << 10), "512KiB");
    EXPECT_EQ(format_size(2048ull << 10), "2MiB");
    EXPECT_EQ(format_size(5'000'000'001), "5000000001B");
    EXPECT_EQ(format_size(7000), "7kB");
    EXPECT_EQ(format_size(1'000'000'000'000), "1TB");  // and not 976562500KiB
}

TEST(FormatSize, IsTheInverseOfParsing) {
    Prng prng(20260102);
    for (int i = 0; i < 5000; ++i) {
        const std::uint64_t bytes = (prng.next() >> prng.below(64)) << prng.below(30);
        const Result<std::uint64_t> back = parse_size(format_size(bytes));
        ASSERT_TRUE(back.has_value()) << format_size(bytes);
        ASSERT_EQ(*back, bytes);
    }
}

}  // namespace
}  // namespace sluice
