#include "sluice/session/session.hpp"

#include <algorithm>

#include "session/messages.hpp"
#include "session/quirks.hpp"
#include "session/reply_for_error.hpp"
#include "session/secure_channel.hpp"
#include "sluice/proto/path.hpp"

namespace sluice::session {

using proto::ReplyCode;

Session::Session(const Services& services, net::PassivePorts& ports, net::Socket control,
                 const sys::SocketAddress& peer, const sys::SocketAddress& local,
                 std::uint64_t id, Opening opening)
    : services_(services),
      ports_(ports),
      control_(std::move(control)),
      wake_(services.reactor.ready()),
      deadline_([](void* self) { static_cast<Session*>(self)->watch_deadline(); }, this),
      began_(services.reactor.now()),
      last_command_(services.reactor.now()),
      peer_(peer),
      local_(local),
      id_(id),
      opening_(opening) {
    // Where nobody asked for TLS, nobody has to ask for PROT P either.
    state_.protection_sized = state_.protects_data = is_implicit();
}

Session::~Session() {
    SLUICE_ASSERT(!is_busy());
    SLUICE_ASSERT(!loop_.is_set() || loop_.done());
}

void Session::start() {
    log_begin();
    watch_deadline();
    loop_ = control_loop();
    loop_.start();
}

void Session::request_end(io::StopReason reason) {
    if (end_reason_ != io::StopReason::None && end_reason_ != io::StopReason::Drain) {
        if (reason == io::StopReason::Kill && lingering_) {
            lingering_ = false;
            wake_.notify();
        }
        return;
    }
    end_reason_ = reason;
    if (reason != io::StopReason::Drain) { stop_running(reason); }
    wake_.notify();
}

void Session::say_goodbye() {
    if (!goodbye_said_) { append_goodbye(*this); }
    goodbye_said_ = true;
}

// True when the session ends whatever runs; a drain alone does not.
bool Session::stops_now() const {
    return end_reason_ != io::StopReason::None && end_reason_ != io::StopReason::Drain;
}

void Session::lose_client() {
    client_gone_ = true;
    request_end(io::StopReason::ClientGone);
}

// Sends what the socket takes. The rest waits for room; while it does, no command is read.
void Session::flush(bool closes_next) {
    if (speaks_charset()) { encode_output(); }
    if (sends_secure()) {
        flush_secure();
        return;
    }
    while (!output_.is_empty() && !client_gone_) {
        const std::string_view pending = output_.view();
        const Result<std::size_t> sent =
            reactor().kernel().send(control_.fd(), as_bytes(pending), closes_next);
        if (!sent) {
            if (sent.error().code == Errc::WouldBlock) { return; }
            lose_client();
            return;
        }
        output_.consume(*sent);
        encoded_ -= std::min(encoded_, static_cast<std::uint32_t>(*sent));
    }
    if (output_.is_overflowed()) { lose_client(); }
    output_.release();
}

// The replies since the last time, line by line, for a client that does not speak UTF-8.
void Session::encode_output() {
    std::string encoded;
    encoded_ = std::min(encoded_, static_cast<std::uint32_t>(output_.view().size()));
    std::string_view fresh = output_.view().substr(encoded_);
    while (!fresh.empty()) {
        const std::size_t end = std::min(fresh.find('\n'), fresh.size() - 1) + 1;
        encoded.append(services_.charset->to_client(fresh.substr(0, end)));
        fresh.remove_prefix(end);
    }
    output_.replace_from(encoded_, encoded);
    encoded_ = static_cast<std::uint32_t>(output_.view().size());
}

// A transfer that is about to wait sends what it has answered. What the socket does not take is the
// control loop's to send.
void Session::flush_for_transfer() {
    flush();
    if (has_unsent() && output_op_.is_idle()) { wake_.notify(); }
}

// The timer fires rarely and looks at the clock: a command only notes when it came.
void Session::watch_deadline() {
    if (lingering_) {
        lingering_ = false;
        wake_.notify();
        return;
    }
    const config::LimitsSection& limits = config().limits;
    const Instant now = reactor().now();
    const Duration idle_limit = this->idle_limit();
    Instant limit = last_command_ + idle_limit;
    io::StopReason reason = io::StopReason::IdleTimeout;
    bool unlimited = idle_limit.ns == 0;
    if (!state_.is_logged_in()) {
        limit = began_ + limits.login_timeout;
        reason = io::StopReason::LoginTimeout;
        unlimited = limits.login_timeout.ns == 0;
    } else if (is_busy()) {
        limit = now + idle_limit;  // a transfer has a clock of its own
    }
    if (is_shaking_hands()) {
        limit = std::min(unlimited ? now + config().tls.handshake_timeout : limit,
                         handshake_began() + config().tls.handshake_timeout);
        reason = io::StopReason::LoginTimeout;
        unlimited = false;
    }
    if (output_op_.in_flight() && limits.stall_timeout.ns > 0) {
        // The client takes no replies: as long as for data that does not move.
        limit = std::min(limit, last_command_ + limits.stall_timeout);
        reason = io::StopReason::Stalled;
        unlimited = false;
    }
    if (!unlimited && now >= limit) {
        request_end(reason);
        return;
    }
    // Looked at again at the limit, and every now and then in between for what has begun to wait.
    constexpr Duration kLookAgain = Duration::seconds(60);
    const Instant again = now + kLookAgain;
    reactor().timers().set(deadline_, unlimited ? again : std::min(limit, again));
}

std::string_view Session::farewell() const {
    if (goodbye_said_) { return {}; }
    switch (end_reason_) {
        case io::StopReason::IdleTimeout: return "Idle for too long, closing.";
        case io::StopReason::LoginTimeout: return "No login in time, closing.";
        case io::StopReason::Drain:
        case io::StopReason::Kill: return "The server is shutting down, try again later.";
        case io::StopReason::Limit: return "Too many failed logins, try again later.";
        default: return {};
    }
}

Result<std::string> Session::resolve(std::string_view argument) const {
    return proto::normalise(state_.cwd, argument);
}

const Quirks& Session::quirks() const { return quirks_of(state_.profile, config().clients); }

bool Session::offers_mode_z() const { return config().transfer.mode_z && !quirks().no_mode_z; }

bool Session::is_single_line() const {
    return config().messages.single_line || quirks().single_line;
}

xfer::Encoding Session::encoding() const {
    const config::TransferSection& transfer = config().transfer;
    xfer::Encoding encoding;
    encoding.ascii = uses_ascii();
    encoding.structure = state_.structure;
    encoding.mode = state_.mode;
    encoding.deflate_level = state_.deflate_level >= 0
                                 ? static_cast<std::uint8_t>(state_.deflate_level)
                                 : static_cast<std::uint8_t>(transfer.mode_z_level);
    encoding.inflate_ratio = transfer.mode_z_ratio;
    return encoding;
}

void Session::set_data_setup(std::unique_ptr<xfer::DataSetup> setup) {
    data_setup_ = std::move(setup);
    const Duration patience = config().limits.data_connect_timeout;
    if (data_setup_->mode != xfer::DataSetup::Mode::Passive || patience.ns == 0) { return; }
    data_setup_->expiry.owner = this;
    data_setup_->expiry.on_expire = [](void* self) {
        Session& session = *static_cast<Session*>(self);
        if (!session.data_setup_->reservation.has_connection()) { session.drop_data_setup(); }
    };
    reactor().set_timer(data_setup_->expiry, patience);
}

xfer::Transfer& Session::begin_transfer(std::string_view command) {
    SLUICE_ASSERT(!is_busy() && data_setup_ != nullptr);
    data_setup_->expiry.drop();  // the transfer's own clock runs from here
    const bool is_client = is_tls_client();
    transfer_ = std::make_unique<xfer::Transfer>(
        reactor(), config(), services_.buffers, std::move(data_setup_),
        [](void* self) { static_cast<Session*>(self)->flush_for_transfer(); }, this);
    transfer_note_ = std::make_unique<TransferNote>();
    transfer_note_->command = command;
    transfer_note_->began = reactor().now();
    if (state_.protects_data) { protect_transfer(command, is_client); }
    return *transfer_;
}

void Session::run_transfer(io::Task<void> task) {
    running_ = std::move(task);
    running_.start();
}

void Session::end_transfer(Status outcome, ReplyCode code,
                           std::initializer_list<std::string_view> text) {
    if (transfer_->is_protected()) { note_protection(); }
    if (outcome) {
        count_transfer();
        transfer_->socket().close();
    } else {
        transfer_->socket().close_abortively();
    }
    reply(code, text);
    last_command_ = reactor().now();
    if (wants(obs::EventKind::Transfer, obs::Level::Info)) { log_transfer(outcome, code); }
    wake_.notify();
}

void Session::count_transfer() {
    if (transfer_note_->direction == obs::Direction::Download) {
        ++history().downloads;
        history().downloaded_bytes += transfer_->bytes();
    } else if (transfer_note_->direction == obs::Direction::Upload) {
        ++history().uploads;
        history().uploaded_bytes += transfer_->bytes();
    }
}

Session::Job& Session::begin_job(std::string_view command, std::string_view path,
                                 std::string_view unit) {
    SLUICE_ASSERT(!is_busy());
    job_ = std::make_unique<Job>(reactor().backend());
    job_->command = command;
    job_->path.assign(path);
    job_->unit = unit;
    return *job_;
}

void Session::run_job(io::Task<void> task) {
    running_ = std::move(task);
    running_.start();
}

void Session::end_job(ReplyCode code, std::initializer_list<std::string_view> text) {
    reply(code, text);
    last_command_ = reactor().now();
    wake_.notify();
}

void Session::end_job(Error error) {
    const bool stopped = error.code == Errc::Stopped;
    const std::string_view words = stopped ? "Stopped" : text_of(error);
    end_job(stopped ? ReplyCode::TransferAborted : code_for(error.code, PathUse::Existing),
            {capitalised(words), "."});
}

void Session::stop_running(io::StopReason reason) {
    if (transfer_ != nullptr) { transfer_->stop().request(reason); }
    if (job_ != nullptr) { job_->stop.request(reason); }
}

void Session::abort() {
    ++abor_replies_;
    stop_running(io::StopReason::Abor);
}

void Session::reinitialise() {
    // Who never logged in gains neither time nor further attempts by it.
    const std::uint8_t failures = state_.login_failures;
    if (state_.is_logged_in()) { began_ = reactor().now(); }
    state_ = State();
    state_.login_failures = failures;
    state_.protection_sized = state_.protects_data = is_implicit();
    history_.reset();
    data_setup_.reset();
    last_command_ = reactor().now();
    watch_deadline();
}

}  // namespace sluice::session
