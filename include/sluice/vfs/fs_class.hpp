// What kind of file system lies under a descriptor, as far as it decides where a call may run.
//
// A shard never sleeps. Whether a read, a write or an open can sleep depends on the file system:
// memory never does, a local disk does not once the pages and names are cached, and anything behind
// a server or a user-space daemon may do so on every call. A magic number that is not in the table
// counts as the last kind, which is slower and never wrong. Pure, any thread.
#pragma once

#include <cstdint>
#include <string_view>

#include "sluice/sys/kernel.hpp"

namespace sluice::vfs {

enum class FsClass : std::uint8_t {
    Memory,     // tmpfs, ramfs: always hot, inline writes allowed
    LocalDisk,  // ext4, xfs, btrfs and the like: cached names and pages do not sleep
    Remote,     // nfs, cifs, fuse and all that is unknown: every call on a helper
};

// By the magic number of statfs(2).
FsClass classify_file_system(std::uint64_t magic);

// Of /proc, /sys and the like: nothing is served from there.
bool is_pseudo_file_system(std::uint64_t magic);

// write(2) never waits for a device there (a local disk throttles its writers: 200 ms and more).
constexpr bool may_write_inline(FsClass fs) {
    return fs == FsClass::Memory;
}
// open(2), fstat(2) and reads of cached pages never wait there.
constexpr bool may_read_cached_inline(FsClass fs) {
    return fs != FsClass::Remote;
}

std::string_view name_of(FsClass fs);

}  // namespace sluice::vfs
