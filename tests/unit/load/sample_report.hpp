// A report with something in every field, for the tests of all that show one.
#pragma once

#include "report.hpp"
#include "sluice/base/prng.hpp"

namespace sluice::load {

// Twenty seconds of about `bytes` bytes each and actions of about `latency_ns`, from one seed.
inline Report sample_report(std::uint64_t seed, std::uint64_t bytes, std::uint64_t latency_ns) {
    Prng prng(seed);
    Report report;
    report.environment.tool = "sluice-load 0.1.0";
    report.environment.kernel = "Linux 6.1.0 x86_64";
    report.environment.processor = "A processor";
    report.environment.cores = 2;
    report.environment.is_loopback = true;
    Options& options = report.options;
    options.url.host = "127.0.0.1";
    options.url.port = 2121;
    options.url.path = "pub/file";
    options.url.password = "secret-word";
    options.scenario = "download";
    options.label = "sample";
    options.sessions = 512;
    options.threads = 2;
    options.warmup = Duration::seconds(5);
    Phase phase;
    phase.sessions = 512;
    phase.hold = Duration::seconds(20);
    options.phases.push_back(phase);
    options.duration = Duration::seconds(20);

    Run& run = report.run;
    run.measured_seconds = 20;
    run.own_cpu_share = 0.71;
    run.worst_lag_ns = 120'000;
    run.banner = "220 ready";
    run.features = "UTF8\nEPSV";
    run.began_unix_ms = 1'700'000'000'000;
    run.server = {.known = true,
                  .cpu_seconds = 19.2,
                  .resident_bytes = 31'000'000,
                  .proportional_bytes = 9'536'000,
                  .resident_before = 30'000'000,
                  .proportional_before = 9'000'000,
                  .context_switches = 12'345,
                  .descriptors = 1030,
                  .sessions = 512};
    for (int i = 0; i < 20; ++i) {
        Second second;
        second.bytes = bytes * (95 + prng.below(11)) / 100;
        second.actions = 7000 + prng.below(800);
        second.p50_ns = latency_ns * (95 + prng.below(11)) / 100;
        second.p99_ns = 3 * second.p50_ns;
        second.sessions = 512;
        run.total.bytes_received += second.bytes;
        run.total.actions_done += second.actions;
        run.seconds.push_back(second);
    }
    run.total.actions_started = run.total.actions_done;
    run.total.logins = 512;
    run.total.replies[226] = run.total.actions_done;
    run.total.replies[230] = 512;
    for (std::size_t step = 0; step < run.total.steps.size(); ++step) {
        for (int i = 0; i < 5000; ++i) {
            run.total.steps[step].record((step + 1) * latency_ns / 10 + prng.below(latency_ns));
        }
    }
    report.verdicts.push_back(Verdict{"p99<5ms", "3.90 ms", true});
    return report;
}

}  // namespace sluice::load
