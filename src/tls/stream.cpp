#include "sluice/tls/stream.hpp"

#include <array>

namespace sluice::tls {
namespace {

// One record of the largest kind, or a whole handshake flight with a client certificate.
constexpr std::size_t kReceiveBytes = 17 * 1024;
// What a peer may still send into a connection that we have closed.
constexpr std::size_t kUnwantedBytesMax = 256 * 1024;

}  // namespace

Stream::Stream(const Wires& wires, Context& context, const Connection::DataRole& role)
    : wires_(wires),
      context_(context),
      connection_(context, role),
      sender_(wires.reactor.kernel(), wires.fd),
      deadline_([](void* self) { static_cast<Stream*>(self)->on_deadline(); }, this) {}

void Stream::on_deadline() {
    timed_out_ = true;
    if (wires_.poll.in_flight()) {
        wires_.reactor.backend().stop(wires_.poll);
    }
}

Status Stream::outcome_of_wait(const Result<std::uint32_t>& polled) const {
    if (timed_out_) {
        return fail(Errc::TimedOut);
    }
    if (!polled) {
        return fail(polled.error());
    }
    return {};
}

// Feeds what has arrived. The memory must last until the connection has taken it.
Status Stream::feed_more(MutableBytes ciphertext) {
    if (fin_seen_) {
        return fail(Errc::EndOfStream);
    }
    // Told once by the kernel; afterwards a broken socket looks like one that was closed in order.
    if (socket_error_ != Errc::Ok) {
        return fail(socket_error_);
    }
    const Result<std::size_t> got = wires_.reactor.kernel().receive(wires_.fd, ciphertext);
    if (!got) {
        if (got.error().code != Errc::WouldBlock) {
            socket_error_ = got.error().code;
        }
        return fail(got.error());
    }
    fed_ += *got;
    if (*got == 0) {
        fin_seen_ = true;
        return fail(Errc::EndOfStream);
    }
    connection_.feed(ciphertext.first(*got));
    return {};
}

// The memory that was fed goes: what was not needed yet is kept here.
void Stream::stash_unread() {
    const Bytes rest = connection_.take_unread();
    std::vector<std::uint8_t> kept(rest.begin(), rest.end());  // `rest` may lie in stash_
    stash_.swap(kept);
}

// As far as a handshake comes with what is there.
Status Stream::step_now() {
    std::array<std::uint8_t, kReceiveBytes> room;
    if (!stash_.empty()) {
        connection_.feed(stash_);
    }
    while (true) {
        const Status step = connection_.handshake();
        const bool wants_more = !step && step.error().code == Errc::WouldBlock;
        if (!wants_more || connection_.has_output()) {
            stash_unread();
            return step;
        }
        const Status fed = feed_more(room);
        if (!fed) {
            return fed;
        }
    }
}

io::Task<Status> Stream::handshake(Duration limit) {
    io::Reactor& reactor = wires_.reactor;
    reactor.set_timer(deadline_, limit);
    Status outcome = fail(Errc::WouldBlock);
    while (!outcome && outcome.error().code == Errc::WouldBlock) {
        if (wires_.stop.requested()) {
            outcome = fail(Errc::Stopped);
            break;
        }
        if (timed_out_) {
            outcome = fail(Errc::TimedOut);
            break;
        }
        const Context::Room room = context_.find_room(reactor.now());
        Status step;
        if (room == Context::Room::NextTurn) {
            wires_.owner.before_wait();
            co_await reactor.yield();
            continue;
        }
        if (room == Context::Room::Shard) {
            const Instant before = reactor.kernel().now();
            step = step_now();
            context_.spend(reactor.kernel().now() - before);
        } else {
            auto work = [this] { return step_now(); };
            wires_.owner.before_wait();
            step = co_await reactor.on_helper(work);
            context_.leave_helper();
        }
        // An alert, too, should reach the peer; it need not.
        const bool had_output = connection_.has_output();
        const Status sent = send_now();
        outcome = step;
        if (!sent && sent.error().code != Errc::WouldBlock) {
            if (step || step.error().code == Errc::WouldBlock) {
                outcome = sent;
            }
            break;
        }
        if (!sent && (step || step.error().code == Errc::WouldBlock)) {
            wires_.owner.before_wait();
            const Result<std::uint32_t> writable =
                co_await io::poll_out(wires_.poll, wires_.fd, wires_.stop);
            const Status waited = outcome_of_wait(writable);
            outcome = fail(Errc::WouldBlock);
            if (!waited) {
                outcome = waited;
            }
        } else if (!step && step.error().code == Errc::WouldBlock && !had_output) {
            wires_.owner.before_wait();
            const Result<std::uint32_t> readable =
                co_await io::poll_in(wires_.poll, wires_.fd, wires_.stop);
            const Status waited = outcome_of_wait(readable);
            if (!waited) {
                outcome = waited;
            }
        }
    }
    deadline_.drop();
    if (outcome) {
        timed_out_ = false;  // it may have come while a helper finished the last step
        wires_.owner.on_progress();
    }
    co_return outcome;
}

Status Stream::send_now() {
    while (connection_.has_output()) {
        const Result<std::size_t> sent =
            wires_.reactor.kernel().send(wires_.fd, connection_.output(), false);
        if (!sent) {
            return fail(sent.error());
        }
        connection_.consume_output(*sent);
    }
    return {};
}

io::Task<Result<bool>> Stream::flush_now() {
    io::Reactor& reactor = wires_.reactor;
    while (connection_.has_output()) {
        if (wires_.stop.requested()) {
            co_return fail(Errc::Stopped);
        }
        const std::uint64_t granted = reactor.take_budget(connection_.output().size());
        if (granted == 0) {
            wires_.owner.before_wait();
            co_await reactor.wait_for_budget();
            continue;
        }
        const Result<std::size_t> sent = reactor.kernel().send(
            wires_.fd, connection_.output().first(static_cast<std::size_t>(granted)), false);
        const std::uint64_t moved = sent ? *sent : 0;
        reactor.return_budget(granted - moved);
        if (!sent && sent.error().code != Errc::WouldBlock) {
            co_return fail(sent.error());
        }
        if (moved > 0) {
            connection_.consume_output(static_cast<std::size_t>(moved));
            wires_.owner.on_progress();
        }
        if (moved < granted) {
            co_return false;
        }
    }
    co_return true;
}

io::Task<Status> Stream::flush() {
    while (true) {
        const Result<bool> is_out = co_await flush_now();
        if (!is_out) {
            co_return fail(is_out.error());
        }
        if (*is_out) {
            co_return Status();
        }
        wires_.owner.before_wait();
        const Result<std::uint32_t> writable =
            co_await io::poll_out(wires_.poll, wires_.fd, wires_.stop);
        const Status waited = outcome_of_wait(writable);
        if (!waited) {
            co_return waited;
        }
    }
}

io::Task<Status> Stream::write(Bytes plaintext) {
    while (!plaintext.empty()) {
        const Result<std::size_t> taken = connection_.write(plaintext);
        if (!taken && taken.error().code != Errc::WouldBlock) {
            co_return fail(taken.error());
        }
        if (taken) {
            plaintext = plaintext.subspan(*taken);
        }
        const Status sent = co_await flush();
        if (!sent) {
            co_return fail(sent.error());
        }
    }
    co_return Status();
}

bool Stream::give_to_kernel() {
    connection_.give_to_kernel(sender_);
    return sender_.is_on();
}

io::Task<Status> Stream::notify_close() {
    if (!sender_.is_on()) {
        const Status closed = connection_.close();
        if (!closed) {
            co_return closed;
        }
        const Status flushed = co_await flush();
        co_return flushed;
    }
    Status sent = sender_.send_close_notify();
    while (!sent && sent.error().code == Errc::WouldBlock) {
        wires_.owner.before_wait();
        sender_.push();
        const Result<std::uint32_t> writable =
            co_await io::poll_out(wires_.poll, wires_.fd, wires_.stop);
        const Status waited = outcome_of_wait(writable);
        if (!waited) {
            co_return waited;
        }
        sent = sender_.send_close_notify();
    }
    co_return sent;
}

Result<bool> Stream::is_drained(std::uint64_t plaintext) {
    if (!sender_.is_on()) {
        return true;
    }
    return sender_.is_drained(plaintext);
}

Result<std::size_t> Stream::receive_now(MutableBytes plaintext, MutableBytes ciphertext) {
    if (!stash_.empty()) {
        connection_.feed(stash_);
    }
    std::size_t filled = 0;
    Error error = Errc::Ok;
    fed_ = 0;
    while (filled < plaintext.size()) {
        const Result<std::size_t> got = connection_.read(plaintext.subspan(filled));
        if (got && *got > 0) {
            filled += *got;
            continue;
        }
        if (got) {
            break;
        }  // close_notify
        error = got.error();
        if (error.code != Errc::WouldBlock) {
            break;
        }
        if (filled > 0 && fed_ >= kCallBytesMax) {
            break;
        }
        const Status fed = feed_more(ciphertext);
        if (!fed) {
            error = fed.error();
            break;
        }
        error = Errc::Ok;
    }
    stash_unread();
    if (filled > 0 || connection_.has_peer_closed()) {
        return filled;
    }
    return fail(error);
}

// Reads away what nobody asked for.
Result<Ending> Stream::discard_now() {
    std::array<std::uint8_t, 4096> plaintext;
    std::array<std::uint8_t, kReceiveBytes> ciphertext;
    while (discarded_ < kUnwantedBytesMax) {
        const Result<std::size_t> got = receive_now(plaintext, ciphertext);
        if (got && *got == 0) {
            return Ending::Notified;
        }
        if (!got && got.error().code == Errc::EndOfStream) {
            return Ending::Bare;
        }
        if (!got) {
            return fail(got.error());
        }
        discarded_ += *got;
    }
    return Ending::Open;
}

io::Task<Result<Ending>> Stream::close(Duration limit) {
    wires_.reactor.set_timer(deadline_, limit);
    Status done = co_await notify_close();
    if (done) {
        done = wires_.reactor.kernel().shutdown_sending(wires_.fd);
    }
    Result<Ending> ending = Ending::Open;
    if (!done) {
        ending = fail(done.error());
    }
    while (done) {
        ending = discard_now();
        if (ending || ending.error().code != Errc::WouldBlock) {
            break;
        }
        wires_.owner.before_wait();
        const Result<std::uint32_t> readable =
            co_await io::poll_in(wires_.poll, wires_.fd, wires_.stop);
        done = outcome_of_wait(readable);
        if (!done) {
            ending = fail(done.error());
        }
    }
    deadline_.drop();
    // Its time is over, ours is not: that is no failure of what was sent.
    if (!ending && ending.error().code == Errc::TimedOut) {
        ending = Ending::Open;
    }
    timed_out_ = false;
    co_return ending;
}

}  // namespace sluice::tls
