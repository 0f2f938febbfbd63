// One seed from beginning to end: a world, a server with a configuration, clients with habits,
// faults; then no more faults, and everything must come to rest; then the server stops, and nothing
// of it may be left.
// Thread: one.
#pragma once

#include <cstdint>
#include <map>
#include <string>

namespace sluice::sim {

struct ScenarioOptions {
    std::uint64_t seed = 1;
    std::uint64_t steps_max = 30'000;  // turns with faults
    bool verbose = false;
    const char* replay = nullptr;      // the command line that runs this again
};

struct Outcome {
    std::uint64_t hash = 0;    // of all events
    std::uint64_t events = 0;
    std::uint64_t turns = 0;
    std::uint64_t clients = 0;
    std::uint64_t commands = 0;
    std::uint64_t downloads = 0;
    std::uint64_t uploads = 0;
    std::uint64_t listings = 0;
    std::uint64_t broken = 0;
    std::int64_t virtual_seconds = 0;
    std::uint64_t crashes = 0;  // power cuts looked at
    std::map<std::string, std::uint64_t> answers;  // "RETR 226": how often
};

// Ends the process with a report when an invariant does not hold.
Outcome run_scenario(const ScenarioOptions& options);

}  // namespace sluice::sim
