// What liburing 2.3 (Debian 12) does not declare. Numbers of the kernel's own io_uring.h; each is
// guarded, so that a newer liburing wins.
#pragma once

#include <liburing.h>

#ifndef IORING_SETUP_NO_SQARRAY
#define IORING_SETUP_NO_SQARRAY (1U << 16)  // Linux 6.6
#endif

#include <sys/syscall.h>
#include <unistd.h>

namespace sluice::io {

// Debian's liburing 2.3 declares io_uring_register_restrictions() and io_uring_enable_rings() but
// its library does not export them.
inline int register_restrictions(io_uring& ring, io_uring_restriction* list, unsigned count) {
    return static_cast<int>(::syscall(SYS_io_uring_register, ring.ring_fd,
                                      IORING_REGISTER_RESTRICTIONS, list, count));
}
inline int enable_ring(io_uring& ring) {
    return static_cast<int>(
        ::syscall(SYS_io_uring_register, ring.ring_fd, IORING_REGISTER_ENABLE_RINGS, nullptr, 0));
}

}  // namespace sluice::io
