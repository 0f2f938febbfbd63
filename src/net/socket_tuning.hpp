// Socket options of data connections, and why each.
#pragma once

#include <string>

#include "sluice/sys/kernel.hpp"

namespace sluice::net {

// Unsent bytes that may pile up in a socket. Without a bound each slow download pins up to
// tcp_wmem[2] (4 MiB) of page cache; 512 KiB still moves 256 KiB per wake-up (Linux wakes at half).
inline constexpr int kNotSentLowatBytes = 512 * 1024;

// On the listener: accepted connections inherit all of it, so it costs nothing per transfer. The
// buffer sizes are left alone, because setting them switches the kernel's autotuning off.
inline void tune_data_listener(sys::Kernel& kernel, int listener, const std::string& congestion) {
    (void)kernel.set_option(listener, sys::SocketOption::NotSentLowat, kNotSentLowatBytes);
    // Corked: sendfile hands over 64 KiB at a time, and the few bytes by which that is no multiple
    // of a segment would leave as segments of their own (bulk: 0.149 s/GB without, 0.111 with;
    // bench/README.md). The FIN, or 200 ms, sends the rest.
    (void)kernel.set_option(listener, sys::SocketOption::Cork, 1);
    if (!congestion.empty()) { (void)kernel.set_congestion(listener, congestion.c_str()); }
}

}  // namespace sluice::net
