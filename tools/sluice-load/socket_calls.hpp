// The system calls that a load generator needs and the server does not, as thin wrappers.
//
// Why not in sys::Kernel: nothing of the server or its simulator would use them. Any thread; no
// state. All sockets are non-blocking and close-on-exec.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "sluice/base/result.hpp"
#include "sluice/sys/socket_address.hpp"

namespace sluice::load {

struct SocketWish {
    sys::SocketAddress source;  // unset: the system chooses
    int family = AF_INET;
    bool no_delay = false;        // commands wait for no acknowledgement; data need none of it
    int receive_bytes = 0;        // SO_RCVBUF; 0 leaves autotuning alone
    const char* congestion = "";  // TCP_CONGESTION; "" is the system's own
};
// A TCP socket, bound to the source address but to no port: connect() chooses one that
// is free for this target (IP_BIND_ADDRESS_NO_PORT, Linux 4.2), so ports last much longer.
Result<int> make_socket(const SocketWish& wish);

// Begins to connect: 0 when connected already (loopback), EINPROGRESS, or why not.
int begin_connect(int socket, const sys::SocketAddress& target);

// Takes what has arrived out of the socket without copying it (MSG_TRUNC, tcp(7)). 0: the end.
Result<std::size_t> discard(int socket, std::size_t bytes_max);

// A file in memory of `size` bytes, and its number.
Result<int> make_memory_file(std::size_t size);

// A timer that a Backend can poll: CLOCK_MONOTONIC, non-blocking.
Result<int> make_timer();
// Arms it for one instant; what had expired before is forgotten, so it never needs to be read.
void arm_timer(int timer, std::int64_t at_ns);

// Seconds of processor time of the calling thread.
double thread_cpu_seconds();

// The address of a name or of a number in text form; asks the resolver of the system.
Result<sys::SocketAddress> resolve(const std::string& host, std::uint16_t port);

}  // namespace sluice::load
