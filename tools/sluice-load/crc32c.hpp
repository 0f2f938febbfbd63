// CRC32C (Castagnoli, RFC 3720 appendix B.4), for content that only a manifest knows. Table-driven,
// eight bytes at a step. Pure, any thread.
#pragma once

#include <cstdint>

#include "sluice/base/bytes.hpp"

namespace sluice::load {

// The checksum of what `before` is the checksum of, followed by `more`. 0 for nothing.
std::uint32_t crc32c(std::uint32_t before, Bytes more);

}  // namespace sluice::load
