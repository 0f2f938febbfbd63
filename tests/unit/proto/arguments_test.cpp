#include "sluice/proto/arguments.hpp"

#include <gtest/gtest.h>

#include <random>

namespace sluice::proto {
namespace {

using Words = std::vector<std::string>;

Words words(std::string_view argument, std::size_t most = 3) {
    const Result<Words> split = split_words(argument, most);
    return split ? *split : Words{"!"};
}

TEST(SplitWords, CutsAtBlanks) {
    EXPECT_EQ(words("a b"), (Words{"a", "b"}));
    EXPECT_EQ(words("  a   b "), (Words{"a", "b"}));
    EXPECT_EQ(words(""), Words{});
    EXPECT_EQ(words("   "), Words{});
}

TEST(SplitWords, KeepsBlanksAndDoubledQuotesInQuotes) {
    EXPECT_EQ(words("\"a b\" c"), (Words{"a b", "c"}));
    EXPECT_EQ(words("\"a \"\"b\"\"\" \" \""), (Words{"a \"b\"", " "}));
    EXPECT_EQ(words("a\"b c"), (Words{"a\"b", "c"})) << "a quote within a word is a byte of it";
}

TEST(SplitWords, RefusesOpenQuotesEmptyWordsAndTooMany) {
    EXPECT_EQ(words("\"a"), Words{"!"});
    EXPECT_EQ(words("\"a\"\""), Words{"!"});
    EXPECT_EQ(words("\"a\"b"), Words{"!"});
    EXPECT_EQ(words("\"\""), Words{"!"});
    EXPECT_EQ(words("a b c d"), Words{"!"});
    EXPECT_EQ(words("a b c "), (Words{"a", "b", "c"}));
}

TEST(Unquote, TakesBareNamesByteForByte) {
    EXPECT_EQ(unquote(" a b ").value(), " a b ");
    EXPECT_EQ(unquote("\"a b\"").value(), "a b");
    EXPECT_EQ(unquote("").value(), "");
    EXPECT_FALSE(unquote("\"a\" ").has_value());
    EXPECT_FALSE(unquote("\"a").has_value());
}

// Quoting any words and splitting them gives them back.
TEST(SplitWords, IsTheInverseOfQuoting) {
    std::mt19937 random(7);
    for (int round = 0; round < 2000; ++round) {
        Words made;
        std::string line;
        for (auto count = random() % 4; count > 0; --count) {
            std::string word;
            for (auto length = 1 + random() % 8; length > 0; --length) {
                word.push_back("ab \"/\xff"[random() % 6]);
            }
            line.append("\"");
            for (const char c : word) {
                line.append(c == '"' ? "\"\"" : std::string(1, c));
            }
            line.append("\" ");
            made.push_back(std::move(word));
        }
        EXPECT_EQ(words(line, 4), made) << line;
    }
}

}  // namespace
}  // namespace sluice::proto
