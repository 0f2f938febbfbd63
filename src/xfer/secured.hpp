// The TLS of a transfer, and what its waits mean to it. Made when the handshake begins.
// Owned by: Transfer. Thread: its shard.
#pragma once

#include "sluice/tls/stream.hpp"
#include "sluice/xfer/transfer.hpp"

namespace sluice::xfer {

struct Transfer::Secured final : tls::Stream::Owner {
    explicit Secured(Transfer& which);
    void before_wait() override { transfer.before_wait(); }
    void on_progress() override { transfer.count(0); }
    bool is_broken_off();

    Transfer& transfer;
    tls::Stream stream;
    Status outcome;  // of the handshake
};

// All of `bytes`, encrypted, within the shard's budget. They stay where they are until it has
// ended. For what comes in small pieces; pump_tls.cpp is for files.
io::Task<Status> send_protected(Transfer& transfer, Bytes bytes);

}  // namespace sluice::xfer
