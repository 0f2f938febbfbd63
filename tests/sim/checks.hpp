// What must hold in a simulated run: after every turn, when all clients have gone, when the server
// has stopped, and after a power cut at any moment. A check that fails ends the test (panic.hpp).
// What a client can see is checked by the clients themselves (client.hpp).
#pragma once

#include <memory>
#include <vector>

#include "sim/client.hpp"
#include "sim/library.hpp"
#include "sim/server.hpp"
#include "sim/world.hpp"
#include "sluice/config/snapshot.hpp"

namespace sluice::sim {

// After every turn: limits are kept (I8), and no shard has slept (I7).
void check_turn(World& world, const Server& server, const config::Snapshot& config);
bool is_at_rest(World& world, const Server& server);
// No session is left, the server still runs: what it holds is what it held at its start (I6).
void check_at_rest(World& world, const Server& server);
// The server has ended: nothing is in flight.
void check_stopped(World& world, const Server& server);
// The server is gone: no descriptor, socket, open file or stray name is left.
void check_gone(World& world, Library& library);
// If the power failed now: is everything that was promised with a 226 on the disk (O-DUR-11)? Looks
// at a copy of the files; the run goes on.
void check_power_cut(World& world, const config::Snapshot& config,
                     const std::vector<std::unique_ptr<Client>>& clients);

}  // namespace sluice::sim
