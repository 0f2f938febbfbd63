// Where PASV and EPSV get their ports: the interface, and the life of a reservation.
//
// A session reserves a port for its client's address, the client connects, and the reservation
// receives the socket. Two implementations:
// - PooledPorts: ports that listen all the time, shared by all client addresses, matched by
//   (port, client address). No system call on the PASV path.
// - ExclusivePorts: one bind per PASV out of a bitmap shared by all shards, for ranges smaller than
//   the number of shards and for data connections from foreign addresses.
// Measured (bench/README.md): EPSV and RETR of 4 KiB cost 20 us with pooled ports and 677 us with a
// bind per PASV, most of it the search for a free port over TIME_WAIT.
// Owned by: Shard. Thread: the shard's.
#pragma once

#include <cstdint>

#include "sluice/base/intrusive_list.hpp"
#include "sluice/io/event.hpp"
#include "sluice/net/socket.hpp"
#include "sluice/sys/socket_address.hpp"

namespace sluice::net {

class PassivePorts;

// A port promised to one client address. Lives in the session's data set-up; destroying it gives
// the port back, or closes the connection that nobody fetched.
class Reservation : public ListHook<> {
public:
    Reservation() = default;
    ~Reservation() { cancel(); }

    bool is_pending() const { return ports_ != nullptr; }
    bool has_connection() const { return connection_.is_open(); }
    std::uint16_t port() const { return port_; }
    const sys::SocketAddress& peer() const { return peer_; }
    // Fetches the connection once it is there.
    Socket take_connection() { return std::move(connection_); }
    // Who hears of the connection's arrival.
    void notify(io::Event* event) { event_ = event; }
    void cancel();
    // The same for a client that may begin TLS there all the same, on a connection that it has made
    // or makes in the next seconds at a port that goes on listening: it gets an alert and a FIN.
    // After a reset, or a FIN alone, its next write would raise SIGPIPE, which ends programs that
    // do not expect it (Perl's Net::FTP).
    void refuse_tls();

private:
    friend class PooledPorts;
    friend class ExclusivePorts;
    void begin(PassivePorts& ports, const sys::SocketAddress& peer, std::uint16_t port,
               std::uint32_t slot) {
        ports_ = &ports;
        peer_ = peer;
        port_ = port;
        slot_ = slot;
        refuses_tls_ = false;
    }
    // The client's connection is here: the port is free again for the same address.
    void fulfil(Socket connection) {
        unlink();
        ports_ = nullptr;
        connection_ = std::move(connection);
        if (event_ != nullptr) { event_->notify(); }
    }

    PassivePorts* ports_ = nullptr;  // set while pending
    io::Event* event_ = nullptr;
    Socket connection_;
    sys::SocketAddress peer_;
    std::uint16_t port_ = 0;
    std::uint32_t slot_ = 0;  // the implementation's own
    bool refuses_tls_ = false;
};

// A fatal handshake_failure (RFC 8446 section 6.2), in clear as everything before a ServerHello.
inline constexpr std::uint8_t kTlsRefusal[] = {21, 3, 3, 0, 2, 2, 40};

// One that waits for a port to come free (see PassivePorts::wait_for_port).
struct PortWaiter : ListHook<> {
    io::Event* event = nullptr;
    sys::SocketAddress peer;  // whom the port is for
};

// Hears of connections that match no reservation: for the audit log.
class StrangerSink {
public:
    virtual void on_stranger(const sys::SocketAddress& stranger, std::uint16_t port,
                             const sys::SocketAddress& owner) = 0;

protected:
    ~StrangerSink() = default;
};

class PassivePorts {
public:
    virtual ~PassivePorts() = default;

    // Promises a random port to `peer`'s host. LimitReached when every port is already promised to
    // this host: the caller may wait_for_port and ask again, or answer 425.
    virtual Status reserve(Reservation& reservation, const sys::SocketAddress& peer) = 0;
    // Puts `waiter` in line: its Event is notified when a port comes free for its host. Unlinking
    // it leaves.
    void wait_for_port(PortWaiter& waiter) {
        waiting_.push_back(waiter);
        on_waiter();
    }
    virtual std::uint32_t pending() const = 0;
    // Stops listening; reservations must be gone. The end comes with the Ops'.
    virtual void stop() = 0;
    virtual bool is_stopped() const = 0;

protected:
    friend class Reservation;
    virtual void give_back(Reservation& reservation) = 0;
    // Somebody waits now: for implementations whose ports may come free without their knowing.
    virtual void on_waiter() {}
    bool has_waiters() const { return !waiting_.is_empty(); }
    void wake_one_waiter() {
        if (PortWaiter* waiter = waiting_.pop_front()) { waiter->event->notify(); }
    }
    // Where a port that one host gives back is no use to the others. The line is short: only
    // sessions that wait for a port of a full range stand in it.
    void wake_one_waiter_of(const sys::SocketAddress& host) {
        for (PortWaiter* waiter = waiting_.front(); waiter != nullptr;
             waiter = waiting_.next(*waiter)) {
            if (waiter->peer.same_host(host)) {
                waiter->unlink();
                waiter->event->notify();
                return;
            }
        }
    }

private:
    IntrusiveList<PortWaiter> waiting_;
};

inline void Reservation::refuse_tls() {
    refuses_tls_ = true;
    connection_.close_with(kTlsRefusal);
    cancel();
}

inline void Reservation::cancel() {
    if (ports_ != nullptr) {
        PassivePorts* ports = std::exchange(ports_, nullptr);
        unlink();
        ports->give_back(*this);
    }
    connection_.close();
}

}  // namespace sluice::net
