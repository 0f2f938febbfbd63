#include "report_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <utility>

#include "health.hpp"
#include "human.hpp"
#include "scenarios.hpp"
#include "sluice/base/units.hpp"
#include "url.hpp"

namespace sluice::load {
namespace {

constexpr std::size_t kColumns = 80;
constexpr std::size_t kIndent = 16;

using Lines = std::back_insert_iterator<std::string>;

// "  Title         text", the text broken at blanks so that no line is wider than the screen.
void add_line(Lines out, std::string_view title, std::string_view text) {
    std::string line = fmt::format("  {:<{}}", title, kIndent - 2);
    std::size_t used = kIndent;
    while (!text.empty()) {
        const std::size_t end = std::min(text.find(' '), text.size());
        const std::string_view word = text.substr(0, end);
        const std::size_t width = columns_of(word);
        if (used > kIndent && used + 1 + width > kColumns) {
            fmt::format_to(out, "{}\n", line);
            line.assign(kIndent, ' ');
            used = kIndent;
        }
        if (used > kIndent) {
            line += ' ';
            ++used;
        }
        line += word;
        used += width;
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    fmt::format_to(out, "{}\n", line);
}

std::string counted(std::vector<std::pair<std::string, std::uint64_t>> all) {
    std::stable_sort(all.begin(), all.end(),
                     [](const auto& a, const auto& b) { return a.second > b.second; });
    std::string text;
    for (const auto& [name, count] : all) {
        text += fmt::format("{}{} {}", text.empty() ? "" : ", ", name, with_commas(count));
    }
    return text.empty() ? "none" : text;
}

std::string drive_text(const Options& options) {
    std::string text = fmt::format("{} session{}, {} thread{}", with_commas(options.sessions),
                                   options.sessions == 1 ? "" : "s", options.threads,
                                   options.threads == 1 ? "" : "s");
    if (options.arrivals == Arrivals::Closed) {
        text += ", closed loop";
    } else {
        double rate = 0;
        for (const Phase& phase : options.phases) {
            rate = std::max(rate, phase.rate);
        }
        text += fmt::format(", open loop of {}/s ({})", amount(rate), name_of(options.arrivals));
    }
    text += fmt::format(", {}", name_of(options.data_mode));
    if (options.verify) {
        text += ", verified";
    }
    return text;
}

// How the connections are protected, and what of it deserves a loud word.
std::string tls_text(const Report& report) {
    const Options& options = report.options;
    std::string text = fmt::format("{}, data {}", name_of(options.url.tls),
                                   options.tls.protects_data ? "private" : "CLEAR");
    const TlsFacts& facts = report.run.tls;
    if (!facts.version.empty()) {
        text += fmt::format(", {} {}", facts.version, facts.cipher);
    }
    text += options.tls.authorities_file.empty() ? "; the certificate was NOT CHECKED (--tls-ca)"
                                                 : "; certificate checked";
    if (!facts.failure.empty()) {
        text += fmt::format("; a handshake failed: {}", facts.failure);
    }
    return text;
}

std::string handshakes_text(const Tally& total) {
    return fmt::format("control {} full, {} resumed; data {} full, {} resumed",
                       with_commas(total.tls_control_full), with_commas(total.tls_control_resumed),
                       with_commas(total.tls_data_full), with_commas(total.tls_data_resumed));
}

void add_head(Lines out, const Report& report) {
    const Options& options = report.options;
    fmt::format_to(out, "{}\n", report.environment.tool);
    add_line(out, "Run",
             fmt::format("{} {}{}", options.scenario, show(options.url),
                         options.label.empty() ? "" : fmt::format(" \"{}\"", options.label)));
    std::string text =
        fmt::format("{}; {:.1f} s", drive_text(options), report.run.measured_seconds);
    if (options.warmup.ns > 0) {
        text += fmt::format(" after {} of warm-up", format_duration(options.warmup));
    }
    add_line(out, "Load", text);
    if (!report.run.banner.empty()) {
        add_line(out, "Server", report.run.banner);
    }
    if (options.url.tls != TlsMode::Off) {
        add_line(out, "TLS", tls_text(report));
    }
}

void add_totals(Lines out, const Run& run) {
    const Tally& total = run.total;
    std::string actions =
        fmt::format("started {}, done {} ({}/s)", with_commas(total.actions_started),
                    with_commas(total.actions_done), amount(rate_of(run)));
    if (total.actions_late > 0) {
        actions +=
            fmt::format(", {} begun late: no session was free", with_commas(total.actions_late));
    }
    add_line(out, "Actions", actions);
    const double throughput = throughput_of(run);
    if (throughput > 0) {
        // The last second is often cut short: its bytes are no least value.
        std::uint64_t least = ~std::uint64_t{0};
        std::uint64_t most = 0;
        for (std::size_t i = 0; i + 1 < run.seconds.size(); ++i) {
            least = std::min(least, run.seconds[i].bytes);
            most = std::max(most, run.seconds[i].bytes);
        }
        std::string text =
            fmt::format("{} ({}/s", bits_per_second(throughput), bytes_text(throughput));
        if (most > 0) {
            text += fmt::format("; a second had {} to {}", bytes_text(static_cast<double>(least)),
                                bytes_text(static_cast<double>(most)));
        }
        add_line(out, "Throughput", text + ")");
        add_line(out, "Bytes",
                 fmt::format("received {}, sent {}", with_commas(total.bytes_received),
                             with_commas(total.bytes_sent)));
    }
    add_line(out, "Logins", with_commas(total.logins));
}

void add_steps(Lines out, const Tally& total) {
    fmt::format_to(out, "\n  {:<14}{:>8}{:>9}{:>9}{:>9}{:>9}{:>9}{:>11}\n", "Times in ms", "mean",
                   "p50", "p90", "p99", "p99.9", "max", "count");
    for (std::size_t i = 0; i < total.steps.size(); ++i) {
        const Histogram& histogram = total.steps[i];
        if (histogram.count() == 0) {
            continue;
        }
        const auto at = [&](double fraction) {
            return milliseconds(static_cast<double>(histogram.percentile(fraction)));
        };
        const std::string count =
            histogram.count() < 100'000'000
                ? with_commas(histogram.count())
                : fmt::format("{:.3g}", static_cast<double>(histogram.count()));
        fmt::format_to(out, "  {:<14}{:>8}{:>9}{:>9}{:>9}{:>9}{:>9}{:>11}\n",
                       title_of(static_cast<Step>(i)), milliseconds(histogram.mean()), at(0.5),
                       at(0.9), at(0.99), at(0.999), at(1), count);
    }
    fmt::format_to(out, "\n");
}

void add_replies(Lines out, const Tally& total) {
    add_line(out, "Replies", replies_text(total));
    add_line(out, "Errors", troubles_text(total));
}

void add_server(Lines out, const Run& run) {
    const ServerUse& server = run.server;
    if (!server.known) {
        return;
    }
    std::string text = fmt::format("{:.2f} s", server.cpu_seconds);
    if (run.measured_seconds > 0) {
        text += fmt::format(" ({} of a core)", percent(server.cpu_seconds / run.measured_seconds));
    }
    const auto gigabytes =
        static_cast<double>(run.total.bytes_received + run.total.bytes_sent) / 1e9;
    if (run.total.actions_done > 0) {
        const double each = server.cpu_seconds / static_cast<double>(run.total.actions_done);
        text += fmt::format(", {} for each action", time_text(each * 1e9));
    }
    if (gigabytes >= 0.1) {
        text += fmt::format(", {:.3f} s for each GB", server.cpu_seconds / gigabytes);
    }
    add_line(out, "Server cpu", text);
    text = fmt::format("resident {} ({} before)",
                       bytes_text(static_cast<double>(server.resident_bytes)),
                       bytes_text(static_cast<double>(server.resident_before)));
    if (server.proportional_bytes > 0) {
        text += fmt::format(", proportional {}",
                            bytes_text(static_cast<double>(server.proportional_bytes)));
    }
    text += fmt::format("; {} descriptors, {} context switches", with_commas(server.descriptors),
                        with_commas(server.context_switches));
    if (server.bytes_per_session() > 0) {
        text += fmt::format("; {} for each of {} sessions", bytes_text(server.bytes_per_session()),
                            with_commas(server.sessions));
    }
    add_line(out, "Server memory", text);
}

void add_trust(Lines out, const Report& report) {
    const Run& run = report.run;
    add_line(
        out, "Generator",
        fmt::format("cpu {} of a core (busiest thread), timers late by {} (p99)",
                    percent(run.own_cpu_share), time_text(static_cast<double>(run.worst_lag_ns))));
    const std::string warning = generator_warning(run);
    if (!warning.empty()) {
        add_line(out, "WARNING",
                 warning +
                     ". These numbers are not the server's limit: give more "
                     "--threads, or cores of its own.");
    }
    for (const Verdict& verdict : report.verdicts) {
        add_line(out, "Required",
                 fmt::format("{}: {} ({})", verdict.text, verdict.is_met ? "met" : "MISSED",
                             verdict.actual));
    }
}

}  // namespace

const char* title_of(Step step) {
    constexpr const char* kTitles[] = {"Connect",    "TLS control",  "Banner",      "Login",
                                       "Data setup", "Data connect", "TLS data",    "First byte",
                                       "Last byte",  "Final reply",  "Whole action"};
    return kTitles[static_cast<std::size_t>(step)];
}

std::string troubles_text(const Tally& tally) {
    std::vector<std::pair<std::string, std::uint64_t>> all;
    for (std::size_t i = 0; i < tally.troubles.size(); ++i) {
        if (tally.troubles[i] > 0) {
            all.emplace_back(name_of(static_cast<Trouble>(i)), tally.troubles[i]);
        }
    }
    return counted(std::move(all));
}

std::string replies_text(const Tally& tally) {
    std::vector<std::pair<std::string, std::uint64_t>> codes;
    for (std::size_t code = 0; code < tally.replies.size(); ++code) {
        if (tally.replies[code] > 0) {
            codes.emplace_back(fmt::format("{}:", code), tally.replies[code]);
        }
    }
    return counted(std::move(codes));
}

std::string live_line(const Live& live) {
    const auto bytes = static_cast<double>(live.second.bytes);
    std::string line = fmt::format("[{:>5.1f}s] ", live.elapsed_seconds);
    if (live.is_warmup) {
        line += "warm-up ";
    }
    line += fmt::format("sess {}/{} | ", live.second.sessions, live.sessions_wanted);
    if (live.second.bytes > 0) {
        line += fmt::format("{}/s {} | ", bytes_text(bytes), bits_per_second(bytes));
    }
    line += fmt::format("{}/s | p50 {} p99 {} ms | err {}", with_commas(live.second.actions),
                        milliseconds(static_cast<double>(live.second.p50_ns)),
                        milliseconds(static_cast<double>(live.second.p99_ns)),
                        with_commas(live.troubles));
    line += fmt::format(" | gen cpu {:.0f}%", live.own_cpu_share * 100);
    if (live.left_seconds >= 0) {
        line += fmt::format(" | left {:.0f}s", live.left_seconds);
    }
    return line;
}

std::string final_table(const Report& report, const std::vector<std::string>& written) {
    std::string text;
    const Lines out(text);
    add_head(out, report);
    add_totals(out, report.run);
    if (report.options.url.tls != TlsMode::Off) {
        add_line(out, "Handshakes", handshakes_text(report.run.total));
    }
    add_steps(out, report.run.total);
    add_replies(out, report.run.total);
    add_server(out, report.run);
    add_trust(out, report);
    if (!written.empty()) {
        add_line(out, "Wrote", fmt::format("{}", fmt::join(written, " ")));
    }
    return text;
}

}  // namespace sluice::load
