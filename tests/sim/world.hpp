// One simulated machine and its network: everything that a server would call, from one seed.
//
// A world is made, filled by a scenario, driven turn by turn, checked and thrown away. The backend
// is not part of it, because each shard has its own; make_backend_options() draws one's nature.
// Thread: one.
#pragma once

#include <cstdint>

#include "sim/backend.hpp"
#include "sim/clock.hpp"
#include "sim/faults.hpp"
#include "sim/files.hpp"
#include "sim/helper_pool.hpp"
#include "sim/kernel.hpp"
#include "sim/network.hpp"
#include "sim/panic.hpp"
#include "sim/trace.hpp"
#include "sluice/base/prng.hpp"

namespace sluice::sim {

struct World {
    explicit World(std::uint64_t seed, const char* replay = nullptr)
        : prng(seed),
          faults(prng),
          trace(clock),
          context(trace, replay),
          network(clock, prng, faults, trace),
          files(clock, prng),
          kernel(clock, prng, faults, trace, network, files),
          helpers(clock, prng, faults, trace, kernel) {
        network.add_server_host(sys::SocketAddress::v4(127, 0, 0, 1, 0));
        network.add_server_host(sys::SocketAddress::v4(10, 0, 0, 1, 0));
        network.add_server_host(*sys::SocketAddress::parse("::1", 0));
    }

    Backend::Options make_backend_options() {
        Backend::Options options;
        options.edge_triggered = prng.chance(2, 3);
        options.input_buffers = static_cast<std::uint16_t>(1 + prng.below(8));
        options.input_bytes = prng.chance(1, 3) ? 16 + prng.below(200) : 2048;
        return options;
    }

    Clock clock;
    Prng prng;
    Faults faults;
    Trace trace;
    PanicContext context;
    Network network;
    Files files;
    Kernel kernel;
    HelperPool helpers;
};

}  // namespace sluice::sim
