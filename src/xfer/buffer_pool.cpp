#include "sluice/xfer/buffer_pool.hpp"

#include <cstdlib>
#include <new>

#include "sluice/base/assert.hpp"

namespace sluice::xfer {
namespace {

// Idle buffers kept per pool; more than this are given back to the allocator, so that a burst does
// not stay in memory for ever.
constexpr std::size_t kIdleMax = 16;
constexpr std::size_t kAlignment = 4096;

}  // namespace

void Buffer::release() {
    if (data_ != nullptr) { pool_->give_back(std::exchange(data_, nullptr)); }
}

BufferPool::~BufferPool() {
    SLUICE_ASSERT(out_ == 0);
    for (std::uint8_t* data : idle_) { std::free(data); }
}

Buffer BufferPool::try_take() {
    if (!line_.is_empty() || !has_room()) { return Buffer(); }
    ++out_;
    return hand_out();
}

Buffer BufferPool::hand_out() {
    if (!idle_.empty()) {
        std::uint8_t* data = idle_.back();
        idle_.pop_back();
        return Buffer(*this, data, buffer_bytes_);
    }
    void* memory = std::aligned_alloc(kAlignment, buffer_bytes_);
    if (memory == nullptr) { std::abort(); }  // out of memory ends the process
    return Buffer(*this, static_cast<std::uint8_t*>(memory), buffer_bytes_);
}

void BufferPool::give_back(std::uint8_t* data) {
    --out_;
    if (idle_.size() < kIdleMax) {
        idle_.push_back(data);
    } else {
        std::free(data);
    }
    call_line();
}

// As many as there is room for, in order. What is kept for them counts as out from now on, so that
// nobody who asks before they run takes what they were woken for.
void BufferPool::call_line() {
    while (has_room()) {
        Place* next = line_.pop_front();
        if (next == nullptr) { return; }
        ++out_;
        next->kept_ = true;
        next->turn_.notify();
    }
}

BufferPool::Place::~Place() {
    unlink();
    if (kept_) {
        --pool_.out_;
        pool_.call_line();
    }
}

Buffer BufferPool::Place::take() {
    SLUICE_ASSERT(kept_);
    kept_ = false;
    return pool_.hand_out();
}

}  // namespace sluice::xfer
