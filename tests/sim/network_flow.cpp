// Network: how bytes, ends and resets travel, and what the calls on a connection answer.
#include <algorithm>
#include <cerrno>
#include <utility>

#include "sim/network.hpp"
#include "sim/panic.hpp"

namespace sluice::sim {
namespace {

constexpr std::size_t kAlwaysTaken = 256;
constexpr std::size_t kSegmentBytesMax = 16 * 1024;
// A split send comes in up to so many pieces, often of a single byte.
constexpr std::uint64_t kPiecesMax = 6;

}  // namespace

void Network::tell(const Endpoint& endpoint) {
    if (!endpoint.closed && endpoint.observer != nullptr) {
        endpoint.observer->on_socket(endpoint.id);
    }
}

void Network::plan_tell(SocketId socket, Duration from_now) {
    clock_.after(from_now, [this, socket] {
        if (const Endpoint* endpoint = find(socket)) { tell(*endpoint); }
    });
}

void Network::queue_segment(Endpoint& sender, Segment segment) {
    segment.at = clock_.now() + draw_delay();
    if (!sender.flight.empty()) { segment.at = std::max(segment.at, sender.flight.back().at); }
    sender.flight_bytes += segment.bytes.size();
    sender.flight.push_back(std::move(segment));
    plan_delivery(sender, sender.flight.front().at);
}

void Network::plan_delivery(Endpoint& sender, Instant at) {
    if (sender.delivery_planned) { return; }
    sender.delivery_planned = true;
    const SocketId id = sender.id;
    clock_.after(at - clock_.now(), [this, id] { deliver(id); });
}

// Brings what is due to the other side. What finds no room there waits until it reads.
void Network::deliver(SocketId id) {
    Endpoint* sender = find(id);
    if (sender == nullptr) { return; }
    sender->delivery_planned = false;
    while (!sender->flight.empty() && sender->flight.front().at <= clock_.now()) {
        if (faults_.strikes(Fault::ResetConnection)) {
            trace_.note("reset in flight", id, sender->other);
            const SocketId other = sender->other;
            arrive_reset(id, ECONNRESET);
            arrive_reset(other, ECONNRESET);
            return;
        }
        const bool went = deliver_front(*sender);
        sender = find(id);  // it may be over, and an observer may have closed it
        if (sender == nullptr) { return; }
        if (!went) { break; }
    }
    if (!sender->flight.empty() && sender->flight.front().at > clock_.now()) {
        plan_delivery(*sender, sender->flight.front().at);
    }
    if (sender->no_space && is_writable(id)) {
        sender->no_space = false;
        plan_tell(id, draw_delay());  // the acknowledgement has its own way back
    }
    drop_if_over(id);
}

// False when the segment at the front cannot arrive now, or the connection is over.
bool Network::deliver_front(Endpoint& sender) {
    Segment& segment = sender.flight.front();
    Endpoint* other = find(sender.other);
    if (segment.reset) {
        const SocketId id = sender.id;
        const SocketId other_id = sender.other;
        sender.flight.clear();
        sender.flight_bytes = 0;
        arrive_reset(other_id, ECONNRESET);
        drop_if_over(id);
        return false;
    }
    if (other == nullptr || other->closed) {
        if (segment.fin) {
            sender.flight.pop_front();
            return true;
        }
        // Data for a socket that nobody holds any more: its host answers with a reset.
        sender.flight.clear();
        sender.flight_bytes = 0;
        const SocketId id = sender.id;
        clock_.after(draw_delay(), [this, id] { arrive_reset(id, ECONNRESET); });
        return false;
    }
    if (segment.fin) {
        sender.flight.pop_front();
        other->fin_received = true;
        trace_.note("fin", other->id);
        tell(*other);
        return true;
    }
    const std::size_t used = other->received.size();
    const std::size_t space = other->receive_capacity > used ? other->receive_capacity - used : 0;
    const std::size_t count = std::min(space, segment.bytes.size() - segment.taken);
    if (count == 0) { return false; }
    // After shutdown(SHUT_RD) Linux goes on to take data.
    other->received.push(Bytes(segment.bytes.data() + segment.taken, count));
    segment.taken += count;
    sender.flight_bytes -= count;
    const bool whole = segment.taken == segment.bytes.size();
    if (whole) { sender.flight.pop_front(); }
    trace_.note("arrive", other->id, count);
    tell(*other);
    return whole;
}

void Network::arrive_reset(SocketId socket, int error) {
    Endpoint* endpoint = find(socket);
    if (endpoint == nullptr || endpoint->reset) { return; }
    endpoint->reset = true;
    endpoint->error = error;
    endpoint->lost_bytes = *unacknowledged(socket);
    endpoint->never_sent = *unsent(socket);
    endpoint->flight.clear();
    endpoint->flight_bytes = 0;
    trace_.note("reset", socket);
    tell(*endpoint);
    drop_if_over(socket);
}

void Network::drop_if_over(SocketId socket) {
    const Endpoint* endpoint = find(socket);
    if (endpoint != nullptr && endpoint->closed && endpoint->flight.empty()) {
        endpoints_.erase(socket);
    }
}

Result<std::size_t> Network::receive(SocketId socket, MutableBytes into) {
    Endpoint& endpoint = get(socket);
    if (!endpoint.received.is_empty() && !into.empty()) {
        if (faults_.strikes(Fault::SpuriousWouldBlock)) {
            plan_tell(socket, draw_delay());
            return fail_errno(EAGAIN);
        }
        std::size_t wanted = std::min(into.size(), endpoint.received.size());
        const bool shortened = faults_.strikes(Fault::ShortReceive);
        if (shortened) { wanted = 1 + prng_.below(wanted); }
        const std::size_t got = endpoint.received.pop(into.first(wanted));
        // Like a segment that comes right behind: less than asked for, and then an edge.
        if (shortened && !endpoint.received.is_empty()) { plan_tell(socket, draw_delay()); }
        if (Endpoint* other = find(endpoint.other); other != nullptr && !other->flight.empty()) {
            plan_delivery(*other, std::max(other->flight.front().at, clock_.now() + draw_delay()));
        }
        return got;
    }
    if (endpoint.receiving_shut) { return 0; }
    if (endpoint.error != 0) { return fail_errno(std::exchange(endpoint.error, 0)); }
    if (endpoint.reset || endpoint.fin_received) { return 0; }
    if (endpoint.state != State::Established) { return fail_errno(ENOTCONN); }
    return fail_errno(EAGAIN);
}

std::size_t Network::room(SocketId socket) const {
    const Endpoint* endpoint = find(socket);
    if (endpoint == nullptr || endpoint->send_capacity <= endpoint->flight_bytes) { return 0; }
    return endpoint->send_capacity - endpoint->flight_bytes;
}

Result<std::size_t> Network::send(SocketId socket, Bytes from) {
    Endpoint& endpoint = get(socket);
    if (endpoint.error != 0) { return fail_errno(std::exchange(endpoint.error, 0)); }
    if (endpoint.reset || endpoint.fin_sent || endpoint.state == State::Failed) {
        return fail_errno(EPIPE);
    }
    if (endpoint.state == State::Connecting) { return fail_errno(EAGAIN); }
    if (endpoint.state != State::Established) { return fail_errno(ENOTCONN); }
    if (from.empty()) { return 0; }
    std::size_t count = std::min(room(socket), from.size());
    if (count == 0) {
        endpoint.no_space = true;
        return fail_errno(EAGAIN);
    }
    // An empty buffer always takes a short reply whole: a 421 to a client that finds no place is
    // sent once and not waited for.
    const bool may_refuse = endpoint.flight_bytes != 0 || count > kAlwaysTaken;
    if (may_refuse && faults_.strikes(Fault::SpuriousWouldBlock)) {
        plan_tell(socket, draw_delay());
        return fail_errno(EAGAIN);
    }
    if (may_refuse && faults_.strikes(Fault::ShortSend)) { count = 1 + prng_.below(count); }
    if (count < from.size()) { endpoint.no_space = true; }
    const bool split = faults_.strikes(Fault::SplitSegments);
    std::uint64_t pieces_left = kPiecesMax;
    for (std::size_t sent = 0; sent < count;) {
        std::size_t piece = std::min(count - sent, kSegmentBytesMax);
        if (split && pieces_left > 0) {
            --pieces_left;
            piece = prng_.chance(1, 2) ? 1 : 1 + prng_.below(piece);
        }
        Segment segment;
        const Bytes part = from.subspan(sent, piece);
        segment.bytes.assign(part.begin(), part.end());
        queue_segment(endpoint, std::move(segment));
        sent += piece;
    }
    return count;
}

Status Network::shutdown_sending(SocketId socket) {
    Endpoint& endpoint = get(socket);
    if (endpoint.state != State::Established || endpoint.reset) { return fail_errno(ENOTCONN); }
    if (endpoint.fin_sent) { return {}; }
    endpoint.fin_sent = true;
    Segment fin;
    fin.fin = true;
    queue_segment(endpoint, std::move(fin));
    return {};
}

Status Network::shutdown_both(SocketId socket) {
    const Status shut = shutdown_sending(socket);
    if (!shut) { return shut; }
    get(socket).receiving_shut = true;
    plan_tell(socket, Duration(0));
    return {};
}

void Network::close(SocketId socket, bool abortive) {
    trace_.note("close", socket, abortive ? 1 : 0);
    const auto listener = listeners_.find(socket);
    if (listener != listeners_.end()) {
        const std::deque<SocketId> queue = std::move(listener->second.queue);
        listeners_.erase(listener);
        for (const SocketId waiting : queue) {
            close(waiting, true);
        }
        return;
    }
    Endpoint& endpoint = get(socket);
    endpoint.closed = true;
    endpoint.observer = nullptr;
    if (endpoint.state == State::Established && !endpoint.reset) {
        if (abortive || !endpoint.received.is_empty()) {
            // What is under way may still come first, or be lost with the reset.
            if (prng_.chance(1, 2)) {
                endpoint.flight.clear();
                endpoint.flight_bytes = 0;
            }
            Segment reset;
            reset.reset = true;
            queue_segment(endpoint, std::move(reset));
        } else if (!endpoint.fin_sent) {
            endpoint.fin_sent = true;
            Segment fin;
            fin.fin = true;
            queue_segment(endpoint, std::move(fin));
        }
    }
    endpoint.received.clear();
    // What waited for room here now meets a closed socket.
    if (Endpoint* other = find(endpoint.other); other != nullptr && !other->flight.empty()) {
        plan_delivery(*other, std::max(other->flight.front().at, clock_.now()));
    }
    drop_if_over(socket);
}

bool Network::is_readable(SocketId socket) const {
    const auto listener = listeners_.find(socket);
    if (listener != listeners_.end()) { return !listener->second.queue.empty(); }
    const Endpoint* endpoint = find(socket);
    if (endpoint == nullptr) { panic("poll on closed socket %u", socket); }
    return !endpoint->received.is_empty() || endpoint->receiving_shut || is_hung_up(socket);
}

bool Network::is_hung_up(SocketId socket) const {
    const Endpoint* endpoint = find(socket);
    return endpoint != nullptr && (endpoint->fin_received || endpoint->reset ||
                                   endpoint->error != 0 || endpoint->state == State::Failed);
}

bool Network::is_writable(SocketId socket) {
    Endpoint* endpoint = find(socket);
    if (endpoint == nullptr) { panic("poll on closed socket %u", socket); }
    if (endpoint->reset || endpoint->error != 0 || endpoint->fin_sent ||
        endpoint->state == State::Failed) {
        return true;
    }
    if (endpoint->state != State::Established) { return false; }
    // As Linux: a third of the buffer must be free, and who asks in vain is told later.
    const bool writable = room(socket) * 3 >= endpoint->send_capacity;
    if (!writable) { endpoint->no_space = true; }
    return writable;
}

bool Network::is_consumed(SocketId socket) const {
    const Endpoint* endpoint = find(socket);
    const Endpoint* other = endpoint == nullptr ? nullptr : find(endpoint->other);
    return other == nullptr || (endpoint->flight.empty() && other->received.is_empty());
}

Result<std::size_t> Network::unacknowledged(SocketId socket) const {
    const Endpoint* endpoint = find(socket);
    if (endpoint == nullptr) { panic("unacknowledged of closed socket %u", socket); }
    // A FIN not yet acknowledged counts as one byte (SIOCOUTQ is write_seq - snd_una).
    // What a reset has destroyed stays unacknowledged for ever.
    std::size_t bytes = endpoint->flight_bytes + endpoint->lost_bytes;
    if (!endpoint->flight.empty() && endpoint->flight.back().fin) { ++bytes; }
    return bytes;
}

Result<std::size_t> Network::unsent(SocketId socket) const {
    const Endpoint* endpoint = find(socket);
    if (endpoint == nullptr) { panic("unsent of closed socket %u", socket); }
    if (endpoint->reset) { return endpoint->never_sent; }
    // What the other side has room for is in its window, so it is on its way.
    const Endpoint* other = find(endpoint->other);
    const std::size_t used = other == nullptr ? 0 : other->received.size();
    const std::size_t capacity = other == nullptr ? 0 : other->receive_capacity;
    const std::size_t window = capacity > used ? capacity - used : 0;
    return endpoint->flight_bytes > window ? endpoint->flight_bytes - window : 0;
}

Status Network::take_error(SocketId socket) {
    Endpoint& endpoint = get(socket);
    if (endpoint.error != 0) { return fail_errno(std::exchange(endpoint.error, 0)); }
    return {};
}

}  // namespace sluice::sim
