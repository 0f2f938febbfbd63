// Virtual time and what is to happen in it.
//
// Time passes only when somebody moves it: advance() jumps to the next planned action. Actions of
// the same instant run in the order in which they were planned, so a run depends on the seed alone.
// The wall clock is the monotonic one plus an offset that faults may move (an administrator or NTP
// sets the clock; the server must not care).
// Owned by: World. Thread: the one of the simulation.
#pragma once

#include <cstdint>
#include <functional>
#include <queue>
#include <vector>

#include "sluice/base/time.hpp"

namespace sluice::sim {

class Clock {
public:
    using Action = std::function<void()>;

    // Starts far from 0, because code that takes 0 for "not set" must not pass by luck.
    Instant now() const { return now_; }
    WallTime wall() const;
    void jump_wall(Duration by) { wall_offset_ns_ += by.ns; }

    // Plans `action` for `from_now` later, at least the next time that due actions run.
    void after(Duration from_now, Action action);
    bool is_empty() const { return planned_.empty(); }
    std::size_t planned() const { return planned_.size(); }
    // When the next action is due; only if there is one.
    Instant next_at() const { return planned_.top().at; }

    // Lets `time` go by without running anything: the server worked that long.
    void pass(Duration time) { now_ = now_ + time; }
    // Runs what is due now, but not what that plans; true if there was anything.
    bool run_due();
    // Moves to the next action or to `limit`, whichever is first, and runs what is due then.
    void advance_to(Instant limit);

private:
    struct Planned {
        Instant at;
        std::uint64_t order = 0;
        Action action;
        friend bool operator<(const Planned& a, const Planned& b) {
            return a.at != b.at ? a.at > b.at : a.order > b.order;  // the earliest on top
        }
    };

    Instant now_{1'000'000'000'000};
    // November 2023. No whole second: that is how a file system looks that knows nothing finer.
    std::int64_t wall_offset_ns_ = 1'700'000'000'123'456'789;
    std::uint64_t order_ = 0;
    std::priority_queue<Planned> planned_;
};

}  // namespace sluice::sim
