// Bytes from memory into the socket as they are.
#pragma once

#include "sluice/base/bytes.hpp"
#include "sluice/io/task.hpp"
#include "sluice/xfer/transfer.hpp"

namespace sluice::xfer {

// All of `bytes`, within the shard's budget. They stay where they are until it has ended.
io::Task<Status> send_plain(Transfer& transfer, Bytes bytes);

}  // namespace sluice::xfer
