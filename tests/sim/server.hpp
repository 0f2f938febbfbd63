// The server in a simulated world: its shards, driven turn by turn on one thread.
//
// One step() gives each shard a turn, in an order drawn by the seed; when all of them sleep, the
// clock moves to the next thing that happens. The files it serves, and the faults, are the world's.
// Owned by: Scenario. Thread: the one of the simulation.
#pragma once

#include <memory>
#include <vector>

#include "sim/backend.hpp"
#include "sim/event_log.hpp"
#include "sim/world.hpp"
#include "sluice/base/atomic_bitmap.hpp"
#include "sluice/config/snapshot.hpp"
#include "sluice/server/shard.hpp"
#include "sluice/vfs/listing_cache.hpp"
#include "sluice/vfs/root.hpp"

namespace sluice::sim {

class Server {
public:
    // `root_path` is a directory of the world's files. Ends the test if the server cannot start.
    Server(World& world, const config::Snapshot& config, const char* root_path,
           std::uint32_t shards);
    ~Server();

    const std::vector<sys::SocketAddress>& addresses() const { return addresses_; }
    // One turn of each shard; the clock does not move beyond `limit` by it. False when nothing at
    // all will ever happen again.
    bool step(Instant limit = Instant(INT64_MAX));
    void drain();
    void kill();
    bool has_ended() const;
    std::uint32_t session_count() const;
    std::uint32_t operations_in_flight() const;
    std::uint64_t live_frames() const;
    // Descriptors that are open with no session: the root's, listeners and passive ports.
    std::size_t descriptors_at_rest() const { return descriptors_at_rest_; }
    const EventLog& log() const { return log_; }

private:
    struct Unit {
        io::ReadyQueue ready;
        std::unique_ptr<Backend> backend;
        std::unique_ptr<server::Shard> shard;
    };

    World& world_;
    config::Snapshot config_;
    EventLog log_;
    std::unique_ptr<vfs::Root> root_;
    server::Placement placement_;
    server::HostCounts hosts_;
    AtomicBitmap passive_slots_;
    digest::Shared digests_;
    vfs::ListingMemory listings_;
    std::vector<std::unique_ptr<Unit>> units_;
    std::vector<sys::SocketAddress> addresses_;
    std::size_t descriptors_at_rest_ = 0;
    int quiet_rounds_ = 0;
};

}  // namespace sluice::sim
