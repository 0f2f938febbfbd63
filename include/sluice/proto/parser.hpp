// A line becomes a command of the table, or the reply that refuses it.
//
// parse_command() is the syntax alone; parse_request() adds the table: unknown, known but not
// offered, argument rule. The argument stays a view into the line. Pure, any thread.
#pragma once

#include <cstdint>
#include <string_view>

#include "sluice/proto/command.hpp"
#include "sluice/proto/command_table.hpp"
#include "sluice/proto/reply_codes.hpp"

namespace sluice::proto {

enum class ParseKind : std::uint8_t {
    Command,
    Empty,    // nothing on the line: no reply at all
    BadVerb,  // no verb of one to seven letters followed by a blank or the end: 500
    NulByte,  // 501. CR NUL, which stands for CR (RFC 2640 3.1), too: no name may hold a CR anyway
};
struct ParsedLine {
    ParseKind kind = ParseKind::Empty;
    Command command;
};
ParsedLine parse_command(std::string_view line);

enum class RequestKind : std::uint8_t {
    Command,  // `row` and `command` are set
    Empty,    // ignore the line
    Refused,  // answer `code` and `text`, go on
    Foreign,  // another protocol: answer once, then close
};
struct Request {
    RequestKind kind = RequestKind::Empty;
    const CommandRow* row = nullptr;
    Command command;
    ReplyCode code = ReplyCode::Okay;
    std::string_view text;  // static storage
};
Request parse_request(std::string_view line);

// A line of HTTP, SMTP or SSH, or a TLS hello on the plain port. Browsers can be made to POST to an
// FTP port with FTP commands in the body, hence the caller closes at the first such line.
// Also usable on an incomplete line: a TLS hello or "SSH-" needs no line end to be recognised.
bool is_foreign_protocol(std::string_view line);

}  // namespace sluice::proto
