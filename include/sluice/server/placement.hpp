// Where a new session goes.
//
// The kernel spreads connections over the shards' listeners by a hash, and FTP sessions are long: a
// thousand of them on eight shards differ by a quarter, for hours (performance: +-25 %). So the
// shard that accepts looks at the counts and hands the socket over when another has clearly fewer,
// before the first byte was exchanged. After that a session never moves.
// Owned by: Server. Thread: any; each count has one writer, its shard.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>

namespace sluice::server {

class Shard;

class Placement {
public:
    // A difference up to this stays: handing over costs a wake-up of the other shard.
    static constexpr std::uint32_t kLopsidedMin = 8;

    explicit Placement(std::uint32_t shards)
        : shards_(shards), counts_(new Count[shards]) {}

    std::uint32_t shards() const { return shards_; }
    // Where to hand a socket over to; null while that shard does not stand. A Shard outlives every
    // connection that the others accept (server.cpp).
    void set_shard(std::uint32_t index, Shard* shard) {
        counts_[index].shard.store(shard, std::memory_order_release);
    }
    Shard* shard(std::uint32_t index) const {
        return counts_[index].shard.load(std::memory_order_acquire);
    }
    // By the shard itself, whenever its number of sessions changes.
    void set_sessions(std::uint32_t shard, std::uint32_t sessions) {
        counts_[shard].sessions.store(sessions, std::memory_order_relaxed);
    }
    std::uint32_t total() const { return total_.load(std::memory_order_relaxed); }
    // Room for one more session of all shards together; leave() gives it back. One shared counter,
    // touched twice in the life of a session, so that the limit is exact.
    bool enter(std::uint32_t limit) {
        if (total_.fetch_add(1, std::memory_order_relaxed) < limit) { return true; }
        leave();
        return false;
    }
    void leave() { total_.fetch_sub(1, std::memory_order_relaxed); }
    // The shard that should serve a connection that `accepted_by` has accepted.
    std::uint32_t choose(std::uint32_t accepted_by) const {
        std::uint32_t best = accepted_by;
        std::uint32_t fewest = counts_[accepted_by].sessions.load(std::memory_order_relaxed);
        if (fewest < kLopsidedMin) { return accepted_by; }
        const std::uint32_t bound = fewest - kLopsidedMin;
        for (std::uint32_t i = 0; i < shards_; ++i) {
            const std::uint32_t count = counts_[i].sessions.load(std::memory_order_relaxed);
            if (count < fewest && count <= bound) {
                fewest = count;
                best = i;
            }
        }
        return best;
    }

private:
    struct alignas(64) Count {
        std::atomic<std::uint32_t> sessions{0};
        std::atomic<Shard*> shard{nullptr};
    };
    std::uint32_t shards_;
    std::unique_ptr<Count[]> counts_;
    alignas(64) std::atomic<std::uint32_t> total_{0};
};

}  // namespace sluice::server
