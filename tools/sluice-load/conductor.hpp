// What main does while the threads work: takes their seconds, tells the observer, hands on signals,
// and at the end merges what they have measured.
//
// Owned by perform_run(). Thread: main; the workers are its own and have ended when conduct()
// returns.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "held_signals.hpp"
#include "run.hpp"
#include "seconds_merger.hpp"
#include "worker.hpp"

namespace sluice::load {

class Conductor {
public:
    // `observer` may be null.
    Conductor(RunContext& run, RunObserver* observer, Run& result);

    // Starts the threads and returns when all have ended. "" or why nothing was done.
    std::string conduct(HeldSignals& signals);

private:
    void start();
    void mark_boundaries(std::int64_t now);
    void collect(std::int64_t now);
    void tell(const Sample& sample, std::int64_t now);
    std::string gather();
    std::int64_t measure_ns() const { return run_.begin.ns + run_.options.warmup.ns; }

    RunContext& run_;
    RunObserver* observer_;
    Run& result_;
    SecondsMerger merger_;
    std::vector<std::unique_ptr<WorkerReport>> reports_;
    std::vector<std::thread> threads_;
    // The last totals that each thread has told, if the observer wants them.
    std::vector<std::unique_ptr<Tally>> totals_;
    std::atomic<std::size_t> ended_{0};
    std::uint64_t actions_ = 0;
    std::uint64_t troubles_ = 0;
    bool measure_began_ = false;
    bool measure_ended_ = false;
};

}  // namespace sluice::load
