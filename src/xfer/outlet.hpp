// Where the bytes of a listing go when its connection is not a plain one: through filters.
//
// A Transfer that has an Outlet sends through it whatever is sent with send_bytes(), and its
// finish_sending() ends the encoding first: who makes the lines of a listing knows nothing of it.
// The buffer is taken before a listing takes its own (of another pool), so two listings cannot wait
// for each other's.
// Owned by: Transfer. Thread: its shard, and the helper that it waits for in MODE Z.
#pragma once

#include <cstddef>

#include "sluice/io/task.hpp"
#include "sluice/xfer/transfer.hpp"
#include "xfer/filters.hpp"

namespace sluice::xfer {

class Outlet {
public:
    Outlet(Transfer& transfer, Buffer buffer, const Encoding& encoding);
    Outlet(const Outlet&) = delete;
    Outlet& operator=(const Outlet&) = delete;

    // `bytes` stay where they are until it has ended.
    io::Task<Status> send(Bytes bytes);
    // Once, behind the last byte.
    io::Task<Status> finish();

private:
    // Encodes a slice of `bytes`; with `is_last` they are the last ones.
    Result<FilterStep> encode(Bytes bytes, bool is_last);
    io::Task<Status> pass(Bytes bytes, bool is_last);

    Transfer& transfer_;
    Buffer buffer_;
    Encoding encoding_;
    Workspace space_;
    FilterChain chain_;
};

}  // namespace sluice::xfer
