#include "workload.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <iterator>
#include <span>
#include <utility>

#include "option_values.hpp"
#include "options_parse.hpp"
#include "scenarios.hpp"
#include "table_file.hpp"

namespace sluice::load {
namespace {

constexpr double kWeightMax = 1e9;
constexpr double kSigmaMax = 10;

class Reader {
public:
    Reader(std::string_view name, std::string_view text) : file_(name, text) {}

    Parsed<Workload> read() {
        if (const std::optional<toml::table> root = file_.parse()) {
            read_root(*root);
        }
        if (file_.has_errors()) {
            return refuse(file_.complaints());
        }
        return std::move(workload_);
    }

private:
    template <class Target>
    void take_duration(const toml::table& table, const char* key, Target& target) {
        file_.take<Duration>(table, key, false, target, duration_value);
    }

    void take_seed(const toml::table& table, std::optional<std::uint64_t>& target) {
        file_.take<std::uint64_t>(table, "seed", true, target, [](std::string_view text) {
            return count_value(text, 0, ~std::uint64_t{0});
        });
    }

    void read_root(const toml::table& root) {
        file_.check_keys(root, "a workload", {"run", "work", "phase"});
        if (const toml::node* const run = root.get("run")) {
            if (run->as_table() != nullptr) {
                read_run(*run->as_table());
            } else {
                file_.wrong(run->source(), "'run' is a table: [run]");
            }
        }
        file_.for_each(root, "work", kWorksMax,
                       [&](const toml::table& table) { read_work(table); });
        file_.for_each(root, "phase", kPhasesMax,
                       [&](const toml::table& table) { read_phase(table); });
        if (workload_.mix.empty() && !file_.has_errors()) {
            file_.wrong_altogether("no work: a workload needs one [[work]] at least");
        }
    }

    void read_run(const toml::table& table) {
        file_.check_keys(table, "[run]", {"arrivals", "seed", "warmup"});
        file_.take<Arrivals>(
            table, "arrivals", false, workload_.arrivals,
            [](std::string_view text) -> Parsed<Arrivals> {
                constexpr std::string_view kNames[] = {"closed", "constant", "poisson"};
                for (std::size_t i = 0; i < std::size(kNames); ++i) {
                    if (text == kNames[i]) {
                        return static_cast<Arrivals>(i);
                    }
                }
                return refuse(fmt::format("'{}' is none of {}{}", text, fmt::join(kNames, ", "),
                                          did_you_mean(text, kNames, 3)));
            });
        take_seed(table, workload_.seed);
        take_duration(table, "warmup", workload_.warmup);
    }

    void read_work(const toml::table& table) {
        file_.check_keys(
            table, "[[work]]",
            {"action", "weight", "paths", "size", "seed", "listing", "think", "slow_rate"});
        Work work;
        if (table.get("action") == nullptr) {
            file_.wrong(table.source(), "the work has no action", "like action = \"download\"");
        }
        file_.take<Action>(
            table, "action", false, work.action, [](std::string_view text) -> Parsed<Action> {
                Action action = Action::Download;
                if (action_of(text, action)) {
                    return action;
                }
                const std::span<const std::string_view> names = action_names();
                const std::string near = did_you_mean(text, names.data(), names.size());
                return refuse(fmt::format(
                    "'{}' is no action{}", text,
                    near.empty() ? fmt::format(" ({})", fmt::join(names, ", ")) : near));
            });
        file_.take<double>(table, "weight", true, work.weight,
                           [](std::string_view text) { return number_value(text, kWeightMax); });
        file_.take<bool>(table, "listing", false, work.machine_listing,
                         [](std::string_view text) -> Parsed<bool> {
                             if (text == "mlsd" || text == "list") {
                                 return text == "mlsd";
                             }
                             return refuse(fmt::format("'{}' is neither mlsd nor list", text));
                         });
        file_.take<std::uint64_t>(table, "slow_rate", false, work.slow_rate, size_value);
        read_think(table, work);
        read_size(table, work.sizes);
        take_seed(table, work.sizes.seed);
        read_paths(table, work);
        workload_.mix.push_back(std::move(work));
    }

    static Parsed<double> number_value(std::string_view text, double max) {
        const std::string digits(text);
        char* end = nullptr;
        const double value = std::strtod(digits.c_str(), &end);
        if (end != digits.c_str() + digits.size() || !(value > 0) || value > max) {
            return refuse(fmt::format("'{}' is no number above 0 and up to {:g}", text, max));
        }
        return value;
    }

    void read_think(const toml::table& table, Work& work) {
        using Range = std::pair<Duration, Duration>;
        Range range;
        file_.take<Range>(table, "think", false, range, [](std::string_view text) -> Parsed<Range> {
            const std::size_t dots = text.find("..");
            const Parsed<Duration> min = duration_value(text.substr(0, dots));
            const Parsed<Duration> max =
                dots == std::string_view::npos ? min : duration_value(text.substr(dots + 2));
            if (!min || !max) {
                return refuse(min ? max.error() : min.error());
            }
            if (*max < *min) {
                return refuse(fmt::format("'{}' ends before it begins", text));
            }
            return Range(*min, *max);
        });
        work.think_min = range.first;
        work.think_max = range.second;
    }

    void read_size(const toml::table& table, Sizes& sizes) {
        const toml::node* const node = table.get("size");
        if (node == nullptr || node->as_table() == nullptr) {
            file_.take<Sizes>(table, "size", false, sizes, sizes_value);
            return;
        }
        const toml::table& drawn = *node->as_table();
        file_.check_keys(drawn, "a log-normal size", {"median", "sigma", "min", "max"});
        for (const char* key : {"median", "sigma", "max"}) {
            // Without a greatest size, one draw in a million fills the disk.
            if (drawn.get(key) == nullptr) {
                file_.wrong(drawn.source(), fmt::format("a log-normal size needs '{}'", key));
            }
        }
        sizes.kind = Sizes::Kind::LogNormal;
        sizes.min = 0;
        file_.take<std::uint64_t>(drawn, "median", false, sizes.median, size_value);
        file_.take<double>(drawn, "sigma", true, sizes.sigma,
                           [](std::string_view text) { return number_value(text, kSigmaMax); });
        file_.take<std::uint64_t>(drawn, "min", false, sizes.min, size_value);
        file_.take<std::uint64_t>(drawn, "max", false, sizes.max, size_value);
        if (sizes.max < sizes.min) {
            file_.wrong(drawn.source(), "'max' is below 'min'");
        }
    }

    void read_paths(const toml::table& table, Work& work) {
        const toml::node* const node = table.get("paths");
        const bool reads = work.action == Action::Download || work.action == Action::SmallFiles ||
                           work.action == Action::SlowReader || work.action == Action::Abort;
        if (node == nullptr) {
            if (reads) {
                file_.wrong(table.source(), "the work reads files and has no 'paths'",
                            "like paths = [\"file.bin\"]");
            } else if (work.action == Action::Upload) {
                work.paths = {kUploadPath};
            } else if (work.action == Action::List) {
                work.paths = {""};
            }
            return;
        }
        const toml::array* const list = node->as_array();
        if (list == nullptr || list->empty() || list->size() > kPathsMax) {
            file_.wrong(node->source(),
                        fmt::format("'paths' is a list of 1 to {} texts", kPathsMax));
            return;
        }
        for (const toml::node& item : *list) {
            const auto* const text = item.as_string();
            if (text == nullptr) {
                file_.wrong(item.source(), "a path is a text in quotes");
            } else if (text->get().find_first_of(std::string_view("\r\n\0", 3)) !=
                       std::string::npos) {
                file_.wrong(item.source(),
                            "a path holds no line end and no NUL: FTP cannot carry them");
            } else {
                work.paths.push_back(text->get());
            }
        }
    }

    void read_phase(const toml::table& table) {
        file_.check_keys(table, "[[phase]]", {"sessions", "rate", "ramp", "hold"});
        Phase phase;
        // What a phase does not say stays as it was.
        if (!workload_.phases.empty()) {
            phase.sessions = workload_.phases.back().sessions;
            phase.rate = workload_.phases.back().rate;
        }
        file_.take<std::uint64_t>(
            table, "sessions", true, phase.sessions,
            [](std::string_view text) { return count_value(text, 0, kSessionsMax); });
        file_.take<double>(table, "rate", true, phase.rate, rate_value);
        take_duration(table, "ramp", phase.ramp);
        take_duration(table, "hold", phase.hold);
        if (phase.ramp.ns + phase.hold.ns == 0) {
            file_.wrong(table.source(), "the phase lasts no time", "like hold = \"30s\"");
        }
        if (workload_.phases.empty() && table.get("sessions") == nullptr) {
            file_.wrong(table.source(), "the first phase says no number of sessions");
        }
        const bool is_open = workload_.arrivals && *workload_.arrivals != Arrivals::Closed;
        if (is_open && phase.rate <= 0) {
            file_.wrong(table.source(), "an open loop needs a rate", "like rate = 500");
        }
        if (!is_open && phase.rate > 0 && workload_.arrivals) {
            file_.wrong(table.source(), "a closed loop has no rate",
                        "arrivals = \"constant\" or \"poisson\" in [run]");
        }
        workload_.phases.push_back(phase);
    }

    TableFile file_;
    Workload workload_;
};

}  // namespace

Parsed<Workload> parse_workload(std::string_view file_name, std::string_view text) {
    return Reader(file_name, text).read();
}

void apply(const Workload& workload, Options& options) {
    options.mix = workload.mix;
    options.phases = workload.phases;
    options.seed = workload.seed.value_or(options.seed);
    options.warmup = workload.warmup.value_or(options.warmup);
    const bool has_rate = std::any_of(workload.phases.begin(), workload.phases.end(),
                                      [](const Phase& phase) { return phase.rate > 0; });
    // A rate is only of use to an open loop.
    options.arrivals = workload.arrivals.value_or(has_rate ? Arrivals::Constant : options.arrivals);
    if (workload.phases.empty()) {
        return;
    }
    options.duration = Duration();
    options.sessions = 0;
    for (const Phase& phase : workload.phases) {
        options.duration = options.duration + phase.ramp + phase.hold;
        options.sessions = std::max(options.sessions, phase.sessions);
    }
}

}  // namespace sluice::load
