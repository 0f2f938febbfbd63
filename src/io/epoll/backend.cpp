#include "io/epoll/backend.hpp"

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <memory>

#include "sluice/sys/socket_address.hpp"

namespace sluice::io {
namespace {

constexpr int kEventsMax = 256;  // per wait; the rest comes with the next one
constexpr std::uint64_t kWakeTag = ~std::uint64_t{0};

std::uint64_t tag_of(int fd, std::uint32_t generation) {
    return (std::uint64_t{generation} << 32) | static_cast<std::uint32_t>(fd);
}

}  // namespace

Result<std::unique_ptr<Backend>> EpollBackend::create(sys::Kernel& kernel, ReadyQueue& ready) {
    const int epoll_fd = ::epoll_create1(EPOLL_CLOEXEC);
    if (epoll_fd < 0) { return fail_errno(errno); }
    const int wake_fd = ::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    if (wake_fd < 0) {
        const int error = errno;
        kernel.close(epoll_fd);
        return fail_errno(error);
    }
    epoll_event event = {};
    event.events = EPOLLIN;
    event.data.u64 = kWakeTag;
    ::epoll_ctl(epoll_fd, EPOLL_CTL_ADD, wake_fd, &event);
    return std::unique_ptr<Backend>(new EpollBackend(kernel, ready, epoll_fd, wake_fd));
}

EpollBackend::EpollBackend(sys::Kernel& kernel, ReadyQueue& ready, int epoll_fd, int wake_fd)
    : kernel_(kernel), ready_(ready), epoll_fd_(epoll_fd), wake_fd_(wake_fd) {}

EpollBackend::~EpollBackend() {
    SLUICE_ASSERT(in_flight_ == 0);
    kernel_.close(wake_fd_);
    kernel_.close(epoll_fd_);
}

EpollBackend::Interest& EpollBackend::interest_of(int fd) {
    const std::size_t index = static_cast<std::size_t>(fd);
    if (index >= interests_.size()) { interests_.resize(std::max(index + 1, index * 2)); }
    return interests_[index];
}

void EpollBackend::watch(const Op& op, Interest& interest) {
    const bool wants_room = op.kind == OpKind::PollOut || op.kind == OpKind::Connect;
    if (interest.registered && (interest.watches_room || !wants_room)) { return; }
    epoll_event event = {};
    event.data.u64 = tag_of(op.fd, interest.generation);
    if (op.kind == OpKind::Accept) {
        event.events = EPOLLIN;
    } else {
        event.events = EPOLLIN | EPOLLPRI | EPOLLRDHUP | EPOLLET;
        if (wants_room) { event.events |= EPOLLOUT; }
    }
    const int call = interest.registered ? EPOLL_CTL_MOD : EPOLL_CTL_ADD;
    if (::epoll_ctl(epoll_fd_, call, op.fd, &event) < 0) {
        // Out of memory or of watches (max_user_watches). Nothing would ever wake who waits here.
        interest.refusal = errno;
        return;
    }
    interest.refusal = 0;
    interest.registered = true;
    interest.watches_room = wants_room;
}

void EpollBackend::start(Op& op) {
    SLUICE_ASSERT(op.is_idle());
    op.state = Op::State::InFlight;
    op.backend_bits = 0;
    ++in_flight_;
    Interest& interest = interest_of(op.fd);
    const bool outgoing = op.kind == OpKind::PollOut || op.kind == OpKind::Connect;
    Op*& place = outgoing ? interest.out : interest.in;
    SLUICE_ASSERT(place == nullptr);
    place = &op;
    if (op.kind == OpKind::Connect) {
        sockaddr_storage native;
        const socklen_t length = op.peer->to_native(native);
        const int connected =
            ::connect(op.fd, reinterpret_cast<const sockaddr*>(&native), length);
        op.result = connected == 0 ? 0 : -errno;
        if (op.result != -EINPROGRESS) {
            make_due(op);
            return;
        }
    }
    watch(op, interest);
    const bool is_ready =
        outgoing ? interest.writable : (interest.readable || interest.hung_up);
    if (is_ready || interest.refusal != 0) { make_due(op); }
}

void EpollBackend::make_due(Op& op) {
    if ((op.backend_bits & kDue) != 0) { return; }
    op.backend_bits |= kDue;
    due_.push_back(&op);
}

void EpollBackend::stop(Op& op) {
    if (!op.in_flight() || op.stopping) { return; }
    op.stopping = true;
    make_due(op);
}

// Receives that found no buffer are served as soon as there are some. Looked at in each wait, not
// when a buffer comes back: one that goes to a receive that needs none after all (the end of the
// stream) would otherwise be the last that anybody hears of.
void EpollBackend::serve_starved() {
    const std::size_t count = std::min(starved_.size(), buffers_.free_count());
    for (std::size_t i = 0; i < count; ++i) {
        Interest& interest = interests_[static_cast<std::size_t>(starved_[i])];
        if (interest.in != nullptr && interest.in->kind == OpKind::ReceiveInput) {
            make_due(*interest.in);
        }
    }
    starved_.erase(starved_.begin(), starved_.begin() + static_cast<std::ptrdiff_t>(count));
}

void EpollBackend::wait(Duration timeout) {
    serve_starved();
    int milliseconds = -1;
    if (!due_.empty() || (!starved_.empty() && buffers_.has_free())) {
        milliseconds = 0;
    } else if (timeout.ns >= 0) {
        milliseconds = static_cast<int>(std::min<std::int64_t>(
            (timeout.ns + 999'999) / 1'000'000, 3'600'000));
    }
    epoll_event events[kEventsMax];
    const int count = ::epoll_wait(epoll_fd_, events, kEventsMax, milliseconds);
    for (int i = 0; i < count; ++i) {
        if (events[i].data.u64 == kWakeTag) {
            std::uint64_t value = 0;
            // Level-triggered: an unread value would only fire again.
            [[maybe_unused]] const ssize_t got = ::read(wake_fd_, &value, sizeof value);
            continue;
        }
        const int fd = static_cast<int>(events[i].data.u64 & 0xFFFFFFFFu);
        Interest& interest = interests_[static_cast<std::size_t>(fd)];
        if (!interest.registered ||
            interest.generation != static_cast<std::uint32_t>(events[i].data.u64 >> 32)) {
            continue;
        }
        const std::uint32_t what = events[i].events;
        if ((what & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0) { interest.hung_up = true; }
        if ((what & EPOLLPRI) != 0) { interest.urgent = true; }
        if ((what & (EPOLLIN | EPOLLPRI)) != 0) { interest.readable = true; }
        if ((what & (EPOLLOUT | EPOLLHUP | EPOLLERR)) != 0) { interest.writable = true; }
        if (interest.in != nullptr && (interest.readable || interest.hung_up)) {
            make_due(*interest.in);
        }
        if (interest.out != nullptr && interest.writable) { make_due(*interest.out); }
    }
    serve_due();
}

void EpollBackend::serve_due() {
    serving_.clear();
    serving_.swap(due_);
    for (Op* op : serving_) {
        op->backend_bits &= static_cast<std::uint8_t>(~kDue);
        serve(*op);
    }
}

void EpollBackend::serve(Op& op) {
    Interest& interest = interests_[static_cast<std::size_t>(op.fd)];
    if (op.stopping) {
        end(op, -ECANCELED);
        return;
    }
    if (interest.refusal != 0) {
        end(op, -interest.refusal);
        return;
    }
    switch (op.kind) {
        case OpKind::PollIn:
            interest.readable = false;
            end(op, 0);
            return;
        case OpKind::PollOut:
            interest.writable = false;
            end(op, 0);
            return;
        case OpKind::ReceiveInput: serve_receive(op, interest); return;
        case OpKind::Accept: serve_accept(op); return;
        case OpKind::Connect: serve_connect(op, interest); return;
        case OpKind::None: break;
    }
    SLUICE_ASSERT(!"an Op without a kind was started");
}

void EpollBackend::serve_receive(Op& op, Interest& interest) {
    if (!buffers_.has_free()) {
        starved_.push_back(op.fd);  // stays parked; serve_starved() makes it due
        return;
    }
    const std::uint16_t index = buffers_.take();
    std::uint8_t* data = buffers_.data(index);
    const Result<std::size_t> got =
        kernel_.receive(op.fd, MutableBytes(data, InputBuffers::kBytesEach));
    if (!got && got.error().code == Errc::WouldBlock) {
        interest.readable = false;
        buffers_.give_back(index);
        return;
    }
    if (!got || *got == 0) {
        buffers_.give_back(index);
        end(op, got ? 0 : -std::max(got.error().sys_errno, 1));
        return;
    }
    // A short receive has emptied the socket: more bytes will make a new edge. Not so where urgent
    // data (ABOR's Synch) is in the stream: a receive stops in front of it, and what lies behind
    // has had its edge.
    interest.readable = interest.urgent || *got == InputBuffers::kBytesEach;
    op.input = data;
    op.backend_word = index;
    end(op, static_cast<std::int32_t>(*got));
}

void EpollBackend::serve_accept(Op& op) {
    AcceptSink& sink = *op.sink;
    // As many as came the last time, twice as many when those were not all: so the call that only
    // says EAGAIN is rare, and a burst is taken in a few waits.
    const std::uint64_t batch = std::max<std::uint64_t>(op.backend_word, 1);
    std::uint64_t taken = 0;
    op.backend_word = std::min<std::uint64_t>(batch * 2, std::max(op.batch_max, 1u));
    for (; taken < batch; ++taken) {
        const Result<int> socket = kernel_.accept(op.fd);
        if (socket) {
            sink.on_accept(*socket);
            continue;
        }
        const Errc code = socket.error().code;
        if (code == Errc::WouldBlock) {
            op.backend_word = std::max<std::uint64_t>(taken, 1);
            break;
        }
        // The client was gone before we came (accept(2) hands on its error): not ours.
        if (code == Errc::ConnectionReset || code == Errc::Protocol) { continue; }
        const Error error = socket.error();
        ::epoll_ctl(epoll_fd_, EPOLL_CTL_DEL, op.fd, nullptr);  // it would fire for ever
        forget(op.fd);
        // The sink may have stopped it meanwhile: it ends here, and only once.
        due_.erase(std::remove(due_.begin(), due_.end(), &op), due_.end());
        op.stopping = false;
        op.state = Op::State::Idle;
        --in_flight_;
        sink.on_accept_end(error);
        return;
    }
    interests_[static_cast<std::size_t>(op.fd)].readable = false;
}

void EpollBackend::serve_connect(Op& op, Interest& interest) {
    interest.writable = false;
    if (op.result == -EINPROGRESS) {
        const Status connected = kernel_.socket_error(op.fd);
        end(op, connected ? 0 : -std::max(connected.error().sys_errno, 1));
        return;
    }
    end(op, op.result);
}

void EpollBackend::unpark(Op& op) {
    Interest& interest = interests_[static_cast<std::size_t>(op.fd)];
    if (interest.in == &op) { interest.in = nullptr; }
    if (interest.out == &op) { interest.out = nullptr; }
}

void EpollBackend::end(Op& op, std::int32_t result) {
    unpark(op);
    --in_flight_;
    if (op.kind == OpKind::Accept) {
        ::epoll_ctl(epoll_fd_, EPOLL_CTL_DEL, op.fd, nullptr);
        forget(op.fd);
        op.state = Op::State::Idle;
        op.stopping = false;
        op.sink->on_accept_end(error_from_errno(-result));
        return;
    }
    finish(op, result, ready_);
}

void EpollBackend::return_input(Op& op) {
    if (op.result <= 0) { return; }
    buffers_.give_back(static_cast<std::uint16_t>(op.backend_word));
}

void EpollBackend::forget(int fd) {
    const std::size_t index = static_cast<std::size_t>(fd);
    if (fd < 0 || index >= interests_.size()) { return; }
    // The close that follows takes the descriptor out of the epoll set: none is ever duplicated.
    Interest& interest = interests_[index];
    const std::uint32_t next = interest.generation + 1;
    interest = Interest();
    interest.generation = next;
}

void EpollBackend::wake() {
    const std::uint64_t one = 1;
    // EAGAIN means that 2^64 - 2 wake-ups are pending: it will wake.
    [[maybe_unused]] const ssize_t put = ::write(wake_fd_, &one, sizeof one);
}

}  // namespace sluice::io
