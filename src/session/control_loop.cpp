// The control loop: bytes to lines, lines to commands, commands to answers in order.
#include <algorithm>

#include "session/dispatch.hpp"
#include "session/gates.hpp"
#include "session/messages.hpp"
#include "sluice/proto/line_splitter.hpp"
#include "sluice/proto/parser.hpp"
#include "sluice/session/session.hpp"

namespace sluice::session {
namespace {

using proto::CommandId;
using proto::ReplyCode;

// After garbage we send 500 and close. The client's own bytes that we have not read would turn our
// close into a reset that destroys the 500, so they are read away for a moment first.
constexpr Duration kLingerTime = Duration::seconds(2);
constexpr std::size_t kLingerBytesMax = 1u << 20;

std::string_view as_text_view(const std::string& text, std::size_t from) {
    return std::string_view(text).substr(from);
}

}  // namespace

io::Task<void> Session::control_loop() {
    if (is_implicit()) {
        begin_tls();
    } else {
        append_greeting(*this);
    }
    while (true) {
        take_input();
        if (is_shaking_hands()) { co_await shake_hands(); }
        join_running();
        if (!is_busy() && !input_.empty() && input_op_.in_flight()) {
            co_await recall_input();
        }
        std::string_view line;
        while (takes_lines() && output_.has_room() && next_line(line)) {
            const Step step = begin_line(in_utf8(line));
            if (step.handler != nullptr) { co_await step.handler(*this, step.command); }
            if (step.needs_data) { drop_refused_data(); }
            consume_line();
            join_running();
        }
        const bool was_full = !output_.has_room();
        if (must_end()) { break; }
        flush();
        if (must_end()) { break; }
        change_tls();
        if (was_full && !has_unsent()) {
            // More lines may be there already, and nothing would wake us for them.
            co_await reactor().yield();
            continue;
        }
        arm();
        co_await wake_.wait();
    }
    co_await tear_down();
}

// While a drain waits for the transfer, the client may still ask about it or abort it.
bool Session::takes_lines() const {
    if (tls_step_ != TlsStep::None || is_shaking_hands()) { return false; }
    return end_reason_ == io::StopReason::None ||
           (end_reason_ == io::StopReason::Drain && is_busy());
}

// Lines that waited for a transfer are about to run, and the receive that was armed meanwhile is
// still out. A command may wait for long (a client that does not read its answer): the receive
// would hold a lent buffer that all sessions of the shard share, and its wake-up would be taken for
// another. So while a command runs, no receive is in flight.
io::Task<void> Session::recall_input() {
    reactor().backend().stop(input_op_);
    while (input_op_.in_flight()) { co_await wake_.wait(); }
    take_input();
}

// What the kernel has lent us, Telnet's commands taken out.
void Session::take_input() {
    if (!input_op_.is_done()) { return; }
    const Bytes lent = input_op_.lent();
    const std::size_t before = input_.size();
    const bool is_intact = take_secure_input(lent);
    reactor().backend().return_input(input_op_);
    const Result<std::uint32_t> received = input_op_.take_result();
    if (!received && received.error().code == Errc::Stopped) { return; }  // recall_input
    if (!received) {
        lose_client();
        return;
    }
    if (*received == 0) { input_ended_ = true; }
    if (!is_intact) {
        log_abuse("no TLS on the control connection");
        request_end(io::StopReason::Protocol);
    }
    filter_input(before);
}

// Takes Telnet's commands out of what came behind the first `from` bytes.
void Session::filter_input(std::size_t from) {
    if (input_.size() == from) { return; }
    const MutableBytes fresh(reinterpret_cast<std::uint8_t*>(input_.data()) + from,
                             input_.size() - from);
    proto::TelnetAnswers answers;
    input_.resize(from + telnet_.filter(fresh, answers));
    if (answers.size > 0) { output_.append(answers.view()); }
}

// The next line to act on. Between transfers that is the first; while one runs, only ABOR may pass
// those that came before it, and NOOP and STAT where nothing waits: order is what a client that
// pipelines relies on (RFC 959 has none of this; protocol: "ABOR, STAT, QUIT, NOOP").
bool Session::next_line(std::string_view& line) {
    while (true) {
        const proto::Line found = proto::next_line(as_text_view(input_, deferred_), scanned_);
        if (found.kind == proto::LineKind::Incomplete) {
            scanned_ = static_cast<std::uint32_t>(input_.size() - deferred_);
            if (is_binary_greeting()) {
                line = as_text_view(input_, 0);
                line_bytes_ = static_cast<std::uint32_t>(input_.size());
                return true;
            }
            return false;
        }
        scanned_ = 0;
        if (found.kind == proto::LineKind::TooLong) {
            if (is_busy()) { return false; }  // it will still be too long afterwards
            reply(ReplyCode::UnknownCommand, "Line too long.");
            request_end(io::StopReason::Protocol);
            return false;
        }
        line = found.text;
        line_bytes_ = static_cast<std::uint32_t>(found.consumed);
        if (!is_busy() || may_pass(line)) { return true; }
        deferred_ += line_bytes_;
    }
}

// A TLS ClientHello on the plain port has no line end to wait for; its first bytes tell (RFC 8446
// section 5.1: type 22, version 3).
bool Session::is_binary_greeting() const {
    return !state_.is_logged_in() && !is_busy() && input_.size() >= 2 && input_[0] == 0x16 &&
           input_[1] == 0x03;
}

// Whether a line is looked at while a transfer runs.
bool Session::may_pass(std::string_view line) {
    const proto::Request request = proto::parse_request(line);
    if (request.kind != proto::RequestKind::Command) { return false; }
    if (request.row->id == CommandId::Abor) { return true; }
    if (request.row->id == CommandId::Quit) {
        quit_seen_ = true;  // it waits, and the end of input behind it is no abort
        // An upload ends when the client says so, and a client may first want an answer to its QUIT
        // (PyFilesystem2): then 221 comes before the result, as from pyftpdlib.
        if (has_transfer() && transfer_note_->direction == obs::Direction::Upload &&
            deferred_ == 0 && end_reason_ == io::StopReason::None) {
            say_goodbye();
        }
        return false;
    }
    // A job has no preliminary reply that would tell a client to expect its answer later, so NOOP
    // waits for it; STAT is asked by who wants to see it.
    if (has_job() && request.row->id != CommandId::Stat) { return false; }
    return request.row->flags.during_transfer && deferred_ == 0;
}

// For clients that do not speak UTF-8. The command points into the result until consume_line().
std::string_view Session::in_utf8(std::string_view line) {
    if (!speaks_charset()) { return line; }
    line_in_utf8_ = std::make_unique<std::string>(services_.charset->from_client(line));
    return *line_in_utf8_;
}

void Session::consume_line() {
    input_.erase(deferred_, line_bytes_);
    line_bytes_ = 0;
    line_in_utf8_.reset();
    if (input_.empty()) { std::string().swap(input_); }  // an idle session owns no buffer
}

// Behind a transfer command: whatever set-up is left was not taken, so it was refused. A client
// that begins TLS before it reads replies (Perl's Net::FTP, which even connects after the command)
// would wait on its data connection for its time-out; ProFTPD closes it, too. In clear nobody waits
// there, and clients may try another name on what they have: vsftpd and Pure-FTPd let them.
void Session::drop_refused_data() {
    if (state_.protects_data && has_data_setup() &&
        data_setup_->mode == xfer::DataSetup::Mode::Passive) {
        data_setup_->reservation.refuse_tls();
        drop_data_setup();
    }
}

// Parses, checks and, where the handler is a plain function, runs it. A coroutine is handed back.
Session::Step Session::begin_line(std::string_view line) {
    last_command_ = reactor().now();
    const proto::Request request = proto::parse_request(line);
    switch (request.kind) {
        case proto::RequestKind::Empty: return Step();
        case proto::RequestKind::Refused:
            state_.source.clear();  // RNTO follows RNFR, and CPTO its CPFR, at once or not at all
            reply(request.code, request.text);
            return Step();
        case proto::RequestKind::Foreign:
            reply(request.code, request.text);
            log_abuse("another protocol on the control connection");
            request_end(io::StopReason::Protocol);
            return Step();
        case proto::RequestKind::Command: break;
    }
    Step step;
    step.needs_data = request.row->flags.needs_data;
    if (!pass_gates(*this, *request.row)) { return step; }
    const Handler& handler = handler_of(request.row->id);
    step.command = request.command;
    if (handler.now != nullptr) {
        handler.now(*this, step.command);
    } else {
        step.handler = handler.later;
    }
    return step;
}

// Frees a transfer or job that has ended, and answers the ABORs that waited for its reply.
void Session::join_running() {
    if (!is_busy() || !running_.done()) { return; }
    running_ = io::Task<void>();
    transfer_.reset();
    job_.reset();
    transfer_note_.reset();
    deferred_ = 0;
    scanned_ = 0;
    quit_seen_ = false;
    for (; abor_replies_ > 0; --abor_replies_) {
        reply(ReplyCode::TransferComplete, "Abort successful.");
    }
}

bool Session::must_end() {
    if (client_gone_) { return true; }
    if (input_ended_ && !is_busy() && end_reason_ == io::StopReason::None) {
        // Every whole line has been answered; what is left is not one.
        if (output_.has_room()) { end_reason_ = io::StopReason::ClientGone; }
    }
    if (input_ended_ && is_busy() && !quit_seen_) {
        stop_running(io::StopReason::ClientGone);  // RFC 959 4.1.1.1
    }
    if (end_reason_ == io::StopReason::None) { return false; }
    // A drain lets the transfer finish; QUIT is never acted on before that.
    return end_reason_ != io::StopReason::Drain || !is_busy();
}

// Listens to the client as long as it may say more, and for room while replies wait to be sent.
void Session::arm() {
    if (input_op_.is_idle() && !input_ended_ && input_.size() < kInputBytesMax && !has_unsent()) {
        input_op_.kind = io::OpKind::ReceiveInput;
        input_op_.fd = control_.fd();
        input_op_.event = &wake_;
        reactor().backend().start(input_op_);
    }
    if (wait_for_room()) { watch_deadline(); }
}

// True when it has begun to wait now.
bool Session::wait_for_room() {
    if (output_op_.is_done()) { (void)output_op_.take_result(); }
    if (!has_unsent() || !output_op_.is_idle()) { return false; }
    output_op_.kind = io::OpKind::PollOut;
    output_op_.fd = control_.fd();
    output_op_.event = &wake_;
    reactor().backend().start(output_op_);
    return true;
}

io::Task<bool> Session::make_room() {
    flush();
    while (!output_.has_room() && !client_gone_ && !stops_now()) {
        arm();
        co_await wake_.wait();
        flush();  // input stays where it is: the command that runs points into it
    }
    last_command_ = reactor().now();  // the client has taken something: not stalled
    co_return !client_gone_ && !stops_now();
}

// The end, each step in its place: stop, join the transfer, say good-bye, join the operations,
// close, tell the owner.
io::Task<void> Session::tear_down() {
    if (is_busy()) {
        stop_running(end_reason_);
        while (!running_.done()) { co_await wake_.wait(); }
        join_running();
    }
    data_setup_.reset();
    if (!client_gone_) {
        const std::string_view words = farewell();
        if (!words.empty()) { reply(ReplyCode::ServiceUnavailable, words); }
        // After QUIT "221" and the FIN leave in one segment.
        // Not where the client has said more: closing over unread bytes throws away what waits.
        flush(end_reason_ == io::StopReason::Quit && input_.empty() && input_op_.is_idle());
    }
    close_tls();
    if (ends_in_order() && has_unsent() && !client_gone_) {
        co_await send_rest();
        close_tls();
    }
    if (end_reason_ == io::StopReason::Protocol && !client_gone_) { co_await linger(); }
    reactor().backend().stop(input_op_);
    reactor().backend().stop(output_op_);
    while (input_op_.in_flight() || output_op_.in_flight()) { co_await wake_.wait(); }
    if (input_op_.is_done()) {
        reactor().backend().return_input(input_op_);
        (void)input_op_.take_result();
    }
    if (output_op_.is_done()) { (void)output_op_.take_result(); }
    deadline_.drop();
    control_.close();
    log_end();
    services_.owner.on_session_end(*this);
}

// The client said QUIT, or closed its side after its last command: it is owed all its replies.
bool Session::ends_in_order() const {
    return end_reason_ == io::StopReason::Quit ||
           (end_reason_ == io::StopReason::ClientGone && input_ended_);
}

// Waits until the client has taken the last replies, for the time of one stall.
io::Task<void> Session::send_rest() {
    const Duration patience = config().limits.stall_timeout;
    reactor().set_timer(deadline_, patience.ns > 0 ? patience : kLingerTime);
    lingering_ = true;
    while (lingering_ && !client_gone_ && has_unsent()) {
        wait_for_room();
        co_await wake_.wait();
        flush();
    }
}

io::Task<void> Session::linger() {
    (void)reactor().kernel().shutdown_sending(control_.fd());
    reactor().set_timer(deadline_, kLingerTime);
    lingering_ = true;
    std::size_t total = input_.size();
    while (lingering_ && !input_ended_ && !client_gone_ && total < kLingerBytesMax) {
        std::string().swap(input_);
        output_.release();
        drop_secure_output();
        arm();
        co_await wake_.wait();
        take_input();
        total += input_.size();
    }
}

}  // namespace sluice::session
