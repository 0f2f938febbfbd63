// The wheel against the obvious model: a set of deadlines, looked at every tick.
#include "sluice/io/timer_wheel.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <vector>

#include "sluice/base/prng.hpp"

namespace sluice::io {
namespace {

constexpr std::int64_t kTick = TimerWheel::kTickNs;

struct Probe {
    Instant now;  // set by the test before advance()
    std::vector<Instant> fired;
    Timer timer{[](void* self) {
                    Probe* probe = static_cast<Probe*>(self);
                    probe->fired.push_back(probe->now);
                },
                this};
};

TEST(TimerWheel, FiresNeverEarlyAndAtMostATickLate) {
    Prng random(7);
    for (int round = 0; round < 400; ++round) {
        const Instant start(static_cast<std::int64_t>(random.below(1'000'000'000'000)));
        TimerWheel wheel(start);
        Probe probe;
        // All levels: from milliseconds to 40 days, beyond the wheel's own span.
        const std::int64_t span = static_cast<std::int64_t>(
            random.below(std::uint64_t{1} << (20 + random.below(32))));
        const Instant deadline(start.ns + span);
        wheel.set(probe.timer, deadline);
        Instant now = start;
        while (probe.fired.empty()) {
            const Duration sleep = wheel.until_next(now);
            ASSERT_GE(sleep.ns, 0);
            now = Instant(now.ns + std::max<std::int64_t>(sleep.ns, 1));
            probe.now = now;
            wheel.advance(now);
            ASSERT_LE(now.ns, deadline.ns + 2 * kTick) << "round " << round;
        }
        ASSERT_GE(probe.fired[0].ns, deadline.ns) << "round " << round;
        EXPECT_EQ(wheel.until_next(now).ns, -1);
    }
}

TEST(TimerWheel, ManyTimersSetMovedAndDroppedAgreeWithTheModel) {
    Prng random(11);
    TimerWheel wheel(Instant(0));
    std::vector<std::unique_ptr<Probe>> probes;
    std::vector<std::int64_t> expected(200, -1);
    for (int i = 0; i < 200; ++i) { probes.push_back(std::make_unique<Probe>()); }
    Instant now(0);
    for (int step = 0; step < 20'000; ++step) {
        const std::size_t i = static_cast<std::size_t>(random.below(probes.size()));
        if (random.chance(1, 3)) {
            probes[i]->timer.drop();
            expected[i] = -1;
        } else {
            expected[i] = now.ns + static_cast<std::int64_t>(random.below(600'000'000'000));
            wheel.set(probes[i]->timer, Instant(expected[i]));
        }
        now = Instant(now.ns + static_cast<std::int64_t>(random.below(3 * kTick)));
        for (const std::unique_ptr<Probe>& probe : probes) { probe->now = now; }
        wheel.advance(now);
        for (std::size_t k = 0; k < probes.size(); ++k) {
            if (!probes[k]->fired.empty()) {
                ASSERT_NE(expected[k], -1);
                ASSERT_LE(expected[k], now.ns);
                probes[k]->fired.clear();
                expected[k] = -1;
            } else if (expected[k] != -1) {
                ASSERT_GT(expected[k] + kTick, now.ns - kTick) << "overdue";
            }
        }
    }
}

TEST(TimerWheel, ATimerMaySetItselfAgainWhenItFires) {
    struct Again {
        TimerWheel wheel{Instant(0)};
        int count = 0;
        Timer timer{[](void* self) {
                        Again* again = static_cast<Again*>(self);
                        ++again->count;
                        again->wheel.set(again->timer, Instant(again->count * kTick * 10));
                    },
                    this};
    } again;
    again.wheel.set(again.timer, Instant(kTick));
    again.wheel.advance(Instant(kTick * 95));
    EXPECT_EQ(again.count, 10);
    again.timer.drop();
}

TEST(TimerWheel, WithoutTimersThereIsNothingToWaitFor) {
    TimerWheel wheel(Instant(12345));
    EXPECT_EQ(wheel.until_next(Instant(99999)).ns, -1);
}

}  // namespace
}  // namespace sluice::io
