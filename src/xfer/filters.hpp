// From an Encoding to its filters, and how the one pooled buffer of a filtered transfer is divided.
//
// One buffer per transfer, because two that are taken one after the other could leave two transfers
// waiting for each other's.
#pragma once

#include <cstdint>

#include "sluice/xfer/buffer_pool.hpp"
#include "sluice/xfer/encoding.hpp"
#include "xfer/filter_chain.hpp"

namespace sluice::xfer {

struct Workspace {
    MutableBytes raw;        // as the bytes come
    MutableBytes converted;  // what they become
    MutableBytes scratch;    // between the filters
    MutableBytes state;      // zlib's; empty without MODE Z
};
// Of a buffer of BufferPools::text, or of BufferPools::deflate for MODE Z.
Workspace divide(MutableBytes buffer, const Encoding& encoding);

inline BufferPool& pool_for(BufferPools& pools, const Encoding& encoding) {
    return encoding.is_deflated() ? pools.deflate : pools.text;
}

// `skip`: so many bytes as they are after the line ends were turned are left out.
void add_encoders(FilterChain& chain, const Encoding& encoding, const Workspace& space,
                  std::int64_t skip);
// For listings, whose lines end in CRLF already: in STRU R they are records, too.
void add_listing_encoders(FilterChain& chain, const Encoding& encoding, const Workspace& space);
void add_decoders(FilterChain& chain, const Encoding& encoding, const Workspace& space);

}  // namespace sluice::xfer
