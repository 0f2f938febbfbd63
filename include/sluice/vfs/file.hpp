// A regular file, open for reading.
//
// The status is that of the moment of opening: its size is what RETR promises in 150 and counts
// against at the end (security: a file that became shorter ends in 451, never in 226).
// Owned by: Transfer. Thread: one shard, and the helper job that its owner waits for.
#pragma once

#include <algorithm>
#include <cstdint>
#include <utility>

#include "sluice/sys/fd.hpp"
#include "sluice/sys/kernel.hpp"
#include "sluice/vfs/fs_class.hpp"

namespace sluice::vfs {

struct File {
    sys::Fd fd;
    sys::FileStatus status;
    FsClass fs_class = FsClass::Remote;
    std::int64_t bytes_on_disk = 0;  // at the open, whatever of them is to be sent

    // User-written, because g++ 12.2 destroys braced aggregates twice in coroutines (rule C2).
    File() = default;
    File(sys::Fd&& descriptor, const sys::FileStatus& at_open, FsClass fs)
        : fd(std::move(descriptor)), status(at_open), fs_class(fs), bytes_on_disk(at_open.size) {}

    // From now on the file ends at `end` at the latest (RANG), for all who send it.
    void cut(std::int64_t end) { status.size = std::min(status.size, end); }
};

}  // namespace sluice::vfs
