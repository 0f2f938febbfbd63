// The loop of a shard.
//
//     turn:  1  resume every coroutine that was ready when the turn began
//            2  deliver the messages of other threads
//            3  run the timers that are due
//            4  submit, and wait for the kernel (not at all if something is ready)
//
// Bounds: a coroutine that becomes ready during a turn waits for the next; bulk senders share a
// budget of bytes per turn (take_budget), so that completions are looked at every millisecond or so
// whatever they send (DEFER_TASKRUN delivers nothing in between).
// Owned by: Shard. Thread: the shard's.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>

#include "sluice/io/backend.hpp"
#include "sluice/io/event.hpp"
#include "sluice/io/helper_pool.hpp"
#include "sluice/io/mailbox.hpp"
#include "sluice/io/ready_queue.hpp"
#include "sluice/io/timer_wheel.hpp"
#include "sluice/sys/kernel.hpp"

namespace sluice::io {

template <class Work>
class HelperCall;

class Reactor {
public:
    // Bytes that all transfers of the shard may move before the kernel is asked again.
    static constexpr std::uint64_t kTurnBudgetDefault = 2u << 20;

    // `ready` is the queue that `backend` feeds; all references outlive the Reactor.
    Reactor(sys::Kernel& kernel, Backend& backend, ReadyQueue& ready, HelperPool& helpers);

    sys::Kernel& kernel() { return kernel_; }
    Backend& backend() { return backend_; }
    ReadyQueue& ready() { return ready_; }
    Mailbox& mailbox() { return mailbox_; }
    HelperPool& helpers() { return helpers_; }
    TimerWheel& timers() { return timers_; }
    // The time at the beginning of this turn; a turn lasts well under a tick.
    Instant now() const { return now_; }

    // Steps 1 to 3. The caller may free what has ended before it lets the shard sleep.
    void run_ready();
    // Step 4. `sleep_max` bounds the wait further; negative: no bound.
    void wait(Duration sleep_max = Duration(-1));

    void set_turn_budget(std::uint64_t bytes) { turn_budget_ = bytes; }
    // How many of `wanted` bytes may be moved now. 0: the turn's budget is spent, so
    // wait_for_budget().
    std::uint64_t take_budget(std::uint64_t wanted) {
        const std::uint64_t granted = std::min(wanted, budget_left_);
        budget_left_ -= granted;
        return granted;
    }
    // Whether take_budget() would grant anything.
    bool has_budget() const { return budget_left_ > 0; }
    // Gives back what was not used after all.
    void return_budget(std::uint64_t bytes) { budget_left_ += bytes; }
    // The rest of the caller runs in the next turn.
    Yield yield() { return Yield(ready_); }
    // The same, but ahead of all that had bytes in this turn: with more transfers than the budget
    // serves, each gets its slice in turn and none starves.
    Yield wait_for_budget() { return Yield(unserved_); }

    void set_timer(Timer& timer, Duration from_now) { timers_.set(timer, now_ + from_now); }

    // Runs `work()` on a helper thread and returns what it returned. `work` is a named callable in
    // the caller's frame (rule C1); it must not touch what the shard may change meanwhile.
    template <class Work>
    HelperCall<Work> on_helper(Work& work) {
        return HelperCall<Work>(*this, work);
    }

private:
    sys::Kernel& kernel_;
    Backend& backend_;
    ReadyQueue& ready_;
    HelperPool& helpers_;
    ReadyQueue unserved_;
    Mailbox mailbox_;
    Instant now_;
    TimerWheel timers_;
    std::uint64_t turn_budget_ = kTurnBudgetDefault;
    std::uint64_t budget_left_ = kTurnBudgetDefault;
};

// The awaiter of Reactor::on_helper.
template <class Work>
class HelperCall : HelperJob {
    using Value = decltype(std::declval<Work&>()());

public:
    HelperCall(Reactor& reactor, Work& callable) : reactor_(reactor), callable_(callable) {}

    bool await_ready() const { return false; }
    void await_suspend(std::coroutine_handle<> handle) {
        work = [](HelperJob& job) {
            HelperCall& self = static_cast<HelperCall&>(job);
            // Not assigned: tl::expected copies a value it is assigned, and some cannot be copied.
            self.value_.emplace(self.callable_());
        };
        home = &reactor_.mailbox();
        ready = &reactor_.ready();
        waiter.handle = handle;
        reactor_.helpers().submit(*this);
    }
    Value await_resume() { return std::move(*value_); }

private:
    Reactor& reactor_;
    Work& callable_;
    std::optional<Value> value_;
};

}  // namespace sluice::io
