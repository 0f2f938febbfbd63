// Method: known pairs, all short patterns against a recursive matcher, and the cost of bad ones.
#include "sluice/proto/glob.hpp"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "sluice/base/prng.hpp"

namespace sluice::proto {
namespace {

bool matches(std::string_view pattern, std::string_view name) {
    std::uint64_t steps = kGlobStepsMax;
    return glob_match(pattern, name, steps) == GlobMatch::Yes;
}

// The definition, in exponential time. Knows no classes.
bool naive(std::string_view pattern, std::string_view name) {
    if (pattern.empty()) {
        return name.empty();
    }
    if (pattern.front() == '*') {
        return naive(pattern.substr(1), name) || (!name.empty() && naive(pattern, name.substr(1)));
    }
    if (name.empty()) {
        return false;
    }
    return (pattern.front() == '?' || pattern.front() == name.front()) &&
           naive(pattern.substr(1), name.substr(1));
}

TEST(Glob, MatchesStarsAndQuestionMarks) {
    EXPECT_TRUE(matches("*", "anything"));
    EXPECT_TRUE(matches("*", ""));
    EXPECT_TRUE(matches("*.iso", "debian.iso"));
    EXPECT_FALSE(matches("*.iso", "debian.iso.txt"));
    EXPECT_TRUE(matches("a*b*c", "axxbyyc"));
    EXPECT_TRUE(matches("a?c", "abc"));
    EXPECT_FALSE(matches("a?c", "ac"));
    EXPECT_TRUE(matches("abc", "abc"));
    EXPECT_FALSE(matches("abc", "abcd"));
    EXPECT_FALSE(matches("", "a"));
    EXPECT_TRUE(matches("", ""));
}

TEST(Glob, MatchesClasses) {
    EXPECT_TRUE(matches("[abc]x", "bx"));
    EXPECT_FALSE(matches("[abc]x", "dx"));
    EXPECT_TRUE(matches("[a-z]", "m"));
    EXPECT_FALSE(matches("[a-z]", "M"));
    EXPECT_TRUE(matches("[!a-z]", "M"));
    EXPECT_TRUE(matches("[^a]", "b"));
    EXPECT_FALSE(matches("[!a]", "a"));
    EXPECT_TRUE(matches("[]a]", "]"));
    EXPECT_TRUE(matches("[!]a]", "b"));
    EXPECT_FALSE(matches("[!]a]", "]"));
    EXPECT_TRUE(matches("[a-]", "-"));
    EXPECT_TRUE(matches("[*]", "*"));
    EXPECT_FALSE(matches("[*]", "x"));
    EXPECT_TRUE(matches("*[0-9][0-9].txt", "file42.txt"));
    EXPECT_TRUE(matches("[\x80-\xFF]", "\xE9"));
    EXPECT_FALSE(matches("[z-a]", "m"));
}

TEST(Glob, TakesAnOpenBracketWithoutEndLiterally) {
    EXPECT_TRUE(matches("[abc", "[abc"));
    EXPECT_FALSE(matches("[abc", "a"));
    EXPECT_TRUE(matches("a[", "a["));
    EXPECT_TRUE(matches("[", "["));
    EXPECT_TRUE(matches("[]", "[]"));
}

// O-GLB-1.
TEST(Glob, TakesBracesLiterally) {
    EXPECT_TRUE(matches("{a,b}", "{a,b}"));
    EXPECT_FALSE(matches("{a,b}", "a"));
    EXPECT_TRUE(matches("a\\b", "a\\b"));
    EXPECT_FALSE(has_wildcards("{a,b}~\\"));
}

TEST(Glob, MatchesALeadingDotOnlyByADot) {
    EXPECT_FALSE(matches("*", ".profile"));
    EXPECT_FALSE(matches("?profile", ".profile"));
    EXPECT_FALSE(matches("[.]profile", ".profile"));
    EXPECT_TRUE(matches(".*", ".profile"));
    EXPECT_TRUE(matches("a*", "a.b"));
}

TEST(Glob, AgreesWithTheDefinition) {
    for (std::uint64_t seed = 1; seed <= 50'000; ++seed) {
        Prng prng(seed);
        std::string pattern;
        std::string name;
        for (std::uint64_t i = prng.below(7); i > 0; --i) {
            pattern += "ab*?"[prng.below(4)];
        }
        for (std::uint64_t i = prng.below(8); i > 0; --i) {
            name += "ab"[prng.below(2)];
        }
        ASSERT_EQ(matches(pattern, name), naive(pattern, name))
            << "seed " << seed << " pattern " << pattern << " name " << name;
    }
}

// O-GLB-3: at most pattern times name steps, also with classes.
TEST(Glob, CostsAtMostPatternTimesName) {
    std::string stars;
    for (int i = 0; i < 120; ++i) {
        stars += "a*";
    }
    for (const std::string& pattern :
         {std::string("a*a*a*a*a*a*a*a*a*b"), stars + "b", "*" + std::string(200, '['),
          "*[" + std::string(200, 'b') + "]c"}) {
        const std::string name(255, 'a');
        std::uint64_t steps = kGlobStepsMax;
        EXPECT_EQ(glob_match(pattern, name, steps), GlobMatch::No);
        EXPECT_LE(kGlobStepsMax - steps, 2 * (pattern.size() + 1) * (name.size() + 1)) << pattern;
    }
}

TEST(Glob, StopsWhenTheBudgetIsSpent) {
    std::uint64_t steps = 10;
    EXPECT_EQ(glob_match("*b", std::string(255, 'a'), steps), GlobMatch::OutOfSteps);
    EXPECT_EQ(steps, 0u);
    EXPECT_EQ(glob_match("*", "a", steps), GlobMatch::OutOfSteps);
}

TEST(Glob, SpendsTheBudgetOverSeveralNames) {
    std::uint64_t steps = 1000;
    int matched = 0;
    while (glob_match("*.iso", "debian.iso", steps) == GlobMatch::Yes) {
        ++matched;
    }
    EXPECT_GT(matched, 10);
    EXPECT_LT(matched, 1000);
}

TEST(HasWildcards, FindsTheThreeSpecialBytes) {
    EXPECT_TRUE(has_wildcards("a*"));
    EXPECT_TRUE(has_wildcards("a?b"));
    EXPECT_TRUE(has_wildcards("[a]"));
    EXPECT_FALSE(has_wildcards("plain]"));
    EXPECT_FALSE(has_wildcards(""));
}

}  // namespace
}  // namespace sluice::proto
