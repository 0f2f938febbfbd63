#!/usr/bin/python3 -I
"""The first process of the guest: makes it a place where the tests can run, and ends it."""

import ctypes
import fcntl
import os
import socket
import struct
import sys
import traceback

IFF_UP = 1
SIOCSIFFLAGS = 0x8914
RB_AUTOBOOT = 0x01234567  # with qemu -no-reboot: the end

libc = ctypes.CDLL(None, use_errno=True)


def mount(kind, where):
    os.makedirs(where, exist_ok=True)
    if libc.mount(kind.encode(), where.encode(), kind.encode(), 0, None) != 0:
        raise OSError(ctypes.get_errno(), "mount " + where)


def raise_loopback():
    with socket.socket() as s:
        fcntl.ioctl(s, SIOCSIFFLAGS, struct.pack("16sh14x", b"lo", IFF_UP))


def run_cases():
    mount("proc", "/proc")
    mount("sysfs", "/sys")
    mount("devtmpfs", "/dev")
    mount("tmpfs", "/tmp")
    raise_loopback()
    os.environ.update(SLUICED="/sluiced", PATH="/usr/bin", HOME="/root")
    sys.path[:0] = ["/tests/vm", "/tests/system", "/tests/support"]
    import guest_cases
    guest_cases.main()


try:
    run_cases()
except SystemExit:
    pass
except BaseException:
    traceback.print_exc()
sys.stdout.flush()
sys.stderr.flush()
libc.reboot(RB_AUTOBOOT)
