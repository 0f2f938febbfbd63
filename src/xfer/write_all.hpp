// Bytes into the file of an upload, wherever that may wait for a disk.
#pragma once

#include <cstdint>

#include "sluice/io/task.hpp"
#include "sluice/vfs/upload_target.hpp"
#include "sluice/xfer/transfer.hpp"

namespace sluice::xfer {

// Writes `bytes` at `position`, all of them or an error. May sleep unless the file system is in
// memory.
Status write_now(sys::Kernel& kernel, int fd, Bytes bytes, std::int64_t position);

// Writes `bytes` at the target's offset and moves it on: on a helper, or at once where writing
// never waits for a device.
io::Task<Status> write_all(Transfer& transfer, vfs::UploadTarget& target, Bytes bytes);

}  // namespace sluice::xfer
