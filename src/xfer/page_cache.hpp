// Keeping a shard from sleeping over a file: looking into the page cache, and filling it elsewhere.
#pragma once

#include <cstdint>

#include "sluice/io/task.hpp"
#include "sluice/vfs/file.hpp"
#include "sluice/xfer/transfer.hpp"

namespace sluice::xfer {

// Whether the window can be read without waiting for a disk. What the kernel does not tell counts
// as cold.
bool is_hot(sys::Kernel& kernel, const vfs::File& file, std::int64_t offset, std::int64_t length);

// Reads the window into the page cache on a helper. Truncated when the file ends inside it.
io::Task<Status> fill(Transfer& transfer, const vfs::File& file, std::int64_t offset,
                      std::int64_t length);

}  // namespace sluice::xfer
