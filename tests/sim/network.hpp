// TCP between the server and its clients, in memory.
//
// Both sides use the same sockets: the server through sim::Kernel, the clients directly. What a
// socket sends is cut into segments at any byte, each with a moment of arrival; it counts as
// unacknowledged until the other side's receive buffer has taken it. Buffers are small and of a
// size drawn per socket, so that EAGAIN, short counts and closed windows are daily bread.
// The states are those a program can see: a reset leaves what had arrived readable (as Linux does),
// data for a closed socket is answered by a reset, closing with unread data is a reset, and a full
// accept queue makes the client try again.
//
// Nothing is told from inside a call: observers hear of changes only from actions of the Clock.
// Owned by: World. Thread: the one of the simulation.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <vector>

#include "sim/byte_queue.hpp"
#include "sim/clock.hpp"
#include "sim/faults.hpp"
#include "sim/trace.hpp"
#include "sluice/base/bytes.hpp"
#include "sluice/base/result.hpp"
#include "sluice/sys/kernel.hpp"
#include "sluice/sys/socket_address.hpp"

namespace sluice::sim {

using SocketId = std::uint32_t;  // never used twice in a world; 0 is none
enum class Side : std::uint8_t { Server, Client };

// Hears that a socket may have become readable or writable: an edge, in epoll's words.
class SocketObserver {
public:
    virtual void on_socket(SocketId socket) = 0;

protected:
    ~SocketObserver() = default;
};

class Network {
public:
    struct Limits {
        std::size_t buffer_bytes_min = 256;
        std::size_t buffer_bytes_max = 64 * 1024;
        Duration delay_max = Duration(200'000);  // of a segment, when nothing is slow
    };

    Network(Clock& clock, Prng& prng, Faults& faults, Trace& trace)
        : clock_(clock), prng_(prng), faults_(faults), trace_(trace) {}
    void set_limits(const Limits& limits) { limits_ = limits; }
    // An address of the server's machine: what its wildcard listeners answer to.
    void add_server_host(const sys::SocketAddress& host) { server_hosts_.push_back(host); }

    // ---- set-up
    Result<SocketId> listen(const sys::SocketAddress& address, const sys::ListenOptions& options,
                            Side side, SocketObserver* observer);
    Result<SocketId> open(const sys::SocketAddress& source, Side side, SocketObserver* observer);
    // Ends later: then is_connecting() is false and take_error() tells how.
    void connect(SocketId socket, const sys::SocketAddress& peer);
    bool is_connecting(SocketId socket) const;
    Result<SocketId> accept(SocketId listener);
    bool is_listener(SocketId socket) const { return listeners_.count(socket) != 0; }
    // Of a socket, or of those that a listener will accept.
    void set_receive_capacity(SocketId socket, std::size_t bytes);
    void set_observer(SocketId socket, SocketObserver* observer);

    // ---- data, with the results of the system calls of the same name
    Result<std::size_t> receive(SocketId socket, MutableBytes into);
    Result<std::size_t> send(SocketId socket, Bytes from);
    Status shutdown_sending(SocketId socket);
    Status shutdown_both(SocketId socket);
    // `abortive` resets (SO_LINGER 0); so does closing with unread data.
    void close(SocketId socket, bool abortive = false);

    // ---- state
    bool is_readable(SocketId socket) const;
    bool is_writable(SocketId socket);
    bool is_hung_up(SocketId socket) const;  // a FIN or a reset has come
    // Everything sent has been read by the other side's program, or never will be.
    bool is_consumed(SocketId socket) const;
    std::size_t room(SocketId socket) const;
    Result<std::size_t> unacknowledged(SocketId socket) const;
    Result<std::size_t> unsent(SocketId socket) const;
    Status take_error(SocketId socket);
    Result<sys::SocketAddress> local_address(SocketId socket) const;
    Result<sys::SocketAddress> peer_address(SocketId socket) const;
    // Sockets of a side that are not closed, listeners and unaccepted connections included.
    std::size_t open_count(Side side) const;
    std::size_t listener_count(Side side) const;

private:
    struct Segment {
        Instant at;
        std::vector<std::uint8_t> bytes;
        std::size_t taken = 0;
        bool fin = false;
        bool reset = false;
    };
    enum class State : std::uint8_t { Bound, Connecting, Established, Failed };
    struct Endpoint {
        SocketId id = 0;
        SocketId other = 0;
        Side side = Side::Server;
        State state = State::Bound;
        SocketObserver* observer = nullptr;
        sys::SocketAddress local;
        sys::SocketAddress peer;
        ByteQueue received;
        std::size_t receive_capacity = 0;
        std::size_t send_capacity = 0;
        std::deque<Segment> flight;
        std::size_t flight_bytes = 0;
        std::size_t lost_bytes = 0;  // by a reset
        std::size_t never_sent = 0;  // when a reset came
        int error = 0;        // SO_ERROR
        bool closed = false;  // its owner let go; what is in flight still arrives
        bool fin_sent = false;
        bool fin_received = false;
        bool receiving_shut = false;
        bool reset = false;
        bool no_space = false;  // a send found the buffer full: tell when there is room
        bool delivery_planned = false;
    };
    struct Listener {
        SocketId id = 0;
        Side side = Side::Server;
        SocketObserver* observer = nullptr;
        sys::SocketAddress address;
        sys::ListenOptions options;
        std::size_t receive_capacity = 0;  // 0: drawn for each
        Instant last_queued;
        std::deque<SocketId> queue;
    };

    Endpoint* find(SocketId socket);
    const Endpoint* find(SocketId socket) const;
    Endpoint& get(SocketId socket);
    Endpoint& add_endpoint(Side side, SocketObserver* observer);
    bool serves(const Listener& listener, const sys::SocketAddress& target) const;
    bool conflicts(const sys::SocketAddress& address, const sys::ListenOptions& options,
                   Side side) const;
    Listener* listener_for(const sys::SocketAddress& target);
    void arrive_syn(SocketId socket, int tries);
    void fail_connect(Endpoint& endpoint, int error);
    void queue_segment(Endpoint& sender, Segment segment);
    void plan_delivery(Endpoint& sender, Instant at);
    void deliver(SocketId sender);
    bool deliver_front(Endpoint& sender);
    void arrive_reset(SocketId socket, int error);
    void tell(const Endpoint& endpoint);
    void plan_tell(SocketId socket, Duration from_now);
    void drop_if_over(SocketId socket);
    Duration draw_delay();
    std::size_t draw_capacity();

    Clock& clock_;
    Prng& prng_;
    Faults& faults_;
    Trace& trace_;
    Limits limits_;
    std::vector<sys::SocketAddress> server_hosts_;
    std::map<SocketId, Endpoint> endpoints_;
    std::map<SocketId, Listener> listeners_;
    SocketId last_id_ = 0;
    std::uint16_t next_port_ = 32'768;
};

}  // namespace sluice::sim
