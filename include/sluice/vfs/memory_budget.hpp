// A number of bytes that many may take parts of, and each only so much.
//
// Sorted and recursive listings keep what they cannot stream: each has a Share with a bound of its
// own, and all together have the budget. At either bound the listing fails with Errc::LimitReached;
// nothing waits, because what it waits for might be another listing that waits.
// Owned by: ListingMemory. Thread: any.
#pragma once

#include <atomic>
#include <cstdint>

#include "sluice/base/result.hpp"

namespace sluice::vfs {

class MemoryBudget {
public:
    explicit MemoryBudget(std::uint64_t bytes_max) : bytes_max_(bytes_max) {}
    MemoryBudget(const MemoryBudget&) = delete;
    MemoryBudget& operator=(const MemoryBudget&) = delete;

    bool take(std::uint64_t bytes) {
        std::uint64_t used = used_.load(std::memory_order_relaxed);
        do {
            if (bytes > bytes_max_ - used) { return false; }
        } while (!used_.compare_exchange_weak(used, used + bytes, std::memory_order_relaxed));
        return true;
    }
    void give_back(std::uint64_t bytes) { used_.fetch_sub(bytes, std::memory_order_relaxed); }
    std::uint64_t used() const { return used_.load(std::memory_order_relaxed); }
    std::uint64_t bytes_max() const { return bytes_max_; }

    // What one listing has of it; goes back at its end. One thread at a time.
    class Share {
    public:
        Share(MemoryBudget& budget, std::uint64_t bytes_max)
            : budget_(budget), bytes_max_(bytes_max) {}
        Share(const Share&) = delete;
        Share& operator=(const Share&) = delete;
        ~Share() { budget_.give_back(used_); }

        Status take(std::uint64_t bytes) {
            if (bytes > bytes_max_ - used_ || !budget_.take(bytes)) {
                return fail(Errc::LimitReached);
            }
            used_ += bytes;
            return {};
        }
        void give_back(std::uint64_t bytes) {
            budget_.give_back(bytes);
            used_ -= bytes;
        }
        std::uint64_t used() const { return used_; }

    private:
        MemoryBudget& budget_;
        std::uint64_t bytes_max_;
        std::uint64_t used_ = 0;
    };

private:
    const std::uint64_t bytes_max_;
    std::atomic<std::uint64_t> used_{0};
};

}  // namespace sluice::vfs
