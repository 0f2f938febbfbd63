// MODE B (RFC 959 3.4.2): blocks with a header of a descriptor byte and two bytes of length.
//
// With `has_records` (STRU R) the lines of the file are its records: the block that ends one says
// so, and the LF is not sent. We send the end of file as a block of its own without data, and no
// restart markers; those of a client are skipped, because REST counts bytes of the file in MODE B,
// too, and SIZE tells a client where it stands.
#pragma once

#include <array>
#include <cstdint>

#include "xfer/filter.hpp"

namespace sluice::xfer {

inline constexpr std::size_t kBlockHeaderBytes = 3;
inline constexpr std::size_t kBlockDataMax = 0xFFFF;
// The bits of the descriptor.
inline constexpr std::uint8_t kBlockEndOfRecord = 128;
inline constexpr std::uint8_t kBlockEndOfFile = 64;
inline constexpr std::uint8_t kBlockSuspect = 32;
inline constexpr std::uint8_t kBlockRestartMarker = 16;

class BlockEncode final : public Filter {
public:
    explicit BlockEncode(bool has_records) : has_records_(has_records) {}
    Result<FilterStep> run(Bytes in, MutableBytes out, bool is_last) override;

private:
    bool has_records_;
};

// Protocol for unknown bits, for the end of a record where there are no records, and for a block
// whose sender says that its data may be wrong: a 226 would vouch for them.
class BlockDecode final : public Filter {
public:
    explicit BlockDecode(bool has_records) : has_records_(has_records) {}
    Result<FilterStep> run(Bytes in, MutableBytes out, bool is_last) override;

private:
    Status begin_block();
    bool header_is_whole() const { return header_bytes_ == kBlockHeaderBytes; }

    bool has_records_;
    bool ended_ = false;
    std::array<std::uint8_t, kBlockHeaderBytes> header_;
    std::size_t header_bytes_ = 0;  // of the present block, that have come
    std::size_t left_ = 0;          // of its data, that are to come
};

}  // namespace sluice::xfer
