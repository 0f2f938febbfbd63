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
    // The last segment of a file must not wait for an acknowledgement (Nagle).
    (void)kernel.set_option(listener, sys::SocketOption::NoDelay, 1);
    if (!congestion.empty()) { (void)kernel.set_congestion(listener, congestion.c_str()); }
}

}  // namespace sluice::net
