// How much of a turn of the loop handshakes may take: one costs as much as a hundred commands.
//
// One for all Contexts of a shard, a new one and the former ones whose sessions go on: a storm does
// not get a second share by beginning before a reload.
// Owned by: Shard (HandshakeBudget), ClientContext (TurnTime). Thread: their shard.
#pragma once

#include <cstdint>

#include "sluice/base/time.hpp"

namespace sluice::tls {

// What was spent in the turn that goes on, and whether there is anything left.
class TurnTime {
public:
    // A fifth of what other sessions may wait for a reply while a storm goes on
    // (bench/aborted_handshakes).
    static constexpr Duration kShare = Duration::milliseconds(1);

    explicit TurnTime(Duration share = kShare) : share_(share) {}

    // In the turn that began at `turn`. The step that goes beyond the share still runs.
    bool has_time(Instant turn) {
        if (turn_ != turn) {
            turn_ = turn;
            spent_ = Duration();
        }
        return spent_ < share_;
    }
    void spend(Duration time) { spent_ = spent_ + time; }

private:
    Duration share_;
    Instant turn_;
    Duration spent_;
};

class HandshakeBudget {
public:
    // Steps of handshakes that wait at the helpers at a time: signing takes as long as opening a
    // dozen files, and in a storm those that do would stand behind hundreds of them.
    static constexpr std::uint32_t kHelperStepsMax = 2;

    enum class Room : std::uint8_t {
        Shard,     // who runs the step here says how long it took: spend()
        Helper,    // who runs it there says when it is over: leave_helper()
        NextTurn,  // none now: ask again in the next turn
    };

    explicit HandshakeBudget(Duration share = TurnTime::kShare) : time_(share) {}
    HandshakeBudget(const HandshakeBudget&) = delete;
    HandshakeBudget& operator=(const HandshakeBudget&) = delete;

    // Where the next step may run, in the turn that began at `turn`. `is_long`: one that must not
    // run on the shard.
    Room find_room(Instant turn, bool is_long) {
        if (!is_long && time_.has_time(turn)) {
            return Room::Shard;
        }
        if (helper_steps_ == kHelperStepsMax) {
            return Room::NextTurn;
        }
        ++helper_steps_;
        return Room::Helper;
    }
    void spend(Duration time) { time_.spend(time); }
    void leave_helper() { --helper_steps_; }

private:
    TurnTime time_;
    std::uint32_t helper_steps_ = 0;
};

}  // namespace sluice::tls
