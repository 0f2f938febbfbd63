// Files that hold several cases: pure, so each test is a text and what becomes of it.
#include "cases.hpp"

#include <gtest/gtest.h>

namespace sluice::conform {
namespace {

std::vector<Transcript> parse(std::string_view text) {
    std::optional<ParseError> error;
    std::vector<Transcript> cases = parse_cases("file", text, error);
    EXPECT_FALSE(error) << error->line << ": " << error->message;
    return cases;
}

ParseError error_of(std::string_view text) {
    std::optional<ParseError> error;
    (void)parse_cases("file", text, error);
    return error.value_or(ParseError{0, "no error"});
}

TEST(Cases, AFileWithoutCasesIsOne) {
    const auto cases = parse("# covers: NOOP\nlogin\n> NOOP\n< 200 *\n");
    ASSERT_EQ(cases.size(), 1u);
    EXPECT_EQ(cases[0].name, "file");
    EXPECT_EQ(cases[0].steps.size(), 3u);
    EXPECT_EQ(cases[0].covers, std::vector<std::string>{"NOOP"});
}

TEST(Cases, EachCaseBeginsWithWhatStandsBeforeTheFirst) {
    const auto cases = parse("server writable\nlogin\ncase one\n> A\n\ncase two\n> B\n> C\n");
    ASSERT_EQ(cases.size(), 2u);
    EXPECT_EQ(cases[0].name, "file: one");
    ASSERT_EQ(cases[0].steps.size(), 2u);
    EXPECT_EQ(cases[0].steps[1].text, "A");
    EXPECT_TRUE(cases[1].writable);
    ASSERT_EQ(cases[1].steps.size(), 3u);
    EXPECT_EQ(cases[1].steps[2].text, "C");
}

TEST(Cases, LineNumbersAreThoseOfTheFile) {
    const auto cases = parse("login\ncase one\n> A\ncase two\ngiven x\n| 1\n> B $x\n");
    EXPECT_EQ(cases[1].steps[1].line, 7u);
    EXPECT_EQ(error_of("login\ncase one\n> A\ncase two\nnonsense\n").line, 5u);
}

TEST(Cases, ATableMultipliesItsCaseAndOneAtTheTopTheFile) {
    const auto cases = parse(
        "# covers: $verb\ngiven verb code\n| CWD 550\n| TYPE 501\nlogin\n"
        "case $verb with $what\ngiven what argument\n| \"a word\" \"x y\"\n| none \"\"\n"
        "> $verb $argument\n< $code *\n");
    ASSERT_EQ(cases.size(), 4u);
    EXPECT_EQ(cases[0].name, "file: CWD with a word");
    EXPECT_EQ(cases[0].steps[1].text, "CWD x y");
    EXPECT_EQ(cases[0].steps[2].text, "550 *");
    EXPECT_EQ(cases[3].steps[1].text, "TYPE ");
    EXPECT_EQ(cases[3].covers, std::vector<std::string>{"TYPE"});
}

TEST(Cases, ADashLeavesOutTheCasesThatUseIt) {
    const auto cases = parse(
        "given verb none\n| QUIT -\n| NOOP 200\nlogin\n"
        "case $verb alone\n> $verb\n< $none *\ncase $verb with words\n> $verb x\n");
    ASSERT_EQ(cases.size(), 3u);
    EXPECT_EQ(cases[0].name, "file: QUIT with words");
    EXPECT_EQ(cases[1].name, "file: NOOP alone");
}

TEST(Cases, OtherVariablesAndEscapedDollarsStay) {
    const auto cases = parse("given a\n| 1\nlogin\n> $a $b \\$a $ab\n");
    EXPECT_EQ(cases[0].steps[1].text, "1 $b \\$a $ab");
    EXPECT_EQ(cases[0].name, "file: 1");
}

TEST(Cases, WhatIsWrongIsSaidWithItsLine) {
    EXPECT_EQ(error_of("login\ncase\n> A\n").line, 2u);
    EXPECT_EQ(error_of("login\ncase a # b\n> A\n").line, 2u);
    EXPECT_EQ(error_of("login\ncase a\n> A\ncase a\n> B\n").line, 4u);
    EXPECT_EQ(error_of("given\n| 1\nlogin\n").line, 1u);
    EXPECT_EQ(error_of("given a\nlogin\n").line, 1u);
    EXPECT_EQ(error_of("given a\n| 1 2\nlogin\n").line, 2u);
    EXPECT_EQ(error_of("given a\n| \"1\nlogin\n").line, 2u);
    EXPECT_EQ(error_of("given a-b\n| 1\nlogin\n").line, 1u);
    EXPECT_EQ(error_of("given a\n| 1\ngiven b\n| 1\nlogin\n").line, 3u);
    EXPECT_NE(error_of("given a\n| -\nlogin\n> $a\n").message, "no error");
    // Two rows that make the same name would hide one behind the other.
    EXPECT_EQ(error_of("login\ncase x\ngiven a\n| 1\n| 2\n> $a\n").line, 2u);
}

TEST(Cases, AFileMayNotExplode) {
    std::string text = "given a\n";
    for (int i = 0; i < 60; ++i) {
        text += "| " + std::to_string(i) + "\n";
    }
    text += "login\ncase $a $b\ngiven b\n";
    for (int i = 0; i < 60; ++i) {
        text += "| " + std::to_string(i) + "\n";
    }
    text += "> $a $b\n";
    EXPECT_NE(error_of(text).message.find("more than 2000"), std::string::npos);
}

}  // namespace
}  // namespace sluice::conform
