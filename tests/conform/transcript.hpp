// A conformance transcript: a text file that says what a client sends and what must come back.
//
// The language is described in README.md beside this file. Parsing checks everything that can be
// checked without a server, so that a misspelt word fails loudly instead of testing nothing. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::conform {

enum class Word : std::uint8_t {
    // The tree.
    Dir,
    File,
    Bytes,
    Link,
    Fifo,
    Mode,
    Mtime,
    Truncate,
    Rename,
    Remove,
    Let,
    // Checks of the tree.
    Exists,
    Missing,
    Content,
    Size,
    Permissions,
    Modified,
    Only,
    // The control connection.
    Connect,
    Session,
    Login,
    Say,
    Raw,
    Pipeline,
    Split,
    Tls,
    Repeat,
    Reply,
    ReplyRest,
    WholeReply,
    ExpectClose,
    CloseControl,
    AbortControl,
    // Data connections.
    Data,
    Dial,
    Receive,
    ReceiveSize,
    ReceiveSome,
    ReceiveLines,
    Send,
    CloseData,
    AbortData,
    ExpectNoData,
    ExpectDrop,
    Discard,
};

// One piece of a line: a bare word or a quoted text. Escapes and $variables are still in it.
struct Token {
    std::string text;
    bool quoted = false;
};

// A piece of an expression for bytes: `"text" times 3`, or `NAME from 10 to 20`.
struct Term {
    Token source;
    std::uint64_t times = 1;
    std::uint64_t from = 0;
    std::optional<std::uint64_t> to;
};

struct Step {
    Word word = Word::Say;
    std::uint32_t line = 0;
    std::string text;                // Say, Reply: the rest of the line; others: the main name
    std::vector<std::string> words;  // further names, options, patterns
    std::vector<Term> bytes;         // File, Bytes, Let, Content, Raw, Receive, Send
    std::vector<Step> block;         // Pipeline: its lines, Say and Raw
    std::uint64_t number = 0;
    bool eventually = false;
    bool urgent = false;
    bool may_break = false;  // Raw as `flood`: the server may cut it short
    // Replies that named servers other than sluice may give instead: "differs: vsftpd 225 *".
    std::vector<std::pair<std::string, std::string>> differs;
};

struct Transcript {
    std::string name;
    bool writable = false;
    bool is_readonly = false;           // says `server readonly`: what it shows needs that
    std::vector<std::string> settings;  // "limits.idle_timeout=1s", in order
    std::vector<std::string> requirements;
    std::vector<std::string> covers;  // verbs, from "# covers:"
    std::vector<Step> steps;
};

struct ParseError {
    std::uint32_t line = 0;
    std::string message;
};

// Parses `text`; on an error `error` is set and the transcript must not be run.
Transcript parse_transcript(std::string name, std::string_view text,
                            std::optional<ParseError>& error);

// Escapes: \\ \" \n \r \t \0 \* \$ \xHH. Anything else behind a backslash is an error.
bool escapes_are_valid(std::string_view text);

}  // namespace sluice::conform
