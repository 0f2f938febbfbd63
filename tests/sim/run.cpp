// sim_run: seeds through the simulator.
//
//     sim_run --seed 7 [--verbose]      one seed, twice: the event hashes must be equal
//     sim_run --seeds 1-200             a range, the same check for every tenth
//     sim_run --steps 100000 ...        how many turns with faults
//     sim_run --answers ...             how often each command had each reply
//
// A seed that breaks an invariant aborts with the last events and the command that replays it.
#include <cinttypes>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

#include "sim/scenario.hpp"

namespace {

struct Arguments {
    std::uint64_t first = 1;
    std::uint64_t last = 1;
    std::uint64_t steps = 30'000;
    bool verbose = false;
    bool answers = false;
};

bool parse(int count, char** values, Arguments& arguments) {
    for (int i = 1; i < count; ++i) {
        const bool has_value = i + 1 < count;
        if (std::strcmp(values[i], "--verbose") == 0) {
            arguments.verbose = true;
        } else if (std::strcmp(values[i], "--answers") == 0) {
            arguments.answers = true;
        } else if (std::strcmp(values[i], "--seed") == 0 && has_value) {
            arguments.first = arguments.last = std::strtoull(values[++i], nullptr, 10);
        } else if (std::strcmp(values[i], "--seeds") == 0 && has_value) {
            char* end = nullptr;
            arguments.first = std::strtoull(values[++i], &end, 10);
            if (*end != '-') { return false; }
            arguments.last = std::strtoull(end + 1, nullptr, 10);
        } else if (std::strcmp(values[i], "--steps") == 0 && has_value) {
            arguments.steps = std::strtoull(values[++i], nullptr, 10);
        } else {
            return false;
        }
    }
    return arguments.first <= arguments.last;
}

}  // namespace

int main(int count, char** values) {
    Arguments arguments;
    if (!parse(count, values, arguments)) {
        std::fprintf(stderr, "usage: sim_run [--seed N | --seeds A-B] [--steps N] [--answers] [--verbose]\n");
        return 64;
    }
    sluice::sim::Outcome sum;
    for (std::uint64_t seed = arguments.first; seed <= arguments.last; ++seed) {
        const std::string replay = std::string(values[0]) + " --seed " + std::to_string(seed) +
                                   " --steps " + std::to_string(arguments.steps) + " --verbose";
        sluice::sim::ScenarioOptions options;
        options.seed = seed;
        options.steps_max = arguments.steps;
        options.verbose = arguments.verbose;
        options.replay = replay.c_str();
        const sluice::sim::Outcome outcome = sluice::sim::run_scenario(options);
        const bool alone = arguments.first == arguments.last;
        if (alone || seed % 10 == 0) {
            options.verbose = false;
            if (sluice::sim::run_scenario(options).hash != outcome.hash) {
                std::fprintf(stderr, "seed %" PRIu64 " ran differently the second time\n", seed);
                return 1;
            }
        }
        if (alone) { std::printf("seed %" PRIu64 ": hash %016" PRIx64 "\n", seed, outcome.hash); }
        sum.events += outcome.events;
        sum.turns += outcome.turns;
        sum.clients += outcome.clients;
        sum.commands += outcome.commands;
        sum.downloads += outcome.downloads;
        sum.uploads += outcome.uploads;
        sum.listings += outcome.listings;
        sum.broken += outcome.broken;
        sum.crashes += outcome.crashes;
        sum.virtual_seconds += outcome.virtual_seconds;
        for (const auto& [answer, times] : outcome.answers) { sum.answers[answer] += times; }
    }
    for (const auto& [answer, times] : sum.answers) {
        if (arguments.answers) { std::printf("%-10s %" PRIu64 "\n", answer.c_str(), times); }
    }
    std::printf("%" PRIu64 " seeds passed: %" PRIu64 " clients, %" PRIu64 " commands, %" PRIu64
                " downloads, %" PRIu64 " uploads, %" PRIu64 " listings whole, %" PRIu64
                " transfers broken, %" PRIu64 " power cuts, %" PRIu64 " turns, %" PRIu64
                " events, %" PRId64 " virtual seconds\n",
                arguments.last - arguments.first + 1, sum.clients, sum.commands, sum.downloads,
                sum.uploads, sum.listings, sum.broken, sum.crashes, sum.turns, sum.events,
                sum.virtual_seconds);
    return 0;
}
