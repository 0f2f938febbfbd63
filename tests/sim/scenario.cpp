#include "sim/scenario.hpp"

#include <memory>
#include <string>
#include <vector>

#include "sim/checks.hpp"
#include "sim/client.hpp"
#include "sim/library.hpp"
#include "sim/server.hpp"
#include "sim/world.hpp"

namespace sluice::sim {
namespace {

constexpr std::uint32_t kClientsMax = 12;
constexpr int kSettleTurns = 100;
constexpr std::uint64_t kRestTurnsMax = 2'000'000;
// Longer than every time-out of the configuration in a row.
constexpr Duration kRestTimeMax = Duration::seconds(4 * 3600);

config::Snapshot draw_config(Prng& prng, bool v6) {
    config::Snapshot config;
    config.server.listen = {config::ListenAddress(v6 ? "::1" : prng.chance(1, 2) ? "127.0.0.1"
                                                                                 : "10.0.0.1",
                                                  2121)};
    config.server.root = Library::kRoot;
    const std::uint16_t ports = static_cast<std::uint16_t>(prng.chance(1, 3) ? 2 : 32);
    config.server.passive_ports =
        config::PortRange(50'000, static_cast<std::uint16_t>(50'000 + ports - 1));
    config.anonymous.writable = prng.chance(9, 10);
    config.limits.max_sessions = prng.chance(1, 5) ? 3 : 100;
    config.limits.transfer_buffer_memory = prng.chance(1, 3) ? 1u << 20 : 16u << 20;
    config.transfer.mode_z = true;
    config.upload.durability = static_cast<config::Durability>(prng.below(3));
    config.upload.partial = static_cast<config::PartialUpload>(prng.below(2));
    if (prng.chance(1, 3)) {
        config.transfer.slice = 4096 + prng.below(100'000);
        config.transfer.turn_budget = config.transfer.slice * (1 + prng.below(4));
    }
    // Half of the bound is less than the largest folder's listing.
    if (prng.chance(1, 2)) { config.listing.cache = prng.chance(1, 2) ? 64u << 10 : 16u << 20; }
    return config;
}

class Scenario {
public:
    explicit Scenario(const ScenarioOptions& options);
    Outcome run();

private:
    void start_clients(bool v6);
    void turn();
    void play();
    void rest();
    void stop_server();
    bool all_clients_over() const;
    [[noreturn]] void report_stuck(const char* what);

    ScenarioOptions options_;
    World world_;
    bool v6_;
    config::Snapshot config_;
    std::uint32_t client_count_;
    Library library_;
    std::unique_ptr<Server> server_;
    std::vector<std::unique_ptr<Client>> clients_;
    bool server_stops_ = false;
    Outcome outcome_;
};

Scenario::Scenario(const ScenarioOptions& options)
    : options_(options),
      world_(options.seed, options.replay),
      v6_(world_.prng.chance(1, 6)),
      config_(draw_config(world_.prng, v6_)),
      client_count_(1 + static_cast<std::uint32_t>(world_.prng.below(kClientsMax))),
      library_(world_, client_count_) {
    world_.trace.set_verbose(options.verbose);
    Network::Limits limits;
    if (world_.prng.chance(1, 6)) {
        // Larger than any buffer of the server: one receive does not empty the socket.
        limits.buffer_bytes_min = limits.buffer_bytes_max = 600'000;
    } else if (world_.prng.chance(1, 2)) {
        limits.buffer_bytes_min = 256 + world_.prng.below(2000);
        limits.buffer_bytes_max = limits.buffer_bytes_min + world_.prng.below(20'000);
    }
    world_.network.set_limits(limits);
    const std::uint32_t shards = world_.prng.chance(1, 3) ? 3 : 1;
    server_ = std::make_unique<Server>(world_, config_, Library::kRoot, shards);
    world_.files.track_crashes();
    if (world_.prng.chance(7, 8)) { world_.faults.draw(); }
    start_clients(v6_);
}

void Scenario::start_clients(bool v6) {
    ServerFacts facts;
    facts.address = server_->addresses()[0];
    facts.writable = config_.anonymous.writable;
    facts.keeps_partial = config_.upload.partial == config::PartialUpload::Keep;
    facts.full_durability = config_.upload.durability == config::Durability::Full;
    facts.ports_first = config_.server.passive_ports.first;
    facts.ports_last = config_.server.passive_ports.last;
    for (std::uint32_t i = 0; i < client_count_; ++i) {
        const sys::SocketAddress host =
            v6 ? *sys::SocketAddress::parse("fd00::" + std::to_string(i + 1), 0)
               : sys::SocketAddress::v4(10, 1, 0, static_cast<std::uint8_t>(i + 1), 0);
        clients_.push_back(std::make_unique<Client>(world_, library_, facts, host, i,
                                                    Client::Habits::draw(world_.prng)));
        Client* client = clients_.back().get();
        world_.clock.after(Duration(static_cast<std::int64_t>(world_.prng.below(50'000'000))),
                           [client] { client->start(); });
    }
}

bool Scenario::all_clients_over() const {
    for (const std::unique_ptr<Client>& client : clients_) {
        if (!client->is_over()) { return false; }
    }
    return true;
}

void Scenario::turn() {
    ++outcome_.turns;
    const bool alive = server_->step();
    check_turn(world_, *server_, config_);
    if (!alive && !all_clients_over()) { report_stuck("nothing is planned"); }
}

// The part with faults.
void Scenario::play() {
    // In one seed of five the server is told to stop in the middle.
    const std::uint64_t stop_at =
        world_.prng.chance(1, 5) ? world_.prng.below(options_.steps_max / 4) : UINT64_MAX;
    const bool crashes = world_.prng.chance(1, 2);
    while (outcome_.turns < options_.steps_max && !all_clients_over()) {
        turn();
        if (outcome_.turns == stop_at) {
            world_.trace.note("server stops");
            server_stops_ = true;
            for (std::unique_ptr<Client>& client : clients_) { client->expect_end(); }
            if (world_.prng.chance(1, 2)) {
                server_->drain();
            } else {
                server_->kill();
            }
        }
        if (crashes && world_.prng.chance(1, 2000)) {
            ++outcome_.crashes;
            check_power_cut(world_, config_, clients_);
        }
    }
}

// No more faults, no more new actions: all sessions must end by themselves.
void Scenario::rest() {
    world_.trace.note("faults stop");
    world_.faults.stop();
    for (std::unique_ptr<Client>& client : clients_) { client->finish(); }
    const Instant limit = world_.clock.now() + kRestTimeMax;
    for (std::uint64_t i = 0; !all_clients_over() || server_->session_count() > 0; ++i) {
        if (i > kRestTurnsMax) { report_stuck("no end of turns"); }
        if (world_.clock.now() > limit) { report_stuck("no end in time"); }
        turn();
    }
    for (std::unique_ptr<Client>& client : clients_) { client->check_remains(); }
    // Listeners of single passive ports end a turn or two after their session.
    for (int i = 0; i < kSettleTurns && !is_at_rest(world_, *server_); ++i) { turn(); }
    if (!server_stops_) { check_at_rest(world_, *server_); }
}

void Scenario::stop_server() {
    if (!server_->has_ended()) {
        server_->drain();
        server_->kill();
        turn();
    }
    for (std::uint64_t i = 0; !server_->has_ended(); ++i) {
        if (i > kRestTurnsMax) { report_stuck("the server does not stop"); }
        turn();
    }
    // What clients and helpers still have under way.
    for (std::uint64_t i = 0; world_.helpers.pending() > 0 && i < kRestTurnsMax; ++i) { turn(); }
    // What the kernel still does by itself, such as reading ahead.
    while (!world_.clock.is_empty()) { world_.clock.advance_to(Instant(INT64_MAX)); }
    check_stopped(world_, *server_);
    server_.reset();
    check_gone(world_, library_);
}

void Scenario::report_stuck(const char* what) {
    for (const std::unique_ptr<Client>& client : clients_) {
        if (!client->is_over()) { std::fprintf(stderr, "%s\n", client->describe().c_str()); }
    }
    panic("stuck: %s, with %u sessions and %u operations in flight", what,
          server_->session_count(), server_->operations_in_flight());
}

Outcome Scenario::run() {
    play();
    rest();
    stop_server();
    for (const std::unique_ptr<Client>& client : clients_) {
        outcome_.commands += client->counts().commands;
        outcome_.downloads += client->counts().downloads;
        outcome_.uploads += client->counts().uploads;
        outcome_.listings += client->counts().listings;
        outcome_.broken += client->counts().broken;
        for (const auto& [answer, count] : client->counts().answers) {
            outcome_.answers[answer] += count;
        }
    }
    outcome_.clients = clients_.size();
    outcome_.hash = world_.trace.hash();
    outcome_.events = world_.trace.events();
    outcome_.virtual_seconds = world_.clock.now().ns / 1'000'000'000 - 1'000;
    return outcome_;
}

}  // namespace

Outcome run_scenario(const ScenarioOptions& options) {
    Scenario scenario(options);
    return scenario.run();
}

}  // namespace sluice::sim
