// Asking a session or a transfer to end, and why.
//
// The first reason wins. Every Op that waits through the StopSource is stopped, and every later
// wait ends at once with Errc::Stopped: a coroutine reads that result, cleans up in straight lines
// and returns. Nothing is ever cancelled by destroying it (CONTRIBUTING.md, rule C8).
// Owned by: Session, Transfer. Thread: its shard.
#pragma once

#include <coroutine>
#include <cstdint>
#include <string_view>

#include "sluice/base/intrusive_list.hpp"
#include "sluice/io/backend.hpp"
#include "sluice/io/op.hpp"

namespace sluice::io {

enum class StopReason : std::uint8_t {
    None,
    ClientGone,     // the control connection ended without QUIT
    Quit,
    Abor,
    IdleTimeout,
    LoginTimeout,
    Stalled,        // the data connection made no progress
    Drain,          // the server stops, gently
    Kill,           // the server stops at once
    Limit,
    Protocol,       // garbage on the control connection
};

// For logs: "idle-timeout".
std::string_view text_of(StopReason reason);

class StopSource {
public:
    explicit StopSource(Backend& backend) : backend_(backend) {}
    StopSource(const StopSource&) = delete;
    StopSource& operator=(const StopSource&) = delete;

    void request(StopReason reason) {
        if (reason_ != StopReason::None) { return; }
        reason_ = reason;
        if (event_ != nullptr) { event_->notify(); }
        for (Waiter* waiter = waiting_.front(); waiter != nullptr;) {
            // stop() may finish the Op later, never here, so the list stays as it is.
            backend_.stop(static_cast<Op&>(*waiter));
            waiter = waiting_.next(*waiter);
        }
    }
    // Also wakes who waits on an Event and looks at requested() when it wakes.
    void notify(Event* event) { event_ = event; }
    // Forgets a request, for the next transfer of the same owner. Nothing may be waiting.
    void reset() {
        SLUICE_ASSERT(waiting_.is_empty());
        reason_ = StopReason::None;
    }
    bool requested() const { return reason_ != StopReason::None; }
    StopReason reason() const { return reason_; }
    Backend& backend() { return backend_; }

private:
    friend class OpAwaiter;
    Backend& backend_;
    IntrusiveList<Waiter> waiting_;
    Event* event_ = nullptr;
    StopReason reason_ = StopReason::None;
};

// Waits for an Op that its owner has prepared. Used through poll_in() and the like below.
class OpAwaiter {
public:
    OpAwaiter(Op& op, StopSource& stop) : op_(op), stop_(stop) {}
    bool await_ready() const { return stop_.requested(); }
    void await_suspend(std::coroutine_handle<> handle) {
        op_.handle = handle;
        op_.event = nullptr;
        stop_.waiting_.push_back(op_);
        stop_.backend_.start(op_);
    }
    Result<std::uint32_t> await_resume() {
        op_.handle = {};
        if (op_.is_idle()) { return fail(Errc::Stopped); }  // was never started
        return op_.take_result();
    }

private:
    Op& op_;
    StopSource& stop_;
};

inline OpAwaiter poll_in(Op& op, int fd, StopSource& stop) {
    op.kind = OpKind::PollIn;
    op.fd = fd;
    return OpAwaiter(op, stop);
}
inline OpAwaiter poll_out(Op& op, int fd, StopSource& stop) {
    op.kind = OpKind::PollOut;
    op.fd = fd;
    return OpAwaiter(op, stop);
}
inline OpAwaiter connect(Op& op, int fd, const sys::SocketAddress& peer, StopSource& stop) {
    op.kind = OpKind::Connect;
    op.fd = fd;
    op.peer = &peer;
    return OpAwaiter(op, stop);
}

}  // namespace sluice::io
