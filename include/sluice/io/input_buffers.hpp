// The lent buffers of a shard's control connections.
//
// An idle session owns no receive buffer: a ReceiveInput is lent one when bytes have come, and its
// coroutine gives it back at once. So a few buffers serve any number of sessions. When all are lent
// out, further receives wait until one comes back; nothing is lost, the client's bytes stay in its
// socket.
// The same memory is registered with the ring as provided buffers (io_uring) or handed out here.
// Owned by: a Backend. Thread: its shard.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "sluice/base/assert.hpp"

namespace sluice::io {

class InputBuffers {
public:
    // 256 x 2 KiB: a turn handles at most a few hundred completions, and a command line is mostly
    // under 100 bytes.
    static constexpr std::uint16_t kCount = 256;
    static constexpr std::size_t kBytesEach = 2048;

    InputBuffers() : memory_(new std::uint8_t[kCount * kBytesEach]) {
        free_.reserve(kCount);
        for (std::uint16_t i = kCount; i > 0; --i) {
            free_.push_back(static_cast<std::uint16_t>(i - 1));
        }
    }

    std::uint8_t* data(std::uint16_t index) { return memory_.get() + index * kBytesEach; }
    bool has_free() const { return !free_.empty(); }
    std::size_t free_count() const { return free_.size(); }
    std::uint16_t take() {
        SLUICE_ASSERT(!free_.empty());
        const std::uint16_t index = free_.back();  // the hottest one
        free_.pop_back();
        return index;
    }
    void give_back(std::uint16_t index) {
        SLUICE_ASSERT(free_.size() < kCount);
        free_.push_back(index);
    }

private:
    std::unique_ptr<std::uint8_t[]> memory_;
    std::vector<std::uint16_t> free_;
};

}  // namespace sluice::io
