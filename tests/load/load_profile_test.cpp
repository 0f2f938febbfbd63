#include "load_profile.hpp"

#include <gtest/gtest.h>

namespace sluice::load {
namespace {

Options ramped() {
    Options options;
    options.warmup = Duration::seconds(0);
    options.phases = {Phase{10, 100, Duration::seconds(2), Duration::seconds(1)},
                      Phase{4, 0, Duration::seconds(1), Duration::seconds(1)}};
    return options;
}

TEST(LoadProfile, GoesInStraightLinesFromLevelToLevel) {
    const LoadProfile profile(ramped());
    EXPECT_EQ(profile.end_ns(), 5'000'000'000);
    EXPECT_EQ(profile.sessions_at(0), 0u);
    EXPECT_EQ(profile.sessions_at(1'000'000'000), 5u);
    EXPECT_EQ(profile.sessions_at(2'500'000'000), 10u);
    EXPECT_EQ(profile.sessions_at(3'500'000'000), 7u);
    EXPECT_EQ(profile.sessions_at(4'999'999'999), 4u);
    EXPECT_DOUBLE_EQ(profile.rate_at(1'000'000'000), 50);
    EXPECT_EQ(profile.sessions_max(), 10u);
}

TEST(LoadProfile, ProlongsTheFirstHoldByTheWarmup) {
    Options options = ramped();
    options.warmup = Duration::seconds(3);
    const LoadProfile profile(options);
    EXPECT_EQ(profile.end_ns(), 8'000'000'000);
    EXPECT_EQ(profile.sessions_at(5'900'000'000), 10u);
}

TEST(ArrivalSchedule, HasAsManyArrivalsAsTheAreaUnderTheRate) {
    Options options = ramped();
    options.arrivals = Arrivals::Constant;
    const LoadProfile profile(options);
    std::size_t count = 0;
    std::size_t first_second = 0;
    ArrivalSchedule schedule(options, profile, 0);
    for (std::int64_t before = 0; schedule.next_ns() < profile.end_ns(); schedule.advance()) {
        EXPECT_GE(schedule.next_ns(), before);
        before = schedule.next_ns();
        ++count;
        if (before <= 1'000'000'000) {
            ++first_second;
        }
    }
    EXPECT_NEAR(static_cast<double>(count), 100 + 100 + 50, 1);  // ramp, hold, ramp down
    EXPECT_NEAR(static_cast<double>(first_second), 25, 1);
}

TEST(ArrivalSchedule, SharesARateAmongThreads) {
    Options options;
    options.threads = 3;
    options.arrivals = Arrivals::Poisson;
    options.phases = {Phase{1, 9000, Duration(), Duration::seconds(4)}};
    const LoadProfile profile(options);
    std::size_t count = 0;
    for (std::uint32_t thread = 0; thread < 3; ++thread) {
        ArrivalSchedule schedule(options, profile, thread);
        for (; schedule.next_ns() < profile.end_ns(); schedule.advance()) {
            ++count;
        }
    }
    EXPECT_NEAR(static_cast<double>(count), 36000, 1000);  // five standard deviations
}

}  // namespace
}  // namespace sluice::load
