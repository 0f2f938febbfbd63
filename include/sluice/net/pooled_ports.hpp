// Passive ports that listen from the start to the end of the shard.
//
// Shard i of n listens on the ports p of the range with p mod n == i, so the data connection of a
// session is accepted by the shard that owns it: no hand-over, no lock, no atomic. A reservation is
// an entry in its port's list; a connection is matched by its peer's host.
// The choice is random: a predictable port invites theft (RFC 2577 section 8), and the address
// check remains. A pair (port, host) whose reservation was given up unused is avoided for some
// seconds, because its connection may still be on the way and would land in the next transfer.
// Thread: its shard.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "sluice/base/prng.hpp"
#include "sluice/net/passive_ports.hpp"

namespace sluice::net {

class PooledPorts final : public PassivePorts {
public:
    // `congestion`: TCP congestion control of the data connections, empty for the system's.
    PooledPorts(io::Reactor& reactor, StrangerSink& strangers, std::uint64_t seed,
                std::string_view congestion);
    ~PooledPorts() override;

    // Binds the shard's share of the range. Ports that other programs hold are left out; an error
    // only if none is left.
    Status listen(const sys::SocketAddress& host, std::uint16_t first, std::uint16_t last,
                  std::uint32_t shard, std::uint32_t shards);

    Status reserve(Reservation& reservation, const sys::SocketAddress& peer) override;
    std::uint32_t pending() const override { return pending_; }
    void stop() override;
    bool is_stopped() const override;
    std::size_t count() const { return ports_.size(); }

protected:
    void give_back(Reservation& reservation) override;

private:
    // 64 pairs for 5 s: a bound on memory; beyond it the oldest is forgotten.
    static constexpr std::size_t kQuarantineMax = 64;
    static constexpr Duration kQuarantineTime = Duration::seconds(5);

    struct Port final : io::AcceptSink {
        PooledPorts* pool = nullptr;
        Socket listener;
        std::uint16_t number = 0;
        io::Op accepting;
        IntrusiveList<Reservation> reservations;

        void on_accept(int socket) override { pool->match(*this, socket); }
        void on_accept_end(Error error) override { pool->on_accept_end(*this, error); }
    };
    struct Quarantined {
        sys::SocketAddress host;
        std::uint16_t port = 0;
        Instant until;
        bool refuses_tls = false;
    };

    void start_accepting(Port& port);
    void match(Port& port, int socket);
    void on_accept_end(Port& port, Error error);
    void restart_exhausted();
    bool is_promised_to(Port& port, const sys::SocketAddress& host);
    const Quarantined* quarantined(std::uint16_t port, const sys::SocketAddress& host) const;

    io::Reactor& reactor_;
    StrangerSink& strangers_;
    Prng random_;
    std::string congestion_;
    std::vector<std::unique_ptr<Port>> ports_;
    std::vector<Quarantined> quarantine_;
    std::size_t quarantine_next_ = 0;
    std::uint32_t pending_ = 0;
    bool stopping_ = false;
    io::Timer retry_;  // accepts that ended for want of descriptors
};

}  // namespace sluice::net
