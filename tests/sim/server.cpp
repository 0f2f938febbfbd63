#include "sim/server.hpp"

#include <algorithm>
#include <numeric>

namespace sluice::sim {
namespace {

std::vector<sys::SocketAddress> control_addresses(const config::Snapshot& config) {
    std::vector<sys::SocketAddress> addresses;
    for (const config::ListenAddress& listen : config.server.listen) {
        const Result<sys::SocketAddress> parsed =
            sys::SocketAddress::parse(listen.host, listen.port);
        if (!parsed) { panic("a bad listen address in a scenario"); }
        addresses.push_back(*parsed);
    }
    return addresses;
}

}  // namespace

Server::Server(World& world, const config::Snapshot& config, const char* root_path,
               std::uint32_t shards)
    : world_(world),
      config_(config),
      log_(world.trace),
      placement_(shards),
      hosts_(config_.limits.max_sessions_per_ip),
      passive_slots_(config_.server.passive_ports.count()),
      digests_(config_.limits.hash_cache, {.at_once = config_.limits.hash_at_once,
                                           .bytes_per_hour = config_.limits.hash_hourly}),
      listings_(config_.listing.cache, config_.listing.cache_ttl, config_.listing.memory_total) {
    vfs::RootRules rules;
    rules.symlinks = config_.tree.symlinks;
    Result<std::unique_ptr<vfs::Root>> root = vfs::Root::open(world.kernel, root_path, rules);
    if (!root) { panic("the root cannot be opened: %s", text_of(root.error()).data()); }
    root_ = std::move(*root);
    if (listings_.cache.is_on()) { root_->marks().turn_on(); }
    world.files.guard(root_path);
    addresses_ = control_addresses(config_);
    for (std::uint32_t i = 0; i < shards; ++i) {
        units_.push_back(std::make_unique<Unit>());
        Unit& unit = *units_.back();
        Backend::Options options = world.make_backend_options();
        options.moves_clock = false;
        unit.backend = std::make_unique<Backend>(world.clock, world.prng, world.faults, world.trace,
                                                 world.kernel, unit.ready, options);
        const server::Surroundings around = {world.kernel, *unit.backend, unit.ready,
                                             world.helpers, config_,      *root_,
                                             log_,          placement_,   hosts_,
                                             passive_slots_, digests_,     listings_,
                                             i};
        unit.shard = std::make_unique<server::Shard>(around);
        server::Shard::Refusal refusal;
        if (!unit.shard->listen(addresses_, refusal)) {
            panic("the server cannot listen on %s%s: %s",
                  refusal.is_passive ? "passive ports of " : "", refusal.address.text().c_str(),
                  text_of(refusal.error).data());
        }
        if (i == 0) { addresses_ = unit.shard->control_addresses(); }
        placement_.set_shard(i, unit.shard.get());
    }
    descriptors_at_rest_ = world.kernel.open_descriptors();
    world.kernel.count_sleeps();
}

Server::~Server() {
    for (std::uint32_t i = 0; i < units_.size(); ++i) { placement_.set_shard(i, nullptr); }
    for (std::unique_ptr<Unit>& unit : units_) { unit->shard.reset(); }
}

bool Server::step(Instant limit) {
    // Only here, so that what happens in the world finds all shards between two turns: a message
    // that came to a shard after its turn, before the round is found quiet, would be slept over.
    if (world_.clock.run_due()) { quiet_rounds_ = 0; }
    std::vector<std::size_t> order(units_.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    for (std::size_t i = order.size(); i > 1; --i) {
        std::swap(order[i - 1], order[world_.prng.below(i)]);
    }
    for (const std::size_t i : order) {
        units_[i]->shard->run_ready();
        units_[i]->shard->wait(Duration(-1));
    }
    const bool quiet = std::all_of(units_.begin(), units_.end(),
                                   [](const auto& unit) { return unit->backend->is_asleep(); });
    // A message posted to a shard that had just gone to sleep is seen in its next turn: only a
    // second quiet round shows that nothing is on its way.
    quiet_rounds_ = quiet ? quiet_rounds_ + 1 : 0;
    if (quiet_rounds_ < 2) { return true; }
    quiet_rounds_ = 0;
    for (const std::unique_ptr<Unit>& unit : units_) {
        limit = std::min(limit, unit->backend->sleeps_until());
    }
    if (world_.clock.is_empty() && limit.ns == INT64_MAX) { return false; }
    world_.clock.advance_to(limit);
    return true;
}

void Server::drain() {
    for (std::unique_ptr<Unit>& unit : units_) { unit->shard->post_drain(); }
}

void Server::kill() {
    for (std::unique_ptr<Unit>& unit : units_) { unit->shard->post_kill(); }
}

bool Server::has_ended() const {
    return std::all_of(units_.begin(), units_.end(),
                       [](const auto& unit) { return unit->shard->has_ended(); });
}

std::uint32_t Server::session_count() const {
    std::uint32_t count = 0;
    for (const std::unique_ptr<Unit>& unit : units_) { count += unit->shard->session_count(); }
    return count;
}

std::uint32_t Server::operations_in_flight() const {
    std::uint32_t count = 0;
    for (const std::unique_ptr<Unit>& unit : units_) { count += unit->backend->in_flight(); }
    return count;
}

std::uint64_t Server::live_frames() const {
    std::uint64_t count = 0;
    for (const std::unique_ptr<Unit>& unit : units_) { count += unit->shard->frames().live(); }
    return count;
}

}  // namespace sluice::sim
