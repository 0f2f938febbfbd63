#include "xfer/filters.hpp"

#include <memory>

#include "xfer/ascii_filter.hpp"
#include "xfer/block_filter.hpp"
#include "xfer/deflate_filter.hpp"
#include "xfer/record_filter.hpp"

namespace sluice::xfer {
namespace {

// The rest of a MODE Z buffer behind zlib's memory: 32 KiB for each of the three parts.
constexpr std::size_t kDeflatePartBytes = 32 * 1024;
static_assert(BufferPools::kDeflateBytes == kDeflateStateBytes + 3 * kDeflatePartBytes);
// Of any other buffer, between line ends and what comes behind them.
constexpr std::size_t kTextScratchBytes = BufferPools::kTextBytes / 4;

// What MODE and STRU do to the bytes of TYPE.
void add_framing(FilterChain& chain, const Encoding& encoding, const Workspace& space) {
    if (encoding.mode == proto::TransferMode::Block) {
        chain.add(std::make_unique<BlockEncode>(encoding.has_records()));
    } else if (encoding.has_records()) {
        chain.add(std::make_unique<RecordEncode>());
    }
    if (encoding.is_deflated()) {
        chain.add(std::make_unique<DeflateEncode>(space.state, encoding.deflate_level));
    }
    chain.use_scratch(space.scratch);
}

}  // namespace

Workspace divide(MutableBytes buffer, const Encoding& encoding) {
    Workspace space;
    if (encoding.is_deflated()) {
        space.state = buffer.first(kDeflateStateBytes);
        buffer = buffer.subspan(kDeflateStateBytes);
        space.scratch = buffer.first(kDeflatePartBytes);
    } else if (encoding.mode == proto::TransferMode::Block || encoding.has_records()) {
        space.scratch = buffer.first(kTextScratchBytes);
    }
    buffer = buffer.subspan(space.scratch.size());
    space.raw = buffer.first(buffer.size() / 2);
    space.converted = buffer.subspan(buffer.size() / 2);
    return space;
}

void add_encoders(FilterChain& chain, const Encoding& encoding, const Workspace& space,
                  std::int64_t skip) {
    if (encoding.turns_line_ends()) {
        chain.add(std::make_unique<AsciiEncode>(skip));
    }
    add_framing(chain, encoding, space);
}

void add_listing_encoders(FilterChain& chain, const Encoding& encoding, const Workspace& space) {
    if (encoding.has_records()) {
        chain.add(std::make_unique<AsciiDecode>());
    }
    add_framing(chain, encoding, space);
}

void add_decoders(FilterChain& chain, const Encoding& encoding, const Workspace& space) {
    if (encoding.is_deflated()) {
        chain.add(std::make_unique<DeflateDecode>(space.state, encoding.inflate_ratio));
    }
    if (encoding.mode == proto::TransferMode::Block) {
        chain.add(std::make_unique<BlockDecode>(encoding.has_records()));
    } else if (encoding.has_records()) {
        chain.add(std::make_unique<RecordDecode>());
    }
    if (encoding.turns_line_ends()) {
        chain.add(std::make_unique<AsciiDecode>());
    }
    chain.use_scratch(space.scratch);
}

}  // namespace sluice::xfer
