// A filter turns a stream of bytes into another one, block by block: line ends, records, blocks,
// deflate. Filters know neither files nor sockets, so that each is tested alone and all combine.
//
// Owned by: the FilterChain of a transfer. Thread: one at a time, the shard or a helper that it
// waits for. No filter keeps memory that grows with what a peer sends.
#pragma once

#include <cstddef>

#include "sluice/base/bytes.hpp"
#include "sluice/base/result.hpp"

namespace sluice::xfer {

struct FilterStep {
    std::size_t consumed = 0;
    std::size_t produced = 0;
    // Nothing will be produced any more: an encoder has written its last byte, a decoder has read
    // the end mark, or the end of a stream that has none. Bytes it left in `in` lie behind the end.
    bool ended = false;
};

class Filter {
public:
    // The least room for output with which a filter is sure to move: a block's header and a byte.
    static constexpr std::size_t kRoomMin = 4;

    virtual ~Filter() = default;

    // Goes on as far as `in` and `out` allow; they do not overlap. With `is_last` no byte comes
    // behind `in`, and the caller says so until the filter has ended. A filter that neither
    // consumes, nor produces, nor ends wants more of `in` or of `out`.
    // Errors end the transfer: Protocol (these bytes mean nothing), EndOfStream (the end mark is
    // missing), OutOfRange (a restart offset behind the end), FileTooBig (inflated beyond the
    // limit), NoMemory.
    virtual Result<FilterStep> run(Bytes in, MutableBytes out, bool is_last) = 0;
};

}  // namespace sluice::xfer
