#include "histogram.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "sluice/base/prng.hpp"

namespace sluice::load {
namespace {

constexpr std::size_t kValues = 50'000;
constexpr double kFractions[] = {0.001, 0.01, 0.1, 0.25, 0.5, 0.75, 0.9, 0.99, 0.999, 0.9999};

double uniform(Prng& prng) {
    return (static_cast<double>(prng.next() >> 11) + 0.5) * 0x1p-53;
}

// What latencies look like: flat, with a long tail, in two heaps, within a few nanoseconds.
std::vector<std::vector<std::uint64_t>> distributions() {
    Prng prng(42);
    std::vector<std::vector<std::uint64_t>> all(5);
    for (std::size_t i = 0; i < kValues; ++i) {
        const double u = uniform(prng);
        const double normal = std::sqrt(-2 * std::log(u)) * std::cos(6.283185307 * uniform(prng));
        all[0].push_back(prng.below(10'000'000));
        all[1].push_back(static_cast<std::uint64_t>(-std::log(u) * 350'000));
        all[2].push_back(static_cast<std::uint64_t>(std::exp(12 + 2.5 * normal)));
        all[3].push_back(prng.chance(1, 50) ? 200'000'000 + prng.below(1'000'000)
                                            : 60'000 + prng.below(9'000));
        all[4].push_back(prng.below(300));
    }
    return all;
}

std::uint64_t exact(const std::vector<std::uint64_t>& sorted, double fraction) {
    const auto rank =
        static_cast<std::size_t>(std::ceil(fraction * static_cast<double>(sorted.size()) - 1e-6));
    return sorted[std::max<std::size_t>(rank, 1) - 1];
}

TEST(Histogram, IsLessThanOnePercentOffTheExactPercentiles) {
    for (std::vector<std::uint64_t>& values : distributions()) {
        Histogram histogram;
        for (const std::uint64_t value : values) {
            histogram.record(value);
        }
        std::sort(values.begin(), values.end());
        for (const double fraction : kFractions) {
            const auto wanted = static_cast<double>(exact(values, fraction));
            EXPECT_NEAR(static_cast<double>(histogram.percentile(fraction)), wanted, wanted * 0.01)
                << "at " << fraction;
        }
        EXPECT_EQ(histogram.min(), values.front());
        EXPECT_EQ(histogram.max(), values.back());
        EXPECT_EQ(histogram.percentile(1), values.back());
        EXPECT_EQ(histogram.percentile(0), histogram.percentile(1.0 / kValues));
    }
}

TEST(Histogram, KnowsCountAndSumExactly) {
    Histogram histogram;
    for (std::uint64_t i = 1; i <= 1000; ++i) {
        histogram.record(i * 1'234'567);
    }
    EXPECT_EQ(histogram.count(), 1000u);
    EXPECT_EQ(histogram.sum(), 500'500ull * 1'234'567);
    EXPECT_DOUBLE_EQ(histogram.mean(), 500.5 * 1'234'567);
}

TEST(Histogram, MergedIsTheSameAsOneOfAllValues) {
    Histogram all;
    Histogram parts[3];
    const std::vector<std::vector<std::uint64_t>> sets = distributions();
    for (std::size_t i = 0; i < 3; ++i) {
        for (const std::uint64_t value : sets[i]) {
            all.record(value);
            parts[i].record(value);
        }
    }
    Histogram merged;
    for (const Histogram& part : parts) {
        merged.merge(part);
    }
    merged.merge(Histogram());
    EXPECT_EQ(merged.count(), all.count());
    EXPECT_EQ(merged.sum(), all.sum());
    EXPECT_EQ(merged.min(), all.min());
    EXPECT_EQ(merged.max(), all.max());
    for (const double fraction : kFractions) {
        EXPECT_EQ(merged.percentile(fraction), all.percentile(fraction));
    }
}

TEST(Histogram, SurvivesItsOwnBuckets) {
    Histogram histogram;
    const std::vector<std::vector<std::uint64_t>> sets = distributions();
    for (const std::uint64_t value : sets[2]) {
        histogram.record(value);
    }
    Histogram copy;
    for (const Histogram::Bucket& bucket : histogram.buckets()) {
        copy.add_bucket(bucket);
    }
    copy.restore(histogram.sum(), histogram.min(), histogram.max());
    EXPECT_EQ(copy.count(), histogram.count());
    EXPECT_EQ(copy.mean(), histogram.mean());
    for (const double fraction : kFractions) {
        EXPECT_EQ(copy.percentile(fraction), histogram.percentile(fraction));
    }
}

TEST(Histogram, SaysNothingWhenEmpty) {
    Histogram histogram;
    EXPECT_EQ(histogram.percentile(0.5), 0u);
    EXPECT_EQ(histogram.mean(), 0);
    EXPECT_EQ(histogram.min(), 0u);
    EXPECT_TRUE(histogram.buckets().empty());
}

TEST(Histogram, CountsMoreThanAnHourAsAnHour) {
    Histogram histogram;
    histogram.record(~std::uint64_t{0});
    EXPECT_EQ(histogram.max(), 3'600'000'000'000u);
    EXPECT_EQ(histogram.percentile(0.5), 3'600'000'000'000u);
}

TEST(Histogram, ReturnsASingleValueExactly) {
    Histogram histogram;
    histogram.record(1'000'003);
    EXPECT_EQ(histogram.percentile(0.5), 1'000'003u);
    EXPECT_EQ(histogram.percentile(0.99), 1'000'003u);
}

}  // namespace
}  // namespace sluice::load
