#include "sluice/io/frame_pool.hpp"

#include <cstdlib>
#include <new>

#include "sluice/base/assert.hpp"

namespace sluice::io {
namespace {

thread_local FramePool* t_pool = nullptr;

}  // namespace

FramePool::FramePool() = default;

FramePool::~FramePool() {
    SLUICE_ASSERT(live_ == 0);
    for (void* chunk : chunks_) { std::free(chunk); }
}

void* FramePool::allocate(std::size_t size) {
    ++live_;
    live_bytes_ += size;
    if (size > kClassBytesMax) { return ::operator new(size); }
    const std::size_t index = (size - 1) / kGranule;
    if (free_[index] == nullptr) { refill(index); }
    Free* frame = free_[index];
    free_[index] = frame->next;
    return frame;
}

void FramePool::release(void* frame, std::size_t size) {
    SLUICE_ASSERT(live_ > 0);
    --live_;
    live_bytes_ -= size;
    if (size > kClassBytesMax) {
        ::operator delete(frame);
        return;
    }
    const std::size_t index = (size - 1) / kGranule;
    Free* free = static_cast<Free*>(frame);
    free->next = free_[index];
    free_[index] = free;
}

// One frame at a time out of the chunk: classes that are never used cost nothing.
void FramePool::refill(std::size_t index) {
    const std::size_t size = (index + 1) * kGranule;
    if (left_ < size) {
        void* chunk = std::malloc(kChunkBytes);
        if (chunk == nullptr) { std::abort(); }  // out of memory ends the process
        chunks_.push_back(chunk);
        cursor_ = static_cast<std::byte*>(chunk);
        left_ = kChunkBytes;
    }
    Free* frame = reinterpret_cast<Free*>(cursor_);
    cursor_ += size;
    left_ -= size;
    frame->next = nullptr;
    free_[index] = frame;
}

FramePool* FramePool::of_this_thread() { return t_pool; }

FramePool::Use::Use(FramePool& pool) : before_(t_pool) { t_pool = &pool; }
FramePool::Use::~Use() { t_pool = before_; }

void* allocate_frame(std::size_t size) {
    return t_pool != nullptr ? t_pool->allocate(size) : ::operator new(size);
}

void release_frame(void* frame, std::size_t size) {
    if (t_pool != nullptr) {
        t_pool->release(frame, size);
    } else {
        ::operator delete(frame);
    }
}

}  // namespace sluice::io
