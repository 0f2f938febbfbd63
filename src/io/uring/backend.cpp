// UringBackend: operations in, completions out.
#include "io/uring/backend.hpp"

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "io/uring/compat.hpp"
#include "sluice/sys/socket_address.hpp"

namespace sluice::io {
namespace {

// Values of user_data that are not the address of an Op (which is never below 64).
constexpr std::uint64_t kIgnored = 0;
constexpr std::uint64_t kWake = 1;
constexpr int kInputGroup = 0;

}  // namespace

io_uring_sqe& UringBackend::next_sqe() {
    io_uring_sqe* sqe = io_uring_get_sqe(&ring_);
    if (sqe == nullptr) {
        // The submission queue is full: hand over what is there. Completions wait for wait().
        io_uring_submit(&ring_);
        sqe = io_uring_get_sqe(&ring_);
    }
    SLUICE_ASSERT(sqe != nullptr);
    return *sqe;
}

void UringBackend::start(Op& op) {
    SLUICE_ASSERT(op.is_idle());
    op.state = Op::State::InFlight;
    ++in_flight_;
    prepare(op);
}

void UringBackend::prepare(Op& op) {
    io_uring_sqe& sqe = next_sqe();
    switch (op.kind) {
        case OpKind::Accept:
            io_uring_prep_multishot_accept(&sqe, op.fd, nullptr, nullptr,
                                           SOCK_NONBLOCK | SOCK_CLOEXEC);
            break;
        case OpKind::ReceiveInput:
            // Length 0: as much as the chosen buffer holds.
            io_uring_prep_recv(&sqe, op.fd, nullptr, 0, 0);
            sqe.flags |= IOSQE_BUFFER_SELECT;
            sqe.buf_group = kInputGroup;
            break;
        case OpKind::PollIn: io_uring_prep_poll_add(&sqe, op.fd, POLLIN | POLLRDHUP); break;
        case OpKind::PollOut: io_uring_prep_poll_add(&sqe, op.fd, POLLOUT); break;
        case OpKind::Connect: {
            // The kernel copies the address when it takes the submission: in this call or in the
            // next wait(), which forgets it.
            connect_addresses_.emplace_back();
            const socklen_t length = op.peer->to_native(connect_addresses_.back());
            io_uring_prep_connect(
                &sqe, op.fd, reinterpret_cast<const sockaddr*>(&connect_addresses_.back()), length);
            break;
        }
        case OpKind::None: SLUICE_ASSERT(!"an Op without a kind was started"); break;
    }
    io_uring_sqe_set_data(&sqe, &op);
}

void UringBackend::stop(Op& op) {
    if (!op.in_flight() || op.stopping) { return; }
    op.stopping = true;
    const auto starved = std::find(starved_.begin(), starved_.end(), &op);
    if (starved != starved_.end()) {
        // Not with the kernel; it ends like a cancelled one, in the next wait().
        starved_.erase(starved);
        cancelled_.push_back(&op);
        return;
    }
    io_uring_sqe& sqe = next_sqe();
    io_uring_prep_cancel(&sqe, &op, 0);
    sqe.flags |= IOSQE_CQE_SKIP_SUCCESS;  // what counts is the Op's own completion
    sqe.user_data = kIgnored;
}

// Receives that found no buffer are submitted again as soon as there are some. Looked at in each
// wait, not when a buffer comes back: one that goes to a receive that needs none after all (no data
// yet, or an error) would otherwise be the last that anybody hears of.
void UringBackend::serve_starved() {
    const std::size_t free = static_cast<std::size_t>(InputBuffers::kCount) - lent_;
    const std::size_t count = std::min(starved_.size(), free);
    for (std::size_t i = 0; i < count; ++i) { prepare(*starved_[i]); }
    starved_.erase(starved_.begin(), starved_.begin() + static_cast<std::ptrdiff_t>(count));
}

void UringBackend::wait(Duration timeout) {
    serve_starved();
    if (!starved_.empty() && lent_ < InputBuffers::kCount) { timeout = Duration(0); }
    if (!cancelled_.empty()) { timeout = Duration(0); }
    if (timeout.ns == 0) {
        io_uring_submit_and_get_events(&ring_);
    } else {
        io_uring_cqe* first = nullptr;
        __kernel_timespec limit = {};
        limit.tv_sec = timeout.ns / 1'000'000'000;
        limit.tv_nsec = timeout.ns % 1'000'000'000;
        // ETIME and EINTR only mean that nothing, or not yet, happened.
        io_uring_submit_and_wait_timeout(&ring_, &first, 1, timeout.ns < 0 ? nullptr : &limit,
                                         nullptr);
    }
    connect_addresses_.clear();  // all submissions have been taken
    for (Op* op : cancelled_) { end(*op, -ECANCELED); }
    cancelled_.clear();
    reap();
}

void UringBackend::reap() {
    unsigned head = 0;
    unsigned seen = 0;
    io_uring_cqe* cqe = nullptr;
    io_uring_for_each_cqe(&ring_, head, cqe) {
        ++seen;
        complete(*cqe);
    }
    io_uring_cq_advance(&ring_, seen);
}

void UringBackend::complete(const io_uring_cqe& cqe) {
    if (cqe.user_data == kIgnored) { return; }
    if (cqe.user_data == kWake) {
        std::uint64_t value = 0;
        [[maybe_unused]] const ssize_t got = ::read(wake_fd_, &value, sizeof value);
        if ((cqe.flags & IORING_CQE_F_MORE) == 0) { watch_wake(); }
        return;
    }
    Op& op = *reinterpret_cast<Op*>(cqe.user_data);
    SLUICE_ASSERT(op.in_flight());
    if (op.kind == OpKind::Accept) {
        complete_accept(op, cqe);
    } else if (op.kind == OpKind::ReceiveInput) {
        complete_receive(op, cqe);
    } else {
        // A poll answers with its event mask; callers look at the socket itself.
        end(op, std::min(cqe.res, 0));
    }
}

void UringBackend::complete_accept(Op& op, const io_uring_cqe& cqe) {
    AcceptSink& sink = *op.sink;
    if (cqe.res >= 0) { sink.on_accept(cqe.res); }
    if ((cqe.flags & IORING_CQE_F_MORE) != 0) { return; }
    // A multishot ends by itself on overflow and on errors that are one client's (ECONNABORTED).
    const bool go_on = cqe.res >= 0 || cqe.res == -ECONNABORTED || cqe.res == -EINTR;
    if (go_on && !op.stopping) {
        prepare(op);
        return;
    }
    op.state = Op::State::Idle;
    op.stopping = false;
    --in_flight_;
    sink.on_accept_end(error_from_errno(cqe.res >= 0 ? ECANCELED : -cqe.res));
}

void UringBackend::complete_receive(Op& op, const io_uring_cqe& cqe) {
    if (cqe.res == -ENOBUFS && !op.stopping) {
        starved_.push_back(&op);
        return;
    }
    if ((cqe.flags & IORING_CQE_F_BUFFER) != 0) {
        const std::uint16_t index =
            static_cast<std::uint16_t>(cqe.flags >> IORING_CQE_BUFFER_SHIFT);
        op.input = buffers_.data(index);
        op.backend_word = index;
        ++lent_;
        end(op, cqe.res);
        if (cqe.res <= 0) { give_back(index); }
        return;
    }
    end(op, cqe.res);
}

void UringBackend::end(Op& op, std::int32_t result) {
    --in_flight_;
    finish(op, result, ready_);
}

void UringBackend::return_input(Op& op) {
    if (op.result > 0) { give_back(static_cast<std::uint16_t>(op.backend_word)); }
}

void UringBackend::give_back(std::uint16_t index) {
    SLUICE_ASSERT(lent_ > 0);
    --lent_;
    io_uring_buf_ring_add(input_ring_, buffers_.data(index), InputBuffers::kBytesEach, index,
                          io_uring_buf_ring_mask(InputBuffers::kCount), 0);
    io_uring_buf_ring_advance(input_ring_, 1);
}

// The ring holds no state of a descriptor between operations.
void UringBackend::forget(int) {}

void UringBackend::watch_wake() {
    io_uring_sqe& sqe = next_sqe();
    io_uring_prep_poll_multishot(&sqe, wake_fd_, POLLIN);
    sqe.user_data = kWake;
}

void UringBackend::wake() {
    const std::uint64_t one = 1;
    [[maybe_unused]] const ssize_t put = ::write(wake_fd_, &one, sizeof one);
}

}  // namespace sluice::io
