// Finds the next command line in the bytes that a session has received.
//
// A pure function: the session owns one contiguous buffer of bytes not yet consumed and asks again
// after each line. A line ends in CRLF or in a bare LF (devices send it). NUL stays in the line,
// the parser refuses it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace sluice::proto {

// The longest line without its end. A path of 4,095 bytes with its verb must fit so that it gets
// its own 550 or 553; 8,192 leaves room for two of them (SITE commands) and is what O-PAR-2 sends.
inline constexpr std::size_t kLineBytesMax = 8192;
// What the session's buffer must hold at most: such a line and its CRLF.
inline constexpr std::size_t kLineBufferBytesMax = kLineBytesMax + 2;

enum class LineKind : std::uint8_t {
    Complete,
    Incomplete,  // no end of line yet and still room: receive more
    TooLong,     // no end of line where one must be; the caller answers 500 once and closes
};

struct Line {
    LineKind kind = LineKind::Incomplete;
    std::string_view text;     // Complete: the line without CRLF or LF, a view into the input
    std::size_t consumed = 0;  // Complete: bytes of the input up to and including LF
};

// Looks at the first line of `buffered`. `scanned` is how many bytes an earlier call with the same
// start already saw without an LF: with it a line that arrives byte by byte costs linear time.
Line next_line(std::string_view buffered, std::size_t scanned = 0);

}  // namespace sluice::proto
