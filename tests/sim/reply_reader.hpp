// The client's view of the control stream: bytes in, whole replies out (RFC 959 section 4.2).
//
// Strict, because lenient clients hide a server's faults: a reply begins with three digits and
// "-" or SP, ends in CRLF, and holds no bare CR or LF and no NUL. Telnet answers (IAC x y) are taken
// out.
// Owned by: Client. Thread: the one of the simulation.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace sluice::sim {

struct Reply {
    int code = 0;
    std::string text;  // all lines, without the CRLF of the last
};

class ReplyReader {
public:
    void feed(std::string_view bytes) { pending_.append(bytes); }
    // The next whole reply, if there is one. Ends the test on a malformed one.
    std::optional<Reply> next();
    bool is_between_replies() const { return pending_.empty() && lines_.empty(); }

private:
    std::string pending_;
    std::string lines_;  // of a reply of several lines, so far
    int code_ = 0;
};

}  // namespace sluice::sim
