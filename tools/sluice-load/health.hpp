// Whether a run measured the server or the generator.
//
// The most common lie in benchmarks is a generator at its limit: every server then looks equally
// slow. What this says is printed with each result and keeps `compare` from naming a winner. Pure.
#pragma once

#include <string>

#include "results.hpp"

namespace sluice::load {

// Above this share of one core a thread has no room left: queueing in the generator shows as
// latency of the server (M/D/1: at 90 % the mean wait is 4.5 times the service time).
inline constexpr double kOwnCpuShareMax = 0.90;
// How late our own timers may run at p99. A closed loop on a busy but sufficient core stays below
// 1 ms; ten times that is a time slice of the scheduler lost to somebody else.
inline constexpr std::uint64_t kOwnLagMaxNs = 10'000'000;

// "" when the generator had room, else what was short and what to do about it.
std::string generator_warning(const Run& run);

// Bytes and finished actions a second, 0 for a run without time.
double throughput_of(const Run& run);
double rate_of(const Run& run);

}  // namespace sluice::load
