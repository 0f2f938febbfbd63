// The contents of one simulated file: sparse, cheap when big, and with a memory of what a power cut
// would leave.
//
// Contents are a pattern (a function of a seed and the offset, so that an 8 GiB file costs nothing
// and any range of it can be checked) under pages that were written. Since the last sync the old
// form of every changed page is kept: crash() goes back to it page by page, by the seed.
// Pages may be hot or cold: cold ones are not in the page cache, and reading them sleeps.
// Owned by: Files. Thread: the one of the simulation.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include "sluice/base/bytes.hpp"
#include "sluice/base/prng.hpp"

namespace sluice::sim {

// Fills `into` with what a pattern file of `seed` holds at `offset`.
void fill_pattern(std::uint64_t seed, std::int64_t offset, MutableBytes into);
// True if `bytes` is what a pattern file of `seed` holds at `offset`.
bool is_pattern(std::uint64_t seed, std::int64_t offset, Bytes bytes);

class FileData {
public:
    static constexpr std::int64_t kPageBytes = 4096;

    std::int64_t size() const { return size_; }
    std::int64_t page_count() const { return (size_ + kPageBytes - 1) / kPageBytes; }
    std::size_t written_pages() const { return pages_.size(); }

    // Makes the whole contents a pattern, already on disk.
    void set_pattern(std::uint64_t seed, std::int64_t size);
    // As many bytes as there are before the end; 0 behind it.
    std::size_t read(std::int64_t offset, MutableBytes into) const;
    void write(std::int64_t offset, Bytes from);
    void truncate(std::int64_t size);

    // ---- the page cache
    bool is_cold(std::int64_t offset, std::int64_t length) const;
    std::uint64_t hot_pages(std::int64_t offset, std::int64_t length) const;
    void set_cold(std::int64_t offset, std::int64_t length, bool cold);

    // ---- power cuts. Off by default: keeping old pages doubles the memory.
    void track_crashes() { tracking_ = true; }
    void mark_synced();
    // What a power cut now may leave: each page changed since the sync old or new, the size
    // anywhere from the old to the new.
    void crash(Prng& prng);

private:
    using Page = std::vector<std::uint8_t>;
    void read_page(std::int64_t index, Page& into) const;
    Page& writable_page(std::int64_t index);
    void remember(std::int64_t index);

    std::int64_t size_ = 0;
    std::uint64_t pattern_seed_ = 0;
    std::int64_t pattern_size_ = 0;  // below it, what no page covers is pattern; above, zero
    std::map<std::int64_t, Page> pages_;
    std::vector<bool> cold_;  // by page; beyond its end: hot

    bool tracking_ = false;
    std::int64_t synced_size_ = 0;
    std::int64_t synced_pattern_size_ = 0;
    std::map<std::int64_t, std::optional<Page>> before_;  // changed pages as they were at the sync
};

}  // namespace sluice::sim
