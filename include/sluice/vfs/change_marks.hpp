// Which folders this server has changed: how a cached listing learns of our own uploads, deletes,
// renames and chmods at once, on every shard, without asking the disk.
//
// A fixed table of counters, by the folder's identity; two folders that share one only forget each
// other's listings needlessly. Who changes something counts after the change and before its reply;
// who reads a folder takes the stamp before it begins to read. So a listing whose stamp is still
// the folder's has seen every change that was answered before it was asked for.
// Costs nothing while no cache is on. Owned by: Root. Thread: any.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

namespace sluice::vfs {

class ChangeMarks {
public:
    static constexpr std::size_t kSlots = 1024;

    struct Stamp {
        std::uint64_t anywhere = 0;
        std::uint64_t folder = 0;
        friend bool operator==(const Stamp&, const Stamp&) = default;
    };

    void turn_on() { on_.store(true, std::memory_order_relaxed); }
    bool are_on() const { return on_.load(std::memory_order_relaxed); }

    void count_folder(std::uint64_t device, std::uint64_t inode) {
        slots_[slot_of(device, inode)].fetch_add(1, std::memory_order_acq_rel);
    }
    // A change whose folders cannot be named: through a link, or of a file of several names.
    void count_anywhere() { anywhere_.fetch_add(1, std::memory_order_acq_rel); }

    Stamp of(std::uint64_t device, std::uint64_t inode) const {
        return {anywhere_.load(std::memory_order_acquire),
                slots_[slot_of(device, inode)].load(std::memory_order_acquire)};
    }

private:
    static std::size_t slot_of(std::uint64_t device, std::uint64_t inode) {
        // Fibonacci hashing: neighbouring inodes go to different slots.
        return static_cast<std::size_t>(((inode ^ (device << 32)) * 0x9E3779B97F4A7C15ull) >> 32) %
               kSlots;
    }

    std::atomic<bool> on_{false};
    std::atomic<std::uint64_t> anywhere_{0};
    std::array<std::atomic<std::uint64_t>, kSlots> slots_ = {};
};

}  // namespace sluice::vfs
