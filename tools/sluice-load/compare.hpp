// Two or more runs side by side: ratios with their spread, and only then a winner.
//
// Runs of one name are runs of one server: they are pooled. The spread comes from the seconds of
// each run, resampled in blocks, because neighbouring seconds resemble each other, and from the
// runs, which differ by more than their seconds do: they are drawn again too. A difference whose 95
// % interval holds 1 is called none, and so is one below what the histograms resolve. No winner is
// named when a run had errors, when the generator was its limit, or when the runs did not do the
// same work: such numbers prove nothing. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "report.hpp"

namespace sluice::load {

inline constexpr std::size_t kCompareMax = 16;
// With fewer seconds an interval would be a guess.
inline constexpr std::size_t kSecondsForSpread = 5;
inline constexpr std::size_t kResamples = 1000;
// What there is one number of in a run has a spread from so many runs on.
inline constexpr std::size_t kRunsForSpread = 3;

struct Compared {
    std::string name;  // "throughput"
    std::string base;  // for people
    std::string other;
    double ratio = 0;  // other / base; 0 when there is none
    double low = 0;    // of the 95 % interval; 0 when the spread is not known
    double high = 0;
    enum class Says : std::uint8_t { Nothing, Same, Better, Worse } says = Says::Nothing;
};

struct Pair {
    std::string base_name;
    std::string other_name;
    std::vector<Compared> rows;
    std::vector<std::string> refusals;  // why no winner is named
    std::vector<std::string> notes;     // what differed and may explain the difference
    std::string verdict;                // one sentence
};

struct NamedReport {
    std::string name;  // its label, or its file
    Report report;
};

// Each of the other names against the first one's. The same reports give the same intervals.
std::vector<Pair> compare(const std::vector<NamedReport>& reports);

// 80 columns.
std::string comparison_text(const std::vector<Pair>& pairs);
std::string comparison_json(const std::vector<Pair>& pairs);

// What the row says, for people: "no significant difference".
std::string_view words_of(Compared::Says says);

}  // namespace sluice::load
