// Is this window of the file in the page cache, and bringing it there.
//
// A shard sends from the page cache inline and must not wait for a disk, so it asks before each
// window of a megabyte or so (cachestat(2), about 1 us). The answer is a hint: pages may be evicted
// before they are sent, so slices stay small all the same. Thread: any; no state.
#pragma once

#include <cstdint>

#include "sluice/base/result.hpp"
#include "sluice/sys/kernel.hpp"
#include "sluice/vfs/fs_class.hpp"

namespace sluice::vfs {

enum class CacheState : std::uint8_t {
    Cached,     // every page of the window
    NotCached,  // at least one is missing
    Unknown,    // the kernel has no cachestat(2) (before Linux 6.5), or refuses it for this file
};

// Never sleeps. `length` 0 is Cached; the window should end at or before the end of the file, as
// pages behind it are never cached. Memory is always Cached, Remote always NotCached.
CacheState probe_window(sys::Kernel& kernel, int fd, std::int64_t offset, std::int64_t length,
                        FsClass fs);

// The body of a helper job: when it returns, the window has been read into the page cache. Returns
// how many bytes of the window the file has: fewer than `length` when it ends inside. May sleep.
Result<std::int64_t> fill_window(sys::Kernel& kernel, int fd, std::int64_t offset,
                                 std::int64_t length);

}  // namespace sluice::vfs
