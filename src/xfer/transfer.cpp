#include "sluice/xfer/transfer.hpp"

#include <algorithm>
#include <array>

#include "sluice/net/socket_tuning.hpp"
#include "xfer/outlet.hpp"
#include "xfer/secured.hpp"

namespace sluice::xfer {
namespace {

// What a client may have sent into a download's data connection before we give up reading it.
constexpr std::size_t kUnwantedInputMax = 256 * 1024;
// How long after the FIN we first ask whether everything is acknowledged, and how often later. Most
// clients close at once and are heard of; the first is a tick of the timer wheel.
constexpr Duration kLookAgainFirst = Duration::milliseconds(100);
constexpr Duration kLookAgainMax = Duration::seconds(1);

}  // namespace

Transfer::Transfer(io::Reactor& reactor, const config::Snapshot& config, BufferPools& buffers,
                   std::unique_ptr<DataSetup> setup, BeforeWait hook, void* context)
    : reactor_(reactor),
      config_(config),
      buffers_(buffers),
      setup_(std::move(setup)),
      before_wait_(hook),
      context_(context),
      stop_(reactor.backend()),
      wake_(reactor.ready()),
      timer_([](void* self) { static_cast<Transfer*>(self)->on_timer(); }, this),
      last_progress_(reactor.now()),
      patience_(config.limits.data_connect_timeout) {
    stop_.notify(&wake_);
}

Transfer::~Transfer() = default;

void Transfer::set_outlet(std::unique_ptr<Outlet> outlet) {
    outlet_ = std::move(outlet);
}

void Transfer::on_timer() {
    // While we wait for the client's TCP, what it acknowledges is progress too.
    const Result<std::size_t> left =
        socket_.is_open() ? kernel().unacknowledged(socket_.fd()) : Result<std::size_t>(0);
    if (left && *left < unacknowledged_) { last_progress_ = reactor_.now(); }
    unacknowledged_ = left ? *left : 0;
    Instant limit = last_progress_ + patience_;
    if (reactor_.now() >= limit || is_too_slow()) {
        stop_.request(io::StopReason::Stalled);
        return;
    }
    if (config_.limits.min_rate > 0) { limit = std::min(limit, stretch_began_ + patience_); }
    reactor_.timers().set(timer_, limit);
}

// What the client's TCP has not acknowledged is not delivered: a slow reader fills the socket's
// buffer first and would look fast for as long as that takes.
bool Transfer::is_too_slow() {
    if (config_.limits.min_rate == 0 || setup_ != nullptr) { return false; }
    if (reactor_.now() < stretch_began_ + patience_) { return false; }
    const std::uint64_t delivered = bytes_ - std::min<std::uint64_t>(bytes_, unacknowledged_);
    const std::uint64_t moved = delivered - std::min(delivered, stretch_bytes_);
    stretch_began_ = reactor_.now();
    stretch_bytes_ = delivered;
    const double wanted =
        static_cast<double>(config_.limits.min_rate) * static_cast<double>(patience_.ns) * 1e-9;
    return static_cast<double>(moved) < wanted;
}

io::Task<Status> Transfer::open_connection() {
    SLUICE_ASSERT(setup_ != nullptr);
    Status opened;
    if (setup_->mode == DataSetup::Mode::Passive) {
        if (setup_->reservation.has_connection()) {
            socket_ = setup_->reservation.take_connection();
        } else {
            opened = co_await accept_passive();
        }
    } else {
        opened = co_await connect_active();
    }
    setup_.reset();
    // From here on the clock measures progress. The timer is set once and looks at the clock when
    // it fires: a transfer that moves costs it nothing.
    last_progress_ = reactor_.now();
    stretch_began_ = reactor_.now();
    patience_ = config_.limits.stall_timeout;
    if (patience_.ns > 0) {
        reactor_.set_timer(timer_, patience_);
    } else {
        timer_.drop();
    }
    co_return opened;
}

io::Task<Result<Buffer>> Transfer::take_buffer(BufferPool& pool) {
    Buffer buffer = pool.try_take();
    if (buffer.is_set()) { co_return buffer; }
    before_wait();
    BufferPool::Place place(pool, wake_);
    while (!place.has_come()) {
        if (stop_.requested()) { co_return fail(Errc::Stopped); }
        co_await wake_.wait();
    }
    co_return place.take();
}

io::Task<Status> Transfer::accept_passive() {
    net::Reservation& reservation = setup_->reservation;
    reservation.notify(&wake_);
    reactor_.set_timer(timer_, patience_);
    before_wait();
    while (!reservation.has_connection()) {
        if (stop_.requested()) {
            co_return fail(stop_.reason() == io::StopReason::Stalled ? Errc::TimedOut
                                                                     : Errc::Stopped);
        }
        co_await wake_.wait();
    }
    reservation.notify(nullptr);
    socket_ = reservation.take_connection();
    co_return Status();
}

io::Task<Status> Transfer::connect_active() {
    const Result<int> fd = kernel().connecting_socket(setup_->source.with_port(0));
    if (!fd) { co_return fail(fd.error()); }
    socket_ = net::Socket(reactor_, *fd);
    net::tune_data_socket(kernel(), *fd, config_.transfer.congestion);
    reactor_.set_timer(timer_, patience_);
    before_wait();
    const Result<std::uint32_t> connected =
        co_await io::connect(poll_, *fd, setup_->target, stop_);
    if (connected) { co_return Status(); }
    if (stop_.reason() == io::StopReason::Stalled) { co_return fail(Errc::TimedOut); }
    co_return fail(connected.error());
}

// Reads away what the client sent into a connection that is ours to send on. Closing over unread
// bytes makes the kernel send RST, which can destroy the tail of the transfer at the client.
Status Transfer::drain_input() {
    std::array<std::uint8_t, 4096> ignored;
    for (std::size_t total = 0; total < kUnwantedInputMax;) {
        const Result<std::size_t> got = kernel().receive(socket_.fd(), ignored);
        if (!got) { return fail(got.error()); }
        if (*got == 0) { return {}; }
        total += *got;
    }
    return fail(Errc::Protocol);
}

// A client that wants only the start of a file closes over what it has not read, and its kernel
// says so with a reset (rclone does, and takes no 426 for an answer). When by then everything had
// been on the wire, inside the window that the client's TCP had opened, it had what it could have;
// the others say 226, too. A client that leaves while bytes still wait here has not.
Status Transfer::end_of_lost_connection(const Error& error) {
    if (error.code != Errc::ConnectionReset) { return fail(error); }
    const Result<std::size_t> left = kernel().unsent(socket_.fd());
    if (left && *left == 0) { return {}; }
    return fail(error);
}

// The client's end of stream alone proves nothing: it may have closed before it has read anything,
// and then our bytes meet a reset. What its TCP has acknowledged does.
io::Task<Status> Transfer::finish_sending() {
    if (outlet_ != nullptr) {
        const Status encoded = co_await outlet_->finish();
        if (!encoded) { co_return fail(encoded.error()); }
    }
    if (is_protected()) {
        const Status closed = co_await finish_protected();
        if (!closed) { co_return closed; }
    }
    const Status shut = kernel().shutdown_sending(socket_.fd());
    if (!shut) {
        // That says only that it is not connected any more.
        const Status why = kernel().socket_error(socket_.fd());
        co_return end_of_lost_connection(why ? shut.error() : why.error());
    }
    // A client may keep its side open until it has read the 226, and nothing tells of the last
    // acknowledgement: so we look again ourselves.
    io::Timer look_again([](void* self) { static_cast<Transfer*>(self)->on_look_again(); }, this);
    Duration pause = kLookAgainFirst;
    bool peer_has_closed = false;
    while (!stop_.requested()) {
        if (!peer_has_closed) {
            const Status drained = drain_input();
            if (!drained && drained.error().code != Errc::WouldBlock) {
                co_return end_of_lost_connection(drained.error());
            }
            peer_has_closed = drained.has_value();
        }
        const Result<std::size_t> left = kernel().unacknowledged(socket_.fd());
        // The FIN itself counts as one byte here until it is acknowledged.
        if (left && *left <= 1) { co_return Status(); }
        before_wait();
        reactor_.set_timer(look_again, pause);
        pause = std::min(Duration(pause.ns * 2), kLookAgainMax);
        if (peer_has_closed) {
            // A closed side is readable for ever, so a poll would spin; only a reset can still
            // come.
            const Status alive = kernel().socket_error(socket_.fd());
            if (!alive) { co_return end_of_lost_connection(alive.error()); }
            co_await wake_.wait();
        } else {
            const Result<std::uint32_t> polled = co_await wait_readable();
            if (!polled && polled.error().code != Errc::Stopped) {
                co_return end_of_lost_connection(polled.error());
            }
        }
        look_again.drop();
    }
    co_return fail(Errc::Stopped);
}

void Transfer::on_look_again() {
    if (poll_.in_flight()) { reactor_.backend().stop(poll_); }
    wake_.notify();
}

}  // namespace sluice::xfer
