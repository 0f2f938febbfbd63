// The workload file: a mix of work and the phases of its load, in TOML.
//
//     [run]                         # all of it optional
//     arrivals = "poisson"          # closed, constant, poisson
//     seed = 7
//     warmup = "2s"
//
//     [[work]]
//     action = "download"           # download upload login small-files list noop idle slow-reader
//     weight = 3                    # abort; the weight is 1 without one
//     paths = ["a.bin", "b/%.bin"]
//     think = "10ms..200ms"         # or "1s"
//
//     [[work]]
//     action = "upload"
//     size = { median = "64KiB", sigma = 1.5, min = "1KiB", max = "16MiB" }   # log-normal
//     # size = "4KiB"  or "4KiB..1MiB"
//     seed = 3                      # of these sizes; else it follows from that of the run
//
//     [[phase]]
//     sessions = 100
//     rate = 500                    # open loop
//     ramp = "5s"
//     hold = "30s"
//
// Every mistake is told with file, line and column, and all of them together. Called once by main.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "options.hpp"
#include "parsed.hpp"

namespace sluice::load {

inline constexpr std::size_t kWorksMax = 256;
inline constexpr std::size_t kPhasesMax = 1000;
inline constexpr std::size_t kPathsMax = 100'000;

struct Workload {
    std::vector<Work> mix;
    std::vector<Phase> phases;  // may be empty: then the command line says the load
    std::optional<Arrivals> arrivals;
    std::optional<std::uint64_t> seed;
    std::optional<Duration> warmup;
};

// The error is ready to print: messages with their places, and a line end.
Parsed<Workload> parse_workload(std::string_view file_name, std::string_view text);

// Puts what the file says into the options: the phases' sum becomes the duration, their peak the
// number of sessions.
void apply(const Workload& workload, Options& options);

}  // namespace sluice::load
