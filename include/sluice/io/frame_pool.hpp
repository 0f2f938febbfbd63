// Memory of coroutine frames, by size class, one pool per shard.
//
// A session's control loop lives as long as the session and a handler's frame for microseconds;
// both come from free lists of their size class, so starting a coroutine costs no allocator call.
// Frames above the largest class go to the process allocator and are counted all the same.
// The pool of the running thread is the one thread-local of sluice: `operator new` of a frame
// cannot be handed a reference.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace sluice::io {

class FramePool {
public:
    FramePool();
    FramePool(const FramePool&) = delete;
    FramePool& operator=(const FramePool&) = delete;
    // All frames must have ended.
    ~FramePool();

    void* allocate(std::size_t size);
    void release(void* frame, std::size_t size);

    std::uint64_t live() const { return live_; }
    std::uint64_t live_bytes() const { return live_bytes_; }

    // The pool of this thread, or null: then frames come from the process allocator.
    static FramePool* of_this_thread();
    // Makes `pool` the one of this thread until the returned guard ends.
    class Use {
    public:
        explicit Use(FramePool& pool);
        ~Use();
        Use(const Use&) = delete;
        Use& operator=(const Use&) = delete;

    private:
        FramePool* before_;
    };

private:
    static constexpr std::size_t kGranule = 32;
    static constexpr std::size_t kClassBytesMax = 1024;
    static constexpr std::size_t kChunkBytes = 64 * 1024;
    struct Free {
        Free* next;
    };
    void refill(std::size_t index);

    std::array<Free*, kClassBytesMax / kGranule> free_ = {};
    std::vector<void*> chunks_;
    std::byte* cursor_ = nullptr;  // the unused rest of the newest chunk
    std::size_t left_ = 0;
    std::uint64_t live_ = 0;
    std::uint64_t live_bytes_ = 0;
};

// For Task's promise: the pool of this thread, or the process allocator.
void* allocate_frame(std::size_t size);
void release_frame(void* frame, std::size_t size);

}  // namespace sluice::io
