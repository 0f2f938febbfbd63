// The whole server: helper threads, one thread per shard, and the order in which they come and go.
//
// Start: limits and signals (main) -> helper pool -> shard 0 opens its listeners -> the others, on
// the same addresses -> ready. A shard that cannot start stops those before it, and start() says
// which address was refused and why.
// Stop: drain (no new sessions, transfers finish) -> after the grace period kill -> every shard
// ends with nothing in flight -> threads joined.
// Owned by: main. Thread: main's, except where said.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "sluice/base/atomic_bitmap.hpp"
#include "sluice/config/snapshot.hpp"
#include "sluice/digest/shared.hpp"
#include "sluice/io/helper_pool.hpp"
#include "sluice/io/select_backend.hpp"
#include "sluice/obs/event.hpp"
#include "sluice/server/host_counts.hpp"
#include "sluice/server/placement.hpp"
#include "sluice/sys/kernel.hpp"
#include "sluice/tls/context.hpp"
#include "sluice/vfs/listing_cache.hpp"
#include "sluice/vfs/root.hpp"

namespace sluice::server {

class Shard;

// One log per shard (obs::Log has one writer); made by main, which knows the sinks.
class LogSource {
public:
    virtual obs::Log& log_of_shard(std::uint32_t shard) = 0;

protected:
    ~LogSource() = default;
};

// One for each shard, in their order; none at all where nobody speaks TLS.
using TlsContexts = std::vector<std::unique_ptr<tls::Context>>;

class Server {
public:
    Server(sys::Kernel& kernel, const config::Snapshot& config, const vfs::Root& root,
           LogSource& logs, io::EngineKind engine, std::uint32_t shards,
           TlsContexts tls = {});
    ~Server();

    // True when all shards accept. Otherwise `refusal` is a sentence for the operator, and `error`
    // tells what kind it was.
    bool start(std::string& refusal, Error& error);
    // The control addresses, with the ports that were really taken.
    const std::vector<sys::SocketAddress>& addresses() const { return addresses_; }
    std::uint32_t shards() const { return placement_.shards(); }
    std::uint32_t sessions() const { return placement_.total(); }

    // Certificates and what belongs to them, for sessions that begin from now on. Any thread.
    void renew_tls(TlsContexts tls);

    // No new sessions; those there end after their transfer.
    void drain();
    // All sessions end now.
    void kill();
    bool has_ended() const { return running_.load(std::memory_order_acquire) == 0; }
    // Joins the threads of a server that has ended, or was never fully started.
    void join();

private:
    struct Worker;
    void run_shard(Worker& worker, std::vector<sys::SocketAddress> control);

    sys::Kernel& kernel_;
    const config::Snapshot& config_;
    const vfs::Root& root_;
    LogSource& logs_;
    io::EngineKind engine_;
    Placement placement_;
    HostCounts hosts_;
    AtomicBitmap passive_slots_;
    digest::Shared digests_;
    TlsContexts tls_;  // until each shard takes its own
    vfs::ListingMemory listings_;
    io::ThreadHelperPool helpers_;
    std::vector<std::unique_ptr<Worker>> workers_;
    std::vector<sys::SocketAddress> addresses_;
    std::atomic<std::uint32_t> running_{0};  // shards that have not ended
    std::mutex order_mutex_;                 // main's orders against the end of a shard
    bool drain_ordered_ = false;
    bool kill_ordered_ = false;
};

// How many sockets such a list stands for.
std::size_t count_addresses(const std::vector<config::ListenAddress>& listen);
// The addresses to listen on, "*" as both families, those of tls.listen last. An error names the
// bad one.
Result<std::vector<sys::SocketAddress>> listen_addresses(const config::Snapshot& config,
                                                         std::string& refusal);
// A sentence for the operator: that `address` could not be listened on, why, and what helps.
std::string listen_refusal(const sys::SocketAddress& address, Error error);

}  // namespace sluice::server
