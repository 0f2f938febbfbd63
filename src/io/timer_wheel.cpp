#include "sluice/io/timer_wheel.hpp"

#include <algorithm>
#include <bit>

namespace sluice::io {

TimerWheel::~TimerWheel() {
    for (Level& level : levels_) {
        for (IntrusiveList<Timer>& slot : level.slots) {
            while (slot.pop_front() != nullptr) {}
        }
    }
}

void TimerWheel::set(Timer& timer, Instant deadline) {
    timer.unlink();
    timer.deadline = deadline;
    place(timer);
}

void TimerWheel::place(Timer& timer) {
    // Rounded up, so that no timer fires early; never the tick that has already run.
    const std::uint64_t wanted =
        static_cast<std::uint64_t>((timer.deadline.ns + kTickNs - 1) / kTickNs);
    std::uint64_t tick = std::max(wanted, current_ + 1);
    const std::uint64_t ahead_max = (std::uint64_t{1} << (kSlotBits * kLevels)) - 1;
    tick = std::min(tick, current_ + ahead_max);
    // The level whose slots the two ticks still share above: the usual rule of hashed wheels.
    int level = 0;
    while (level + 1 < kLevels &&
           (tick >> (kSlotBits * (level + 1))) != (current_ >> (kSlotBits * (level + 1)))) {
        ++level;
    }
    const std::uint64_t slot = (tick >> (kSlotBits * level)) & (kSlots - 1);
    levels_[static_cast<std::size_t>(level)].slots[slot].push_back(timer);
    levels_[static_cast<std::size_t>(level)].occupied |= std::uint64_t{1} << slot;
}

void TimerWheel::advance(Instant now) {
    const std::uint64_t target = tick_at_or_before(now);
    while (current_ < target) {
        ++current_;
        const std::uint64_t slot = current_ & (kSlots - 1);
        if (slot == 0) { spread(1); }
        Level& lowest = levels_[0];
        lowest.occupied &= ~(std::uint64_t{1} << slot);
        expire_slot(lowest.slots[slot]);
    }
}

// The slot of `level` that the current tick has reached goes down to finer levels.
void TimerWheel::spread(int level) {
    if (level >= kLevels) { return; }
    const std::uint64_t slot = (current_ >> (kSlotBits * level)) & (kSlots - 1);
    if (slot == 0) { spread(level + 1); }
    Level& from = levels_[static_cast<std::size_t>(level)];
    from.occupied &= ~(std::uint64_t{1} << slot);
    IntrusiveList<Timer> moving;
    moving.splice_back(from.slots[slot]);
    while (Timer* timer = moving.pop_front()) {
        // A timer due at this very tick belongs to the slot that runs next.
        if (timer->deadline.ns <= static_cast<std::int64_t>(current_) * kTickNs) {
            levels_[0].slots[current_ & (kSlots - 1)].push_back(*timer);
        } else {
            place(*timer);
        }
    }
}

void TimerWheel::expire_slot(IntrusiveList<Timer>& slot) {
    IntrusiveList<Timer> due;
    due.splice_back(slot);
    while (Timer* timer = due.pop_front()) {
        // Only a deadline that was cut to the wheel's span is not due yet.
        if (timer->deadline.ns > static_cast<std::int64_t>(current_) * kTickNs) {
            place(*timer);
            continue;
        }
        timer->on_expire(timer->owner);
    }
}

Duration TimerWheel::until_next(Instant now) {
    std::uint64_t next = 0;
    for (int index = 0; index < kLevels && next == 0; ++index) {
        Level& level = levels_[static_cast<std::size_t>(index)];
        const std::uint64_t here = (current_ >> (kSlotBits * index)) & (kSlots - 1);
        // Slots behind `here` in this round; rotated so that bit 0 is the next one.
        while (level.occupied != 0) {
            const std::uint64_t rotated =
                std::rotr(level.occupied, static_cast<int>((here + 1) & (kSlots - 1)));
            const std::uint64_t distance = static_cast<std::uint64_t>(std::countr_zero(rotated));
            const std::uint64_t slot = (here + 1 + distance) & (kSlots - 1);
            if (level.slots[slot].is_empty()) {
                level.occupied &= ~(std::uint64_t{1} << slot);
                continue;
            }
            next = ((current_ >> (kSlotBits * index)) + 1 + distance) << (kSlotBits * index);
            break;
        }
    }
    if (next == 0) { return Duration(-1); }
    const std::int64_t at = static_cast<std::int64_t>(next) * kTickNs;
    return Duration(std::max<std::int64_t>(at - now.ns, 0));
}

}  // namespace sluice::io
