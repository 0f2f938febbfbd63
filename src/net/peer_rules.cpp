#include "sluice/net/peer_rules.hpp"

namespace sluice::net {
namespace {

constexpr std::uint16_t kFirstUnprivilegedPort = 1024;  // RFC 2577 section 3

// A control port of ours. One that listens on all addresses is refused on every host: which of them
// are this machine's need not be known, and no client lacks one port.
bool is_control_port(const PeerRules& rules, const sys::SocketAddress& target) {
    for (const sys::SocketAddress& listener : rules.own_listeners) {
        const bool listens_there = listener.is_wildcard() || listener.same_host(target);
        if (listener.port() == target.port() && listens_there) { return true; }
    }
    return false;
}

bool is_passive_port(const PeerRules& rules, const sys::SocketAddress& target) {
    return target.port() >= rules.passive_first && target.port() <= rules.passive_last;
}

}  // namespace

Status check_active_target(const PeerRules& rules, const sys::SocketAddress& target,
                           const sys::SocketAddress& control_peer,
                           const sys::SocketAddress& control_local) {
    if (target.port() < kFirstUnprivilegedPort || target.is_wildcard()) {
        return fail(Errc::AccessDenied);
    }
    if (!rules.allow_foreign && !target.same_host(control_peer)) {
        return fail(Errc::AccessDenied);
    }
    const bool is_this_host = target.is_loopback() || target.same_host(control_local);
    if (is_control_port(rules, target) || (is_this_host && is_passive_port(rules, target))) {
        return fail(Errc::AccessDenied);
    }
    return {};
}

}  // namespace sluice::net
