// io::HelperPool on virtual time: a job's work happens at one moment, its return at a later one,
// both drawn by the seed, so that jobs overtake each other and everything may change meanwhile.
// Owned by: World. Thread: the one of the simulation.
#pragma once

#include <cstdint>

#include "sim/clock.hpp"
#include "sim/faults.hpp"
#include "sim/kernel.hpp"
#include "sim/trace.hpp"
#include "sluice/base/prng.hpp"
#include "sluice/io/helper_pool.hpp"

namespace sluice::sim {

class HelperPool final : public io::HelperPool {
public:
    HelperPool(Clock& clock, Prng& prng, Faults& faults, Trace& trace, Kernel& kernel)
        : clock_(clock), prng_(prng), faults_(faults), trace_(trace), kernel_(kernel) {}

    void submit(io::HelperJob& job) override;
    // Jobs that have not come home.
    std::uint64_t pending() const { return pending_; }
    std::uint64_t total() const { return total_; }

private:
    Duration draw();

    Clock& clock_;
    Prng& prng_;
    Faults& faults_;
    Trace& trace_;
    Kernel& kernel_;
    std::uint64_t pending_ = 0;
    std::uint64_t total_ = 0;
};

}  // namespace sluice::sim
