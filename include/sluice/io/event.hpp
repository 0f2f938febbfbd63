// A single-waiter wake-up.
//
// One coroutine waits; anything of the same shard notifies. Notifying while nobody waits is
// remembered once, so a wake-up is never lost; several notifications before the waiter runs are
// one. The waiter looks at the state of the world again when it wakes, like at a condition
// variable. Owned by: Session, Transfer and the like. Thread: its shard.
#pragma once

#include "sluice/base/assert.hpp"
#include "sluice/io/ready_queue.hpp"

namespace sluice::io {

class Event {
public:
    explicit Event(ReadyQueue& ready) : ready_(ready) {}
    Event(const Event&) = delete;
    Event& operator=(const Event&) = delete;

    void notify() {
        if (waiter_.handle && !waiter_.is_linked()) { ready_.push(waiter_); }
        signalled_ = true;
    }

    class Awaiter {
    public:
        explicit Awaiter(Event& event) : event_(event) {}
        bool await_ready() const { return event_.signalled_; }
        void await_suspend(std::coroutine_handle<> handle) {
            SLUICE_ASSERT(!event_.waiter_.handle);
            event_.waiter_.handle = handle;
        }
        void await_resume() {
            event_.signalled_ = false;
            event_.waiter_.handle = {};
        }

    private:
        Event& event_;
    };
    // Suspends until notify() has been called since the last wait.
    Awaiter wait() { return Awaiter(*this); }

private:
    ReadyQueue& ready_;
    Waiter waiter_;
    bool signalled_ = false;
};

// Gives the other ready coroutines a turn: the rest of the caller runs in the next one.
class Yield {
public:
    explicit Yield(ReadyQueue& ready) : ready_(ready) {}
    bool await_ready() const { return false; }
    void await_suspend(std::coroutine_handle<> handle) {
        waiter_.handle = handle;
        ready_.push(waiter_);
    }
    void await_resume() {}

private:
    ReadyQueue& ready_;
    Waiter waiter_;
};

}  // namespace sluice::io
