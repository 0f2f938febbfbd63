// MODE Z (draft-preston-ftpext-deflate-04): a zlib stream (RFC 1950) instead of the bytes.
//
// All memory of a stream comes from one piece that the pump lends: nothing is allocated while a
// transfer runs, and what MODE Z may use in all is what its pool may. zlib alone: whether isa-l
// would pay at low levels has not been measured.
#pragma once

#include <zlib.h>

#include <cstdint>

#include "sluice/base/bytes.hpp"
#include "xfer/filter.hpp"

namespace sluice::xfer {

// What deflate needs with a window of 32 KiB and zlib's default memory level: 262 KiB in 1.2.13,
// counted by deflate_filter_test; the rest is for later versions.
inline constexpr std::size_t kDeflateStateBytes = 288 * 1024;

// Hands out a piece of memory, once.
class ZlibMemory {
public:
    explicit ZlibMemory(MutableBytes memory) : free_(memory) {}
    void lend_to(z_stream& stream);
    std::size_t left() const { return free_.size(); }

private:
    static void* take(void* self, unsigned count, unsigned bytes_each);
    static void give_back(void*, void*) {}

    MutableBytes free_;
};

class DeflateEncode final : public Filter {
public:
    // `state` is used until the last call of run(). `level` is 0 to 9.
    DeflateEncode(MutableBytes state, int level);
    DeflateEncode(const DeflateEncode&) = delete;
    DeflateEncode& operator=(const DeflateEncode&) = delete;
    Result<FilterStep> run(Bytes in, MutableBytes out, bool is_last) override;

    std::size_t state_bytes_left() const { return memory_.left(); }

private:
    ZlibMemory memory_;
    z_stream stream_{};
    int begun_;
};

// A client may send 1 MiB that becomes 1 GiB. Such an upload is a big upload: it costs its time on
// helpers in slices, its disk space is the disk's to refuse, and its ratio is bounded here: beyond
// kFreeBytes of output, more than `ratio_max` (0: any) times the input is FileTooBig.
class DeflateDecode final : public Filter {
public:
    // Zeros in a disk image shrink to a thousandth; a small file does no harm.
    static constexpr std::uint64_t kFreeBytes = 64u << 20;

    DeflateDecode(MutableBytes state, std::uint32_t ratio_max);
    DeflateDecode(const DeflateDecode&) = delete;
    DeflateDecode& operator=(const DeflateDecode&) = delete;
    Result<FilterStep> run(Bytes in, MutableBytes out, bool is_last) override;

private:
    ZlibMemory memory_;
    z_stream stream_{};
    std::uint32_t ratio_max_;
    int begun_;
    bool ended_ = false;
};

}  // namespace sluice::xfer
