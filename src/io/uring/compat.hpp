// What liburing 2.3 (Debian 12) does not declare. Numbers of the kernel's own io_uring.h; each is
// guarded, so that a newer liburing wins.
#pragma once

#include <liburing.h>

#ifndef IORING_SETUP_NO_SQARRAY
#define IORING_SETUP_NO_SQARRAY (1U << 16)  // Linux 6.6
#endif
