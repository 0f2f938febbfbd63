// The io_uring engine: one ring per shard, submitted and reaped by that shard alone.
//
// SINGLE_ISSUER and DEFER_TASKRUN (Linux 6.1): completions are made in our own enter,
// never by interrupting a coroutine. Whether the kernel has what is needed is found by trying,
// never from a version number. The ring starts disabled and gets an allow-list of exactly the
// operations below, because seccomp cannot see inside a ring (SECURITY.md).
// Thread: the one that created it, except wake().
#pragma once

#include <liburing.h>

#include <sys/socket.h>

#include <cstdint>
#include <deque>
#include <memory>
#include <vector>

#include "sluice/io/backend.hpp"
#include "sluice/io/input_buffers.hpp"
#include "sluice/io/ready_queue.hpp"
#include "sluice/sys/kernel.hpp"

namespace sluice::io {

class UringBackend final : public Backend {
public:
    // Must be called on the thread that will use it. The error tells what was refused.
    static Result<std::unique_ptr<Backend>> create(sys::Kernel& kernel, ReadyQueue& ready);
    ~UringBackend() override;

    std::string_view name() const override { return "io_uring"; }
    void start(Op& op) override;
    void stop(Op& op) override;
    void wait(Duration timeout) override;
    void wake() override;
    void return_input(Op& op) override;
    void forget(int fd) override;
    std::uint32_t in_flight() const override { return in_flight_; }

private:
    UringBackend(sys::Kernel& kernel, ReadyQueue& ready) : kernel_(kernel), ready_(ready) {}
    Status set_up();
    Status set_up_ring();
    Status set_up_input();
    Status restrict_and_enable();
    io_uring_sqe& next_sqe();
    void prepare(Op& op);
    void watch_wake();
    void serve_starved();
    void reap();
    void complete(const io_uring_cqe& cqe);
    void complete_accept(Op& op, const io_uring_cqe& cqe);
    void complete_receive(Op& op, const io_uring_cqe& cqe);
    void end(Op& op, std::int32_t result);
    void give_back(std::uint16_t index);

    sys::Kernel& kernel_;
    ReadyQueue& ready_;
    io_uring ring_ = {};
    bool ring_is_set_up_ = false;
    int wake_fd_ = -1;
    std::uint32_t in_flight_ = 0;
    io_uring_buf_ring* input_ring_ = nullptr;
    std::size_t input_ring_bytes_ = 0;
    std::uint16_t lent_ = 0;  // input buffers now with sessions
    std::vector<Op*> starved_;    // receives that found no buffer
    std::vector<Op*> cancelled_;  // starved ones that were stopped: they end in the next wait()
    // Addresses of the connects submitted in this turn; a deque because they must not move.
    std::deque<sockaddr_storage> connect_addresses_;
    InputBuffers buffers_;
};

}  // namespace sluice::io
