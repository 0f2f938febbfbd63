// sluice-load: the command line becomes a run, the run a report.
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <memory>
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
#include "view.hpp"

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
class LineView final : public View {
public:
    explicit LineView(const Options& options) : is_counted_(options.transfers_max != 0) {}

    void show(const Snapshot& snapshot) override {
        Live live;
        live.elapsed_seconds = snapshot.elapsed_seconds;
        if (!is_counted_) {
            live.left_seconds = snapshot.total_seconds - snapshot.elapsed_seconds;
        }
        live.second = snapshot.second;
        live.sessions_wanted = snapshot.sessions_wanted;
        live.troubles = snapshot.troubles;
        live.is_warmup = snapshot.is_warmup;
        live.own_cpu_share = snapshot.own_cpu_share;
        say(stderr, live_line(live) + "\n");
    }

private:
    const bool is_counted_;  // ends by a number of transfers
};

// The one observer of a run: shows it, and asks what the server uses.
class Watcher final : public RunObserver {
public:
    // `view` may be null.
    Watcher(ServerSampler& sampler, View* view) : sampler_(sampler), view_(view) {}

    void on_measure_begin() override { sampler_.begin_measuring(); }
    void on_measure_end(std::uint32_t sessions) override { server_ = sampler_.end(sessions); }
    bool wants_totals() const override { return view_ != nullptr && view_->wants_totals(); }
    void on_second(const Snapshot& snapshot) override {
        sampler_.sample();
        if (view_ != nullptr) {
            view_->show(snapshot);
        }
    }
    bool on_turn() override { return view_ == nullptr || view_->goes_on(); }

    const ServerUse& server() const { return server_; }

private:
    ServerSampler& sampler_;
    View* view_;
    ServerUse server_;
};

// Null for Progress::None.
Parsed<std::unique_ptr<View>> make_view(const Options& options) {
    const bool has_terminal = isatty(STDIN_FILENO) == 1 && isatty(STDOUT_FILENO) == 1;
    if (options.progress == Options::Progress::Tui && has_terminal) {
        return make_full_screen(options);
    }
    if (options.progress == Options::Progress::Tui) {
        say(stderr, "sluice-load: --tui needs a terminal; a line each second instead\n");
    }
    if (options.progress == Options::Progress::None) {
        return nullptr;
    }
    return std::make_unique<LineView>(options);
}

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
    ServerSampler sampler;
    const std::string unknown = begin_sampling(options, sampler);
    if (!unknown.empty()) {
        return usage_error(unknown);
    }
    report.environment = this_environment(options.url.host);
    Parsed<std::unique_ptr<View>> view = make_view(options);
    if (!view) {
        return usage_error(view.error());
    }
    Watcher watcher(sampler, view->get());
    const std::string wrong = perform_run(options, &watcher, report.run);
    view->reset();  // the terminal is for the table again
    if (!wrong.empty()) {
        return usage_error(wrong);
    }
    report.run.server = watcher.server();
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
    // One label for all says nothing: then each file is by itself.
    const bool is_one = std::all_of(reports.begin(), reports.end(), [&](const NamedReport& each) {
        return each.name == reports.front().name;
    });
    for (std::size_t i = 0; is_one && i < reports.size(); ++i) {
        reports[i].name = invocation.compare_files[i];
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
