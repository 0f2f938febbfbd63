// Writing a filled buffer to the file of an upload: at once where that cannot sleep (memory file
// systems), on a helper elsewhere.
#pragma once

#include "sluice/io/task.hpp"
#include "sluice/vfs/upload_target.hpp"
#include "sluice/xfer/transfer.hpp"

namespace sluice::xfer {

// Writes all of `bytes` at the target's position and advances it; short writes go on.
io::Task<Status> write_all(Transfer& transfer, vfs::UploadTarget& target, Bytes bytes);

}  // namespace sluice::xfer
