// A whole run: threads, a snapshot each second, and everything merged at the end.
//
// Ends by itself: when the time is over, when all transfers are done, or on INT and TERM; each step
// of each session is bounded by Options::timeout, and good-byes by a second. Called by main, once.
#pragma once

#include <array>
#include <cstdint>
#include <string>

#include "options.hpp"
#include "results.hpp"

namespace sluice::load {

// What the live line shows.
struct Snapshot {
    double elapsed_seconds = 0;  // since the first session; the warm-up counts
    double total_seconds = 0;
    bool is_warmup = false;
    Second second;              // the last whole one of all threads
    std::uint64_t actions = 0;  // so far, of what is measured
    std::uint64_t troubles = 0;
    std::uint32_t sessions_wanted = 0;
    // Closed, connecting, logging in, ready, busy.
    std::array<std::uint32_t, 5> sessions_by_state{};
    double own_cpu_share = 0;  // of the busiest thread
    // All that was counted so far, only if RunObserver::wants_totals(), and only for this call.
    const Tally* total = nullptr;
};

// Called on main's thread.
struct RunObserver {
    // The warm-up is over: what the server uses from now on belongs to the run.
    virtual void on_measure_begin() = 0;
    // Asked once, before the first thread starts.
    virtual bool wants_totals() const = 0;
    virtual void on_second(const Snapshot& snapshot) = 0;
    // Some fifty times a second. False: the run is to end now, like after INT.
    virtual bool on_turn() = 0;
    // What is measured has ended. So many sessions are open, and stay so until this returns.
    virtual void on_measure_end(std::uint32_t sessions) = 0;

protected:
    ~RunObserver() = default;
};

// Why a run of these options cannot be: "" when it can. Looks at nothing outside.
std::string refusal_of(const Options& options);

// "" and `result` filled, or why nothing was done. `observer` may be null. Server sampling is the
// caller's.
std::string perform_run(const Options& options, RunObserver* observer, Run& result);

}  // namespace sluice::load
