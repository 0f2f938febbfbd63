#include "options_parse.hpp"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <optional>
#include <span>
#include <string_view>
#include <utility>

#include "flags.hpp"
#include "option_values.hpp"
#include "scenarios.hpp"
#include "sluice/config/near_miss.hpp"
#include "text_file.hpp"
#include "url.hpp"
#include "usage.hpp"
#include "workload.hpp"

namespace sluice::load {
namespace {

Invocation usage_error(std::string_view what) {
    Invocation invocation;
    invocation.exit_code = kExitUsage;
    invocation.messages = fmt::format("sluice-load: {}\nTry 'sluice-load --help'.\n", what);
    return invocation;
}

Invocation show_text(std::string text) {
    Invocation invocation;
    invocation.output = std::move(text);
    return invocation;
}

void add_run_options(CLI::App& app, Flags& flags) {
    app.add_option("WORDS", flags.words);
    for (const TextOption& option : kTextOptions) {
        app.add_option(option.name, flags.*option.target);
    }
    // One argument each time: "--path a ftp://h/" must leave the URL alone.
    app.add_option("--path", flags.paths)->allow_extra_args(false);
    app.add_option("--require", flags.require)->allow_extra_args(false);
    app.add_flag("--poisson", flags.poisson);
    app.add_flag("--verify", flags.verify);
    app.add_flag("--tui", flags.tui);
}

// What CLI11 could not place: an option it does not know.
Invocation unexpected(const CLI::App& app) {
    const std::vector<std::string> rest = app.remaining();
    const std::string word = rest.empty() ? "" : rest.front();
    const std::string flag = word.substr(0, word.find('='));
    const std::vector<const CLI::Option*> options = app.get_options({});
    std::vector<std::string_view> names;
    for (const CLI::Option* option : options) {
        for (const std::string& name : option->get_lnames()) {
            names.push_back(name);
        }
    }
    const std::size_t dashes = std::min(flag.find_first_not_of('-'), flag.size());
    const std::string_view near = config::near_miss(std::string_view(flag).substr(dashes), names);
    return usage_error(near.empty()
                           ? fmt::format("unknown option '{}'", flag)
                           : fmt::format("unknown option '{}'; did you mean '--{}'?", flag, near));
}

// Turns the flags into options, one step after the other, until one is wrong.
class Reader {
public:
    Reader(const CLI::App& app, const Flags& flags, ReadText read_text)
        : app_(app), flags_(flags), read_text_(read_text) {}

    Invocation read() && {
        read_words();
        read_numbers();
        read_choices();
        read_tls();
        read_server();
        read_requirements();
        read_mix();
        read_phases();
        if (!error_.empty()) {
            return usage_error(error_);
        }
        if (!workload_messages_.empty()) {
            Invocation invocation;
            invocation.exit_code = kExitUsage;
            invocation.messages = std::move(workload_messages_);
            return invocation;
        }
        invocation_.action = Invocation::Action::Run;
        return std::move(invocation_);
    }

private:
    bool is_given(const char* name) const { return app_.count(name) > 0; }

    void wrong(std::string what) {
        if (error_.empty()) {
            error_ = std::move(what);
        }
    }

    // Reads the value of an option, if it stands there, into `target`.
    template <class T, class U, class Parse>
    void take(const char* name, std::string Flags::*text, U& target, Parse parse) {
        if (!is_given(name)) {
            return;
        }
        Parsed<T> value = parse(std::string_view(flags_.*text));
        if (value) {
            target = static_cast<U>(*std::move(value));
        } else {
            wrong(fmt::format("{}: {}", name, value.error()));
        }
    }

    template <class U>
    void take_count(const char* name, std::string Flags::*text, U& target, std::uint64_t min,
                    std::uint64_t max) {
        take<std::uint64_t>(name, text, target,
                            [&](std::string_view value) { return count_value(value, min, max); });
    }

    void take_text(const char* name, std::string Flags::*text, std::string& target) {
        if (is_given(name) && (flags_.*text).empty()) {
            wrong(fmt::format("{}: the value is empty", name));
        }
        target = flags_.*text;
    }

    void read_words() {
        std::string url;
        std::string scenario = flags_.scenario;
        for (const std::string& word : flags_.words) {
            const bool is_scenario = word.find_first_of(":/.@") == std::string::npos;
            std::string& target = is_scenario ? scenario : url;
            if (!target.empty()) {
                wrong(is_scenario ? fmt::format("two scenarios, '{}' and '{}'", target, word)
                                  : fmt::format("two URLs, '{}' and '{}'", target, word));
            }
            target = word;
        }
        const std::span<const std::string_view> names = scenario_names();
        if (!scenario.empty() && std::find(names.begin(), names.end(), scenario) == names.end()) {
            const std::string near = did_you_mean(scenario, names.data(), names.size());
            wrong(near.empty() ? fmt::format("'{}' is neither a URL nor a scenario ({})", scenario,
                                             fmt::join(names, ", "))
                               : fmt::format("'{}' is no scenario{}", scenario, near));
        }
        has_scenario_ = !scenario.empty();
        invocation_.options.scenario = has_scenario_ ? scenario : "download";
        if (url.empty()) {
            wrong("the URL is missing, like ftp://localhost:2121/file");
            return;
        }
        Parsed<Url> parsed = parse_url(url);
        if (parsed) {
            invocation_.options.url = *std::move(parsed);
        } else {
            wrong(parsed.error());
        }
    }

    void read_numbers() {
        Options& options = invocation_.options;
        take_count("--sessions", &Flags::sessions, options.sessions, 1, kSessionsMax);
        take_count("--threads", &Flags::threads, options.threads, 1, kThreadsMax);
        take_count("--transfers", &Flags::transfers, options.transfers_max, 1, ~std::uint64_t{0});
        take_count("--seed", &Flags::seed, options.seed, 0, ~std::uint64_t{0});
        if (is_given("--transfers")) {
            options.duration = kDurationOfTransfers;
        }
        take<Duration>("--duration", &Flags::duration, options.duration, duration_value);
        take<Duration>("--warmup", &Flags::warmup, options.warmup, duration_value);
        take<Duration>("--timeout", &Flags::timeout, options.timeout, duration_value);
        take<Duration>("--ramp", &Flags::ramp, ramp_, duration_value);
        take<double>("--rate", &Flags::rate, rate_, rate_value);
        take<Sizes>("--size", &Flags::size, sizes_, sizes_value);
        if (options.duration.ns <= 0 || options.timeout.ns <= 0) {
            wrong(fmt::format("--{} must be above 0",
                              options.timeout.ns <= 0 ? "timeout" : "duration"));
        }
        if (flags_.poisson && !is_given("--rate") && !is_given("--workload")) {
            wrong("--poisson spreads the actions of --rate; give one, like --rate 100");
        }
        if (is_given("--rate")) {
            options.arrivals = flags_.poisson ? Arrivals::Poisson : Arrivals::Constant;
        }
    }

    void read_choices() {
        Options& options = invocation_.options;
        take<DataMode>("--data", &Flags::data, options.data_mode, data_mode_value);
        take<std::string>("--source", &Flags::source, options.source_network, network_value);
        take<std::string>("--engine", &Flags::engine, options.engine, engine_value);
        take<Options::Progress>("--progress", &Flags::progress, options.progress, progress_value);
        if (flags_.tui && is_given("--progress")) {
            wrong("--tui and --progress ask for the same: give one of them");
        }
        if (flags_.tui) {
            options.progress = Options::Progress::Tui;
        }
        take<std::string>("--congestion", &Flags::congestion, options.congestion, congestion_value);
        take_text("--manifest", &Flags::manifest, options.manifest);
        take_text("--json", &Flags::json, options.json_file);
        take_text("--html", &Flags::html, options.html_file);
        options.label = flags_.label;
        // A manifest is only read to check against it.
        options.verify = flags_.verify || is_given("--manifest");
    }

    void read_tls() {
        Options& options = invocation_.options;
        Url& url = options.url;
        const bool says_tls = url.tls != TlsMode::Off;
        take<TlsMode>("--tls", &Flags::tls, url.tls, tls_mode_value);
        if (says_tls && url.tls == TlsMode::Off) {
            wrong("--tls off and the URL do not agree: write ftp://");
        }
        if (!url.has_port) {
            url.port = default_port(url.tls);
        }
        TlsOptions& tls = options.tls;
        take<bool>("--data-protection", &Flags::data_protection, tls.protects_data,
                   data_protection_value);
        take<TlsVersion>("--tls-version", &Flags::tls_version, tls.version, tls_version_value);
        take<TlsResume>("--tls-resume", &Flags::tls_resume, tls.resume, tls_resume_value);
        take_text("--tls-ciphers", &Flags::tls_ciphers, tls.ciphers);
        take_text("--tls-ca", &Flags::tls_ca, tls.authorities_file);
        for (const char* name :
             {"--data-protection", "--tls-version", "--tls-resume", "--tls-ciphers", "--tls-ca"}) {
            if (is_given(name) && url.tls == TlsMode::Off) {
                wrong(fmt::format("{} needs TLS: --tls explicit, or a URL of ftps://", name));
            }
        }
    }

    void read_server() {
        Options& options = invocation_.options;
        // PID_MAX_LIMIT of Linux, 2^22.
        take_count("--server-pid", &Flags::server_pid, options.server_pid, 1, 1 << 22);
        take_text("--server-cgroup", &Flags::server_cgroup, options.server_cgroup);
        if (is_given("--server-pid") && is_given("--server-cgroup")) {
            wrong("--server-pid and --server-cgroup ask for the same: give one of them");
        }
    }

    void read_requirements() {
        for (const std::string& text : flags_.require) {
            Parsed<std::vector<Requirement>> parsed = parse_requirements(text);
            if (!parsed) {
                wrong("--require: " + parsed.error());
                return;
            }
            for (Requirement& one : *parsed) {
                invocation_.options.requirements.push_back(one.text);
                invocation_.requirements.push_back(std::move(one));
            }
        }
    }

    void read_mix() {
        if (!error_.empty()) {
            return;
        }
        Options& options = invocation_.options;
        if (is_given("--workload")) {
            read_workload();
            return;
        }
        Parsed<std::vector<Work>> mix =
            mix_of(options.scenario, options.url.path, flags_.paths, sizes_);
        if (mix) {
            options.mix = *std::move(mix);
        } else {
            wrong(mix.error());
        }
    }

    void read_workload() {
        Options& options = invocation_.options;
        for (const char* name : {"--path", "--size"}) {
            if (is_given(name)) {
                wrong(fmt::format("{} belongs into the workload file", name));
            }
        }
        if (has_scenario_) {
            wrong(fmt::format("'{}' and --workload both say what to do: give one of them",
                              options.scenario));
            return;
        }
        const Parsed<std::string> text = read_text_(flags_.workload, kWorkloadBytesMax);
        if (!text) {
            wrong(text.error());
            return;
        }
        const Parsed<Workload> workload = parse_workload(flags_.workload, *text);
        if (!workload) {
            workload_messages_ = workload.error();
            return;
        }
        if (!workload->phases.empty()) {
            for (const char* name : {"--sessions", "--rate", "--poisson", "--duration", "--ramp"}) {
                if (is_given(name)) {
                    wrong(fmt::format("{} and the phases of '{}' say the same: give one of them",
                                      name, flags_.workload));
                }
            }
        }
        options.scenario = flags_.workload;
        apply(*workload, options);
    }

    void read_phases() {
        Options& options = invocation_.options;
        if (!options.phases.empty()) {
            return;
        }
        if (options.arrivals != Arrivals::Closed && rate_ <= 0) {
            wrong("an open loop needs a rate: --rate R or the phases of the workload");
        }
        Phase phase;
        phase.sessions = options.sessions;
        phase.rate = rate_;
        phase.ramp = ramp_;
        phase.hold = options.duration;
        options.phases.push_back(phase);
        // The ramp is part of the run, not of the time at full load.
        options.duration = ramp_ + options.duration;
    }

    const CLI::App& app_;
    const Flags& flags_;
    ReadText read_text_;
    Invocation invocation_;
    Duration ramp_;
    double rate_ = 0;
    Sizes sizes_;
    bool has_scenario_ = false;
    std::string error_;
    std::string workload_messages_;
};

Invocation interpret_compare(int argc, const char* const* argv) {
    CLI::App app("", "sluice-load compare");
    Invocation invocation;
    app.set_help_flag("-h,--help");
    app.add_option("FILES", invocation.compare_files);
    app.add_option("--html", invocation.html_file);
    try {
        app.parse(argc, argv);
    } catch (const CLI::CallForHelp&) {
        return show_text(kHelp);
    } catch (const CLI::ExtrasError&) {
        return unexpected(app);
    } catch (const CLI::Error& error) {
        return usage_error(error.what());
    }
    if (invocation.compare_files.size() < 2) {
        return usage_error("compare needs two files of --json or more");
    }
    if (app.count("--html") > 0 && invocation.html_file.empty()) {
        return usage_error("--html: the value is empty");
    }
    invocation.action = Invocation::Action::Compare;
    return invocation;
}

}  // namespace

Invocation interpret(int argc, const char* const* argv, ReadText read_text) {
    if (argc > 1 && std::string_view(argv[1]) == "compare") {
        return interpret_compare(argc - 1, argv + 1);
    }
    CLI::App app("", "sluice-load");
    Flags flags;
    try {
        add_run_options(app, flags);
        app.set_version_flag("--version", "sluice-load " SLUICE_VERSION);
        app.set_help_flag("-h,--help");
        app.parse(argc, argv);
    } catch (const CLI::CallForHelp&) {
        return show_text(kHelp);
    } catch (const CLI::CallForVersion& version) {
        return show_text(std::string(version.what()) + "\n");
    } catch (const CLI::ExtrasError&) {
        return unexpected(app);
    } catch (const CLI::Error& error) {
        return usage_error(error.what());
    }
    return Reader(app, flags, read_text).read();
}

}  // namespace sluice::load
