#include "size_draw.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

namespace sluice::load {
namespace {

std::vector<std::uint64_t> drawn(const Sizes& sizes, std::uint64_t run_seed, std::uint64_t work,
                                 std::uint64_t session) {
    SizeDraw draw(sizes, run_seed, work, session);
    std::vector<std::uint64_t> all;
    for (int i = 0; i < 1001; ++i) {
        all.push_back(draw.next());
    }
    return all;
}

Sizes log_normal() {
    Sizes sizes;
    sizes.kind = Sizes::Kind::LogNormal;
    sizes.median = 65536;
    sizes.sigma = 1;
    sizes.min = 1024;
    sizes.max = 1 << 20;
    return sizes;
}

TEST(SizeDraw, OfAFixedSizeIsThatSize) {
    Sizes sizes;
    sizes.min = sizes.max = 777;
    const std::vector<std::uint64_t> all = drawn(sizes, 1, 0, 0);
    EXPECT_EQ(std::count(all.begin(), all.end(), 777u), 1001);
}

TEST(SizeDraw, StaysInItsRangeAndUsesAllOfIt) {
    Sizes sizes;
    sizes.kind = Sizes::Kind::Uniform;
    sizes.min = 10;
    sizes.max = 19;
    const std::vector<std::uint64_t> all = drawn(sizes, 1, 0, 0);
    EXPECT_EQ(*std::min_element(all.begin(), all.end()), 10u);
    EXPECT_EQ(*std::max_element(all.begin(), all.end()), 19u);
}

TEST(SizeDraw, OfALogNormalHasItsMedianAndItsBounds) {
    std::vector<std::uint64_t> all = drawn(log_normal(), 1, 0, 0);
    std::sort(all.begin(), all.end());
    EXPECT_GE(all.front(), 1024u);
    EXPECT_LE(all.back(), 1u << 20);
    // The standard error of the median of 1,001 draws is 4 % here; the seed is fixed.
    EXPECT_NEAR(static_cast<double>(all[500]), 65536, 65536 * 0.15);
}

TEST(SizeDraw, FollowsFromTheSeedOfTheRunAndDiffersForEachWorkAndSession) {
    const Sizes sizes = log_normal();
    EXPECT_EQ(drawn(sizes, 1, 0, 0), drawn(sizes, 1, 0, 0));
    EXPECT_NE(drawn(sizes, 1, 0, 0), drawn(sizes, 2, 0, 0));
    EXPECT_NE(drawn(sizes, 1, 0, 0), drawn(sizes, 1, 1, 0));
    EXPECT_NE(drawn(sizes, 1, 0, 0), drawn(sizes, 1, 0, 1));
}

TEST(SizeDraw, WithASeedOfItsOwnDependsOnNothingElse) {
    Sizes sizes = log_normal();
    sizes.seed = 5;
    EXPECT_EQ(drawn(sizes, 1, 0, 3), drawn(sizes, 2, 7, 3));
    EXPECT_NE(drawn(sizes, 1, 0, 3), drawn(sizes, 1, 0, 4)) << "sessions differ all the same";
    Sizes other = log_normal();
    other.seed = 6;
    EXPECT_NE(drawn(sizes, 1, 0, 3), drawn(other, 1, 0, 3));
}

}  // namespace
}  // namespace sluice::load
