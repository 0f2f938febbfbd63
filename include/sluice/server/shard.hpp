// One core's share of the server: loop, listeners, passive ports, sessions. Nothing is shared with
// the other shards but what `Surroundings` names, and a session born here dies here.
//
// The owner drives it step by step: turn() until has_ended(). It holds no thread, so the simulator
// runs the same code.
// Owned by: the shard's thread (server.cpp) or the simulator. Thread: one.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "sluice/base/atomic_bitmap.hpp"
#include "sluice/base/slab.hpp"
#include "sluice/config/snapshot.hpp"
#include "sluice/digest/shared.hpp"
#include "sluice/io/frame_pool.hpp"
#include "sluice/io/reactor.hpp"
#include "sluice/net/passive_ports.hpp"
#include "sluice/net/peer_rules.hpp"
#include "sluice/obs/event.hpp"
#include "sluice/server/control_listener.hpp"
#include "sluice/server/host_counts.hpp"
#include "sluice/server/placement.hpp"
#include "sluice/session/session.hpp"
#include "sluice/tls/context.hpp"
#include "sluice/vfs/tree.hpp"
#include "sluice/xfer/buffer_pool.hpp"

namespace sluice::server {

class Shard;

// What a shard is given. All references outlive it.
struct Surroundings {
    sys::Kernel& kernel;
    io::Backend& backend;
    io::ReadyQueue& ready;
    io::HelperPool& helpers;
    const config::Snapshot& config;
    const vfs::Root& root;
    obs::Log& log;
    Placement& placement;
    HostCounts& hosts;
    AtomicBitmap& passive_slots;  // exclusive passive ports, over the whole range
    digest::Shared& digests;
    vfs::ListingMemory& listings;
    std::uint32_t index;
};

class Shard final : session::SessionOwner, net::StrangerSink, ConnectionSink {
public:
    explicit Shard(const Surroundings& surroundings);
    Shard(const Shard&) = delete;
    Shard& operator=(const Shard&) = delete;
    ~Shard();

    // Sessions that begin from now on use it; those there go on with the one they began with.
    // Before the first one nobody speaks TLS.
    void take_tls(std::unique_ptr<tls::Context> made);
    // The same from any thread.
    void post_tls(std::unique_ptr<tls::Context> made);

    // Opens the listeners and the passive ports. `control` are the addresses to listen on; with
    // port 0 the first shard chooses and control_addresses() tells the others. The last ones are
    // those of tls.listen.
    struct Refusal {
        sys::SocketAddress address;
        Error error;
        bool is_passive = false;  // none of the passive ports of `address`, whose own port is free
    };
    bool listen(const std::vector<sys::SocketAddress>& control, Refusal& refusal);
    std::vector<sys::SocketAddress> control_addresses() const;

    // One turn of the loop: runs what is ready, frees what has ended, waits for the kernel.
    void turn(Duration sleep_max = Duration(-1));
    // The two halves of turn(), for the simulator.
    void run_ready();
    void wait(Duration sleep_max);

    // From any thread: no new sessions, those there end after their transfer; or at once.
    void post_drain() { reactor_.mailbox().post(drain_); }
    void post_kill() { reactor_.mailbox().post(kill_); }
    // True when a drain or a kill is done: nothing is in flight.
    bool has_ended() const;
    std::uint32_t session_count() const { return sessions_.live_count(); }
    std::uint64_t sessions_begun() const { return sessions_begun_; }
    std::size_t former_tls_count() const { return former_tls_.size(); }
    io::Reactor& reactor() { return reactor_; }
    io::FramePool& frames() { return frames_; }

private:
    // A connection on its way to another shard, and a Context on its way here.
    struct Handover;
    struct NewTls;
    struct FormerTls;

    void on_session_end(session::Session& session) override;
    std::uint32_t server_sessions() const override { return around_.placement.total(); }
    void on_stranger(const sys::SocketAddress& stranger, std::uint16_t port,
                     const sys::SocketAddress& owner) override;
    void on_connection(net::Socket socket, std::uint32_t place) override;
    void admit_arrived();
    void place_connection(net::Socket socket, std::uint32_t place);
    void admit(net::Socket socket, std::uint32_t place);
    Result<sys::SocketAddress> local_address_of(const net::Socket& socket, std::uint32_t place);
    void refuse(net::Socket& socket, std::uint32_t place, const sys::SocketAddress& peer,
                std::string_view why);
    void reap();
    void drop_former_tls();
    void drain();
    void kill();
    void stop_ports_when_idle();
    net::PassivePorts* ports_of_host(const sys::SocketAddress& host) const;
    bool make_ports(const sys::SocketAddress& host, Refusal& refusal);
    bool uses_exclusive_ports() const;
    session::Session::Opening opening_of(std::uint32_t place) const;

    Surroundings around_;
    io::FramePool frames_;
    io::Reactor reactor_;
    vfs::Tree tree_;
    xfer::BufferPools buffers_;
    net::PeerRules peer_rules_;
    std::unique_ptr<proto::Charset> charset_;
    tls::HandshakeBudget handshakes_;
    std::unique_ptr<tls::Context> tls_;
    // Former ones that sessions still use, or a helper is freeing; so there are hardly ever more of
    // them than sessions.
    std::vector<std::unique_ptr<FormerTls>> former_tls_;
    session::Services services_;
    std::vector<std::unique_ptr<ControlListener>> listeners_;
    std::vector<std::unique_ptr<net::PassivePorts>> ports_;  // one set per host listened on
    std::vector<net::PassivePorts*> ports_of_listener_;
    Slab<session::Session> sessions_;
    // Accepted inside the engine's wait, where nobody may be resumed and the turn's clock is old;
    // admitted at the beginning of the next turn.
    struct Arrived {
        net::Socket socket;
        std::uint32_t place;
    };
    std::vector<Arrived> arrived_;
    std::vector<session::Session*> ended_;
    std::uint64_t sessions_begun_ = 0;
    bool draining_ = false;
    bool ports_stopping_ = false;

    struct Order : io::Message {
        Shard* shard;
        Order(Deliver how, Shard* who) : Message(how), shard(who) {}
    };
    Order drain_;
    Order kill_;
};

}  // namespace sluice::server
