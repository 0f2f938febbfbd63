// Time-outs of sessions: set again with each command, dropped, and (seldom) run out.
#include <benchmark/benchmark.h>

#include <memory>
#include <vector>

#include "sluice/base/prng.hpp"
#include "sluice/io/timer_wheel.hpp"

namespace sluice::io {
namespace {

constexpr std::size_t kTimers = 10'000;
constexpr std::uint64_t kTimeoutMsMax = 300'000;

std::vector<std::unique_ptr<Timer>> make_timers(std::uint64_t& expired) {
    std::vector<std::unique_ptr<Timer>> timers;
    for (std::size_t i = 0; i < kTimers; ++i) {
        timers.push_back(std::make_unique<Timer>(
            [](void* count) { ++*static_cast<std::uint64_t*>(count); }, &expired));
    }
    return timers;
}

// A command of one of 10,000 sessions moves its idle time-out.
void timer_move(benchmark::State& state) {
    std::uint64_t expired = 0;
    const std::vector<std::unique_ptr<Timer>> timers = make_timers(expired);
    TimerWheel wheel((Instant()));
    for (const std::unique_ptr<Timer>& timer : timers) {
        wheel.set(*timer, Instant() + Duration::seconds(300));
    }
    std::size_t next = 0;
    std::int64_t delay_ms = 0;
    for (auto _ : state) {
        delay_ms = (delay_ms + 7) % 1'000;
        wheel.set(*timers[next], Instant() + Duration::milliseconds(300'000 + delay_ms));
        next = (next + 1) % kTimers;
    }
    state.SetItemsProcessed(state.iterations());
}
BENCHMARK(timer_move);

// Set, spread through the levels, expired: per timer, with time-outs of up to five minutes.
void timer_set_and_expire(benchmark::State& state) {
    std::uint64_t expired = 0;
    const std::vector<std::unique_ptr<Timer>> timers = make_timers(expired);
    Prng random(1);
    std::vector<Duration> delays;
    for (std::size_t i = 0; i < kTimers; ++i) {
        delays.push_back(
            Duration::milliseconds(static_cast<std::int64_t>(random.below(kTimeoutMsMax))));
    }
    Instant now;
    TimerWheel wheel(now);
    for (auto _ : state) {
        for (std::size_t i = 0; i < kTimers; ++i) {
            wheel.set(*timers[i], now + delays[i]);
        }
        now = now + Duration::milliseconds(kTimeoutMsMax + 1'000);
        wheel.advance(now);
    }
    if (expired != static_cast<std::uint64_t>(state.iterations()) * kTimers) {
        state.SkipWithError("a timer did not expire");
    }
    state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(kTimers));
}
BENCHMARK(timer_set_and_expire);

void timer_until_next(benchmark::State& state) {
    std::uint64_t expired = 0;
    const std::vector<std::unique_ptr<Timer>> timers = make_timers(expired);
    TimerWheel wheel((Instant()));
    Prng random(1);
    for (const std::unique_ptr<Timer>& timer : timers) {
        wheel.set(*timer, Instant() + Duration::milliseconds(static_cast<std::int64_t>(
                                          100'000 + random.below(kTimeoutMsMax))));
    }
    for (auto _ : state) {
        Duration wait = wheel.until_next(Instant());
        benchmark::DoNotOptimize(wait);
    }
}
BENCHMARK(timer_until_next);

}  // namespace
}  // namespace sluice::io
