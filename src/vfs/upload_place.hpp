// The directory and name that an upload to a path means in the end.
//
// A name that is a link stands for the file it points at. open(2) would follow it, but linking and
// renaming do not, so the last component is chased here: each step is one openat2 of the directory
// under the rules of the root, and the text of a link is resolved by the kernel, ".." and all. The
// name that comes out is never followed by anybody. Thread: a helper; may sleep.
#pragma once

#include <string_view>

#include "sluice/base/result.hpp"
#include "sluice/sys/kernel.hpp"
#include "sluice/vfs/root.hpp"

namespace sluice::vfs {

struct UploadPlace {
    ParentAndName at;
    bool exists = false;
    sys::FileStatus status;  // if it exists; never a symlink
};

// The kernel's own bound for a chain of links.
inline constexpr int kFinalLinksMax = 40;

// NotFound only for a missing directory: a missing file is a place, too.
Result<UploadPlace> find_upload_place(const Root& root, std::string_view path);

}  // namespace sluice::vfs
