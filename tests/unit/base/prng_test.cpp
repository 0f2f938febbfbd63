// Method: the algorithm against figures computed independently from the published reference, then
// coarse statistics with bounds wide enough that a right generator never fails (seeds are fixed).
#include "sluice/base/prng.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cstdint>
#include <set>

namespace sluice {
namespace {

TEST(Prng, GivesTheSequenceOfTheReference) {
    // splitmix64 seeding and xoshiro256** as published by Blackman and Vigna.
    struct Row {
        std::uint64_t seed;
        std::array<std::uint64_t, 3> values;
    };
    const Row rows[] = {
        {0x0u, {0x99EC5F36CB75F2B4u, 0xBF6E1F784956452Au, 0x1A5F849D4933E6E0u}},
        {0x1u, {0xB3F2AF6D0FC710C5u, 0x853B559647364CEAu, 0x92F89756082A4514u}},
        {0xDEADBEEFu, {0xC5555444A74D7E83u, 0x65C30D37B4B16E38u, 0x54F773200A4EFA23u}},
    };
    for (const Row& row : rows) {
        Prng random(row.seed);
        for (const std::uint64_t expected : row.values) {
            EXPECT_EQ(random.next(), expected) << "seed " << row.seed;
        }
    }
}

TEST(Prng, RepeatsItselfFromOneSeedAndDiffersFromAnother) {
    Prng first(7);
    Prng same(7);
    Prng other(8);
    int equal = 0;
    for (int i = 0; i < 100; ++i) {
        const std::uint64_t value = first.next();
        EXPECT_EQ(value, same.next());
        equal += value == other.next() ? 1 : 0;
    }
    EXPECT_EQ(equal, 0);
}

TEST(Prng, BelowStaysBelowAndReachesEveryValue) {
    Prng random(1);
    std::array<int, 7> count{};
    for (int i = 0; i < 70'000; ++i) {
        const std::uint64_t value = random.below(7);
        ASSERT_LT(value, 7u);
        count[value] += 1;
    }
    // 10,000 each; the standard deviation is 93.
    for (const int times : count) {
        EXPECT_NEAR(times, 10'000, 600);
    }
    EXPECT_EQ(random.below(1), 0u);
    for (int i = 0; i < 1'000; ++i) {
        ASSERT_LT(random.below(UINT64_MAX), UINT64_MAX);
    }
}

TEST(Prng, ChanceFollowsItsFraction) {
    Prng random(2);
    int yes = 0;
    for (int i = 0; i < 40'000; ++i) {
        yes += random.chance(1, 4) ? 1 : 0;
    }
    EXPECT_NEAR(yes, 10'000, 600);
    for (int i = 0; i < 1'000; ++i) {
        EXPECT_FALSE(random.chance(0, 3));
        EXPECT_TRUE(random.chance(3, 3));
    }
}

TEST(Prng, SeedZeroIsAsGoodAsAnyOther) {
    Prng random(0);
    std::set<std::uint64_t> seen;
    for (int i = 0; i < 1'000; ++i) {
        seen.insert(random.next());
    }
    EXPECT_EQ(seen.size(), 1'000u);
}

}  // namespace
}  // namespace sluice
