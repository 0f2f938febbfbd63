#include "compare.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <optional>
#include <utility>

#include "health.hpp"
#include "human.hpp"
#include "scenarios.hpp"
#include "sluice/base/prng.hpp"

namespace sluice::load {
namespace {

// Two percentiles of the same bucket may be told apart by up to this (histogram.hpp).
constexpr double kResolution = 0.01;

using Series = std::vector<double>;

// The runs of one server, in the order they were given.
struct Group {
    std::string name;
    std::vector<const Report*> runs;
};

struct Interval {
    double low = 0;
    double high = 0;
};

double mean_of(const Series& values) {
    double sum = 0;
    for (const double value : values) {
        sum += value;
    }
    return values.empty() ? 0 : sum / static_cast<double>(values.size());
}

// The mean of `values` drawn again in blocks of n^(1/3), the usual length for a mean.
double resampled_mean(const Series& values, Prng& prng) {
    const std::size_t count = values.size();
    const auto block =
        std::max<std::size_t>(1, static_cast<std::size_t>(std::cbrt(static_cast<double>(count))));
    double sum = 0;
    for (std::size_t drawn = 0; drawn < count;) {
        const auto first = static_cast<std::size_t>(prng.below(count));
        for (std::size_t i = 0; i < block && drawn < count; ++i, ++drawn) {
            sum += values[(first + i) % count];
        }
    }
    return sum / static_cast<double>(count);
}

double mean_of_runs(const std::vector<Series>& runs) {
    Series means;
    for (const Series& run : runs) {
        means.push_back(mean_of(run));
    }
    return mean_of(means);
}

// Runs drawn again, and within each of them its seconds.
double resampled_runs(const std::vector<Series>& runs, Prng& prng) {
    double sum = 0;
    for (std::size_t i = 0; i < runs.size(); ++i) {
        const Series& run = runs.size() == 1 ? runs[0] : runs[prng.below(runs.size())];
        sum += resampled_mean(run, prng);
    }
    return sum / static_cast<double>(runs.size());
}

std::optional<Interval> interval_of_ratio(const std::vector<Series>& base,
                                          const std::vector<Series>& other) {
    Prng prng(1);
    Series ratios;
    for (std::size_t i = 0; i < kResamples; ++i) {
        const double below = resampled_runs(base, prng);
        const double above = resampled_runs(other, prng);
        if (below <= 0) {
            return std::nullopt;
        }
        ratios.push_back(above / below);
    }
    std::sort(ratios.begin(), ratios.end());
    return Interval{ratios[kResamples * 25 / 1000], ratios[kResamples * 975 / 1000 - 1]};
}

struct Question {
    const char* name;
    bool more_is_better;
    double (*value)(const Second& second);
    std::string (*show)(double value);
    bool needs_actions;  // a second without any has no percentile
};

const Question kQuestions[] = {
    {"throughput", true, [](const Second& s) { return static_cast<double>(s.bytes); },
     bits_per_second, false},
    {"actions/s", true, [](const Second& s) { return static_cast<double>(s.actions); }, amount,
     false},
    {"p50 of a second", false, [](const Second& s) { return static_cast<double>(s.p50_ns); },
     time_text, true},
    {"p99 of a second", false, [](const Second& s) { return static_cast<double>(s.p99_ns); },
     time_text, true},
};

Series series_of(const Run& run, const Question& question) {
    Series values;
    // The last second is mostly cut short.
    const std::size_t count = run.seconds.size() > 2 ? run.seconds.size() - 1 : run.seconds.size();
    for (std::size_t i = 0; i < count; ++i) {
        if (!question.needs_actions || run.seconds[i].actions > 0) {
            values.push_back(question.value(run.seconds[i]));
        }
    }
    return values;
}

// Runs without a single value have no say in a mean.
std::vector<Series> series_of(const Group& group, const Question& question) {
    std::vector<Series> all;
    for (const Report* report : group.runs) {
        Series values = series_of(report->run, question);
        if (!values.empty()) {
            all.push_back(std::move(values));
        }
    }
    return all;
}

std::size_t count_of(const std::vector<Series>& runs) {
    std::size_t count = 0;
    for (const Series& run : runs) {
        count += run.size();
    }
    return count;
}

// `has_spread`: there are enough values for an interval.
Compared compared(const char* name, const std::vector<Series>& base,
                  const std::vector<Series>& other, bool has_spread, bool more_is_better) {
    const double below = mean_of_runs(base);
    Compared row;
    row.name = name;
    row.ratio = below > 0 ? mean_of_runs(other) / below : 0;
    const std::optional<Interval> interval =
        has_spread ? interval_of_ratio(base, other) : std::nullopt;
    if (!interval) {
        return row;
    }
    row.low = interval->low;
    row.high = interval->high;
    const bool is_same = (row.low <= 1 && row.high >= 1) || std::abs(row.ratio - 1) < kResolution;
    const bool is_better = (row.ratio > 1) == more_is_better;
    row.says = is_same ? Compared::Says::Same
                       : (is_better ? Compared::Says::Better : Compared::Says::Worse);
    return row;
}

Compared compared_by(const Question& question, const Group& base, const Group& other) {
    const std::vector<Series> below = series_of(base, question);
    const std::vector<Series> above = series_of(other, question);
    const bool has_spread = std::min(count_of(below), count_of(above)) >= kSecondsForSpread;
    Compared row = compared(question.name, below, above, has_spread, question.more_is_better);
    row.base = question.show(mean_of_runs(below));
    row.other = question.show(mean_of_runs(above));
    return row;
}

// A number of a whole run, of which less is better: its spread is that of the runs.
void add_whole(std::vector<Compared>& rows, const char* name, const Group& base, const Group& other,
               double (*value)(const Run& run), std::string (*show)(double)) {
    const auto values_of = [value](const Group& group) {
        std::vector<Series> all;
        for (const Report* report : group.runs) {
            const double one = value(report->run);
            if (one > 0) {
                all.push_back(Series{one});
            }
        }
        return all;
    };
    const std::vector<Series> below = values_of(base);
    const std::vector<Series> above = values_of(other);
    if (below.empty() || above.empty()) {
        return;
    }
    const bool has_spread = std::min(below.size(), above.size()) >= kRunsForSpread;
    Compared row = compared(name, below, above, has_spread, false);
    row.base = show(mean_of_runs(below));
    row.other = show(mean_of_runs(above));
    rows.push_back(std::move(row));
}

double nanoseconds_each(const Run& run) {
    const auto done = static_cast<double>(run.total.actions_done);
    return run.server.known && done > 0 ? run.server.cpu_seconds * 1e9 / done : 0;
}

double whole_p999(const Run& run) {
    return static_cast<double>(run.total.of(Step::Action).percentile(0.999));
}

double resident(const Run& run) {
    return run.server.known ? static_cast<double>(run.server.resident_bytes) : 0;
}

void add_refusals(Pair& pair, const std::string& name, const Run& run) {
    const std::uint64_t troubles = run.total.troubles_total();
    if (troubles > 0) {
        pair.refusals.push_back(fmt::format("{} had {} error{}", name, with_commas(troubles),
                                            troubles == 1 ? "" : "s"));
    }
    const std::string warning = generator_warning(run);
    if (!warning.empty()) {
        pair.refusals.push_back(fmt::format("{}: {}", name, warning));
    }
    if (run.total.actions_done == 0 && run.total.logins == 0) {
        pair.refusals.push_back(fmt::format("{} finished nothing", name));
    }
}

void add_differences(Pair& pair, const Report& base, const Report& other) {
    const auto differ = [](std::vector<std::string>& list, const char* what, const std::string& a,
                           const std::string& b) {
        if (a != b) {
            list.push_back(fmt::format("the {} differs: {} and {}", what, a, b));
        }
    };
    const auto peak_rate = [](const Options& options) {
        double rate = 0;
        for (const Phase& phase : options.phases) {
            rate = std::max(rate, phase.rate);
        }
        return fmt::format("{:g}/s", rate);
    };
    // Other work, other numbers: nothing to win.
    differ(pair.refusals, "scenario", base.options.scenario, other.options.scenario);
    differ(pair.refusals, "loop", name_of(base.options.arrivals), name_of(other.options.arrivals));
    differ(pair.refusals, "rate", peak_rate(base.options), peak_rate(other.options));
    differ(pair.refusals, "number of sessions", with_commas(base.options.sessions),
           with_commas(other.options.sessions));
    differ(pair.notes, "data mode", name_of(base.options.data_mode),
           name_of(other.options.data_mode));
    const auto tls_of = [](const Report& report) {
        const TlsFacts& facts = report.run.tls;
        return report.options.url.tls == TlsMode::Off
                   ? std::string("off")
                   : fmt::format("{} {} {}", name_of(report.options.url.tls), facts.version,
                                 facts.cipher);
    };
    differ(pair.notes, "TLS", tls_of(base), tls_of(other));
    differ(pair.notes, "congestion control",
           base.options.congestion.empty() ? "the system's" : base.options.congestion,
           other.options.congestion.empty() ? "the system's" : other.options.congestion);
    differ(pair.notes, "number of threads", with_commas(base.options.threads),
           with_commas(other.options.threads));
    differ(pair.notes, "processor", base.environment.processor, other.environment.processor);
    differ(pair.notes, "kernel", base.environment.kernel, other.environment.kernel);
    differ(pair.notes, "checking of bytes", base.options.verify ? "on" : "off",
           other.options.verify ? "on" : "off");
}

std::string verdict_of(const Pair& pair) {
    if (!pair.refusals.empty()) {
        return fmt::format("no winner is named: {}", fmt::join(pair.refusals, "; "));
    }
    std::vector<std::string> better;
    std::vector<std::string> worse;
    bool has_spread = false;
    for (const Compared& row : pair.rows) {
        has_spread = has_spread || row.says != Compared::Says::Nothing;
        if (row.says == Compared::Says::Better) {
            better.push_back(row.name);
        } else if (row.says == Compared::Says::Worse) {
            worse.push_back(row.name);
        }
    }
    if (!has_spread) {
        return fmt::format("too few seconds to tell: {} of each run are needed",
                           kSecondsForSpread + 1);
    }
    if (better.empty() && worse.empty()) {
        return "no significant difference";
    }
    if (better.empty() || worse.empty()) {
        return fmt::format("{} is better ({})", worse.empty() ? pair.other_name : pair.base_name,
                           fmt::join(worse.empty() ? better : worse, ", "));
    }
    return fmt::format("neither is better in all: {} in {}, {} in {}", pair.other_name,
                       fmt::join(better, ", "), pair.base_name, fmt::join(worse, ", "));
}

// Each sentence once, however many runs say it.
void keep_first_of_each(std::vector<std::string>& list) {
    std::vector<std::string> kept;
    for (std::string& each : list) {
        if (std::find(kept.begin(), kept.end(), each) == kept.end()) {
            kept.push_back(std::move(each));
        }
    }
    list = std::move(kept);
}

void add_words(Pair& pair, const Group& base, const Group& other) {
    for (const Group* group : {&base, &other}) {
        for (const Report* report : group->runs) {
            add_refusals(pair, group->name, report->run);
            // Of the base's own runs too: what is pooled must have done the same.
            add_differences(pair, *base.runs.front(), *report);
        }
    }
    if (base.runs.size() > 1 || other.runs.size() > 1) {
        pair.notes.push_back(fmt::format("{} is the mean of {} run{}, {} of {}", base.name,
                                         base.runs.size(), base.runs.size() == 1 ? "" : "s",
                                         other.name, other.runs.size()));
    }
    keep_first_of_each(pair.refusals);
    keep_first_of_each(pair.notes);
}

Pair pair_of(const Group& base, const Group& other) {
    Pair pair;
    pair.base_name = base.name;
    pair.other_name = other.name;
    for (const Question& question : kQuestions) {
        Compared row = compared_by(question, base, other);
        // NOOP and logins move no bytes: there is nothing to compare.
        if (row.ratio > 0) {
            pair.rows.push_back(std::move(row));
        }
    }
    add_whole(pair.rows, "p99.9 of the run", base, other, whole_p999, time_text);
    add_whole(pair.rows, "server cpu/action", base, other, nanoseconds_each, time_text);
    add_whole(pair.rows, "server memory", base, other, resident, bytes_text);
    add_words(pair, base, other);
    // "better" in a row would name the winner that the sentence does not.
    for (Compared& row : pair.rows) {
        row.says = pair.refusals.empty() ? row.says : Compared::Says::Nothing;
    }
    pair.verdict = verdict_of(pair);
    return pair;
}

}  // namespace

std::vector<Pair> compare(const std::vector<NamedReport>& reports) {
    std::vector<Group> groups;
    for (std::size_t i = 0; i < reports.size() && i < kCompareMax; ++i) {
        const NamedReport& one = reports[i];
        const auto found = std::find_if(groups.begin(), groups.end(), [&one](const Group& group) {
            return group.name == one.name;
        });
        Group& group = found == groups.end() ? groups.emplace_back(Group{one.name, {}}) : *found;
        group.runs.push_back(&one.report);
    }
    std::vector<Pair> pairs;
    for (std::size_t i = 1; i < groups.size(); ++i) {
        pairs.push_back(pair_of(groups.front(), groups[i]));
    }
    return pairs;
}

}  // namespace sluice::load
