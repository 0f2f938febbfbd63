// The control connection over TLS: where the loop's bytes come from and go to then.
#include "session/secure_channel.hpp"

#include <algorithm>
#include <array>

#include "session/messages.hpp"

namespace sluice::session {
namespace {

// The types of TLS records (RFC 8446 section 5.1): change_cipher_spec to application_data. No
// command begins with such a byte.
bool is_record(std::uint8_t first) { return first >= 20 && first <= 23; }

tls::Binding binding_of(const config::Snapshot& config) {
    switch (config.tls.binding) {
        case config::TlsBinding::Off: return tls::Binding::Off;
        case config::TlsBinding::Prefer: return tls::Binding::Prefer;
        case config::TlsBinding::Require: return tls::Binding::Require;
    }
    return tls::Binding::Require;
}

}  // namespace

bool Session::is_secure() const {
    return secure_ != nullptr && secure_->phase == SecureChannel::Phase::Open;
}

std::string_view Session::tls_host() const {
    return is_secure() ? secure_->connection.server_name() : std::string_view();
}

// Whether the client's certificate says that it is this user.
bool Session::is_certified_as(std::string_view user) const {
    if (!is_secure()) { return false; }
    const tls::Connection& connection = secure_->connection;
    switch (services_.config.tls.client_user) {
        case config::ClientUser::None: return false;
        case config::ClientUser::CommonName:
            return connection.is_client_named(tls::ClientName::CommonName, user);
        case config::ClientUser::Email:
            return connection.is_client_named(tls::ClientName::Email, user);
        case config::ClientUser::Uri: return connection.is_client_named(tls::ClientName::Uri, user);
        case config::ClientUser::Host:
            return connection.is_client_named(tls::ClientName::Host, user);
    }
    return false;
}

std::string Session::certificate_subject() const {
    return is_secure() ? secure_->connection.client_subject() : std::string();
}

bool Session::is_shaking_hands() const {
    return secure_ != nullptr && secure_->phase == SecureChannel::Phase::Handshake;
}

Instant Session::handshake_began() const { return secure_->began; }

// Whether the next bytes out are TLS's: as long as it speaks, and until its last word has left.
bool Session::sends_secure() const {
    if (secure_ == nullptr) { return false; }
    return secure_->connection.has_output() ||
           (secure_->phase != SecureChannel::Phase::Leaving &&
            secure_->phase != SecureChannel::Phase::Clear);
}

bool Session::has_unsent() const {
    if (secure_ == nullptr) { return !output_.is_empty(); }
    if (secure_->connection.has_output()) { return true; }
    // Nothing is said in a handshake, nor into a broken connection.
    const bool is_mute = secure_->phase == SecureChannel::Phase::Handshake ||
                         secure_->phase == SecureChannel::Phase::Broken;
    return !is_mute && !output_.is_empty();
}

// What AUTH, CCC and REIN have announced, once the last reply before it has left.
void Session::change_tls() {
    if (tls_step_ == TlsStep::None || has_unsent()) { return; }
    const TlsStep step = std::exchange(tls_step_, TlsStep::None);
    if (step == TlsStep::Begin) {
        begin_tls();
        return;
    }
    const Status closed = secure_->connection.close();
    secure_->phase = closed ? SecureChannel::Phase::Leaving : SecureChannel::Phase::Broken;
    if (!closed) { lose_client(); }
    flush();
}

void Session::begin_tls() {
    // What came in clear meanwhile, and a receive that may yet bring some, must not be taken for
    // the protected session's (CVE-2011-1575).
    if (!input_.empty() || !input_op_.is_idle()) {
        request_end(io::StopReason::Protocol);
        return;
    }
    telnet_ = proto::TelnetFilter();
    secure_ = std::make_unique<SecureChannel>(*services_.tls, reactor().now());
    watch_deadline();
}

// A step of the handshake with what has come. It runs on a helper where this turn has no time for
// it: signing takes as long as a hundred commands.
io::Task<void> Session::shake_hands() {
    if (secure_->wire.empty()) { co_return; }
    // The one it began with, which stays as long as it: others may have come and gone since.
    tls::Context& context = secure_->connection.context();
    tls::Context::Room room = context.find_room(reactor().now());
    while (room == tls::Context::Room::NextTurn) {
        co_await reactor().yield();
        if (stops_now()) { co_return; }
        room = context.find_room(reactor().now());
    }
    std::string wire;
    wire.swap(secure_->wire);
    tls::Connection& connection = secure_->connection;
    Status step;
    if (room == tls::Context::Room::Shard) {
        const Instant before = reactor().kernel().now();
        connection.feed(as_bytes(wire));
        step = connection.handshake();
        context.spend(reactor().kernel().now() - before);
    } else {
        auto work = [&connection, &wire] {
            connection.feed(as_bytes(wire));
            return connection.handshake();
        };
        step = co_await reactor().on_helper(work);
        context.leave_helper();
    }
    const Bytes rest = connection.take_unread();
    end_handshake(step);
    const std::size_t before = input_.size();
    if (step && !decrypt(rest)) { request_end(io::StopReason::Protocol); }
    filter_input(before);
}

void Session::end_handshake(const Status& step) {
    if (!step && step.error().code == Errc::WouldBlock) { return; }
    if (!step) {
        secure_->phase = SecureChannel::Phase::Broken;
        log_abuse(secure_->connection.failure());
        request_end(io::StopReason::Protocol);
        return;
    }
    secure_->phase = SecureChannel::Phase::Open;
    last_command_ = reactor().now();
    watch_deadline();
    if (is_implicit() && !is_greeted_) {
        is_greeted_ = true;
        append_greeting(*this);
    }
}

// Puts what was received where it belongs. False: the client does not speak TLS any more.
bool Session::take_secure_input(Bytes received) {
    if (secure_ == nullptr || received.empty()) {
        input_.append(as_text(received));
        return true;
    }
    switch (secure_->phase) {
        case SecureChannel::Phase::Handshake:
            secure_->wire.append(as_text(received));
            return true;
        case SecureChannel::Phase::Leaving:
            if (secure_->hears_records || is_record(received.front())) {
                secure_->hears_records = true;
                return decrypt(received);
            }
            secure_->phase = SecureChannel::Phase::Clear;
            break;
        case SecureChannel::Phase::Open: return decrypt(received);
        case SecureChannel::Phase::Clear:
        case SecureChannel::Phase::Broken: break;
    }
    input_.append(as_text(received));
    return true;
}

bool Session::decrypt(Bytes received) {
    tls::Connection& connection = secure_->connection;
    std::array<std::uint8_t, 4096> plaintext;
    connection.feed(received);
    while (true) {
        const Result<std::size_t> got = connection.read(plaintext);
        if (got && *got > 0) {
            input_.append(as_text(Bytes(plaintext).first(*got)));
            continue;
        }
        const Bytes rest = connection.take_unread();
        if (!got && got.error().code == Errc::WouldBlock) { return true; }
        if (!got) {
            secure_->phase = SecureChannel::Phase::Broken;
            return false;
        }
        // close_notify: the end of what the client says, or of TLS where that was agreed.
        if (secure_->phase == SecureChannel::Phase::Leaving) {
            secure_->phase = SecureChannel::Phase::Clear;
            input_.append(as_text(rest));
        } else {
            input_ended_ = true;
        }
        return true;
    }
}

// As flush(), encrypted.
void Session::flush_secure() {
    tls::Connection& connection = secure_->connection;
    while (!client_gone_) {
        if (!connection.has_output()) {
            if (!is_secure() || output_.is_empty()) { break; }
            const Result<std::size_t> taken = connection.write(as_bytes(output_.view()));
            if (!taken) {
                lose_client();
                break;
            }
            output_.consume(*taken);
            encoded_ -= std::min(encoded_, static_cast<std::uint32_t>(*taken));
        }
        const Result<std::size_t> sent =
            reactor().kernel().send(control_.fd(), connection.output(), false);
        if (!sent) {
            if (sent.error().code != Errc::WouldBlock) { lose_client(); }
            break;
        }
        connection.consume_output(*sent);
    }
    if (output_.is_overflowed()) { lose_client(); }
    if (output_.is_empty() || client_gone_) { output_.release(); }
}

// Behind the last reply, so that the client knows that nobody cut the line.
void Session::close_tls() {
    if (client_gone_ || !is_secure() || !output_.is_empty()) { return; }
    if (secure_->connection.close()) { flush(); }
}

void Session::drop_secure_output() {
    if (secure_ != nullptr) { secure_->connection.drop_output(); }
}

void Session::protect_transfer(std::string_view command, bool is_client) {
    xfer::Protection protection;
    // That of the control connection, also when there is a newer one: clients compare the two
    // certificates, and small caches of sessions are in it.
    protection.context = &secure_->connection.context();
    protection.owner = &secure_->connection;
    protection.binding = binding_of(config());
    protection.brings_data = command == "STOR" || command == "APPE" || command == "STOU";
    protection.strict_end = config().tls.strict_close;
    protection.is_client = is_client;
    protection.handshake_limit = config().tls.handshake_timeout;
    transfer_->protect(protection);
}

// A client that uses each ticket once has one less now. The next goes out before the final reply:
// not over a data connection that the client may never read from.
void Session::note_protection() {
    if (is_secure() && transfer_->stream() != nullptr) { secure_->connection.issue_ticket(); }
}

}  // namespace sluice::session
