// Memory of transfers that pass through user space: uploads, TYPE A, MODE Z and listings.
//
// A pool holds buffers of one size, handed out last in first out so that a few hot ones stay in the
// cache, and no more than its bound. At the bound a transfer waits in line; what has arrived for it
// stays in its socket and its client's window closes. Uploads give their buffers back whenever
// their client is silent, listings hold theirs until their client has read them, MODE Z for the
// whole transfer: so each of them has a pool of its own, and slow readers of listings never
// make an upload wait.
// Owned by: Shard. Thread: the shard's.
#pragma once

#include <algorithm>
#include <cstdint>
#include <utility>
#include <vector>

#include "sluice/base/bytes.hpp"
#include "sluice/base/intrusive_list.hpp"
#include "sluice/io/event.hpp"
#include "sluice/xfer/unsent_room.hpp"

namespace sluice::xfer {

class BufferPool;

// A buffer with one owner; goes back to its pool. Move-only.
class Buffer {
public:
    Buffer() = default;
    Buffer(Buffer&& other) noexcept
        : pool_(other.pool_), data_(std::exchange(other.data_, nullptr)), size_(other.size_) {}
    Buffer& operator=(Buffer&& other) noexcept {
        if (this != &other) {
            release();
            pool_ = other.pool_;
            data_ = std::exchange(other.data_, nullptr);
            size_ = other.size_;
        }
        return *this;
    }
    ~Buffer() { release(); }

    bool is_set() const { return data_ != nullptr; }
    std::uint8_t* data() const { return data_; }
    std::size_t size() const { return size_; }
    MutableBytes bytes() const { return {data_, size_}; }
    void release();

private:
    friend class BufferPool;
    Buffer(BufferPool& pool, std::uint8_t* data, std::size_t size)
        : pool_(&pool), data_(data), size_(size) {}
    BufferPool* pool_ = nullptr;
    std::uint8_t* data_ = nullptr;
    std::size_t size_ = 0;
};

class BufferPool {
public:
    // Buffers of `buffer_bytes` (a multiple of the page size); as many as fit into `bytes_max`, but
    // always one.
    BufferPool(std::size_t buffer_bytes, std::uint64_t bytes_max)
        : buffer_bytes_(buffer_bytes),
          count_max_(std::max<std::uint64_t>(bytes_max / buffer_bytes, 1)) {}
    BufferPool(const BufferPool&) = delete;
    BufferPool& operator=(const BufferPool&) = delete;
    ~BufferPool();

    // Not set when there is none, or others wait for one.
    Buffer try_take();

    // A place in the line. Whoever waits makes one, waits for `turn` until has_come(), and takes
    // the buffer; who gives up destroys it, and what was kept for it goes to the next in line.
    class Place : public ListHook<> {
    public:
        Place(BufferPool& pool, io::Event& turn) : pool_(pool), turn_(turn) {
            pool_.line_.push_back(*this);
            pool_.call_line();
        }
        Place(const Place&) = delete;
        Place& operator=(const Place&) = delete;
        ~Place();

        bool has_come() const { return kept_; }
        // Once, after has_come().
        Buffer take();

    private:
        friend class BufferPool;
        BufferPool& pool_;
        io::Event& turn_;
        bool kept_ = false;  // one counts as out for this place
    };

    std::uint64_t out() const { return out_; }

private:
    friend class Buffer;
    bool has_room() const { return out_ < count_max_; }
    // Is counted in out_ already.
    Buffer hand_out();
    void call_line();
    void give_back(std::uint8_t* data);

    std::size_t buffer_bytes_;
    std::uint64_t count_max_;
    std::uint64_t out_ = 0;
    std::vector<std::uint8_t*> idle_;
    IntrusiveList<Place> line_;
};

// The pools of a shard.
struct BufferPools {
    // Small enough to stay in the second-level cache between receiving and writing; half of it
    // costs about a fifth more CPU on ext4 (bench/README.md).
    static constexpr std::size_t kUploadBytes = 256 * 1024;
    // Half of it is read into, half is sent from. With 16 KiB per send TYPE A took 2.4 times the
    // CPU of reading and sending alone, with 64 KiB it takes 1.9 times (bench/must_hold, `text`).
    static constexpr std::size_t kTextBytes = 128 * 1024;
    // Slow readers of listings hold theirs, so it is small, and there are many. A helper fills one
    // at a time: with 32 KiB a listing cost about 3 % more, for twice as many changes of threads.
    static constexpr std::size_t kListingBytes = 64 * 1024;
    // MODE Z: zlib's memory and three parts to work in (src/xfer/filters.cpp).
    static constexpr std::size_t kDeflateBytes = 384 * 1024;
    // As much as a helper digests before it lets a shard on its core go first.
    static constexpr std::size_t kDigestBytes = 128 * 1024;
    // RETR over TLS: plaintext on its way, and what one send takes (src/xfer/pump_tls.cpp).
    static constexpr std::size_t kTlsBytes = 84 * 4096;
    // Rounds of digests that a shard has with the helpers at a time, whatever its sessions ask for:
    // one that computes and one that waits for a disk. The others stand in line and take turns.
    static constexpr std::uint64_t kDigestsMax = 2;
    // The part of the memory that TYPE A may have, and listings as much again.
    static constexpr std::uint64_t kTextShare = 8;

    BufferPools(std::uint64_t bytes_max, std::uint64_t deflate_bytes_max)
        : upload(kUploadBytes, bytes_max - 2 * (bytes_max / kTextShare)),
          text(kTextBytes, bytes_max / kTextShare),
          listing(kListingBytes, bytes_max / kTextShare),
          tls(kTlsBytes, bytes_max - 2 * (bytes_max / kTextShare)),
          deflate(kDeflateBytes, deflate_bytes_max),
          digest(kDigestBytes, kDigestsMax * kDigestBytes) {}

    BufferPool upload;   // STOR and its kin, TYPE I
    BufferPool text;     // TYPE A, MODE B, STRU R
    BufferPool listing;  // LIST and its kin
    BufferPool tls;      // RETR, TYPE I, over TLS: as much again as uploads may have
    BufferPool deflate;  // MODE Z, and listings that are not plain
    BufferPool digest;   // HASH and its kin; beside `bytes_max`, since 256 KiB are no memory
    UnsentRoom unsent;   // RETR, TYPE I: page cache that waits in sockets, no memory of ours
};

}  // namespace sluice::xfer
