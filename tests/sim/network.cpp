// Network: connections and their set-up. How bytes travel is in network_flow.cpp.
#include "sim/network.hpp"

#include <algorithm>
#include <cerrno>

#include "sim/panic.hpp"

namespace sluice::sim {
namespace {

// SYNs into a full accept queue: Linux tries 7 times (tcp_syn_retries 6); here a second apart.
constexpr int kSynTriesMax = 7;
constexpr std::uint16_t kPortFirst = 32'768;
constexpr std::uint16_t kPortLast = 60'999;

}  // namespace

Network::Endpoint* Network::find(SocketId socket) {
    const auto found = endpoints_.find(socket);
    return found == endpoints_.end() ? nullptr : &found->second;
}

const Network::Endpoint* Network::find(SocketId socket) const {
    const auto found = endpoints_.find(socket);
    return found == endpoints_.end() ? nullptr : &found->second;
}

Network::Endpoint& Network::get(SocketId socket) {
    Endpoint* endpoint = find(socket);
    if (endpoint == nullptr || endpoint->closed) { panic("a call on closed socket %u", socket); }
    return *endpoint;
}

std::size_t Network::draw_capacity() {
    return limits_.buffer_bytes_min +
           prng_.below(limits_.buffer_bytes_max - limits_.buffer_bytes_min + 1);
}

Duration Network::draw_delay() {
    if (faults_.strikes(Fault::SlowNetwork)) {
        return Duration(static_cast<std::int64_t>(prng_.below(1'000'000'000)));
    }
    return Duration(static_cast<std::int64_t>(
        prng_.below(static_cast<std::uint64_t>(limits_.delay_max.ns) + 1)));
}

Network::Endpoint& Network::add_endpoint(Side side, SocketObserver* observer) {
    const SocketId id = ++last_id_;
    Endpoint& endpoint = endpoints_[id];
    endpoint.id = id;
    endpoint.side = side;
    endpoint.observer = observer;
    endpoint.receive_capacity = draw_capacity();
    endpoint.send_capacity = draw_capacity();
    return endpoint;
}

bool Network::serves(const Listener& listener, const sys::SocketAddress& target) const {
    if (listener.address.port() != target.port()) { return false; }
    if (listener.address.same_host(target)) { return true; }
    if (!listener.address.is_wildcard() || listener.side != Side::Server) { return false; }
    const bool family_fits = listener.address.family() == target.family() ||
                             (listener.address.is_v6() && !listener.options.v6_only);
    return family_fits &&
           std::any_of(server_hosts_.begin(), server_hosts_.end(),
                       [&](const sys::SocketAddress& host) { return host.same_host(target); });
}

bool Network::conflicts(const sys::SocketAddress& address, const sys::ListenOptions& options,
                        Side side) const {
    for (const auto& [id, other] : listeners_) {
        if (other.side != side || other.address.port() != address.port()) { continue; }
        if (other.options.reuse_port && options.reuse_port) { continue; }
        const bool one_family = other.address.family() == address.family();
        const bool wild = other.address.is_wildcard() || address.is_wildcard();
        const bool dual =
            (other.address.is_v6() && other.address.is_wildcard() && !other.options.v6_only) ||
            (address.is_v6() && address.is_wildcard() && !options.v6_only);
        if (other.address.same_host(address) || (one_family && wild) || dual) { return true; }
    }
    return false;
}

Result<SocketId> Network::listen(const sys::SocketAddress& address,
                                 const sys::ListenOptions& options, Side side,
                                 SocketObserver* observer) {
    if (side == Side::Server && !address.is_wildcard() &&
        std::none_of(server_hosts_.begin(), server_hosts_.end(),
                     [&](const sys::SocketAddress& host) { return host.same_host(address); })) {
        return fail_errno(EADDRNOTAVAIL);
    }
    sys::SocketAddress bound = address;
    if (address.port() == 0) {
        // Bounded by the range: the simulator never holds that many listeners.
        do {
            bound = address.with_port(next_port_);
            next_port_ = next_port_ == kPortLast ? kPortFirst : next_port_ + 1;
        } while (conflicts(bound, {}, side));
    } else if (conflicts(address, options, side)) {
        return fail_errno(EADDRINUSE);
    }
    const SocketId id = ++last_id_;
    Listener& listener = listeners_[id];
    listener.id = id;
    listener.side = side;
    listener.observer = observer;
    listener.address = bound;
    listener.options = options;
    trace_.note("listen", id, bound.port());
    return id;
}

Result<SocketId> Network::open(const sys::SocketAddress& source, Side side,
                               SocketObserver* observer) {
    if (side == Side::Server && !source.is_wildcard() &&
        std::none_of(server_hosts_.begin(), server_hosts_.end(),
                     [&](const sys::SocketAddress& host) { return host.same_host(source); })) {
        return fail_errno(EADDRNOTAVAIL);
    }
    Endpoint& endpoint = add_endpoint(side, observer);
    endpoint.local = source;
    return endpoint.id;
}

void Network::connect(SocketId socket, const sys::SocketAddress& peer) {
    Endpoint& endpoint = get(socket);
    if (endpoint.state != State::Bound) { panic("connect on socket %u twice", socket); }
    endpoint.state = State::Connecting;
    endpoint.peer = peer;
    if (endpoint.local.port() == 0) {
        endpoint.local = endpoint.local.with_port(next_port_);
        next_port_ = next_port_ == kPortLast ? kPortFirst : next_port_ + 1;
    }
    if (endpoint.local.is_wildcard()) {
        for (const sys::SocketAddress& host : server_hosts_) {
            if (host.family() == peer.family()) {
                endpoint.local = host.with_port(endpoint.local.port());
                break;
            }
        }
    }
    trace_.note("connect", socket, peer.port());
    clock_.after(draw_delay(), [this, socket] { arrive_syn(socket, 1); });
}

Network::Listener* Network::listener_for(const sys::SocketAddress& target) {
    std::vector<Listener*> exact;
    std::vector<Listener*> wild;
    for (auto& [id, listener] : listeners_) {
        if (!serves(listener, target)) { continue; }
        (listener.address.is_wildcard() ? wild : exact).push_back(&listener);
    }
    const std::vector<Listener*>& candidates = exact.empty() ? wild : exact;
    if (candidates.empty()) { return nullptr; }
    // Several only with SO_REUSEPORT: the kernel hashes, here the seed chooses.
    return candidates.size() == 1 ? candidates[0] : candidates[prng_.below(candidates.size())];
}

void Network::fail_connect(Endpoint& endpoint, int error) {
    endpoint.state = State::Failed;
    endpoint.error = error;
    trace_.note("connect failed", endpoint.id, static_cast<std::uint64_t>(error));
    tell(endpoint);
}

void Network::arrive_syn(SocketId socket, int tries) {
    Endpoint* client = find(socket);
    if (client == nullptr || client->closed) { return; }
    if (faults_.strikes(Fault::ConnectUnreachable)) {
        fail_connect(*client, prng_.chance(1, 2) ? EHOSTUNREACH : ETIMEDOUT);
        return;
    }
    Listener* listener = listener_for(client->peer);
    if (listener == nullptr || faults_.strikes(Fault::ConnectRefused)) {
        fail_connect(*client, ECONNREFUSED);
        return;
    }
    const std::size_t backlog = static_cast<std::size_t>(std::max(listener->options.backlog, 1));
    if (listener->queue.size() >= backlog) {
        if (tries >= kSynTriesMax) {
            fail_connect(*client, ETIMEDOUT);
            return;
        }
        clock_.after(Duration::seconds(1),
                     [this, socket, tries] { arrive_syn(socket, tries + 1); });
        return;
    }
    const SocketId listener_id = listener->id;
    Endpoint& server = add_endpoint(listener->side, listener->observer);
    client = find(socket);
    server.state = State::Established;
    if (listener->receive_capacity != 0) { server.receive_capacity = listener->receive_capacity; }
    server.local = client->peer;
    server.peer = client->local;
    server.other = socket;
    client->other = server.id;
    client->state = State::Established;
    trace_.note("established", socket, server.id, listener_id);
    tell(*client);
    // The client may send, or be gone again, before the server can see it. The queue keeps the
    // order in which the handshakes ended.
    const SocketId server_id = server.id;
    listener->last_queued = std::max(listener->last_queued, clock_.now() + draw_delay());
    clock_.after(listener->last_queued - clock_.now(), [this, listener_id, server_id] {
        const auto found = listeners_.find(listener_id);
        if (found == listeners_.end()) {
            close(server_id, true);
            return;
        }
        found->second.queue.push_back(server_id);
        if (found->second.observer != nullptr) { found->second.observer->on_socket(listener_id); }
    });
}

bool Network::is_connecting(SocketId socket) const {
    const Endpoint* endpoint = find(socket);
    return endpoint != nullptr && endpoint->state == State::Connecting;
}

Result<SocketId> Network::accept(SocketId listener) {
    const auto found = listeners_.find(listener);
    if (found == listeners_.end()) { panic("accept on closed listener %u", listener); }
    if (found->second.queue.empty()) { return fail_errno(EAGAIN); }
    const SocketId socket = found->second.queue.front();
    found->second.queue.pop_front();
    trace_.note("accept", listener, socket);
    return socket;
}

void Network::set_receive_capacity(SocketId socket, std::size_t bytes) {
    if (Endpoint* endpoint = find(socket)) { endpoint->receive_capacity = bytes; }
    const auto found = listeners_.find(socket);
    if (found == listeners_.end()) { return; }
    found->second.receive_capacity = bytes;
    for (const SocketId waiting : found->second.queue) { get(waiting).receive_capacity = bytes; }
}

void Network::set_observer(SocketId socket, SocketObserver* observer) {
    if (Endpoint* endpoint = find(socket)) { endpoint->observer = observer; }
    const auto found = listeners_.find(socket);
    if (found != listeners_.end()) { found->second.observer = observer; }
}

Result<sys::SocketAddress> Network::local_address(SocketId socket) const {
    if (const Endpoint* endpoint = find(socket)) { return endpoint->local; }
    const auto found = listeners_.find(socket);
    if (found == listeners_.end()) { panic("local_address of closed socket %u", socket); }
    return found->second.address;
}

Result<sys::SocketAddress> Network::peer_address(SocketId socket) const {
    const Endpoint* endpoint = find(socket);
    // Linux forgets the peer when a reset has come (getpeername(2): ENOTCONN).
    if (endpoint == nullptr || endpoint->state != State::Established || endpoint->reset) {
        return fail_errno(ENOTCONN);
    }
    return endpoint->peer;
}

std::size_t Network::listener_count(Side side) const {
    return static_cast<std::size_t>(
        std::count_if(listeners_.begin(), listeners_.end(),
                      [side](const auto& item) { return item.second.side == side; }));
}

std::size_t Network::open_count(Side side) const {
    return listener_count(side) +
           static_cast<std::size_t>(
               std::count_if(endpoints_.begin(), endpoints_.end(), [side](const auto& item) {
                   return item.second.side == side && !item.second.closed;
               }));
}

}  // namespace sluice::sim
