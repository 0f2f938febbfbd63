// All time-outs of a shard: a hierarchical wheel of four levels with a tick of 100 ms.
//
// Setting, moving and dropping a timer is O(1), and the kernel sees one deadline per shard instead
// of one per session. A timer never fires early and at most a tick and a turn late, which is what
// time-outs of seconds need. A deadline beyond the last level (19 days) waits in its last slot and
// is looked at again.
// Owned by: Reactor. Thread: its shard.
#pragma once

#include <array>
#include <cstdint>

#include "sluice/base/intrusive_list.hpp"
#include "sluice/base/time.hpp"

namespace sluice::io {

// Embedded in what it times. `on_expire` runs on the shard, outside any coroutine; it may set or
// drop any timer, this one too.
struct Timer : ListHook<> {
    using Expire = void (*)(void* owner);
    Instant deadline;
    Expire on_expire;
    void* owner;

    Timer(Expire expire, void* timer_owner) : on_expire(expire), owner(timer_owner) {}
    ~Timer() { unlink(); }
    bool is_set() const { return is_linked(); }
    void drop() { unlink(); }
};

class TimerWheel {
public:
    static constexpr std::int64_t kTickNs = 100'000'000;

    explicit TimerWheel(Instant now) : current_(tick_at_or_before(now)) {}
    ~TimerWheel();

    // Sets or moves the timer.
    void set(Timer& timer, Instant deadline);
    // Runs what is due at `now`.
    void advance(Instant now);
    // How long a wait may last: negative when no timer is set. May be shorter than the nearest
    // timer (a slot of a higher level has to be spread first), never longer.
    Duration until_next(Instant now);

private:
    static constexpr int kLevels = 4;
    static constexpr int kSlotBits = 6;
    static constexpr std::uint64_t kSlots = 1u << kSlotBits;
    struct Level {
        std::array<IntrusiveList<Timer>, kSlots> slots;
        std::uint64_t occupied = 0;  // a hint: a set bit may stand for a slot emptied since
    };

    static std::uint64_t tick_at_or_before(Instant t) {
        return static_cast<std::uint64_t>(t.ns / kTickNs);
    }
    void place(Timer& timer);
    void spread(int level);
    void expire_slot(IntrusiveList<Timer>& slot);

    std::array<Level, kLevels> levels_;
    std::uint64_t current_;  // the last tick that has run
};

}  // namespace sluice::io
