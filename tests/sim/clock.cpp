#include "sim/clock.hpp"

#include <algorithm>

namespace sluice::sim {

WallTime Clock::wall() const {
    const std::int64_t ns = now_.ns + wall_offset_ns_;
    return WallTime(ns / 1'000'000'000, static_cast<std::int32_t>(ns % 1'000'000'000));
}

void Clock::after(Duration from_now, Action action) {
    planned_.push({now_ + std::max(from_now, Duration(0)), order_++, std::move(action)});
}

bool Clock::run_due() {
    const std::uint64_t planned_before = order_;
    bool ran = false;
    while (!planned_.empty() && planned_.top().at <= now_ &&
           planned_.top().order < planned_before) {
        // top() is const; the action is taken by a copy, once per event.
        const Action action = planned_.top().action;
        planned_.pop();
        action();
        ran = true;
    }
    return ran;
}

void Clock::advance_to(Instant limit) {
    Instant target = limit;
    if (!planned_.empty()) { target = std::min(target, planned_.top().at); }
    now_ = std::max(now_, target);
    run_due();
}

}  // namespace sluice::sim
