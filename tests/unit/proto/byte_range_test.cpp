// Method: every accepted form, and what stands beside each.
#include "sluice/proto/byte_range.hpp"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "sluice/base/prng.hpp"

namespace sluice::proto {
namespace {

TEST(ParseRange, TakesTwoInclusiveNumbers) {
    EXPECT_EQ(parse_range("0 1").value(), ByteRange(0, 2));
    EXPECT_EQ(parse_range("5 5").value(), ByteRange(5, 6));
    EXPECT_EQ(parse_range("0 0").value(), ByteRange(0, 1));
    EXPECT_EQ(parse_range("007 8").value(), ByteRange(7, 9));
    EXPECT_TRUE(parse_range("0 1")->is_set());
}

TEST(ParseRange, TakesOneZeroForTheWholeFile) {
    EXPECT_EQ(parse_range("1 0").value(), ByteRange());
    EXPECT_FALSE(parse_range("1 0")->is_set());
    EXPECT_FALSE(ByteRange().is_set());
}

TEST(ParseRange, EndsWhereTheNumbersDo) {
    EXPECT_EQ(parse_range("0 9223372036854775805").value(), ByteRange(0, INT64_MAX - 1));
    EXPECT_TRUE(parse_range("0 9223372036854775805")->is_set());
    for (const std::string_view bad :
         {"0 9223372036854775806", "0 9223372036854775807",
          "9223372036854775808 9223372036854775809", "18446744073709551616 18446744073709551617"}) {
        EXPECT_EQ(parse_range(bad).error().code, Errc::BadArgument) << bad;
    }
}

TEST(ParseRange, RefusesEverythingElse) {
    for (const std::string_view bad :
         {"", " ", "0", "0 ", " 0", "2 1", "2 0", "-1 1", "0 -1", "+0 1", "0x0 1", "0  1", " 0 1",
          "0 1 ", "0 1 2", "a b", "0;1", "0\t1", "1e3 2e3"}) {
        EXPECT_EQ(parse_range(bad).error().code, Errc::BadArgument) << bad;
    }
}

ChecksumArgument parsed(std::string_view argument) {
    const Result<ChecksumArgument> result = parse_checksum_argument(argument);
    EXPECT_TRUE(result) << argument;
    return result.value_or(ChecksumArgument());
}

TEST(ParseChecksumArgument, TakesAPlainName) {
    for (const std::string_view name :
         {"f", "a b", "dir/a b c", " f ", "f;1", "f 1", "f;1;", "f;a;b", "1 2", "1;2", "f 1 x",
          "a;b c;d", "f -1 5", "f 1;2", "x\"y\""}) {
        const ChecksumArgument argument = parsed(name);
        EXPECT_EQ(argument.path, name);
        EXPECT_FALSE(argument.is_quoted) << name;
        EXPECT_FALSE(argument.range.is_set()) << name;
        EXPECT_FALSE(argument.may_be_all_name) << name;
    }
}

TEST(ParseChecksumArgument, TakesARangeWhoseEndIsBehindIt) {
    for (const std::string_view line : {"f;0;10", "f 0 10", "\"f\" 0 10", "\"f\";0;10"}) {
        const ChecksumArgument argument = parsed(line);
        EXPECT_EQ(argument.path, "f") << line;
        EXPECT_EQ(argument.range, ByteRange(0, 10)) << line;
    }
    EXPECT_EQ(parsed("a b 3 4").path, "a b");
    EXPECT_EQ(parsed("a b 3 4").range, ByteRange(3, 4));
    EXPECT_EQ(parsed("a;b;3;4").path, "a;b");
    EXPECT_TRUE(parsed("a b 3 4").may_be_all_name);
    EXPECT_TRUE(parsed("f;0;10").may_be_all_name);
    EXPECT_FALSE(parsed("\"a b\" 3 4").may_be_all_name);
}

TEST(ParseChecksumArgument, TakesANameInQuotes) {
    EXPECT_EQ(parsed("\"a b\"").path, "a b");
    EXPECT_TRUE(parsed("\"a b\"").is_quoted);
    EXPECT_EQ(parsed("\"a\"\"b\"").path, "a\"\"b") << "still doubled";
    EXPECT_EQ(parsed("\"1 2\"").path, "1 2");
    EXPECT_EQ(parsed("\"\"\"\"").path, "\"\"");
}

TEST(ParseChecksumArgument, RefusesWhatIsHalfAForm) {
    for (const std::string_view bad : {"",
                                       "\"",
                                       "\"a",
                                       "\"\"",
                                       "\"a\"b",
                                       "\"a\" ",
                                       "\"a\" 1",
                                       "\"a\" 1 ",
                                       "\"a\" 2 1",
                                       "\"a\" 1;2",
                                       "\"a\";1 2",
                                       "\"a\" 1 2 3",
                                       "\"a\"\"",
                                       "\"\" 1 2",
                                       "f 5 5",
                                       "f 6 5",
                                       "f;6;5",
                                       "f 0 9223372036854775806",
                                       "f 0 99999999999999999999",
                                       "\"a\" -1 5"}) {
        EXPECT_FALSE(parse_checksum_argument(bad)) << bad;
    }
}

TEST(ParseChecksumArgument, AlwaysDecidesOnRandomBytes) {
    Prng prng(1);
    for (int round = 0; round < 100'000; ++round) {
        std::string line;
        const std::uint64_t size = prng.below(12);
        for (std::uint64_t i = 0; i < size; ++i) {
            line += "\" ;01a"[prng.below(6)];
        }
        const Result<ChecksumArgument> result = parse_checksum_argument(line);
        if (result) {
            EXPECT_FALSE(result->path.empty()) << line;
            EXPECT_LT(result->range.first, result->range.end) << line;
        }
    }
}

}  // namespace
}  // namespace sluice::proto
