// The engine under a Reactor: io_uring, epoll, or the simulator's. Completion-shaped: an Op is
// started and later is done; readiness is the epoll backend's own business.
//
// Thread: all calls on the shard's own thread, except wake().
#pragma once

#include <cstdint>
#include <string_view>

#include "sluice/base/time.hpp"
#include "sluice/io/op.hpp"

namespace sluice::io {

class Backend {
public:
    virtual ~Backend() = default;

    virtual std::string_view name() const = 0;

    // Takes an idle Op. It ends in a later wait(), never inside this call, so the caller may set up
    // what follows. The fd stays open until the Op has ended.
    virtual void start(Op& op) = 0;
    // Asks an Op in flight to end. It still ends exactly once, as stopped or as what it was.
    virtual void stop(Op& op) = 0;
    // Submits, waits up to `timeout` (negative: until something happens; zero: only looks), and
    // hands every finished Op to its Event or to the ready queue. Resumes nobody.
    virtual void wait(Duration timeout) = 0;
    // Makes a wait() that sleeps, or the next one, return at once. Any thread.
    virtual void wake() = 0;

    // Takes back the buffer of a done ReceiveInput.
    virtual void return_input(Op& op) = 0;
    // Must be called before a descriptor that Ops were started on is closed.
    virtual void forget(int fd) = 0;

    virtual std::uint32_t in_flight() const = 0;

protected:
    // Marks the Op done and tells who waits.
    static void finish(Op& op, std::int32_t result, ReadyQueue& ready) {
        op.result = result;
        op.state = Op::State::Done;
        op.stopping = false;
        if (op.event != nullptr) {
            op.event->notify();
        } else if (op.handle) {
            op.unlink();  // out of its StopSource's list
            ready.push(op);
        }
    }
};

}  // namespace sluice::io
