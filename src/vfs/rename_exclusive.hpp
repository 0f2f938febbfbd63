// A rename that replaces nothing, also where the file system has no RENAME_NOREPLACE (NFS, vfat and
// some FUSE answer EINVAL): there it is a look and a rename, with a gap between the two that
// such a file system leaves to everybody. May sleep.
#pragma once

#include "sluice/base/result.hpp"
#include "sluice/sys/kernel.hpp"

namespace sluice::vfs {

Status rename_exclusive(sys::Kernel& kernel, int from_directory, const char* from, int to_directory,
                        const char* to);

}  // namespace sluice::vfs
