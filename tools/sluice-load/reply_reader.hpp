// Replies out of the bytes of a control connection (RFC 959 4.2), and what 227 and 229 say.
//
// Strict where a server may be wrong: what is not a reply is told, never skipped. Owned by an
// FtpClient; no input and output of its own.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "sluice/base/bytes.hpp"

namespace sluice::load {

class ReplyReader {
public:
    static constexpr int kNone = 0;        // not whole yet
    static constexpr int kMalformed = -1;  // not a reply; the connection is of no more use
    // A server may send this much in one line and in one reply; more is not a reply.
    static constexpr std::size_t kLineBytesMax = 8192;
    static constexpr std::size_t kReplyBytesMax = 1 << 20;

    void feed(Bytes bytes);
    // The code of the next whole reply, 100 to 599, or one of the above.
    int next();
    // Whether nothing of a further reply has come.
    bool is_empty() const { return taken_ == inbox_.size(); }
    // The last line of that reply without its end, until the next feed().
    std::string_view last_line() const { return last_line_; }
    // From now on the lines of multi-line replies are added to `lines`; null: no more.
    void collect(std::string* lines) { lines_ = lines; }
    // Forgets everything, for a new connection.
    void clear();

private:
    std::string inbox_;
    std::size_t taken_ = 0;        // bytes of inbox_ that are done with
    std::size_t reply_bytes_ = 0;  // of the reply being read
    int multi_line_ = 0;           // the code that ends it; 0: at the start of a reply
    std::string_view last_line_;
    std::string* lines_ = nullptr;
};

// The port of "229 text (|||port|)" (RFC 2428 3); nothing for anything else.
std::optional<std::uint16_t> port_of_229(std::string_view line);
// The port of "227 text h1,h2,h3,h4,p1,p2" (RFC 959 4.1.2), with or without parentheses. The host
// is not used: behind an address translation it is wrong, and clients go by the control connection.
std::optional<std::uint16_t> port_of_227(std::string_view line);

}  // namespace sluice::load
