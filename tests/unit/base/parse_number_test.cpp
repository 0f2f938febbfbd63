// Table tests of the whole-string number parsers: forms, edges of the type, edges of the range.
#include "sluice/base/parse_number.hpp"

#include <gtest/gtest.h>

#include <cstdint>

namespace sluice {
namespace {

template <class T>
Errc code_of(const Result<T>& result) {
    return result ? Errc::Ok : result.error().code;
}

TEST(ParseDecimal, TakesDigitsOnly) {
    EXPECT_EQ(parse_decimal<std::uint32_t>("0").value(), 0u);
    EXPECT_EQ(parse_decimal<std::uint32_t>("0021").value(), 21u);
    EXPECT_EQ(parse_decimal<std::uint64_t>("18446744073709551615").value(), UINT64_MAX);
}

TEST(ParseDecimal, RefusesEverythingElseAsBadArgument) {
    for (const char* text :
         {"", " 1", "1 ", "+1", "-1", "-0", "1.0", "0x10", "1e3", "1,000", "x"}) {
        EXPECT_EQ(code_of(parse_decimal<std::uint32_t>(text)), Errc::BadArgument) << text;
    }
    const std::string_view with_nul("1\0002", 3);
    EXPECT_EQ(code_of(parse_decimal<std::uint32_t>(with_nul)), Errc::BadArgument);
}

TEST(ParseDecimal, SaysOutOfRangeRatherThanWrapping) {
    EXPECT_EQ(code_of(parse_decimal<std::uint16_t>("65535")), Errc::Ok);
    EXPECT_EQ(code_of(parse_decimal<std::uint16_t>("65536")), Errc::OutOfRange);
    EXPECT_EQ(code_of(parse_decimal<std::uint64_t>("18446744073709551616")), Errc::OutOfRange);
    EXPECT_EQ(code_of(parse_decimal<std::uint64_t>("99999999999999999999999999")),
              Errc::OutOfRange);
    EXPECT_EQ(code_of(parse_decimal<std::uint64_t>("99999999999999999999999999x")),
              Errc::BadArgument);
}

TEST(ParseDecimal, KeepsBothEndsOfTheRange) {
    EXPECT_EQ(code_of(parse_decimal<std::uint32_t>("0", 1, 64)), Errc::OutOfRange);
    EXPECT_EQ(parse_decimal<std::uint32_t>("1", 1, 64).value(), 1u);
    EXPECT_EQ(parse_decimal<std::uint32_t>("64", 1, 64).value(), 64u);
    EXPECT_EQ(code_of(parse_decimal<std::uint32_t>("65", 1, 64)), Errc::OutOfRange);
}

TEST(ParseOctal, ReadsModesAndRefusesTheDigitsEightAndNine) {
    EXPECT_EQ(parse_octal<std::uint32_t>("0644", 0, 0777).value(), 0644u);
    EXPECT_EQ(parse_octal<std::uint32_t>("755", 0, 0777).value(), 0755u);
    EXPECT_EQ(code_of(parse_octal<std::uint32_t>("0800", 0, 0777)), Errc::BadArgument);
    EXPECT_EQ(code_of(parse_octal<std::uint32_t>("1000", 0, 0777)), Errc::OutOfRange);
}

}  // namespace
}  // namespace sluice
