// A bounded ring between one producer thread and one consumer thread.
//
// It carries event records from a shard to the log thread: the shard must never wait, so a full
// ring refuses (`try_push` is false) and the caller counts what it dropped. Each side keeps its own
// position and its last view of the other's on its own cache line; the shared line moves between
// cores only when a side runs into its old view.
// Threads: try_push only from the producer, try_pop only from the consumer. Memory is taken once.
// Checked by tests/model/spsc_model.cpp.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <type_traits>

#include "sluice/base/assert.hpp"
#include "sluice/base/atomics.hpp"

namespace sluice {

template <class T, class Atomics = RealAtomics>
class SpscQueue {
    static_assert(std::is_trivially_copyable_v<T>);

public:
    // `capacity` is a power of two: a position becomes an index by a mask.
    explicit SpscQueue(std::size_t capacity)
        : mask_(capacity - 1), slots_(std::make_unique<Slot[]>(capacity)) {
        SLUICE_ASSERT(std::has_single_bit(capacity));
    }
    SpscQueue(const SpscQueue&) = delete;
    SpscQueue& operator=(const SpscQueue&) = delete;

    std::size_t capacity() const { return mask_ + 1; }

    // Producer. False when `capacity()` values wait to be popped: nothing was stored.
    [[nodiscard]] bool try_push(const T& value) {
        if (producer_.position - producer_.consumer_seen == capacity()) {
            // Acquire: the consumer has finished reading the slots it gave back.
            producer_.consumer_seen = consumer_.popped.load(std::memory_order_acquire);
            if (producer_.position - producer_.consumer_seen == capacity()) {
                return false;
            }
        }
        slots_[producer_.position & mask_].set(value);
        producer_.position += 1;
        // Release: the value is there before the position says so.
        producer_.pushed.store(producer_.position, std::memory_order_release);
        return true;
    }

    // Consumer. False when the ring is empty: `value` keeps what it was.
    [[nodiscard]] bool try_pop(T& value) {
        if (consumer_.position == consumer_.producer_seen) {
            consumer_.producer_seen = producer_.pushed.load(std::memory_order_acquire);
            if (consumer_.position == consumer_.producer_seen) {
                return false;
            }
        }
        value = slots_[consumer_.position & mask_].get();
        consumer_.position += 1;
        consumer_.popped.store(consumer_.position, std::memory_order_release);
        return true;
    }

    // How many values wait. From either side it is exact about that side's own calls and may be
    // behind on the other's; from elsewhere it is a figure for a gauge.
    std::size_t size_approximate() const {
        // `popped` first: it never overtakes `pushed`, so the difference cannot be negative.
        const std::uint64_t popped = consumer_.popped.load(std::memory_order_acquire);
        const std::uint64_t pushed = producer_.pushed.load(std::memory_order_acquire);
        const std::uint64_t waiting = pushed - popped;
        return waiting < capacity() ? static_cast<std::size_t>(waiting) : capacity();
    }

private:
    using Slot = typename Atomics::template Plain<T>;
    using Position = typename Atomics::template Atomic<std::uint64_t>;

    // Positions count for ever and never wrap: 2^64 pushes at 10^9 a second are 584 years.
    struct alignas(kCacheLineBytes) Producer {
        Position pushed{0};
        std::uint64_t position = 0;
        std::uint64_t consumer_seen = 0;
    };
    struct alignas(kCacheLineBytes) Consumer {
        Position popped{0};
        std::uint64_t position = 0;
        std::uint64_t producer_seen = 0;
    };

    const std::size_t mask_;
    const std::unique_ptr<Slot[]> slots_;
    Producer producer_;
    Consumer consumer_;
};

}  // namespace sluice
