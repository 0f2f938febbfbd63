#include "sluice/proto/parser.hpp"

#include <algorithm>
#include <array>

#include "sluice/proto/type_mode.hpp"

namespace sluice::proto {
namespace {

// First words that no FTP client sends. Browsers, mail clients and scanners do.
constexpr auto kForeignWords = std::to_array<std::string_view>(
    {"GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "CONNECT", "TRACE", "PROPFIND",
     "EHLO", "HELO", "MAIL", "RCPT"});

std::string_view first_word(std::string_view line) {
    return line.substr(0, line.find(' '));
}

// "Host: x", "User-Agent:x": a header name right up to its colon. A verb is never followed by one.
bool is_header(std::string_view line) {
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos || colon < 2) {
        return false;
    }
    const std::string_view name = line.substr(0, colon);
    return std::all_of(name.begin(), name.end(), [](char c) {
        const char upper = ascii_upper(c);
        return (upper >= 'A' && upper <= 'Z') || (c >= '0' && c <= '9') || c == '-';
    });
}

bool has_only_blanks(std::string_view text) {
    return text.find_first_not_of(' ') == std::string_view::npos;
}

Request refuse(ReplyCode code, std::string_view text) {
    Request request;
    request.kind = RequestKind::Refused;
    request.code = code;
    request.text = text;
    return request;
}

}  // namespace

bool is_foreign_protocol(std::string_view line) {
    // A TLS record of type handshake, version 3.x.
    if (line.size() >= 2 && line[0] == '\x16' && line[1] == '\x03') {
        return true;
    }
    if (line.substr(0, 4) == "SSH-" || line.substr(0, 5) == "HTTP/") {
        return true;
    }
    const std::string_view word = first_word(line);
    for (const std::string_view foreign : kForeignWords) {
        if (equal_ignoring_case(word, foreign)) {
            return true;
        }
    }
    if (is_header(line)) {
        return true;
    }
    // Any other method ("PRI * HTTP/2.0"). A path may well hold these bytes behind a verb of ours.
    return line.find(" HTTP/") != std::string_view::npos && find_command(Verb(word)) == nullptr;
}

ParsedLine parse_command(std::string_view line) {
    ParsedLine parsed;
    if (line.empty()) {
        return parsed;
    }
    if (line.find('\0') != std::string_view::npos) {
        parsed.kind = ParseKind::NulByte;
        return parsed;
    }
    const std::string_view word = first_word(line);
    parsed.command.verb = Verb(word);
    if (parsed.command.verb.is_empty()) {
        parsed.kind = ParseKind::BadVerb;
        return parsed;
    }
    parsed.kind = ParseKind::Command;
    if (word.size() < line.size()) {
        parsed.command.has_argument = true;
        parsed.command.argument = line.substr(word.size() + 1);
    }
    return parsed;
}

Request parse_request(std::string_view line) {
    const ParsedLine parsed = parse_command(line);
    if (parsed.kind == ParseKind::Empty) {
        return {};
    }
    const CommandRow* const row =
        parsed.kind == ParseKind::Command ? find_command(parsed.command.verb) : nullptr;
    // A verb of ours is never foreign, so the common path does not look.
    if (row == nullptr && is_foreign_protocol(line)) {
        Request request = refuse(ReplyCode::UnknownCommand, "This is an FTP server.");
        request.kind = RequestKind::Foreign;
        return request;
    }
    if (parsed.kind == ParseKind::NulByte) {
        return refuse(ReplyCode::BadArgument, "A command line may not hold NUL bytes.");
    }
    if (parsed.kind == ParseKind::BadVerb) {
        return refuse(ReplyCode::UnknownCommand, "Not an FTP command.");
    }
    if (row == nullptr) {
        return find_unimplemented(parsed.command.verb) != nullptr
                   ? refuse(ReplyCode::NotImplemented, "Command not implemented.")
                   : refuse(ReplyCode::UnknownCommand, "Unknown command.");
    }
    const std::string_view argument = parsed.command.argument;
    switch (row->argument) {
        case ArgumentRule::None:
            if (!has_only_blanks(argument)) {
                return refuse(ReplyCode::BadArgument, "This command takes no argument.");
            }
            break;
        case ArgumentRule::Required:
        case ArgumentRule::Path:
            if (argument.empty()) {
                return refuse(ReplyCode::BadArgument, "This command needs an argument.");
            }
            break;
        case ArgumentRule::Number:
            if (!parse_decimal(argument)) {
                return refuse(ReplyCode::BadArgument, "This command needs a plain decimal number.");
            }
            break;
        case ArgumentRule::Optional:
        case ArgumentRule::OptionalPath:
            break;
    }
    Request request;
    request.kind = RequestKind::Command;
    request.row = row;
    request.command = parsed.command;
    return request;
}

}  // namespace sluice::proto
