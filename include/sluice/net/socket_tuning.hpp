// Socket options of data connections, and why each.
#pragma once

#include <string>

#include "sluice/sys/kernel.hpp"

namespace sluice::net {

// Unsent bytes that may pile up in a socket. Without a bound each slow download pins up to
// tcp_wmem[2] (4 MiB) of page cache; 512 KiB still moves 256 KiB per wake-up (Linux wakes at half).
// A few downloads at a time may have more: sluice/xfer/unsent_room.hpp.
inline constexpr int kNotSentLowatBytes = 512 * 1024;

// Of a passive port's listener, whose connections inherit all of it, so it costs nothing per
// transfer; or of a socket before it connects to a client's port. The buffer sizes are left alone,
// because setting them switches the kernel's autotuning off.
inline void tune_data_socket(sys::Kernel& kernel, int socket, const std::string& congestion) {
    (void)kernel.set_option(socket, sys::SocketOption::NotSentLowat, kNotSentLowatBytes);
    // Corked: sendfile hands over 64 KiB at a time, and the few bytes by which that is no multiple
    // of a segment would leave as segments of their own (bulk: 0.149 s/GB without, 0.111 with;
    // bench/README.md). The FIN, or 200 ms, sends the rest.
    (void)kernel.set_option(socket, sys::SocketOption::Cork, 1);
    if (!congestion.empty()) { (void)kernel.set_congestion(socket, congestion.c_str()); }
}

}  // namespace sluice::net
