// The control connections of a transcript: sessions, lines out, replies in.
#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "contents.hpp"
#include "exchanges.hpp"
#include "foreign.hpp"
#include "pattern.hpp"
#include "transcript.hpp"
#include "wire.hpp"
#include "world.hpp"

namespace sluice::conform {

// The first thing that went wrong; everything after it is only cleaning up.
class Trouble {
public:
    bool none() const { return message_.empty(); }
    void set(std::string message) {
        if (message_.empty()) {
            message_ = std::move(message);
        }
    }
    void set_unless_empty(std::string message) {
        if (!message.empty()) {
            set(std::move(message));
        }
    }
    // Nothing is wrong, but this case cannot be played here.
    void set_inapplicable(std::string message) {
        is_inapplicable_ = is_inapplicable_ || none();
        set(std::move(message));
    }
    bool is_inapplicable() const { return is_inapplicable_; }
    const std::string& message() const { return message_; }

private:
    std::string message_;
    bool is_inapplicable_ = false;
};

struct DataConnection {
    std::optional<ChannelId> channel;
    std::optional<ListenerId> listener;
    bool refused = false;
    bool narrow = false;
    bool ended = false;
    std::string inbox;
};

struct ControlSession {
    std::string name;
    std::optional<ChannelId> channel;
    Family family = Family::Ipv4;
    std::string source_host;
    bool closed = false;
    std::string inbox;
    Exchanges exchanges;
    Endpoint data_target;
    std::map<std::string, DataConnection, std::less<>> data;
};

std::string_view describe(ReadEnd end);

class Conversation {
public:
    // `foreign` is null for sluice itself.
    Conversation(World& world, Contents& contents, Variables& variables, Trouble& trouble,
                 std::string reference, const ForeignServer* foreign)
        : world_(world),
          contents_(contents),
          variables_(variables),
          trouble_(trouble),
          reference_(std::move(reference)),
          foreign_(foreign) {}

    // The current session; the first one exists before it is connected.
    ControlSession& session();
    // The same, connected and greeted.
    ControlSession& ready_session();
    const std::vector<std::unique_ptr<ControlSession>>& sessions() const { return sessions_; }

    void connect(const Step& step);
    void use_session(const std::string& name);
    void use_session(ControlSession& session) { current_ = &session; }
    void login(const std::string& user);
    // A handshake on the control connection, or the end of TLS there: the words behind `tls`.
    void change_tls(const std::vector<std::string>& words);
    void split_into(std::size_t bytes) { split_ = bytes; }

    void say(const Step& step);
    void send_line(std::string line);
    void expect_reply(const Step& step);
    // One reply line that matches `pattern`, or what `differs` allows the reference server.
    void expect(const std::string& pattern,
                const std::vector<std::pair<std::string, std::string>>& differs = {});
    // A whole reply with this code; lines may stand before its last one.
    void expect_last(const std::string& code);
    // Sends a line until its reply, all lines of it, has one that matches.
    void repeat(const Step& step);
    // A reply with one of these codes, however many lines it has.
    void expect_whole(const std::string& codes);
    // `<...`: up to the line that `next` wants, or to the end of the reply. True when it took it.
    bool skip_reply(const Step* next);
    // One line without its CRLF.
    std::optional<std::string> read_line();
    void expect_close();
    void end_control(bool reset);

    WireLog& log() { return log_; }
    bool is_foreign() const { return foreign_ != nullptr; }
    // Foreign: of the reply that came last, one line must hold the facts of `pattern`.
    void expect_facts(const std::string& pattern);
    // Foreign: whether `line` is the answer to the current command that a server may give. False
    // sets the trouble.
    bool judge(std::string_view pattern, const std::string& line);
    // Of all sessions, also those that are over.
    std::vector<Exchange> take_exchanges();

private:
    void open_control(ControlSession& session);
    void send_control(std::string_view bytes, bool urgent = false, bool may_break = false);
    std::optional<std::string> said_bytes(const Step& step);
    void skip_rest_of(const std::string& first);
    void expect_foreign(const std::string& pattern,
                        const std::vector<std::pair<std::string, std::string>>& differs);
    void keep_exchanges(ControlSession& session);

    World& world_;
    Contents& contents_;
    Variables& variables_;
    Trouble& trouble_;
    std::string reference_;
    const ForeignServer* foreign_;
    WireLog log_;
    std::vector<Exchange> exchanges_;
    std::vector<std::string> reply_;  // foreign: the lines of the last reply
    std::vector<std::unique_ptr<ControlSession>> sessions_;
    ControlSession* current_ = nullptr;
    std::string last_line_;
    std::size_t split_ = 0;
};

}  // namespace sluice::conform
