#include "sluice/vfs/cache_probe.hpp"

#include <unistd.h>

#include <algorithm>

#include "sluice/sys/process.hpp"

namespace sluice::vfs {
namespace {

std::int64_t page_bytes() {
    static const std::int64_t bytes = ::sysconf(_SC_PAGESIZE);
    return bytes;
}

// As much as a helper does before it lets a shard on its core go first.
constexpr std::int64_t kStepBytes = 256 * 1024;

// One byte of every 256 KiB, and the last. A page that is being read counts for cachestat(2) like
// one that is there, and sendfile would wait for it: with the count alone shards slept 10 to 50 ms
// in windows that another transfer had asked for. A read that may not wait tells the two apart.
// Disks answer in runs, so a hole between two samples is rare, and a shard then waits for the rest
// of one request: a hint, like all of this. It is all there is before Linux 6.5 (Debian 12's 6.1).
constexpr std::int64_t kSampleBytes = 256 * 1024;

CacheState probe_by_sampling(sys::Kernel& kernel, int fd, std::int64_t offset,
                             std::int64_t length) {
    const std::int64_t last = offset + length - 1;
    for (std::int64_t at = offset;; at = std::min(at + kSampleBytes, last)) {
        const Result<bool> cached = kernel.is_cached(fd, at);
        if (!cached) {
            return CacheState::Unknown;
        }
        if (!*cached) {
            return CacheState::NotCached;
        }
        if (at == last) {
            return CacheState::Cached;
        }
    }
}

}  // namespace

CacheState probe_window(sys::Kernel& kernel, int fd, std::int64_t offset, std::int64_t length,
                        FsClass fs) {
    if (length <= 0 || fs == FsClass::Memory) {
        return CacheState::Cached;
    }
    if (fs == FsClass::Remote) {
        return CacheState::NotCached;
    }
    const Result<std::uint64_t> cached = kernel.cached_pages(fd, offset, length);
    if (!cached) {
        return probe_by_sampling(kernel, fd, offset, length);
    }
    const std::int64_t first = offset / page_bytes();
    const std::int64_t last = (offset + length - 1) / page_bytes();
    const std::uint64_t pages = static_cast<std::uint64_t>(last - first + 1);
    if (*cached < pages) {
        return CacheState::NotCached;
    }
    return probe_by_sampling(kernel, fd, offset, length);
}

// Going through all of it is the one way to know that every page has come. The kernel's own
// read-ahead keeps the disk busy meanwhile, and beyond the window. Asking for the pages by WILLNEED
// is no faster, and such pages come one by one, never as large folios: four cold files on ext4 of
// Linux 6.18 took 0.50 to 0.60 s of CPU per GB, and take 0.14 to 0.19 (a read-ahead of 8 MiB) or
// 0.25 to 0.29 (128 KiB) this way.
Result<std::int64_t> fill_window(sys::Kernel& kernel, int fd, std::int64_t offset,
                                 std::int64_t length) {
    // Twice as far as the device's setting. Only advice: without it smaller parts are read.
    (void)kernel.advise(fd, 0, 0, sys::Advice::Sequential);
    std::int64_t done = 0;
    while (done < length) {
        const std::int64_t step = std::min(kStepBytes, length - done);
        const Result<std::size_t> loaded =
            kernel.load(fd, offset + done, static_cast<std::size_t>(step));
        if (!loaded) {
            return fail(loaded.error());
        }
        if (*loaded == 0) {
            break;
        }
        done += static_cast<std::int64_t>(*loaded);
        sys::let_others_run();
    }
    return done;
}

}  // namespace sluice::vfs
