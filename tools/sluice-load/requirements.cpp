#include "requirements.hpp"

#include <fmt/format.h>

#include <cmath>
#include <cstdlib>
#include <optional>

#include "health.hpp"
#include "human.hpp"
#include "sluice/base/units.hpp"
#include "sluice/config/near_miss.hpp"

namespace sluice::load {
namespace {

using Metric = Requirement::Metric;
using Comparison = Requirement::Comparison;

struct MetricName {
    std::string_view name;
    Metric metric;
};
constexpr MetricName kMetrics[] = {
    {"p50", Metric::P50},       {"p90", Metric::P90},
    {"p99", Metric::P99},       {"p999", Metric::P999},
    {"max", Metric::Max},       {"mean", Metric::Mean},
    {"errors", Metric::Errors}, {"throughput", Metric::Throughput},
    {"rate", Metric::Rate},
};

struct Sign {
    std::string_view text;
    Comparison comparison;
};
// The longer first: "<=" begins with "<".
constexpr Sign kSigns[] = {
    {"<=", Comparison::AtMost},  {">=", Comparison::AtLeast}, {"==", Comparison::Equal},
    {"!=", Comparison::Unequal}, {"<", Comparison::Less},     {">", Comparison::More},
};

struct Wrong {
    std::size_t at;
    std::string what;
};

bool is_latency(Metric metric) {
    return metric <= Metric::Mean;
}

// A plain decimal number, all of `text`: strtod would also take "inf", "0x1p3" and leading blanks.
std::optional<double> number_of(std::string_view text) {
    if (text.empty() || text.size() > 32 ||
        text.find_first_not_of("0123456789.") != std::string_view::npos) {
        return std::nullopt;
    }
    const std::string copy(text);
    char* end = nullptr;
    const double value = std::strtod(copy.c_str(), &end);
    return end == copy.c_str() + copy.size() ? std::optional<double>(value) : std::nullopt;
}

// "500MB/s" and "5Gbit/s" to bytes a second.
std::optional<double> throughput_value(std::string_view text) {
    struct Unit {
        std::string_view name;
        double bytes;
    };
    constexpr Unit kUnits[] = {
        {"Tbit/s", 1e12 / 8}, {"Gbit/s", 1e9 / 8}, {"Mbit/s", 1e6 / 8},
        {"kbit/s", 1e3 / 8},  {"bit/s", 1.0 / 8},  {"GiB/s", 1024.0 * 1024 * 1024},
        {"MiB/s", 1048576.0}, {"KiB/s", 1024.0},   {"TB/s", 1e12},
        {"GB/s", 1e9},        {"MB/s", 1e6},       {"kB/s", 1e3},
        {"B/s", 1},
    };
    const std::size_t digits = std::min(text.find_first_not_of("0123456789."), text.size());
    const std::optional<double> number = number_of(text.substr(0, digits));
    for (const Unit& unit : kUnits) {
        if (number && text.substr(digits) == unit.name) {
            return *number * unit.bytes;
        }
    }
    return std::nullopt;
}

std::optional<std::string> read_value(std::string_view text, Requirement& one) {
    std::optional<double> value;
    if (is_latency(one.metric)) {
        const Result<Duration> duration = parse_duration(text);
        // "0" is a duration to parse_duration, and here too: "errors" is what people mean by it.
        if (duration) {
            value = static_cast<double>(duration->ns);
        }
    } else if (one.metric == Metric::Throughput) {
        value = throughput_value(text);
    } else if (one.metric == Metric::Rate) {
        value = number_of(text.ends_with("/s") ? text.substr(0, text.size() - 2) : text);
    } else if (text.ends_with('%')) {
        one.metric = Metric::ErrorShare;
        value = number_of(text.substr(0, text.size() - 1));
        value = value ? std::optional<double>(*value / 100) : value;
    } else {
        value = number_of(text);
    }
    if (value) {
        one.value = *value;
        return std::nullopt;
    }
    const char* wanted = is_latency(one.metric)             ? "a duration like 5ms or 200us"
                         : one.metric == Metric::Throughput ? "a throughput like 500MB/s or 5Gbit/s"
                         : one.metric == Metric::Rate       ? "a rate like 1000/s"
                                                            : "a count like 0 or a share like 0.1%";
    return text.empty() ? fmt::format("the value is missing: {}", wanted)
                        : fmt::format("'{}' is not {}", text, wanted);
}

template <class Names>
std::string suggestion(std::string_view word, const Names& names) {
    const std::string_view near = config::near_miss(word, names);
    return near.empty() ? "" : fmt::format("; did you mean '{}'?", near);
}

std::optional<std::string> read_metric(std::string_view word, Requirement& one) {
    std::vector<std::string_view> names;
    for (const MetricName& known : kMetrics) {
        if (word == known.name) {
            one.metric = known.metric;
            return std::nullopt;
        }
        names.push_back(known.name);
    }
    if (word.empty()) {
        return fmt::format("a metric is missing: one of {}", fmt::join(names, ", "));
    }
    const std::string near = suggestion(word, names);
    return near.empty() ? fmt::format("'{}' is no metric: one of {}", word, fmt::join(names, ", "))
                        : fmt::format("'{}' is no metric{}", word, near);
}

std::optional<std::string> read_step(std::string_view word, Requirement& one) {
    std::vector<std::string_view> names;
    for (std::size_t i = 0; i < static_cast<std::size_t>(Step::Count); ++i) {
        if (word == name_of(static_cast<Step>(i))) {
            one.step = static_cast<Step>(i);
            return is_latency(one.metric)
                       ? std::nullopt
                       : std::optional<std::string>("only latencies have a step");
        }
        names.emplace_back(name_of(static_cast<Step>(i)));
    }
    const std::string near = suggestion(word, names);
    return near.empty() ? fmt::format("'{}' is no step: one of {}", word, fmt::join(names, ", "))
                        : fmt::format("'{}' is no step{}", word, near);
}

std::string_view trimmed(std::string_view text, std::size_t& at) {
    const std::size_t first = std::min(text.find_first_not_of(' '), text.size());
    at += first;
    text.remove_prefix(first);
    const std::size_t last = text.find_last_not_of(' ');
    return text.substr(0, last == std::string_view::npos ? 0 : last + 1);
}

// `at` is where `text` begins in the whole.
std::optional<Wrong> read_one(std::string_view text, std::size_t at, Requirement& one) {
    text = trimmed(text, at);
    one.text = std::string(text);
    const std::size_t sign_at = std::min(text.find_first_of("<>=!"), text.size());
    std::size_t metric_at = at;
    std::string_view metric = trimmed(text.substr(0, sign_at), metric_at);
    const std::size_t open = metric.find('(');
    if (std::optional<std::string> wrong = read_metric(metric.substr(0, open), one)) {
        return Wrong{metric_at, *std::move(wrong)};
    }
    if (open != std::string_view::npos) {
        if (!metric.ends_with(')')) {
            return Wrong{metric_at + open, "the '(' has no ')'"};
        }
        const std::string_view step = metric.substr(open + 1, metric.size() - open - 2);
        if (std::optional<std::string> wrong = read_step(step, one)) {
            return Wrong{metric_at + open + 1, *std::move(wrong)};
        }
    }
    for (const Sign& sign : kSigns) {
        if (!text.substr(sign_at).starts_with(sign.text)) {
            continue;
        }
        one.comparison = sign.comparison;
        std::size_t value_at = at + sign_at + sign.text.size();
        const std::string_view value = trimmed(text.substr(sign_at + sign.text.size()), value_at);
        if (std::optional<std::string> wrong = read_value(value, one)) {
            return Wrong{value_at, *std::move(wrong)};
        }
        return std::nullopt;
    }
    return Wrong{at + sign_at, "a comparison is missing: one of < <= > >= == !="};
}

struct Measured {
    double value = 0;
    bool is_known = true;
    std::string text;
};

Measured measure_latency(const Requirement& one, const Run& run) {
    const Histogram& histogram = run.total.of(one.step);
    double value = 0;
    switch (one.metric) {
        case Metric::P50:
            value = static_cast<double>(histogram.percentile(0.5));
            break;
        case Metric::P90:
            value = static_cast<double>(histogram.percentile(0.9));
            break;
        case Metric::P99:
            value = static_cast<double>(histogram.percentile(0.99));
            break;
        case Metric::P999:
            value = static_cast<double>(histogram.percentile(0.999));
            break;
        case Metric::Max:
            value = static_cast<double>(histogram.max());
            break;
        default:
            value = histogram.mean();
            break;
    }
    const bool is_known = histogram.count() > 0;
    return Measured{value, is_known, is_known ? time_text(value) : "not measured"};
}

Measured measure(const Requirement& one, const Run& run) {
    const auto errors = static_cast<double>(run.total.troubles_total());
    // What ended in trouble was begun, but is not among the done.
    const auto begun = static_cast<double>(run.total.actions_started);
    switch (one.metric) {
        case Metric::Errors:
            return Measured{errors, true, with_commas(run.total.troubles_total())};
        case Metric::ErrorShare: {
            const double share = begun > 0 ? errors / begun : (errors > 0 ? 1.0 : 0.0);
            return Measured{share, true, fmt::format("{:.3g}%", share * 100)};
        }
        case Metric::Throughput: {
            const double value = throughput_of(run);
            return Measured{value, true,
                            fmt::format("{}/s, {}", bytes_text(value), bits_per_second(value))};
        }
        case Metric::Rate:
            return Measured{rate_of(run), true, amount(rate_of(run)) + "/s"};
        default:
            return measure_latency(one, run);
    }
}

bool holds(double actual, Comparison comparison, double value) {
    switch (comparison) {
        case Comparison::Less:
            return actual < value;
        case Comparison::AtMost:
            return actual <= value;
        case Comparison::More:
            return actual > value;
        case Comparison::AtLeast:
            return actual >= value;
        case Comparison::Equal:
            return actual == value;
        case Comparison::Unequal:
            return actual != value;
    }
    return false;
}

}  // namespace

Parsed<std::vector<Requirement>> parse_requirements(std::string_view text) {
    std::vector<Requirement> all;
    std::optional<Wrong> wrong;
    std::size_t at = 0;
    // Each turn goes past one comma, so there are at most as many turns as bytes.
    while (!wrong && at <= text.size()) {
        const std::size_t comma = std::min(text.find(',', at), text.size());
        Requirement one;
        wrong = read_one(text.substr(at, comma - at), at, one);
        all.push_back(std::move(one));
        if (!wrong && all.size() > kRequirementsMax) {
            wrong = Wrong{at, fmt::format("more than {} requirements", kRequirementsMax)};
        }
        at = comma + 1;
    }
    if (wrong) {
        return refuse(fmt::format("{}\n  {}\n  {:>{}}", wrong->what, text, '^', wrong->at + 1));
    }
    return all;
}

Verdict judge(const Requirement& requirement, const Run& run) {
    const Measured measured = measure(requirement, run);
    Verdict verdict;
    verdict.text = requirement.text;
    verdict.actual = measured.text;
    verdict.is_met =
        measured.is_known && holds(measured.value, requirement.comparison, requirement.value);
    return verdict;
}

}  // namespace sluice::load
