// sluice-load: the command line becomes a run, the run a report.
#include <fmt/format.h>

#include <cstdio>
#include <string>
#include <utility>
#include <vector>

#include "compare.hpp"
#include "environment.hpp"
#include "options_parse.hpp"
#include "report_html.hpp"
#include "report_json.hpp"
#include "report_text.hpp"
#include "run.hpp"
#include "server_use.hpp"
#include "text_file.hpp"

namespace sluice::load {
namespace {

void say(std::FILE* stream, const std::string& text) {
    (void)std::fwrite(text.data(), 1, text.size(), stream);  // nobody is left to tell
    (void)std::fflush(stream);
}

int usage_error(const std::string& what) {
    say(stderr, "sluice-load: " + what + "\n");
    return kExitUsage;
}

// A line each second on standard error, so that standard output is the table alone.
struct LiveLine final : RunObserver {
    bool is_counted = false;  // ends by a number of transfers
    bool is_shown = true;
    ServerSampler* sampler = nullptr;
    ServerUse server;

    void on_measure_begin() override { sampler->begin_measuring(); }
    void on_measure_end(std::uint32_t sessions) override { server = sampler->end(sessions); }
    void on_second(const Snapshot& snapshot) override {
        sampler->sample();
        if (!is_shown) {
            return;
        }
        Live live;
        live.elapsed_seconds = snapshot.elapsed_seconds;
        if (!is_counted) {
            live.left_seconds = snapshot.total_seconds - snapshot.elapsed_seconds;
        }
        live.second = snapshot.second;
        live.sessions_wanted = snapshot.sessions_wanted;
        live.troubles = snapshot.troubles;
        live.is_warmup = snapshot.is_warmup;
        live.own_cpu_share = snapshot.own_cpu_share;
        std::string line = live_line(live);
        if (line.empty() || line.back() != '\n') {
            line += '\n';
        }
        say(stderr, line);
    }
};

// What of the server's side can be known; "" or why not.
std::string begin_sampling(const Options& options, ServerSampler& sampler) {
    Parsed<int> begun = 0;
    if (options.server_pid != 0) {
        begun = sampler.begin_process(options.server_pid);
    } else if (!options.server_cgroup.empty()) {
        begun = sampler.begin_group(options.server_cgroup);
    }
    return begun ? std::string() : begun.error();
}

bool write_result(const std::string& name, const std::string& text,
                  std::vector<std::string>& written) {
    if (name.empty()) {
        return true;
    }
    const Parsed<std::size_t> done = write_text_file(name, text);
    if (!done) {
        say(stderr, "sluice-load: " + done.error() + "\n");
        return false;
    }
    written.push_back(name);
    return true;
}

NamedReport named(const std::string& file, const Report& report) {
    NamedReport one;
    one.name = report.options.label.empty() ? file : report.options.label;
    one.report = report;
    return one;
}

int run(const Invocation& invocation) {
    Report report;
    report.options = invocation.options;
    const Options& options = report.options;
    if (options.progress == Options::Progress::Tui) {
        return usage_error("there is no full screen yet: --progress line");
    }
    ServerSampler sampler;
    const std::string unknown = begin_sampling(options, sampler);
    if (!unknown.empty()) {
        return usage_error(unknown);
    }
    report.environment = this_environment(options.url.host);
    LiveLine line;
    line.is_counted = options.transfers_max != 0;
    line.sampler = &sampler;
    line.is_shown = options.progress != Options::Progress::None;
    const std::string wrong = perform_run(options, &line, report.run);
    if (!wrong.empty()) {
        return usage_error(wrong);
    }
    report.run.server = line.server;
    bool missed = false;
    for (const Requirement& requirement : invocation.requirements) {
        report.verdicts.push_back(judge(requirement, report.run));
        missed = missed || !report.verdicts.back().is_met;
    }
    std::vector<std::string> written;
    bool whole = write_result(options.json_file, to_json(report), written);
    if (!options.html_file.empty()) {
        const std::vector<NamedReport> one{named(options.scenario, report)};
        whole = write_result(options.html_file, to_html(one, {}), written) && whole;
    }
    say(stdout, final_table(report, written));
    if (missed) {
        return kExitRequirementMissed;
    }
    return whole && report.run.total.troubles_total() == 0 ? 0 : kExitTroubles;
}

int compare_files(const Invocation& invocation) {
    if (invocation.compare_files.size() > kCompareMax) {
        return usage_error(fmt::format("at most {} files can be compared", kCompareMax));
    }
    std::vector<NamedReport> reports;
    for (const std::string& file : invocation.compare_files) {
        const Parsed<std::string> text = read_text_file(file, kReportBytesMax);
        if (!text) {
            return usage_error(text.error());
        }
        const Parsed<Report> report = from_json(*text);
        if (!report) {
            return usage_error(file + ": " + report.error());
        }
        reports.push_back(named(file, *report));
    }
    const std::vector<Pair> pairs = compare(reports);
    say(stdout, comparison_text(pairs));
    std::vector<std::string> written;
    if (invocation.html_file.empty()) {
        return 0;
    }
    return write_result(invocation.html_file, to_html(reports, pairs), written) ? 0 : kExitTroubles;
}

}  // namespace
}  // namespace sluice::load

int main(int argc, char** argv) {
    using namespace sluice::load;
    const Invocation invocation = interpret(argc, argv, read_text_file);
    say(stdout, invocation.output);
    say(stderr, invocation.messages);
    if (invocation.action == Invocation::Action::Compare) {
        return compare_files(invocation);
    }
    return invocation.action == Invocation::Action::Exit ? invocation.exit_code : run(invocation);
}
