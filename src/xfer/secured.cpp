#include "xfer/secured.hpp"

#include <array>

namespace sluice::xfer {
namespace {

// A connection costs a dozen system calls more when the kernel encrypts; below a megabyte that
// is no longer lost in what encrypting costs.
constexpr std::int64_t kKernelBytesMin = 1 << 20;
// The kernel's thread is late by less than a turn, unless the client is slow.
constexpr int kLooksAtOnce = 4;
constexpr Duration kLookAgain = Duration::milliseconds(100);

}  // namespace

Transfer::Secured::Secured(Transfer& which)
    : transfer(which),
      stream(
          tls::Stream::Wires{which.reactor_, which.socket_.fd(), which.poll_, which.stop_, *this},
          *which.protection_.context,
          tls::Connection::DataRole{.owner = *which.protection_.owner,
                                    .binding = which.protection_.binding,
                                    .brings_data = which.protection_.brings_data,
                                    .is_client = which.protection_.is_client}) {}

tls::Stream* Transfer::stream() {
    return secured_ == nullptr ? nullptr : &secured_->stream;
}

io::Task<Status> Transfer::secure() {
    if (!is_protected()) {
        co_return Status();
    }
    if (secured_ != nullptr) {
        co_return secured_->outcome;
    }
    secured_ = std::make_unique<Secured>(*this);
    // Data sockets are corked for sendfile, which fills its segments. A handshake is a conversation
    // of small pieces, each of which would wait 200 ms for more.
    (void)kernel().set_option(socket_.fd(), sys::SocketOption::Cork, 0);
    (void)kernel().set_option(socket_.fd(), sys::SocketOption::NoDelay, 1);
    const Status shaken = co_await secured_->stream.handshake(protection_.handshake_limit);
    if (!shaken) {
        const Errc code =
            shaken.error().code == Errc::Stopped ? Errc::Stopped : Errc::TlsHandshake;
        secured_->outcome = fail(code);
    } else if (!secured_->stream.connection().is_acceptable()) {
        secured_->outcome = fail(Errc::TlsUnbound);
    }
    co_return secured_->outcome;
}

Result<std::size_t> Transfer::receive_now(MutableBytes into, MutableBytes ciphertext) {
    if (secured_ == nullptr) {
        return kernel().receive(socket_.fd(), into);
    }
    const Result<std::size_t> got = secured_->stream.receive_now(into, ciphertext);
    if (got) {
        return *got;
    }
    if (got.error().code == Errc::Protocol) {
        return fail(Errc::TlsBroken);
    }
    if (got.error().code == Errc::EndOfStream && !protection_.strict_end) {
        // Clients in Ruby and Perl end their uploads like this.
        ended_bare_ = true;
        return 0;
    }
    return fail(got.error());
}

// A client may wait for our close_notify before it closes (Python's unwrap()). Whether it still
// takes it is its own affair: what it had to say has come.
void Transfer::end_receiving() {
    if (secured_ == nullptr) {
        return;
    }
    const Status closed = secured_->stream.connection().close();
    if (closed) {
        (void)secured_->stream.send_now();
    }
}

// Whether the peer has sent an alert that ends everything: what was sent is not what it got.
bool Transfer::Secured::is_broken_off() {
    std::array<std::uint8_t, 512> plaintext;
    std::array<std::uint8_t, 512> ciphertext;
    const Result<std::size_t> got = stream.receive_now(plaintext, ciphertext);
    return !got && got.error().code == Errc::Protocol;
}

// close_notify goes before the FIN, also behind nothing at all: an empty file over TLS has a
// handshake and an end.
io::Task<Status> Transfer::finish_protected() {
    const Status secured = co_await secure();
    if (!secured) {
        co_return secured;
    }
    if (secured_->is_broken_off()) {
        co_return fail(Errc::TlsBroken);
    }
    const Status closed = co_await secured_->stream.notify_close();
    if (!closed) {
        co_return fail(closed.error().code == Errc::Protocol ? Errc::TlsBroken
                                                             : closed.error().code);
    }
    const Status drained = co_await drain_kernel();
    co_return drained;
}

// What the kernel encrypts waits there, and not in TCP, while TCP has no room. It goes on by
// itself, in a thread of the kernel's, and no event tells of it.
io::Task<Status> Transfer::drain_kernel() {
    io::Timer look_again([](void* self) { static_cast<Transfer*>(self)->on_look_again(); }, this);
    for (int looks = 0;; ++looks) {
        const Result<bool> drained = secured_->stream.is_drained(bytes_);
        if (!drained) {
            co_return fail(drained.error());
        }
        if (*drained) {
            co_return Status();
        }
        if (stop_.requested()) {
            co_return fail(Errc::Stopped);
        }
        const Status alive = kernel().socket_error(socket_.fd());
        if (!alive) {
            co_return alive;
        }
        before_wait();
        secured_->stream.push();
        if (looks < kLooksAtOnce) {
            co_await reactor_.yield();
            continue;
        }
        reactor_.set_timer(look_again, kLookAgain);
        co_await wake_.wait();
        look_again.drop();
    }
}

bool Transfer::give_to_kernel(std::int64_t bytes) {
    return bytes >= kKernelBytesMin && secured_->stream.give_to_kernel();
}

io::Task<Status> send_protected(Transfer& transfer, Bytes bytes) {
    const Status secured = co_await transfer.secure();
    if (!secured) {
        co_return secured;
    }
    tls::Stream& stream = *transfer.stream();
    stream.connection().seal_here();
    while (!bytes.empty()) {
        const Result<std::size_t> taken = stream.connection().write(bytes);
        if (!taken && taken.error().code != Errc::WouldBlock) {
            co_return fail(Errc::TlsBroken);
        }
        if (taken) {
            transfer.count(*taken);
            bytes = bytes.subspan(*taken);
        }
        const Status flushed = co_await stream.flush();
        if (!flushed) {
            co_return flushed;
        }
    }
    co_return Status();
}

}  // namespace sluice::xfer
