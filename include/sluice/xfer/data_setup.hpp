// What PASV, EPSV, PORT or EPRT left behind for the next transfer command. One set-up serves one
// transfer (RFC 1123 4.1.2.6); a new one drops the former with its port.
// Owned by: Session, then Transfer. Thread: its shard.
#pragma once

#include "sluice/io/timer_wheel.hpp"
#include "sluice/net/passive_ports.hpp"
#include "sluice/sys/socket_address.hpp"

namespace sluice::xfer {

struct DataSetup {
    enum class Mode : std::uint8_t { Passive, Active };
    Mode mode;
    net::Reservation reservation;  // Passive
    sys::SocketAddress target;     // Active
    sys::SocketAddress source;     // Active: the local address of the control connection

    bool is_tls_client = false;  // CPSV: the other end is a server, and protected we are its client

    // Passive: a port that nobody connects to goes back to the others (security case O-RES-5).
    io::Timer expiry{[](void*) {}, nullptr};

    explicit DataSetup(Mode which) : mode(which) {}
};

}  // namespace sluice::xfer
