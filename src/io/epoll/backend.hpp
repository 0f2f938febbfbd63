// The epoll engine: completion-shaped operations on readiness.
//
// Each socket is registered once, edge-triggered, and keeps two remembered facts: "may be readable"
// and "may be writable". An Op whose fact is set is served in the next wait(); otherwise it parks
// until the edge. So a socket costs one epoll_ctl in its whole life, and a receive that came up
// short costs no second call that would only say EAGAIN. Who begins by waiting for input is watched
// for that alone: a fresh socket has room at once, and the event for it would be for nothing. Only
// a control connection whose client does not read needs the second call.
// Listeners are level-triggered: a burst is taken in bounded batches and the rest fires again.
// Thread: its shard, except wake().
#pragma once

#include <cstdint>
#include <vector>

#include "sluice/io/backend.hpp"
#include "sluice/io/input_buffers.hpp"
#include "sluice/io/ready_queue.hpp"
#include "sluice/sys/kernel.hpp"

namespace sluice::io {

class EpollBackend final : public Backend {
public:
    static Result<std::unique_ptr<Backend>> create(sys::Kernel& kernel, ReadyQueue& ready);
    ~EpollBackend() override;

    std::string_view name() const override { return "epoll"; }
    void start(Op& op) override;
    void stop(Op& op) override;
    void wait(Duration timeout) override;
    void wake() override;
    void return_input(Op& op) override;
    void forget(int fd) override;
    std::uint32_t in_flight() const override { return in_flight_; }

private:
    // What is known of one descriptor. The generation tells an event of a closed socket from one of
    // its successor with the same number (nginx's `instance`).
    struct Interest {
        Op* in = nullptr;
        Op* out = nullptr;
        std::uint32_t generation = 0;
        int refusal = 0;  // why epoll would not watch it (errno): what is started here ends so
        bool registered = false;
        bool watches_room = false;  // registered for EPOLLOUT too
        bool readable = false;
        bool writable = false;
        bool hung_up = false;  // RDHUP, HUP or ERR: reading never blocks again
        bool urgent = false;   // urgent data came: a receive ends short in front of it
    };
    static constexpr std::uint8_t kDue = 1;  // Op::backend_bits: queued in due_

    EpollBackend(sys::Kernel& kernel, ReadyQueue& ready, int epoll_fd, int wake_fd);
    Interest& interest_of(int fd);
    void watch(const Op& op, Interest& interest);
    void make_due(Op& op);
    void serve_due();
    void serve_starved();
    void serve(Op& op);
    void serve_receive(Op& op, Interest& interest);
    void serve_accept(Op& op);
    void serve_connect(Op& op, Interest& interest);
    void unpark(Op& op);
    void end(Op& op, std::int32_t result);

    sys::Kernel& kernel_;
    ReadyQueue& ready_;
    int epoll_fd_;
    int wake_fd_;
    std::uint32_t in_flight_ = 0;
    std::vector<Interest> interests_;
    std::vector<Op*> due_;      // to be served in the next wait()
    std::vector<Op*> serving_;  // the batch being served; kept for its memory
    std::vector<int> starved_;  // descriptors whose receive found no buffer
    InputBuffers buffers_;
};

}  // namespace sluice::io
