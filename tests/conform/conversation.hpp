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
    const std::string& message() const { return message_; }

private:
    std::string message_;
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
    Endpoint data_target;
    std::map<std::string, DataConnection, std::less<>> data;
};

std::string_view describe(ReadEnd end);

class Conversation {
public:
    Conversation(World& world, Contents& contents, Variables& variables, Trouble& trouble,
                 std::string reference)
        : world_(world),
          contents_(contents),
          variables_(variables),
          trouble_(trouble),
          reference_(std::move(reference)) {}

    // The current session; the first one exists before it is connected.
    ControlSession& session();
    // The same, connected and greeted.
    ControlSession& ready_session();
    const std::vector<std::unique_ptr<ControlSession>>& sessions() const { return sessions_; }

    void connect(const Step& step);
    void use_session(const std::string& name);
    void use_session(ControlSession& session) { current_ = &session; }
    void login(const std::string& user);
    void split_into(std::size_t bytes) { split_ = bytes; }

    void say(const Step& step);
    void send_line(std::string line);
    void expect_reply(const Step& step);
    // One reply line that matches `pattern`, or what `differs` allows the reference server.
    void expect(const std::string& pattern,
                const std::vector<std::pair<std::string, std::string>>& differs = {});
    // A whole reply with this code; lines may stand before its last one.
    void expect_last(const std::string& code);
    // `<...`: up to the line that `next` wants, or to the end of the reply. True when it took it.
    bool skip_reply(const Step* next);
    // One line without its CRLF.
    std::optional<std::string> read_line();
    void expect_close();
    void end_control(bool reset);

    WireLog& log() { return log_; }
    bool is_reference() const { return !reference_.empty(); }

private:
    void open_control(ControlSession& session);
    void send_control(std::string_view bytes, bool urgent = false, bool may_break = false);
    std::optional<std::string> said_bytes(const Step& step);
    void skip_rest_of(const std::string& first);

    World& world_;
    Contents& contents_;
    Variables& variables_;
    Trouble& trouble_;
    std::string reference_;
    WireLog log_;
    std::vector<std::unique_ptr<ControlSession>> sessions_;
    ControlSession* current_ = nullptr;
    std::string last_line_;
    std::size_t split_ = 0;
};

}  // namespace sluice::conform
