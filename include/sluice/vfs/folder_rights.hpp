// What this process may do with the entries of one folder: the half of the perm fact that the
// folder decides (RFC 3659 7.5.5). The other half are the bits of each entry.
//
// Asked of the kernel once for each folder, so access lists, capabilities and read-only mounts
// count. A value. Thread: any.
#pragma once

#include <cstdint>

#include "sluice/sys/kernel.hpp"

namespace sluice::vfs {

struct FolderRights {
    bool may_change = false;    // names can be made and removed in it
    bool is_read_only = false;  // the file system takes no change at all
    bool is_sticky = false;     // only owners of an entry, or of the folder, remove it
    std::uint32_t owner = 0;    // uid of the folder
};

// Of the directory that `fd` has open (O_PATH suffices). May sleep. A folder that cannot be asked
// grants nothing.
FolderRights folder_rights(sys::Kernel& kernel, int fd);

}  // namespace sluice::vfs
