// sluice-load: the command line becomes a run, the run a report.
#include <cstdio>
#include <string>
#include <utility>
#include <vector>

#include "environment.hpp"
#include "options_parse.hpp"
#include "report_json.hpp"
#include "report_text.hpp"
#include "run.hpp"
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

    void on_second(const Snapshot& snapshot) override {
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

int run(const Invocation& invocation) {
    Report report;
    report.options = invocation.options;
    const Options& options = report.options;
    if (!options.html_file.empty()) {
        return usage_error("--html comes with the pages");
    }
    if (options.server_pid != 0 || !options.server_cgroup.empty()) {
        return usage_error("--server-pid and --server-cgroup come with the sampling of servers");
    }
    if (options.progress == Options::Progress::Tui) {
        return usage_error("--progress tui comes with the screen");
    }
    report.environment = this_environment(options.url.host);
    LiveLine line;
    line.is_counted = options.transfers_max != 0;
    RunObserver* const observer = options.progress == Options::Progress::None ? nullptr : &line;
    const std::string wrong = perform_run(options, observer, report.run);
    if (!wrong.empty()) {
        return usage_error(wrong);
    }
    bool missed = false;
    for (const Requirement& requirement : invocation.requirements) {
        report.verdicts.push_back(judge(requirement, report.run));
        missed = missed || !report.verdicts.back().is_met;
    }
    std::vector<std::string> written;
    bool broken = false;
    if (!options.json_file.empty()) {
        const Parsed<std::size_t> done = write_text_file(options.json_file, to_json(report));
        if (done) {
            written.push_back(options.json_file);
        } else {
            say(stderr, "sluice-load: " + done.error() + "\n");
            broken = true;
        }
    }
    say(stdout, final_table(report, written));
    if (missed) {
        return kExitRequirementMissed;
    }
    return broken || report.run.total.troubles_total() > 0 ? kExitTroubles : 0;
}

}  // namespace
}  // namespace sluice::load

int main(int argc, char** argv) {
    using namespace sluice::load;
    const Invocation invocation = interpret(argc, argv, read_text_file);
    say(stdout, invocation.output);
    say(stderr, invocation.messages);
    if (invocation.action == Invocation::Action::Compare) {
        return usage_error("compare comes with the pages");
    }
    return invocation.action == Invocation::Action::Exit ? invocation.exit_code : run(invocation);
}
