// Which addresses a data connection may come from or go to (RFC 2577).
//
// An FTP server that connects wherever it is told is a port scanner and a relay for its clients,
// and one that gives data to whoever comes first leaks them. So: only the host of the control
// connection, no privileged port, never one of our own listening sockets (all four servers in
// Debian connect to their own control port on request).
// Pure; thread: any.
#pragma once

#include <cstdint>
#include <vector>

#include "sluice/base/result.hpp"
#include "sluice/sys/socket_address.hpp"

namespace sluice::net {

struct PeerRules {
    bool allow_foreign = false;  // FXP: another host is wanted
    std::vector<sys::SocketAddress> own_listeners;  // control listeners, wildcard hosts included
    std::uint16_t passive_first = 0;
    std::uint16_t passive_last = 0;
};

// Where PORT and EPRT may lead. `control_peer` and `control_local` are the ends of the control
// connection. AccessDenied with a reason for the log otherwise.
Status check_active_target(const PeerRules& rules, const sys::SocketAddress& target,
                           const sys::SocketAddress& control_peer,
                           const sys::SocketAddress& control_local);

}  // namespace sluice::net
