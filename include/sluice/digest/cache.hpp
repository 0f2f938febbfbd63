// Digests of whole files that were computed before, and stay true as long as the file is the same.
//
// The same means: device, inode, size, and both times that every write moves. Those times have the
// kernel's tick for granularity (up to 10 ms; Linux 6.13 sees finer), so a file that changed a
// moment ago could change again without showing it: who reads a file adds its digest only when
// is_settled(). An upload's digest is added at once, because it belongs to bytes that nobody else
// could name before; only who rewrites a new file in place, at the same size and within a tick of
// its commit, would not be seen.
//
// Bound: `entries_max`, in sets of four ways; a full set forgets what was asked for longest ago.
// The memory (about 136 bytes an entry) comes with the first digest.
// Owned by: Server. Thread: any; the lock is held for a few comparisons, and only by helpers: no
// shard waits for it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>

#include "sluice/base/time.hpp"
#include "sluice/digest/algorithm.hpp"
#include "sluice/digest/hasher.hpp"

namespace sluice::digest {

// What tells one content of a file from another.
struct FileState {
    std::uint64_t device = 0;
    std::uint64_t inode = 0;
    std::int64_t size = 0;
    WallTime modified;
    WallTime changed;

    friend bool operator==(const FileState&, const FileState&) = default;
};

// Two ticks of the slowest kernel (100 Hz).
inline constexpr Duration kSettleTime = Duration::milliseconds(20);

// Whether the file has been left alone long enough, at `now`, that its next change will show.
bool is_settled(const FileState& file, WallTime now);

class Cache {
public:
    static constexpr std::size_t kWays = 4;

    // 0: remembers nothing.
    explicit Cache(std::uint32_t entries_max);
    Cache(const Cache&) = delete;
    Cache& operator=(const Cache&) = delete;
    ~Cache();

    std::optional<Value> find(const FileState& file, Algorithm algorithm);
    void add(const FileState& file, Algorithm algorithm, const Value& value);
    // All digests of this state: after a write in place, which a tick may hide.
    void forget(const FileState& file);

    std::size_t capacity() const { return sets_ * ways_; }

private:
    struct Entry;
    // The first of the ways where it would stand.
    Entry* set_of(const FileState& file, Algorithm algorithm);

    const std::size_t ways_;
    const std::size_t sets_;  // a power of two, or 0
    std::mutex mutex_;
    std::uint64_t clock_ = 0;  // counts questions: what is least recent
    std::unique_ptr<Entry[]> entries_;
};

}  // namespace sluice::digest
