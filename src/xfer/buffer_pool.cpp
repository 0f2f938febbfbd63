#include "sluice/xfer/buffer_pool.hpp"

#include <cstdlib>
#include <new>

#include "sluice/base/assert.hpp"

namespace sluice::xfer {
namespace {

// Idle buffers kept per size; more than this are given back to the allocator, so that a burst does
// not stay in memory for ever.
constexpr std::size_t kIdleMax = 16;
constexpr std::size_t kAlignment = 4096;

}  // namespace

void Buffer::release() {
    if (data_ != nullptr) { pool_->give_back(std::exchange(data_, nullptr), size_); }
}

BufferPool::~BufferPool() {
    SLUICE_ASSERT(bytes_out_ == 0);
    for (std::uint8_t* data : free_large_) { std::free(data); }
    for (std::uint8_t* data : free_small_) { std::free(data); }
}

Buffer BufferPool::try_take(std::size_t size) {
    if (!waiting_.is_empty() || !has_room(size)) { return Buffer(); }
    bytes_out_ += size;
    return hand_out(size);
}

Buffer BufferPool::hand_out(std::size_t size) {
    SLUICE_ASSERT(size == kLargeBytes || size == kSmallBytes);
    std::vector<std::uint8_t*>& free = free_of(size);
    if (!free.empty()) {
        std::uint8_t* data = free.back();
        free.pop_back();
        return Buffer(*this, data, size);
    }
    void* memory = std::aligned_alloc(kAlignment, size);
    if (memory == nullptr) { std::abort(); }  // out of memory ends the process
    return Buffer(*this, static_cast<std::uint8_t*>(memory), size);
}

void BufferPool::give_back(std::uint8_t* data, std::size_t size) {
    bytes_out_ -= size;
    std::vector<std::uint8_t*>& free = free_of(size);
    if (free.size() < kIdleMax) {
        free.push_back(data);
    } else {
        std::free(data);
    }
    wake_waiting();
}

// As many as there is room for, in order. Their bytes count from now on, so that nobody who asks
// before they run takes what they were woken for.
void BufferPool::wake_waiting() {
    while (io::Waiter* front = waiting_.front()) {
        Awaiter& next = static_cast<Awaiter&>(*front);
        if (!has_room(next.size_)) { return; }
        waiting_.pop_front();
        bytes_out_ += next.size_;
        next.granted_ = true;
        ready_.push(next);
    }
}

}  // namespace sluice::xfer
