// --require 'p99<5ms,errors==0': what a run must reach for the exit code to be good.
//
//     requirements = one { "," one }
//     one          = metric [ "(" step ")" ] comparison value
//     metric       = p50 p90 p99 p999 max mean (of a step, "action" without one), errors,
//                    throughput (bytes a second), rate (actions a second)
//     comparison   = < <= > >= == !=
//     value        = a duration "5ms" | a count "0" or a share "0.1%" of the actions | a throughput
//                    "500MB/s", "5Gbit/s" | a rate "1000" or "1000/s"
//
// Checked before the run begins, because a mistake noticed after an hour costs the hour. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "parsed.hpp"
#include "results.hpp"

namespace sluice::load {

inline constexpr int kExitRequirementMissed = 99;
inline constexpr std::size_t kRequirementsMax = 64;

struct Requirement {
    enum class Metric : std::uint8_t {
        P50,
        P90,
        P99,
        P999,
        Max,
        Mean,
        Errors,
        ErrorShare,
        Throughput,
        Rate
    };
    enum class Comparison : std::uint8_t { Less, AtMost, More, AtLeast, Equal, Unequal };

    Metric metric = Metric::P99;
    Step step = Step::Action;
    Comparison comparison = Comparison::Less;
    double value = 0;  // ns, a count, a share, bytes a second or actions a second
    std::string text;  // as written
};

// The error is three lines: what is wrong, the text, and a caret below the place.
Parsed<std::vector<Requirement>> parse_requirements(std::string_view text);

struct Verdict {
    std::string text;    // as written
    std::string actual;  // what was measured, for people
    bool is_met = false;
};

// A percentile of a step that no value came for is missed, whatever it is compared with: a run that
// measured nothing has proved nothing.
Verdict judge(const Requirement& requirement, const Run& run);

}  // namespace sluice::load
