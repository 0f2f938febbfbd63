// Replies: their bytes, and the bounded buffer they wait in until the session sends them.
//
// Every text that goes through here is cleaned: CR, LF and NUL become '?', so that no name, no
// target of a link and no text of an operator can end a reply line early or begin a forged one. RFC
// 2640 3.1 would send CR as CR NUL; sluice refuses such names on input, so a client could not use
// what it was told, and a client that reads lines up to a bare CR could be fooled by it. Owned by
// the session, its shard's thread, no I/O.
#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>

#include "sluice/base/bytes.hpp"
#include "sluice/proto/reply_codes.hpp"

namespace sluice::proto {

// Bytes to be sent, in order. Growable up to a bound; frees its memory on release().
class ReplyBuffer {
public:
    // One reply line at its longest: a 4,095-byte path with every quote doubled, its words and
    // code.
    static constexpr std::size_t kReplyBytesMax = 12 * 1024;
    // Room for a batch of pipelined answers. The session asks has_room() before it takes the next
    // command and sends first when there is none, so that a client that never reads stops itself.
    static constexpr std::size_t kBytesMax = 64 * 1024;

    // False when it does not fit: nothing is appended then, and is_overflowed() stays true until
    // release(). The caller closes, since a reply is missing.
    bool append(std::string_view bytes);
    bool append(Bytes bytes) { return append(as_text(bytes)); }

    // Room for `count` bytes that the caller writes at once, or null as append() when it does not
    // fit.
    char* extend(std::size_t count);

    bool has_room() const { return view().size() + kReplyBytesMax <= kBytesMax; }
    bool is_empty() const { return sent_ == bytes_.size(); }
    bool is_overflowed() const { return overflowed_; }

    // What is still to be sent; valid until the next change.
    std::string_view view() const { return std::string_view(bytes_).substr(sent_); }
    // The first `count` bytes of view() have been sent.
    void consume(std::size_t count);
    // Puts `bytes` in the place of everything behind the first `from` bytes of view().
    void replace_from(std::size_t from, std::string_view bytes);
    // Frees the memory: an idle session owns no buffer.
    void release();
    // Bytes of memory held now.
    std::size_t capacity() const { return bytes_.capacity(); }

private:
    std::string bytes_;
    std::uint32_t sent_ = 0;
    bool overflowed_ = false;
};

// "226 Transfer complete.\r\n"
void append_reply(ReplyBuffer& out, ReplyCode code, std::string_view text);
// The same with a text in pieces: append_reply(out, code, {"RETR ", name, " failed."}).
void append_reply(ReplyBuffer& out, ReplyCode code, std::initializer_list<std::string_view> text);

// A reply of several lines (RFC 959 4.2): begin, any number of lines, end with the same code. An
// inner line that starts with a digit is indented by a blank, so that no client takes it for the
// end.
void begin_reply(ReplyBuffer& out, ReplyCode code, std::string_view text);
void append_reply_line(ReplyBuffer& out, std::string_view line);
void end_reply(ReplyBuffer& out, ReplyCode code, std::string_view text);

// A text of an operator (banner, message file) as "250-line" lines, to be followed by append_reply
// with the same code. Lines end at LF; every line carries the code, which needs no indent rule.
// What goes beyond kReplyTextBytesMax is left out, at the end of a line.
inline constexpr std::size_t kReplyTextBytesMax = 10 * 1024;
void append_reply_text(ReplyBuffer& out, ReplyCode code, std::string_view text);

// `257 "/a""b" created` (RFC 959 appendix II): quotes inside the path are doubled.
void append_path_reply(ReplyBuffer& out, std::string_view path, std::string_view words);

}  // namespace sluice::proto
