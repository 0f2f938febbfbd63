// Method: every short text over an alphabet of interesting bytes, against a rule written
// differently.
#include "sluice/proto/verb.hpp"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace sluice::proto {
namespace {

std::string text_of(Verb verb) {
    const Verb::Text text = verb.text();
    return std::string(text.view());
}

TEST(Verb, IgnoresTheCaseOfAsciiLetters) {
    EXPECT_EQ(Verb("retr"), Verb("RETR"));
    EXPECT_EQ(Verb("ReTr"), Verb("RETR"));
    EXPECT_EQ(text_of(Verb("site")), "SITE");
    static_assert(Verb("pwd") == Verb("PWD"));
}

TEST(Verb, KeepsVerbsOfDifferentLengthApart) {
    EXPECT_NE(Verb("PWD"), Verb("PW"));
    EXPECT_NE(Verb("XPWD"), Verb("PWD"));
    EXPECT_EQ(text_of(Verb("C")), "C");
    EXPECT_EQ(text_of(Verb("CCC")), "CCC");
}

TEST(Verb, OrdersAlphabetically) {
    EXPECT_LT(Verb("ABOR"), Verb("ACCT"));
    EXPECT_LT(Verb("PWD"), Verb("QUIT"));
    EXPECT_LT(Verb("PAS"), Verb("PASS"));
}

TEST(Verb, HoldsTheLongNamesOfLaterCommands) {
    EXPECT_EQ(text_of(Verb("xsha512")), "XSHA512");
    EXPECT_EQ(text_of(Verb("XMD5")), "XMD5");
    EXPECT_NE(Verb("XSHA"), Verb("XSHA1"));
    EXPECT_LT(Verb("XSHA1"), Verb("XSHA256"));
    EXPECT_LT(Verb("XSHA256"), Verb("XSHA512"));
}

TEST(Verb, IsEmptyForAnythingButALetterAndUpToSixLettersAndDigits) {
    EXPECT_TRUE(Verb("").is_empty());
    EXPECT_TRUE(Verb("RETRIEVE").is_empty());
    EXPECT_TRUE(Verb("RE R").is_empty());
    EXPECT_TRUE(Verb("1RET").is_empty());
    EXPECT_FALSE(Verb("RET1").is_empty());
    EXPECT_FALSE(Verb("RETRXYZ").is_empty());
    EXPECT_TRUE(Verb("\x80USR").is_empty());
    EXPECT_TRUE(Verb(std::string_view("PW\0", 3)).is_empty());
    EXPECT_TRUE(Verb("NO\tP").is_empty());
    EXPECT_FALSE(Verb("P@SW").is_empty());
}

TEST(Verb, TextGivesBackEveryVerb) {
    const std::string_view alphabet = "AZaz@[`{ 0\x7F\xFF";
    for (const char a : alphabet) {
        for (const char b : alphabet) {
            const std::string text = {a, b};
            bool is_legal = true;
            std::string upper;
            for (const char c : text) {
                const std::string_view legal = upper.empty() ? "AZaz@" : "AZaz@0";
                is_legal = is_legal && legal.find(c) != std::string_view::npos;
                upper += c == 'a' ? 'A' : (c == 'z' ? 'Z' : c);
            }
            EXPECT_EQ(Verb(text).is_empty(), !is_legal) << text;
            if (is_legal) {
                EXPECT_EQ(text_of(Verb(text)), upper);
            }
        }
    }
}

TEST(EqualIgnoringCase, IsAsciiOnly) {
    EXPECT_TRUE(equal_ignoring_case("utf8", "UTF8"));
    EXPECT_FALSE(equal_ignoring_case("utf8", "utf-8"));
    EXPECT_FALSE(equal_ignoring_case("\xE4", "\xC4"));
    EXPECT_FALSE(equal_ignoring_case("[", "{"));
}

}  // namespace
}  // namespace sluice::proto
