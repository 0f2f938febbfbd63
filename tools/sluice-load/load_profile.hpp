// How much load there is at each moment: the phases of a run as straight lines.
//
// A phase goes in `ramp` from the level before it to its own, then holds it. The warm-up prolongs
// the first hold. Arrivals of an open loop are the points where the integral of the rate passes
// whole numbers (constant) or the sums of exponential gaps (Poisson), so that ramps are exact.
// Immutable; any thread. Times are nanoseconds since the run began.
#pragma once

#include <cstdint>
#include <vector>

#include "options.hpp"
#include "sluice/base/prng.hpp"

namespace sluice::load {

class LoadProfile {
public:
    explicit LoadProfile(const Options& options);

    std::int64_t end_ns() const { return end_ns_; }
    std::uint32_t sessions_at(std::int64_t ns) const;
    std::uint32_t sessions_max() const;
    // Actions a second, of all threads.
    double rate_at(std::int64_t ns) const;
    // When the integral of rate / divisor since `from_ns` has grown by `amount`; after the end of
    // the run when it never does.
    std::int64_t when(std::int64_t from_ns, double amount, double divisor) const;

private:
    struct Line {
        std::int64_t begin_ns;
        std::int64_t end_ns;
        double sessions_begin, sessions_end;
        double rate_begin, rate_end;
    };
    const Line& line_at(std::int64_t ns) const;

    std::vector<Line> lines_;
    std::int64_t end_ns_ = 0;
};

// The arrivals of one thread. What is due and not yet taken stays due: the queue of arrivals that
// found no session is this cursor, so it needs no memory and nothing is ever left out.
class ArrivalSchedule {
public:
    ArrivalSchedule(const Options& options, const LoadProfile& profile, std::uint32_t thread);

    // Since the run began; after its end when there is none.
    std::int64_t next_ns() const { return next_ns_; }
    void advance();

private:
    double gap();

    const LoadProfile& profile_;
    bool poisson_;
    double threads_;
    Prng random_;
    std::int64_t next_ns_;
};

}  // namespace sluice::load
