// Which command of a session each reply answers.
//
// Replies come in the order of the commands, but for those that are answered while a transfer or a
// long command goes on: STAT, NOOP, QUIT. A reply that the other cannot end with is theirs. One for
// each session, no I/O.
#pragma once

#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "codes.hpp"

namespace sluice::conform {

class Exchanges {
public:
    // Bytes of the control connection in the order they are sent; a piece of a line waits.
    void sent(std::string_view bytes);
    // One line of a reply without its CRLF. Returns the command it belongs to, "" for the greeting.
    const std::string& received(std::string_view line);

    // The command whose reply came last, and the last that moves data.
    const std::string& current() const { return current_; }
    const std::string& transfer() const { return transfer_; }
    // Whether that command's line was longer than any that RFC 959 has in mind.
    bool is_long() const { return is_long_; }
    std::vector<Exchange> take() { return std::move(done_); }

private:
    struct Waiting {
        std::string command;
        bool is_long = false;
    };

    void take_line(std::string_view line, bool is_long);
    std::string take_answered(int code);

    bool greeted_ = false;
    bool is_long_ = false;
    std::string partial_;
    std::size_t partial_bytes_ = 0;
    std::deque<Waiting> waiting_;  // commands without a final reply
    std::string open_code_;        // "NNN " while a reply of several lines goes on
    std::string current_;
    std::string transfer_;
    std::vector<Exchange> done_;
};

// "SITE CHMOD" of "site chmod 600 f"; the verb of any other line, in capitals.
std::string command_of(std::string_view line);
bool is_transfer(std::string_view command);

}  // namespace sluice::conform
