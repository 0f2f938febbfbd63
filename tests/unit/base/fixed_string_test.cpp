// Method: the bound is approached from below, met and passed; after a refusal the string is
// compared with what it was.
#include "sluice/base/fixed_string.hpp"

#include <gtest/gtest.h>

#include <cstring>

namespace sluice {
namespace {

using namespace std::string_view_literals;

TEST(FixedString, StartsEmptyWithANul) {
    const FixedString<4> text;
    EXPECT_TRUE(text.is_empty());
    EXPECT_EQ(text.room(), 4u);
    EXPECT_STREQ(text.c_str(), "");
}

TEST(FixedString, FillsToExactlyItsCapacity) {
    FixedString<5> text;
    EXPECT_TRUE(text.append("abc"));
    EXPECT_TRUE(text.append("de"));
    EXPECT_EQ(text.view(), "abcde");
    EXPECT_EQ(text.room(), 0u);
    EXPECT_EQ(std::strlen(text.c_str()), 5u);
    EXPECT_TRUE(text.append("")) << "nothing always fits";
}

TEST(FixedString, RefusesAsAWholeWhatDoesNotFit) {
    FixedString<5> text;
    ASSERT_TRUE(text.append("abc"));
    EXPECT_FALSE(text.append("def"));
    EXPECT_EQ(text, "abc"sv);
    EXPECT_FALSE(text.assign("123456"));
    EXPECT_EQ(text, "abc"sv);
    ASSERT_TRUE(text.append("de"));
    EXPECT_FALSE(text.append('f'));
    EXPECT_EQ(text, "abcde"sv);
}

TEST(FixedString, KeepsNulBytesWithinTheText) {
    FixedString<8> text;
    ASSERT_TRUE(text.append("a\0b"sv));
    EXPECT_EQ(text.size(), 3u);
    EXPECT_EQ(text, "a\0b"sv);
    EXPECT_NE(text, "a\0c"sv);
}

TEST(FixedString, AppendsAPartOfItself) {
    FixedString<8> text;
    ASSERT_TRUE(text.assign("abcd"));
    EXPECT_TRUE(text.append(text.view().substr(1, 2)));
    EXPECT_EQ(text, "abcdbc"sv);
    EXPECT_TRUE(text.assign(text.view().substr(2)));
    EXPECT_EQ(text, "cdbc"sv);
}

TEST(FixedString, TruncatesAndClears) {
    FixedString<8> text;
    ASSERT_TRUE(text.assign("abcdef"));
    text.truncate(2);
    EXPECT_STREQ(text.c_str(), "ab");
    text.clear();
    EXPECT_TRUE(text.is_empty());
    EXPECT_TRUE(text.append("12345678"));
}

TEST(FixedString, CopiesAreIndependent) {
    FixedString<8> first;
    ASSERT_TRUE(first.assign("one"));
    FixedString<8> second = first;
    ASSERT_TRUE(second.append("+"));
    EXPECT_EQ(first, "one"sv);
    first = second;
    EXPECT_EQ(first, second);
    EXPECT_STREQ(first.c_str(), "one+");
}

TEST(FixedStringDeath, GrowingByTruncateIsAProgrammingError) {
    FixedString<8> text;
    EXPECT_DEATH(text.truncate(1), "assertion failed");
}

}  // namespace
}  // namespace sluice
