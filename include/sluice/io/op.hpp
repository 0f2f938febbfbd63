// One asynchronous operation: 64 bytes, owned by the caller, never allocated, never moved.
//
// An Op is started on a Backend and ends exactly once, whatever stop() did meanwhile: cancelling is
// a request, and its outcome is a result (Errc::Stopped). From start to end the Op and everything
// it points at belong to the kernel: they live in a Session, a Transfer or a pool, never in a
// coroutine frame (ARCHITECTURE.md, rules L1 and L2). An Op in flight must not be destroyed.
//
// Only what both engines do alike and what the kernel really does without a worker thread is a
// kind. Sending and receiving bulk is a direct non-blocking call after a poll (sendfile has no
// opcode); what may sleep is a helper job (helper_pool.hpp).
// Thread: its shard.
#pragma once

#include <cstdint>

#include "sluice/base/assert.hpp"
#include "sluice/base/bytes.hpp"
#include "sluice/base/result.hpp"
#include "sluice/io/event.hpp"
#include "sluice/io/ready_queue.hpp"

namespace sluice::sys {
class SocketAddress;
}

namespace sluice::io {

class Backend;

// Receives the connections of a listener. Called from inside Backend::wait(): it must not block and
// must not resume anyone; it notifies Events.
class AcceptSink {
public:
    // Takes over the socket, which is non-blocking and close-on-exec.
    virtual void on_accept(int socket) = 0;
    // Accepting has ended: stopped, or an error such as NoDescriptors. The Op is idle again.
    virtual void on_accept_end(Error error) = 0;

protected:
    ~AcceptSink() = default;
};

enum class OpKind : std::uint8_t {
    None,
    Accept,     // multishot: goes to the sink until stopped
    ReceiveInput,  // into a lent buffer: no data, no buffer
    PollIn,     // readable, or closed
    PollOut,    // writable, or closed
    Connect,    // to the address `peer` points at
};

struct alignas(64) Op : Waiter {
    enum class State : std::uint8_t { Idle, InFlight, Done };

    // Who hears of the end: the Event if set, else the coroutine in `handle`.
    Event* event = nullptr;
    OpKind kind = OpKind::None;
    State state = State::Idle;
    bool stopping = false;           // stop() was asked for
    std::uint8_t backend_bits = 0;   // the Backend's own
    std::int32_t result = 0;         // >= 0, or a negative errno
    std::int32_t fd = -1;
    std::uint32_t batch_max = 0;     // Accept: connections taken per readiness
    union {
        AcceptSink* sink;                  // Accept
        const sys::SocketAddress* peer;    // Connect
        const std::uint8_t* input;         // ReceiveInput: the lent bytes, once done
    };
    std::uint64_t backend_word = 0;  // the Backend's own

    Op() : sink(nullptr) {}
    ~Op() { SLUICE_ASSERT(state != State::InFlight); }

    bool is_idle() const { return state == State::Idle; }
    bool in_flight() const { return state == State::InFlight; }
    bool is_done() const { return state == State::Done; }

    // The result of a done Op; makes it idle. A ReceiveInput's bytes must have been given back.
    Result<std::uint32_t> take_result() {
        SLUICE_ASSERT(is_done());
        state = State::Idle;
        if (result < 0) { return fail_errno(-result); }
        return static_cast<std::uint32_t>(result);
    }
    // The bytes a ReceiveInput was lent. Valid until Backend::return_input.
    Bytes lent() const {
        return result > 0 ? Bytes(input, static_cast<std::size_t>(result)) : Bytes();
    }
};
static_assert(sizeof(Op) == 64, "one cache line; the low six bits of its address are free");

}  // namespace sluice::io
