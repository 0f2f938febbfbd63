// TYPE A: LF <-> CRLF, streaming over blocks cut anywhere.
//
// Sending: an LF that no CR precedes becomes CRLF; CRLF in the file stays CRLF and a bare CR stays,
// as in vsftpd and ProFTPD (turning CRLF into CRCRLF would be the letter of RFC 959 and would spoil
// every DOS text on a mirror). Receiving: CRLF becomes LF, everything else stays, also a bare CR
// and CR NUL. Input and output must not overlap. Each transfer owns its coder; pure, one thread.
#pragma once

#include <cstddef>

#include "sluice/base/bytes.hpp"

namespace sluice::proto {

// How far one call came. Less consumed than given means that the output is full.
struct AsciiStep {
    std::size_t consumed = 0;
    std::size_t produced = 0;
};

class AsciiEncoder {
public:
    // `out` must have room for two bytes at least, or nothing moves.
    AsciiStep encode(Bytes in, MutableBytes out);

private:
    bool after_cr_ = false;  // the last byte consumed was CR
};

class AsciiDecoder {
public:
    // `out` must have room for two bytes at least, or nothing moves. Never produces more than
    // consumed + 1.
    AsciiStep decode(Bytes in, MutableBytes out);

    // A CR at the very end of the stream was held back for an LF that never came; write it out.
    // Returns 1 when there was one, else 0. `out` must have room for one byte.
    std::size_t finish(MutableBytes out);

private:
    bool holds_cr_ = false;
};

}  // namespace sluice::proto
