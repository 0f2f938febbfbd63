#include "sluice/net/peer_rules.hpp"

namespace sluice::net {
namespace {

constexpr std::uint16_t kFirstUnprivilegedPort = 1024;  // RFC 2577 section 3

bool is_our_own_port(const PeerRules& rules, const sys::SocketAddress& target) {
    if (target.port() >= rules.passive_first && target.port() <= rules.passive_last) {
        return true;
    }
    for (const sys::SocketAddress& listener : rules.own_listeners) {
        if (listener.port() == target.port()) { return true; }
    }
    return false;
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
    if (is_this_host && is_our_own_port(rules, target)) { return fail(Errc::AccessDenied); }
    return {};
}

}  // namespace sluice::net
