// What a session tells the log. Each event is made only where the log wants it.
#include "session/quirks.hpp"
#include "sluice/session/session.hpp"
#include "sluice/tls/stream.hpp"

namespace sluice::session {

using proto::ReplyCode;

obs::Event Session::event(obs::EventKind kind, obs::Level level) const {
    obs::Event made(kind, level);
    made.when = services_.reactor.kernel().wall_time();
    made.session = id_;
    made.port = peer_.port();
    if (state_.is_logged_in()) {
        made.user = user_;
        made.password = password_;
    }
    return made;
}

void Session::log_begin() {
    if (!wants(obs::EventKind::Connect, obs::Level::Debug)) { return; }
    const std::string ip = peer_.host_text();
    obs::Event connected = event(obs::EventKind::Connect, obs::Level::Debug);
    connected.ip = ip;
    services_.log.emit(connected);
}

void Session::log_transfer(const Status& outcome, ReplyCode code) {
    const std::string ip = peer_.host_text();
    obs::Event ended = event(obs::EventKind::Transfer, obs::Level::Info);
    ended.ip = ip;
    ended.command = transfer_note_->command;
    ended.path = transfer_note_->path;
    ended.direction = transfer_note_->direction;
    ended.offset = transfer_note_->offset;
    ended.ascii = state_.type == proto::TransferType::Ascii;
    ended.complete = outcome.has_value();
    ended.bytes = transfer_->bytes();
    ended.duration = reactor().kernel().now() - transfer_note_->began;
    ended.code = static_cast<std::uint16_t>(code);
    ended.digests = transfer_note_->digests;
    if (transfer_->stream() != nullptr && transfer_->stream()->connection().is_established()) {
        const tls::Connection& connection = transfer_->stream()->connection();
        ended.tls = connection.version();
        ended.tls_bound = connection.is_bound();
        ended.tls_kernel = transfer_->stream()->is_in_kernel();
        ended.tls_eof_missing = transfer_->has_ended_bare();
    }
    if (!outcome) { ended.reason = text_of(outcome.error()); }
    services_.log.emit(ended);
}

void Session::log_change(obs::EventKind kind, std::string_view path, std::string_view target) {
    if (!wants(kind, obs::Level::Info)) { return; }
    const std::string ip = peer_.host_text();
    obs::Event changed = event(kind, obs::Level::Info);
    changed.ip = ip;
    changed.path = path;
    changed.target = target;
    services_.log.emit(changed);
}

void Session::log_abuse(std::string_view what) {
    if (!wants(obs::EventKind::Abuse, obs::Level::Warn)) { return; }
    const std::string ip = peer_.host_text();
    obs::Event abuse = event(obs::EventKind::Abuse, obs::Level::Warn);
    abuse.ip = ip;
    abuse.reason = what;
    services_.log.emit(abuse);
}

void Session::log_login(bool accepted, std::string_view reason) {
    const obs::EventKind kind = accepted ? obs::EventKind::Login : obs::EventKind::LoginFail;
    const obs::Level level = accepted ? obs::Level::Debug : obs::Level::Warn;
    if (!wants(kind, level)) { return; }
    const std::string ip = peer_.host_text();
    obs::Event login = event(kind, level);
    login.ip = ip;
    login.user = user_;
    login.client = profile_of(*this).name;
    login.reason = reason;
    services_.log.emit(login);
}

void Session::log_end() {
    if (!wants(obs::EventKind::Disconnect, obs::Level::Debug)) { return; }
    const std::string ip = peer_.host_text();
    obs::Event ended = event(obs::EventKind::Disconnect, obs::Level::Debug);
    ended.ip = ip;
    ended.duration = reactor().now() - began_;
    ended.reason = io::text_of(end_reason_);
    ended.client = profile_of(*this).name;
    services_.log.emit(ended);
}

}  // namespace sluice::session
