#include "sluice/server/server.hpp"

#include <fmt/format.h>

#include <chrono>
#include <future>
#include <thread>
#include <utility>

#include "sluice/server/shard.hpp"
#include "sluice/sys/process.hpp"

namespace sluice::server {

// One shard's thread, and what it tells main when it stands or could not.
struct Server::Worker {
    struct Standing {
        bool stands = false;
        std::string refusal;
        Error error;
        std::vector<sys::SocketAddress> addresses;
    };
    std::uint32_t index = 0;
    std::promise<Standing> standing;
    std::thread thread;
};

std::size_t count_addresses(const std::vector<config::ListenAddress>& listen) {
    std::size_t count = 0;
    for (const config::ListenAddress& address : listen) { count += address.is_any() ? 2u : 1u; }
    return count;
}

Result<std::vector<sys::SocketAddress>> listen_addresses(const config::Snapshot& config,
                                                         std::string& refusal) {
    std::vector<sys::SocketAddress> addresses;
    std::vector<config::ListenAddress> all = config.server.listen;
    all.insert(all.end(), config.tls.listen.begin(), config.tls.listen.end());
    for (const config::ListenAddress& listen : all) {
        if (listen.is_any()) {
            addresses.push_back(*sys::SocketAddress::parse("0.0.0.0", listen.port));
            addresses.push_back(*sys::SocketAddress::parse("::", listen.port));
            continue;
        }
        const Result<sys::SocketAddress> address =
            sys::SocketAddress::parse(listen.host, listen.port);
        if (!address) {
            refusal = fmt::format("'{}' is no address to listen on", listen.host);
            return fail(address.error());
        }
        addresses.push_back(*address);
    }
    return addresses;
}

std::string listen_refusal(const sys::SocketAddress& address, Error error) {
    constexpr std::uint16_t kFreePortsBegin = 1024;  // net.ipv4.ip_unprivileged_port_start
    const bool is_denied = error.code == Errc::AccessDenied || error.code == Errc::Permission;
    std::string_view help;
    if (error.code == Errc::AddressInUse) {
        help = "; 'ss -ltnp' shows by whom, --listen or server.listen takes another port";
    } else if (error.code == Errc::AddressUnavailable) {
        help = "; 'ip address' shows those of this host, \"*:PORT\" is all of them";
    } else if (is_denied && address.port() < kFreePortsBegin) {
        help = "; ports below 1024 take root or CAP_NET_BIND_SERVICE";
    }
    return fmt::format("cannot listen on {}: {}{}", address.text(), text_of(error), help);
}

namespace {

std::string passive_refusal(const config::PortRange& ports, const sys::SocketAddress& address,
                            Error error) {
    return fmt::format(
        "no passive port of {}-{} can be had on {}: {}; another sluiced may hold them, "
        "--passive-ports or server.passive_ports takes others",
        ports.first, ports.last, address.host_text(), text_of(error));
}

// Tries to listen on the address alone. Several shards will share it by SO_REUSEPORT, which would
// also let a second server of the same user in without a word. And the ring of a server that was
// killed a moment ago holds its listeners for some milliseconds more, so "in use" is asked again.
Status wait_until_free(sys::Kernel& kernel, const sys::SocketAddress& address) {
    constexpr int kTriesMax = 20;
    constexpr auto kPause = std::chrono::milliseconds(50);
    if (address.port() == 0) { return {}; }
    sys::ListenOptions options;
    options.v6_only = true;
    Result<int> probe = kernel.listen(address, options);
    for (int tries = 1; tries < kTriesMax && !probe; ++tries) {
        if (probe.error().code != Errc::AddressInUse) { break; }
        std::this_thread::sleep_for(kPause);
        probe = kernel.listen(address, options);
    }
    if (!probe) { return fail(probe.error()); }
    kernel.close(*probe);
    return {};
}

}  // namespace

Server::Server(sys::Kernel& kernel, const config::Snapshot& config, const vfs::Root& root,
               LogSource& logs, io::EngineKind engine, std::uint32_t shards, TlsContexts tls)
    : kernel_(kernel),
      config_(config),
      root_(root),
      logs_(logs),
      engine_(engine),
      placement_(shards),
      hosts_(config.limits.max_sessions_per_ip),
      passive_slots_(config.server.passive_ports.count()),
      digests_(config.limits.hash_cache,
               {.at_once = config.limits.hash_at_once,
                .bytes_per_hour = config.limits.hash_hourly}),
      tls_(std::move(tls)),
      listings_(config.listing.cache, config.listing.cache_ttl, config.listing.memory_total),
      helpers_(config.helpers.threads) {
    if (listings_.cache.is_on()) { root.marks().turn_on(); }
}

Server::~Server() { join(); }

bool Server::start(std::string& refusal, Error& error) {
    Result<std::vector<sys::SocketAddress>> control = listen_addresses(config_, refusal);
    if (!control) {
        error = control.error();
        return false;
    }
    for (const sys::SocketAddress& address : *control) {
        const Status free = wait_until_free(kernel_, address);
        if (!free) {
            refusal = listen_refusal(address, free.error());
            error = free.error();
            return false;
        }
    }
    for (std::uint32_t index = 0; index < placement_.shards(); ++index) {
        workers_.push_back(std::make_unique<Worker>());
        Worker& worker = *workers_.back();
        worker.index = index;
        std::future<Worker::Standing> standing = worker.standing.get_future();
        running_.fetch_add(1, std::memory_order_acq_rel);
        worker.thread = std::thread(
            [this, &worker, addresses = *control] { run_shard(worker, addresses); });
        const Worker::Standing outcome = standing.get();
        if (!outcome.stands) {
            refusal = outcome.refusal;
            error = outcome.error;
            kill();
            return false;
        }
        addresses_ = outcome.addresses;
        *control = outcome.addresses;  // port 0 has become a port
    }
    return true;
}

void Server::run_shard(Worker& worker, std::vector<sys::SocketAddress> control) {
    sys::name_this_thread(fmt::format("shard-{}", worker.index).c_str());
    if (config_.server.pin_shards) {
        const std::vector<int> cpus = sys::allowed_cpus();
        (void)sys::pin_this_thread(cpus[worker.index % cpus.size()]);
    }
    Worker::Standing standing;
    io::ReadyQueue ready;
    Result<std::unique_ptr<io::Backend>> backend = io::make_backend(engine_, kernel_, ready);
    if (!backend) {
        standing.error = backend.error();
        standing.refusal = fmt::format("the engine does not start: {}", text_of(standing.error));
        running_.fetch_sub(1, std::memory_order_acq_rel);
        worker.standing.set_value(std::move(standing));
        return;
    }
    const Surroundings around = {kernel_,    **backend, ready,
                                 helpers_,   config_,   root_,
                                 logs_.log_of_shard(worker.index),
                                 placement_, hosts_,    passive_slots_,
                                 digests_,   listings_, worker.index};
    {
        Shard shard(around);
        if (!tls_.empty()) { shard.take_tls(std::move(tls_[worker.index])); }
        Shard::Refusal refusal;
        standing.stands = shard.listen(control, refusal);
        placement_.set_shard(worker.index, &shard);
        if (standing.stands) {
            standing.addresses = shard.control_addresses();
        } else {
            standing.error = refusal.error;
            standing.refusal = refusal.is_passive ? passive_refusal(config_.server.passive_ports,
                                                                    refusal.address, refusal.error)
                                                  : listen_refusal(refusal.address, refusal.error);
        }
        worker.standing.set_value(std::move(standing));
        while (!shard.has_ended()) { shard.turn(); }
        running_.fetch_sub(1, std::memory_order_acq_rel);
        // Another shard may still hand over a connection it accepted last: it is refused here, and
        // no Shard goes before all have ended.
        constexpr Duration kLookAgain = Duration::milliseconds(10);
        while (!has_ended()) { shard.turn(kLookAgain); }
        {
            const std::lock_guard<std::mutex> lock(order_mutex_);
            placement_.set_shard(worker.index, nullptr);
        }
        // What was posted between the last turn and this point, an order or a connection: from here
        // on nobody finds this shard any more.
        shard.run_ready();
        helpers_.settle();
    }
}

void Server::renew_tls(TlsContexts tls) {
    const std::lock_guard<std::mutex> lock(order_mutex_);
    for (std::uint32_t i = 0; i < placement_.shards(); ++i) {
        if (Shard* shard = placement_.shard(i)) { shard->post_tls(std::move(tls[i])); }
    }
}

void Server::drain() {
    const std::lock_guard<std::mutex> lock(order_mutex_);
    if (std::exchange(drain_ordered_, true)) { return; }
    for (std::uint32_t i = 0; i < placement_.shards(); ++i) {
        if (Shard* shard = placement_.shard(i)) { shard->post_drain(); }
    }
}

void Server::kill() {
    const std::lock_guard<std::mutex> lock(order_mutex_);
    if (std::exchange(kill_ordered_, true)) { return; }
    for (std::uint32_t i = 0; i < placement_.shards(); ++i) {
        if (Shard* shard = placement_.shard(i)) { shard->post_kill(); }
    }
}

void Server::join() {
    for (std::unique_ptr<Worker>& worker : workers_) {
        if (worker->thread.joinable()) { worker->thread.join(); }
    }
    workers_.clear();
}

}  // namespace sluice::server
