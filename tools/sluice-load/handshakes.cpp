// FtpClient: how TLS begins, and the control connection inside it.
#include <algorithm>
#include <array>

#include "ftp_client.hpp"
#include "results.hpp"

namespace sluice::load {
namespace {

// Of a flight of the server: one with a chain of certificates is a quarter of it.
constexpr std::size_t kFlightBytes = 17 * 1024;

}  // namespace

std::unique_ptr<tls::Connection> FtpClient::make_tls(bool resumes) {
    tls::Connection::ClientRole role;
    const bool keeps = context_.options.tls.resume != TlsResume::None;
    role.tickets = keeps ? &tickets_ : nullptr;
    role.resumes = resumes;
    return std::make_unique<tls::Connection>(*context_.tls, role);
}

// What the socket takes of the output. The little that a command or an alert is always fits, or the
// server has stopped reading, which the time-out finds.
Status FtpClient::send_output(tls::Connection& tls, int fd) {
    while (tls.has_output()) {
        const Result<std::size_t> sent = context_.reactor.kernel().send(fd, tls.output(), false);
        if (!sent) {
            return fail(sent.error());
        }
        tls.consume_output(*sent);
    }
    return {};
}

// As far as the handshake comes with what is in wire_, whose rest stays there.
Status FtpClient::step_handshake(tls::Connection& tls) {
    const std::int64_t before = now();
    tls.feed(as_bytes(wire_));
    const Status step = tls.handshake();
    wire_.erase(0, wire_.size() - tls.take_unread().size());
    context_.tls->spend(Duration(now() - before));
    return step;
}

// More of the server's flight into wire_: 0, or an outcome as those of await_reply().
io::Task<int> FtpClient::await_wire(int fd) {
    Result<std::size_t> got = 0;
    if (fd == control_) {
        op_.kind = io::OpKind::ReceiveInput;
        op_.fd = fd;
        const Result<std::uint32_t> received = co_await io::OpAwaiter(op_, stop_);
        if (received) {
            wire_.append(as_text(op_.lent()));
            context_.reactor.backend().return_input(op_);
            got = *received;
        } else {
            got = fail(received.error());
        }
    } else {
        for (;;) {
            const MutableBytes room = context_.scratch.first(kFlightBytes);
            got = context_.reactor.kernel().receive(fd, room);
            if (got) {
                wire_.append(as_text(Bytes(room.data(), *got)));
            }
            if (got || got.error().code != Errc::WouldBlock) {
                break;
            }
            const Result<std::uint32_t> ready = co_await io::poll_in(op_, fd, stop_);
            if (!ready) {
                got = fail(ready.error());
                break;
            }
        }
    }
    if (got && *got > 0) {
        co_return 0;
    }
    if (got || got.error().code != Errc::Stopped) {
        co_return kClosed;
    }
    if (stop_.reason() == io::StopReason::IdleTimeout) {
        co_return kTimedOut;
    }
    co_return kStopped;
}

// A handshake to its end. The expensive steps of all sessions share a part of each turn of the
// loop, so that who is already at work waits a millisecond for them and not as long as a storm of
// logins takes.
io::Task<bool> FtpClient::shake_hands(tls::Connection& tls, int fd, Step timed) {
    const std::int64_t began = now();
    wire_.clear();
    arm();
    for (;;) {
        while (!context_.tls->has_time(context_.reactor.now()) && !stop_.requested()) {
            co_await context_.reactor.yield();
        }
        const Status step = step_handshake(tls);
        const Status sent = send_output(tls, fd);
        if (step) {
            break;
        }
        if (step.error().code != Errc::WouldBlock) {
            co_return fail_handshake(tls);
        }
        int outcome = kClosed;
        if (sent || sent.error().code == Errc::WouldBlock) {
            outcome = co_await await_wire(fd);
        }
        if (outcome == kTimedOut) {
            co_return break_off(Trouble::TlsTimeout);
        }
        if (outcome == kStopped) {
            close();
            co_return false;
        }
        if (outcome == kClosed) {
            note_failure("the server closed during the handshake");
            co_return break_off(Trouble::TlsHandshakeFailed);
        }
    }
    record(timed, began);
    count_handshake(tls, timed);
    co_return true;
}

void FtpClient::count_handshake(const tls::Connection& tls, Step timed) {
    Tally& tally = context_.tally;
    const bool is_control = timed == Step::TlsControl;
    if (tls.was_resumed()) {
        ++(is_control ? tally.tls_control_resumed : tally.tls_data_resumed);
    } else {
        ++(is_control ? tally.tls_control_full : tally.tls_data_full);
    }
    TlsFacts& facts = context_.tls_facts;
    if (facts.version.empty()) {
        facts.version = tls.version();
        facts.cipher = tls.cipher();
    }
}

void FtpClient::note_failure(std::string_view words) {
    if (context_.tls_facts.failure.empty()) {
        context_.tls_facts.failure = words;
    }
}

bool FtpClient::fail_handshake(const tls::Connection& tls) {
    const std::string_view problem = tls.peer_problem();
    note_failure(problem.empty() ? tls.failure() : problem);
    return break_off(problem.empty() ? Trouble::TlsHandshakeFailed : Trouble::TlsUntrusted);
}

// The handshake of the control connection; what comes behind it are replies.
io::Task<bool> FtpClient::secure_control() {
    if (context_.options.tls.resume != TlsResume::All) {
        tickets_.clear();  // those of another control connection
    }
    control_tls_ = make_tls(context_.options.tls.resume == TlsResume::All);
    const bool shaken = co_await shake_hands(*control_tls_, control_, Step::TlsControl);
    if (!shaken) {
        co_return false;
    }
    const bool is_good = take_secure(as_bytes(wire_));
    wire_.clear();
    if (!is_good) {
        co_return break_off(Trouble::TlsBroken);
    }
    co_return true;
}

// AUTH TLS, behind the banner (RFC 4217 section 4).
io::Task<bool> FtpClient::begin_tls() {
    const int code = co_await ask("AUTH", "TLS");
    if (code < 0) {
        co_return unexpected(code);
    }
    if (code != 234) {
        co_return break_off(Trouble::TlsRefused);
    }
    // A server has nothing to say before our hello: somebody else has.
    if (!reader_.is_empty()) {
        note_failure("bytes in clear behind the reply to AUTH");
        co_return break_off(Trouble::TlsHandshakeFailed);
    }
    co_return co_await secure_control();
}

io::Task<bool> FtpClient::protect_data() {
    int code = co_await ask("PBSZ", "0");
    if (code / 100 == 2) {
        std::string_view level = "C";
        if (context_.options.tls.protects_data) {
            level = "P";
        }
        code = co_await ask("PROT", level);
    }
    if (code < 0) {
        co_return unexpected(code);
    }
    if (code / 100 != 2) {
        co_return break_off(Trouble::TlsRefused);
    }
    co_return true;
}

// Replies out of what has come. False: it was no TLS.
bool FtpClient::take_secure(Bytes ciphertext) {
    std::array<std::uint8_t, 4096> plaintext;
    tls::Connection& tls = *control_tls_;
    tls.feed(ciphertext);
    for (;;) {
        const Result<std::size_t> got = tls.read(plaintext);
        if (got && *got > 0) {
            reader_.feed(Bytes(plaintext).first(*got));
            continue;
        }
        (void)tls.take_unread();
        // close_notify, and a FIN behind it: that is the end, also for who keeps TIME_WAIT.
        if (got) {
            return true;
        }
        if (got.error().code != Errc::WouldBlock) {
            note_failure(tls.failure());
            return false;
        }
        // An answer to KeyUpdate, if there is one.
        (void)send_output(tls, control_);
        return true;
    }
}

bool FtpClient::send_secure_command(Bytes line) {
    tls::Connection& tls = *control_tls_;
    const Result<std::size_t> taken = tls.write(line);
    return taken && *taken == line.size() && send_output(tls, control_).has_value();
}

// Our close_notify, for a server that waits for it. Nobody is left to hear that it does not go out.
void FtpClient::say_end(tls::Connection& tls, int fd) {
    if (tls.close()) {
        (void)send_output(tls, fd);
    }
}

}  // namespace sluice::load
