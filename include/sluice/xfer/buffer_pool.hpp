// Memory of transfers that pass through user space: uploads, TYPE A and listings.
//
// Two sizes, each handed out last in first out so that a few hot buffers stay in the cache, and one
// bound in bytes for both. At the bound a transfer waits in line; what has arrived for it stays in
// its socket and its client's window closes.
// Owned by: Shard. Thread: the shard's.
#pragma once

#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "sluice/base/bytes.hpp"
#include "sluice/base/intrusive_list.hpp"
#include "sluice/io/event.hpp"

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
    // Uploads: large enough that a hand-over to a helper (about 10 us) is small against the write
    // (about 60 us), small enough to stay in the second-level cache.
    static constexpr std::size_t kLargeBytes = 256 * 1024;
    // Listings and TYPE A.
    static constexpr std::size_t kSmallBytes = 32 * 1024;

    BufferPool(io::ReadyQueue& ready, std::uint64_t bytes_max)
        : ready_(ready), bytes_max_(bytes_max) {}
    BufferPool(const BufferPool&) = delete;
    BufferPool& operator=(const BufferPool&) = delete;
    ~BufferPool();

    // Waits in line for a buffer of kLargeBytes or kSmallBytes.
    class Awaiter : io::Waiter {
    public:
        Awaiter(BufferPool& pool, std::size_t size) : pool_(pool), size_(size) {}
        bool await_ready() const { return pool_.waiting_.is_empty() && pool_.has_room(size_); }
        void await_suspend(std::coroutine_handle<> waiting) {
            handle = waiting;
            pool_.waiting_.push_back(*this);
        }
        Buffer await_resume() {
            if (!granted_) { pool_.bytes_out_ += size_; }
            return pool_.hand_out(size_);
        }

    private:
        friend class BufferPool;
        BufferPool& pool_;
        std::size_t size_;
        bool granted_ = false;  // counted as handed out since it was woken
    };
    Awaiter take(std::size_t size) { return Awaiter(*this, size); }
    // The same without waiting: not set when there is none, or others wait.
    Buffer try_take(std::size_t size);

    std::uint64_t bytes_out() const { return bytes_out_; }

private:
    friend class Buffer;
    // At least one buffer can always be out, however small the bound.
    bool has_room(std::size_t size) const {
        return bytes_out_ == 0 || bytes_out_ + size <= bytes_max_;
    }
    // `size` has been counted in bytes_out_.
    Buffer hand_out(std::size_t size);
    void wake_waiting();
    void give_back(std::uint8_t* data, std::size_t size);
    std::vector<std::uint8_t*>& free_of(std::size_t size) {
        return size == kLargeBytes ? free_large_ : free_small_;
    }

    io::ReadyQueue& ready_;
    std::uint64_t bytes_max_;
    std::uint64_t bytes_out_ = 0;
    std::vector<std::uint8_t*> free_large_;
    std::vector<std::uint8_t*> free_small_;
    IntrusiveList<io::Waiter> waiting_;
};

}  // namespace sluice::xfer
