// FtpClient: the control connection, from connect to QUIT.
#include "ftp_client.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include "socket_calls.hpp"

namespace sluice::load {

FtpClient::FtpClient(ClientContext& context, const sys::SocketAddress& source)
    : context_(context),
      source_(source),
      stop_(context.reactor.backend()),
      event_(context.reactor.ready()),
      timer_(&FtpClient::expire, this),
      alarm_(&event_) {
    stop_.notify(&event_);
}

FtpClient::~FtpClient() {
    close();
}

void FtpClient::expire(void* self) {
    static_cast<FtpClient*>(self)->stop_.request(io::StopReason::IdleTimeout);
}

void FtpClient::record(Step step, std::int64_t since_ns) {
    context_.tally.of(step).record(
        static_cast<std::uint64_t>(std::max<std::int64_t>(now() - since_ns, 0)));
}

void FtpClient::close() {
    close_data();
    control_tls_.reset();
    timer_.drop();
    context_.alarms.drop(alarm_);
    if (control_ >= 0) {
        context_.reactor.backend().forget(control_);
        context_.reactor.kernel().close(control_);
        control_ = -1;
    }
    state_ = State::Closed;
    // A time-out has done its work; Drain and Kill hold for what comes next as well.
    if (stop_.reason() == io::StopReason::IdleTimeout) {
        stop_.reset();
    }
}

bool FtpClient::count(Trouble trouble) {
    const io::StopReason reason = stop_.reason();
    if (reason != io::StopReason::Kill && reason != io::StopReason::Drain) {
        context_.tally.count(trouble);
    }
    return false;
}

bool FtpClient::break_off(Trouble trouble) {
    count(trouble);
    close();
    return false;
}

bool FtpClient::unexpected(int outcome) {
    switch (outcome) {
        case kClosed:
            return break_off(Trouble::ClosedEarly);
        case kTimedOut:
            return break_off(Trouble::ReplyTimeout);
        case kMalformed:
            return break_off(Trouble::BadReply);
        case kBroken:
            return break_off(Trouble::TlsBroken);
        case kStopped:
            close();
            return false;
        case 421:
            return break_off(Trouble::UnexpectedReply);  // the server closes (RFC 959 5.4)
        default:
            return count(Trouble::UnexpectedReply);
    }
}

io::Task<int> FtpClient::await_reply() {
    for (;;) {
        const int code = reader_.next();
        if (code > 0) {
            ++context_.tally.replies[static_cast<std::size_t>(code)];
            co_return code;
        }
        if (code == ReplyReader::kMalformed) {
            co_return kMalformed;
        }
        op_.kind = io::OpKind::ReceiveInput;
        op_.fd = control_;
        const Result<std::uint32_t> got = co_await io::OpAwaiter(op_, stop_);
        if (got && *got > 0) {
            bool is_good = true;
            if (control_tls_ != nullptr) {
                is_good = take_secure(op_.lent());
            } else {
                reader_.feed(op_.lent());
            }
            context_.reactor.backend().return_input(op_);
            if (!is_good) {
                co_return kBroken;
            }
        } else if (got || got.error().code != Errc::Stopped) {
            co_return kClosed;
        } else if (stop_.reason() == io::StopReason::IdleTimeout) {
            co_return kTimedOut;
        } else {
            co_return kStopped;
        }
    }
}

// One send of one small buffer: a command is a segment, and so it is for any client.
bool FtpClient::send_command(std::string_view verb, std::string_view argument) {
    std::array<char, 512> small;
    std::string large;
    char* at = small.data();
    const std::size_t size = verb.size() + argument.size() + 3;
    if (size > small.size()) {
        large.resize(size);
        at = large.data();
    }
    char* end = std::copy(verb.begin(), verb.end(), at);
    if (!argument.empty()) {
        *end++ = ' ';
        end = std::copy(argument.begin(), argument.end(), end);
    }
    *end++ = '\r';
    *end++ = '\n';
    const std::string_view line(at, static_cast<std::size_t>(end - at));
    if (control_tls_ != nullptr) {
        return send_secure_command(as_bytes(line));
    }
    const Result<std::size_t> sent =
        context_.reactor.kernel().send(control_, as_bytes(line), false);
    // A server that has closed shows when its reply is read; one that takes no commands (its
    // window is full of them) will not reply in time.
    return sent && *sent == line.size();
}

io::Task<int> FtpClient::ask(std::string_view verb, std::string_view argument) {
    arm();
    (void)send_command(verb, argument);  // await_reply() sees what became of it
    co_return co_await await_reply();
}

io::Task<bool> FtpClient::connect_control() {
    SocketWish wish;
    wish.source = source_;
    wish.family = context_.server.family();
    wish.no_delay = true;
    wish.congestion = context_.options.congestion.c_str();
    const Result<int> made = make_socket(wish);
    if (!made) {
        co_return count(Trouble::ConnectFailed);
    }
    control_ = *made;
    state_ = State::Connecting;
    arm();
    const std::int64_t began = now();
    const Result<std::uint32_t> connected =
        co_await io::connect(op_, control_, context_.server, stop_);
    if (connected) {
        record(Step::Connect, began);
        co_return true;
    }
    Trouble trouble = Trouble::ConnectFailed;
    if (connected.error().code == Errc::Stopped) {
        trouble = Trouble::ConnectTimeout;
    } else if (connected.error().sys_errno == ECONNREFUSED) {
        trouble = Trouble::ConnectRefused;
    } else if (connected.error().sys_errno == ETIMEDOUT) {
        trouble = Trouble::ConnectTimeout;
    }
    co_return break_off(trouble);
}

io::Task<bool> FtpClient::log_in() {
    const std::int64_t began = now();
    state_ = State::LoggingIn;
    int code = co_await ask("USER", context_.options.url.user);
    if (code == 331) {
        code = co_await ask("PASS", context_.options.url.password);
    }
    if (code == 230) {
        record(Step::Login, began);
        ++context_.tally.logins;
        co_return true;
    }
    if (code < 0) {
        co_return unexpected(code);
    }
    co_return break_off(Trouble::LoginRefused);
}

io::Task<bool> FtpClient::open(bool moves_data) {
    if (stop_.requested()) {
        co_return false;
    }
    reader_.clear();
    const bool connected = co_await connect_control();
    if (!connected) {
        co_return false;
    }
    const TlsMode mode = context_.options.url.tls;
    if (mode == TlsMode::Implicit) {
        const bool secured = co_await secure_control();
        if (!secured) {
            co_return false;
        }
    }
    const std::int64_t began = now();
    arm();
    int code = 120;  // "ready in some minutes": the 220 follows
    while (code == 120) {
        code = co_await await_reply();
    }
    if (code != 220) {
        unexpected(code);
        close();
        co_return false;
    }
    record(Step::Banner, began);
    if (context_.banner.empty()) {
        context_.banner = reader_.last_line();
    }
    if (mode == TlsMode::Explicit) {
        const bool secured = co_await begin_tls();
        if (!secured) {
            co_return false;
        }
    }
    const bool logged_in = co_await log_in();
    if (!logged_in) {
        co_return false;
    }
    if (moves_data && control_tls_ != nullptr) {
        const bool protects = co_await protect_data();
        if (!protects) {
            co_return false;
        }
    }
    if (moves_data) {
        code = co_await ask("TYPE", "I");
        if (code / 100 != 2) {
            unexpected(code);
            close();
            co_return false;
        }
    }
    timer_.drop();
    state_ = State::Ready;
    co_return true;
}

io::Task<bool> FtpClient::quit() {
    // Drain has brought the session here; the good-bye itself is an exchange like any other.
    if (stop_.reason() == io::StopReason::Drain) {
        stop_.reset();
    }
    int code = co_await ask("QUIT", "");
    if (code < 0) {
        co_return unexpected(code);
    }
    bool good = code / 100 == 2;
    if (!good) {
        count(Trouble::UnexpectedReply);
    }
    if (control_tls_ != nullptr) {
        say_end(*control_tls_, control_);
    }
    // The server closes first, as RFC 959 4.1.1 has it, and keeps TIME_WAIT.
    while (code > 0) {
        code = co_await await_reply();
    }
    if (good && code == kTimedOut) {
        good = count(Trouble::ReplyTimeout);
    }
    close();
    co_return good;
}

io::Task<bool> FtpClient::noop() {
    state_ = State::Busy;
    const int code = co_await ask("NOOP", "");
    if (code / 100 != 2) {
        co_return unexpected(code);
    }
    state_ = State::Ready;
    co_return true;
}

io::Task<bool> FtpClient::idle(std::int64_t until_ns) {
    timer_.drop();
    if (until_ns != 0) {
        const bool waited = co_await pause(until_ns);
        co_return waited;
    }
    const int code = co_await await_reply();
    // Nothing was asked, so anything but being stopped is the server ending the session.
    if (code == kStopped) {
        co_return true;
    }
    if (code > 0) {
        co_return break_off(Trouble::UnexpectedReply);
    }
    co_return unexpected(code);
}

io::Task<bool> FtpClient::ask_size(const std::string& path, std::uint64_t& size) {
    const int code = co_await ask("SIZE", path);
    size = Transfer::kSizeUnknown;
    if (code < 0 || code == 421) {
        co_return unexpected(code);
    }
    const std::string_view line = reader_.last_line();
    if (code != 213 || line.size() < 5) {
        co_return true;
    }
    std::uint64_t value = 0;
    std::size_t at = 4;
    while (at < line.size() && line[at] >= '0' && line[at] <= '9' && at < 23) {
        value = value * 10 + static_cast<std::uint64_t>(line[at++] - '0');
    }
    if (at == line.size() && at > 4) {
        size = value;
    }
    co_return true;
}

io::Task<bool> FtpClient::ask_features(std::string& features) {
    reader_.collect(&features);
    const int code = co_await ask("FEAT", "");
    reader_.collect(nullptr);
    if (code < 0) {
        co_return unexpected(code);
    }
    co_return true;
}

io::Task<bool> FtpClient::pause(std::int64_t until_ns) {
    timer_.drop();
    context_.alarms.set(alarm_, until_ns);
    while (!alarm_.fired && !stop_.requested()) {
        co_await event_.wait();
    }
    context_.alarms.drop(alarm_);
    co_return !stop_.requested();
}

}  // namespace sluice::load
