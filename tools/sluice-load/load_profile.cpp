#include "load_profile.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace sluice::load {

LoadProfile::LoadProfile(const Options& options) {
    double sessions = 0;
    double rate = 0;
    std::int64_t at = 0;
    std::int64_t warmup = options.warmup.ns;
    for (const Phase& phase : options.phases) {
        // A single phase without numbers of its own is the plain run of the command line.
        const double sessions_next = phase.sessions != 0 ? phase.sessions : options.sessions;
        if (phase.ramp.ns > 0) {
            lines_.push_back(
                Line{at, at + phase.ramp.ns, sessions, sessions_next, rate, phase.rate});
            at += phase.ramp.ns;
        }
        sessions = sessions_next;
        rate = phase.rate;
        const std::int64_t hold = phase.hold.ns + warmup;
        warmup = 0;
        if (hold > 0) {
            lines_.push_back(Line{at, at + hold, sessions, sessions, rate, rate});
            at += hold;
        }
    }
    if (lines_.empty()) {
        const std::int64_t hold = options.duration.ns + warmup;
        sessions = options.sessions;
        lines_.push_back(Line{0, hold, sessions, sessions, 0, 0});
        at = hold;
    }
    end_ns_ = at;
}

const LoadProfile::Line& LoadProfile::line_at(std::int64_t ns) const {
    for (const Line& line : lines_) {
        if (ns < line.end_ns) {
            return line;
        }
    }
    return lines_.back();
}

std::uint32_t LoadProfile::sessions_at(std::int64_t ns) const {
    const Line& line = line_at(ns);
    const double part = std::clamp(
        static_cast<double>(ns - line.begin_ns) / static_cast<double>(line.end_ns - line.begin_ns),
        0.0, 1.0);
    return static_cast<std::uint32_t>(
        std::lround(line.sessions_begin + (line.sessions_end - line.sessions_begin) * part));
}

std::uint32_t LoadProfile::sessions_max() const {
    double most = 0;
    for (const Line& line : lines_) {
        most = std::max({most, line.sessions_begin, line.sessions_end});
    }
    return static_cast<std::uint32_t>(most);
}

double LoadProfile::rate_at(std::int64_t ns) const {
    const Line& line = line_at(ns);
    const double part = std::clamp(
        static_cast<double>(ns - line.begin_ns) / static_cast<double>(line.end_ns - line.begin_ns),
        0.0, 1.0);
    return line.rate_begin + (line.rate_end - line.rate_begin) * part;
}

std::int64_t LoadProfile::when(std::int64_t from_ns, double amount, double divisor) const {
    for (const Line& line : lines_) {
        if (from_ns >= line.end_ns) {
            continue;
        }
        // In seconds from here: rate = start + slope x, integral = start x + slope x^2 / 2.
        const double left = static_cast<double>(line.end_ns - from_ns) / 1e9;
        const double start = rate_at(from_ns) / divisor;
        const double end = line.rate_end / divisor;
        const double area = (start + end) / 2 * left;
        if (area >= amount) {
            const double slope = (end - start) / left;
            // The stable form of the quadratic's root: no difference of two equals at slope 0.
            const double root = std::sqrt(std::max(0.0, start * start + 2 * slope * amount));
            const double x = start + root > 0 ? 2 * amount / (start + root) : left;
            return from_ns + static_cast<std::int64_t>(std::min(x, left) * 1e9);
        }
        amount -= area;
        from_ns = line.end_ns;
    }
    return std::numeric_limits<std::int64_t>::max();
}

ArrivalSchedule::ArrivalSchedule(const Options& options, const LoadProfile& profile,
                                 std::uint32_t thread)
    : profile_(profile),
      poisson_(options.arrivals == Arrivals::Poisson),
      threads_(options.threads),
      random_(options.seed * 0x9E3779B97F4A7C15ull + thread) {
    // The threads of a constant rate take turns instead of all coming at once.
    const double first = poisson_ ? gap() : (thread + 1) / threads_;
    next_ns_ = profile_.when(0, first, threads_);
}

double ArrivalSchedule::gap() {
    if (!poisson_) {
        return 1;
    }
    const double uniform = (static_cast<double>(random_.next() >> 11) + 1) * 0x1p-53;  // (0, 1]
    return -std::log(uniform);
}

void ArrivalSchedule::advance() {
    next_ns_ = profile_.when(next_ns_, gap(), threads_);
}

}  // namespace sluice::load
