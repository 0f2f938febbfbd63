#include "conversation.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace sluice::conform {
namespace {

// No reply line of an FTP server has a reason to be longer: a path with every quote doubled.
constexpr std::size_t kReplyLineBytesMax = 16 * 1024;
constexpr std::size_t kReadBytes = 64 * 1024;
constexpr std::string_view kGuestPassword = "guest@example.org";

// The end of a reply is "NNN " (RFC 959 4.2); everything else is an inner line.
bool is_last_line(std::string_view line) {
    return line.size() >= 3 &&
           std::all_of(line.begin(), line.begin() + 3,
                       [](char c) { return c >= '0' && c <= '9'; }) &&
           (line.size() == 3 || line[3] == ' ');
}

}  // namespace

std::string_view describe(ReadEnd end) {
    switch (end) {
        case ReadEnd::Bytes:
            return "bytes came";
        case ReadEnd::Closed:
            return "the server closed the connection";
        case ReadEnd::Reset:
            return "the server reset the connection";
        case ReadEnd::TimedOut:
            return "timed out";
    }
    return "?";
}

ControlSession& Conversation::session() {
    if (sessions_.empty()) {
        sessions_.push_back(std::make_unique<ControlSession>());
        sessions_.back()->name = "A";
        current_ = sessions_.back().get();
    }
    return *current_;
}

void Conversation::use_session(const std::string& name) {
    for (const auto& known : sessions_) {
        if (known->name == name) {
            current_ = known.get();
            return;
        }
    }
    trouble_.set(fmt::format("no session '{}': connect it first", name));
}

// connect [NAME] [ipv6] [from ADDRESS] [ungreeted]
void Conversation::connect(const Step& step) {
    bool read_greeting = true;
    auto made = std::make_unique<ControlSession>();
    made->name = sessions_.empty() ? "A" : fmt::format("{}", sessions_.size() + 1);
    for (std::size_t i = 0; i < step.words.size(); ++i) {
        if (step.words[i] == "ipv6") {
            made->family = Family::Ipv6;
        } else if (step.words[i] == "ungreeted") {
            read_greeting = false;
        } else if (step.words[i] == "from" && i + 1 < step.words.size()) {
            made->source_host = expand(step.words[++i], variables_);
        } else {
            made->name = step.words[i];
        }
    }
    // A name may be used again once its former session is over.
    for (const auto& old : sessions_) {
        if (old->name == made->name) {
            keep_exchanges(*old);
        }
    }
    std::erase_if(sessions_, [&](const auto& old) { return old->name == made->name; });
    sessions_.push_back(std::move(made));
    current_ = sessions_.back().get();
    open_control(*current_);
    if (read_greeting) {
        expect("220*");
        skip_rest_of(last_line_);
    }
}

void Conversation::open_control(ControlSession& s) {
    const Result<Endpoint> target = world_.control_endpoint(s.family);
    if (!target) {
        trouble_.set(fmt::format("no such listener: {}", text_of(target.error())));
        return;
    }
    DialOptions dial;
    dial.target = *target;
    dial.source_host = s.source_host;
    const Result<ChannelId> channel = world_.dial(dial);
    if (!channel) {
        trouble_.set(fmt::format("cannot connect: {}", text_of(channel.error())));
        return;
    }
    s.channel = *channel;
}

// A session that nobody connected is connected now, and its greeting is read.
ControlSession& Conversation::ready_session() {
    ControlSession& s = session();
    if (!s.channel && !s.closed && trouble_.none()) {
        open_control(s);
        expect("220*");
        skip_rest_of(last_line_);
    }
    return s;
}

void Conversation::login(const std::string& user) {
    ready_session();
    const std::string usual = is_foreign() ? foreign_->user : "anonymous";
    send_line(fmt::format("USER {}", user.empty() ? usual : user));
    expect(is_foreign() ? "331|230 *" : "331 *");
    if (last_line_.starts_with("230")) {
        return;
    }
    send_line(fmt::format("PASS {}", is_foreign() ? foreign_->password : kGuestPassword));
    expect("230*");
    skip_rest_of(last_line_);
}

void Conversation::send_line(std::string line) {
    line += "\r\n";
    send_control(line);
}

void Conversation::send_control(std::string_view bytes, bool urgent, bool may_break) {
    ControlSession& s = ready_session();
    if (!s.channel) {
        trouble_.set("the session is closed");
    }
    if (!trouble_.none()) {
        return;
    }
    log_.note(s.name + ">", bytes);
    s.exchanges.sent(bytes);
    const std::size_t piece = split_ == 0 || urgent ? bytes.size() : split_;
    while (!bytes.empty() && trouble_.none()) {
        const std::size_t size = std::min(piece, bytes.size());
        const Status sent = world_.send(*s.channel, bytes.substr(0, size), urgent);
        if (!sent && may_break && sent.error() != Errc::TimedOut) {
            return;
        }
        if (!sent) {
            trouble_.set(fmt::format("cannot send: {}", text_of(sent.error())));
        }
        bytes.remove_prefix(size);
    }
}

std::optional<std::string> Conversation::said_bytes(const Step& step) {
    if (step.word == Word::Say) {
        return expand(step.text, variables_) + "\r\n";
    }
    return contents_.evaluate(step.bytes, variables_);
}

void Conversation::say(const Step& step) {
    std::string bytes;
    const auto append = [this, &bytes](const Step& one) {
        const std::optional<std::string> more = said_bytes(one);
        if (more) {
            bytes += *more;
        } else {
            trouble_.set("cannot evaluate this expression");
        }
    };
    if (step.word != Word::Pipeline) {
        append(step);
    }
    for (const Step& inner : step.block) {
        append(inner);
    }
    send_control(bytes, step.urgent, step.may_break);
}

// One line without its CRLF.
std::optional<std::string> Conversation::read_line() {
    ControlSession& s = ready_session();
    while (trouble_.none()) {
        if (!s.channel) {
            trouble_.set("the session is closed");
            break;
        }
        const std::size_t end = s.inbox.find('\n');
        if (end != std::string::npos) {
            std::string line = s.inbox.substr(0, end + 1);
            s.inbox.erase(0, end + 1);
            log_.note(s.name + "<", line);
            if (!line.ends_with("\r\n")) {
                trouble_.set("a reply line ends in a bare LF");
            }
            line.resize(line.size() - std::min<std::size_t>(2, line.size()));
            if (line.find_first_of(std::string_view("\r\n\0", 3)) != std::string::npos) {
                trouble_.set(fmt::format("CR or NUL inside a reply line: {}", printable(line)));
            }
            s.exchanges.received(line);
            return line;
        }
        if (s.inbox.size() > kReplyLineBytesMax) {
            trouble_.set("a reply line without an end");
            break;
        }
        const ReadEnd end_of_read = world_.read(*s.channel, s.inbox, kReadBytes);
        if (end_of_read != ReadEnd::Bytes) {
            trouble_.set(fmt::format("no reply: {}{}", describe(end_of_read),
                                     s.inbox.empty() ? "" : ", after " + printable(s.inbox)));
        }
    }
    return std::nullopt;
}

void Conversation::expect_reply(const Step& step) {
    for (std::uint64_t i = 0; i < step.number && trouble_.none(); ++i) {
        expect(step.text, step.differs);
    }
}

void Conversation::expect(const std::string& pattern,
                          const std::vector<std::pair<std::string, std::string>>& differs) {
    if (is_foreign()) {
        expect_foreign(pattern, differs);
        return;
    }
    const std::optional<std::string> line = read_line();
    if (!line || !trouble_.none()) {
        return;
    }
    last_line_ = *line;
    if (matches_reply(pattern, *line, variables_)) {
        return;
    }
    for (const auto& [server, other] : differs) {
        if (server == reference_ && matches_reply(other, *line, variables_)) {
            return;
        }
    }
    trouble_.set(fmt::format("expected '{}', got '{}'", pattern, printable(*line)));
}

void Conversation::expect_last(const std::string& code) {
    std::optional<std::string> line = read_line();
    while (line && trouble_.none() && line->starts_with(code + "-")) {
        line = read_line();
    }
    if (line && trouble_.none() && !line->starts_with(code + " ")) {
        trouble_.set(fmt::format("expected '{} *', got '{}'", code, printable(*line)));
    }
}

// A whole reply, whether it has one line or many.
void Conversation::expect_foreign(const std::string& pattern,
                                  const std::vector<std::pair<std::string, std::string>>& differs) {
    reply_.clear();
    std::optional<std::string> line = read_line();
    if (!line || !trouble_.none()) {
        return;
    }
    reply_.push_back(*line);
    if (!is_last_line(*line) && line->size() > 3) {
        const std::string end = line->substr(0, 3) + " ";
        while (trouble_.none() && !reply_.back().starts_with(end)) {
            if ((line = read_line())) {
                reply_.push_back(*line);
            }
        }
    }
    if (!trouble_.none()) {
        return;
    }
    last_line_ = reply_.back();
    for (const auto& [server, other] : differs) {
        const bool is_meant = server == reference_ || server == "any";
        if (is_meant && matches_reply(other, reply_.front(), variables_)) {
            return;
        }
    }
    if (!judge(pattern, reply_.front())) {
        return;
    }
    if (!fits_text(session().exchanges.current(), pattern, reply_.front(), variables_)) {
        trouble_.set(fmt::format("expected '{}', got '{}'", pattern, printable(reply_.front())));
    }
}

bool Conversation::judge(std::string_view pattern, const std::string& line) {
    const std::string& command = session().exchanges.current();
    const bool is_long = session().exchanges.is_long();
    switch (judge_code(*foreign_->codes, command, pattern, line, is_long)) {
        case Fit::Yes:
            return true;
        case Fit::Lacks:
            trouble_.set_inapplicable(fmt::format("no {}: '{}'", command, printable(line)));
            return false;
        case Fit::No:
            break;
    }
    trouble_.set(fmt::format("expected '{}', got '{}'", pattern, printable(line)));
    return false;
}

void Conversation::expect_facts(const std::string& pattern) {
    if (!trouble_.none() || reply_.empty() || !is_last_line(last_line_)) {
        return;
    }
    const bool found = std::any_of(reply_.begin(), reply_.end(), [&](const std::string& line) {
        return line.starts_with(' ') && fits_facts(pattern, line, variables_);
    });
    if (!found) {
        trouble_.set(fmt::format("no line '{}' in the reply", pattern));
    }
}

void Conversation::keep_exchanges(ControlSession& s) {
    for (Exchange& one : s.exchanges.take()) {
        exchanges_.push_back(std::move(one));
    }
}

std::vector<Exchange> Conversation::take_exchanges() {
    for (const auto& s : sessions_) {
        keep_exchanges(*s);
    }
    return std::move(exchanges_);
}

void Conversation::repeat(const Step& step) {
    world_.begin_patience();
    while (trouble_.none()) {
        send_line(expand(step.text, variables_));
        bool found = false;
        std::optional<std::string> line;
        do {
            line = read_line();
            found = found || (line && matches(step.words[0], *line, variables_));
        } while (line && trouble_.none() && !is_last_line(*line));
        if (found) {
            return;
        }
        if (trouble_.none() && !world_.pass_moment()) {
            trouble_.set(
                fmt::format("'{}' was never answered with '{}'", step.text, step.words[0]));
        }
    }
}

void Conversation::expect_whole(const std::string& codes) {
    expect(codes + "*");
    skip_rest_of(last_line_);
}

// Reads what is left of the reply that `first` began.
void Conversation::skip_rest_of(const std::string& first) {
    if (!trouble_.none() || is_last_line(first) || first.size() < 4) {
        return;
    }
    const std::string end = first.substr(0, 3) + " ";
    std::optional<std::string> line = read_line();
    while (line && trouble_.none() && !line->starts_with(end)) {
        line = read_line();
    }
}

bool Conversation::skip_reply(const Step* next) {
    while (trouble_.none()) {
        const std::optional<std::string> line = read_line();
        if (!line || !trouble_.none()) {
            return false;
        }
        if (next != nullptr && matches_reply(next->text, *line, variables_)) {
            last_line_ = *line;
            return true;
        }
        if (is_last_line(*line)) {
            if (next != nullptr) {
                trouble_.set(fmt::format("no line '{}' in the reply", next->text));
            }
            return false;
        }
    }
    return false;
}

void Conversation::expect_close() {
    ControlSession& s = ready_session();
    if (!s.channel) {
        trouble_.set("the session is closed already");
        return;
    }
    const ReadEnd end =
        s.inbox.empty() ? world_.read(*s.channel, s.inbox, kReadBytes) : ReadEnd::Bytes;
    if (end == ReadEnd::Bytes) {
        trouble_.set(fmt::format("expected the end of the session, got '{}'", printable(s.inbox)));
    } else if (end == ReadEnd::TimedOut) {
        trouble_.set("the server did not close the session");
    } else {
        end_control(false);
    }
}

// tls [off | as NAME [stranger]]
void Conversation::change_tls(const std::vector<std::string>& words) {
    const bool begins = words.empty() || words.front() == "as";
    TlsOptions options;
    if (words.size() > 1) {
        options.shows = expand(words[1], variables_);
        options.is_stranger = words.back() == "stranger";
    }
    ControlSession& s = session();
    if (!s.channel) {
        trouble_.set("the session is closed already");
        return;
    }
    if (!s.inbox.empty()) {
        trouble_.set(fmt::format("unread before TLS: '{}'", printable(s.inbox)));
        return;
    }
    const Status changed =
        begins ? world_.begin_tls(*s.channel, options) : world_.end_tls(*s.channel);
    log_.note(s.name + "#", begins ? "TLS" : "clear");
    if (!changed) {
        trouble_.set(
            fmt::format("{}: {}", begins ? "no TLS" : "TLS did not end", text_of(changed.error())));
    }
}

void Conversation::end_control(bool reset) {
    ControlSession& s = session();
    if (!s.channel) {
        trouble_.set("the session is closed already");
        return;
    }
    if (reset) {
        world_.reset(*s.channel);
    } else {
        world_.close(*s.channel);
    }
    s.channel.reset();
    s.closed = true;
}

}  // namespace sluice::conform
