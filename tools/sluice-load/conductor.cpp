#include "conductor.hpp"

#include <algorithm>
#include <mutex>

#include "sluice/sys/linux_kernel.hpp"

namespace sluice::load {
namespace {

constexpr std::int64_t kSecondNs = 1'000'000'000;
// A thread that has not told of a second this long after it is not waited for.
constexpr std::int64_t kSampleWaitNs = kSecondNs;
// Often enough that the end of a run is not waited for.
constexpr std::int64_t kTurnNs = 20'000'000;

}  // namespace

Conductor::Conductor(RunContext& run, RunObserver* observer, Run& result)
    : run_(run),
      observer_(observer),
      result_(result),
      merger_(run.options.threads),
      totals_(run.options.threads) {
    run_.wants_totals = observer != nullptr && observer->wants_totals();
}

void Conductor::start() {
    for (std::uint32_t i = 0; i < run_.options.threads; ++i) {
        reports_.push_back(std::make_unique<WorkerReport>());
    }
    for (std::uint32_t i = 0; i < run_.options.threads; ++i) {
        threads_.emplace_back([this, i] {
            Worker worker(run_, i, *reports_[i]);
            (void)worker.work();  // the report says why
            ended_.fetch_add(1);
        });
    }
}

std::string Conductor::conduct(HeldSignals& signals) {
    sys::LinuxKernel kernel;
    start();
    std::int64_t now = kernel.now().ns;
    while (ended_.load() < threads_.size()) {
        // Not past the end of the warm-up: what the server uses is counted from there.
        const std::int64_t left = measure_ns() - now;
        if (signals.wait(left > 0 ? std::min(left, kTurnNs) : kTurnNs)) {
            run_.end_asked.store(true);
        }
        now = kernel.now().ns;
        mark_boundaries(now);
        collect(now);
        if (observer_ != nullptr && !observer_->on_turn()) {
            run_.end_asked.store(true);
        }
    }
    for (std::thread& thread : threads_) {
        thread.join();
    }
    collect(now + kSampleWaitNs + kSecondNs);
    return gather();
}

void Conductor::mark_boundaries(std::int64_t now) {
    std::uint32_t sessions = 0;
    const bool is_over = run_.stand_still.is_complete(sessions);
    // A run that ends in its warm-up has measured nothing, and its server is told to have used
    // nothing.
    if (!measure_began_ && (now >= measure_ns() || is_over)) {
        measure_began_ = true;
        if (observer_ != nullptr) {
            observer_->on_measure_begin();
        }
    }
    if (!measure_ended_ && is_over) {
        measure_ended_ = true;
        if (observer_ != nullptr) {
            observer_->on_measure_end(sessions);
        }
        run_.stand_still.release();
    }
}

void Conductor::collect(std::int64_t now) {
    std::vector<Sample> taken;
    for (std::size_t i = 0; i < reports_.size(); ++i) {
        {
            const std::lock_guard<std::mutex> lock(reports_[i]->mutex);
            taken.swap(reports_[i]->samples);
        }
        for (Sample& sample : taken) {
            merger_.add(sample);
            totals_[i] = std::move(sample.total);
        }
        taken.clear();
    }
    const std::int64_t old = (now - kSampleWaitNs - measure_ns()) / kSecondNs - 2;
    Sample sample;
    while (merger_.take(old, sample)) {
        if (sample.index >= 0) {
            actions_ += sample.second.actions;
            troubles_ += sample.second.troubles;
            result_.seconds.push_back(sample.second);
        }
        tell(sample, now);
    }
}

void Conductor::tell(const Sample& sample, std::int64_t now) {
    if (observer_ == nullptr) {
        return;
    }
    Snapshot snapshot;
    snapshot.elapsed_seconds = static_cast<double>(now - run_.begin.ns) / 1e9;
    snapshot.total_seconds = static_cast<double>(run_.profile.end_ns()) / 1e9;
    snapshot.is_warmup = sample.index < 0;
    snapshot.second = sample.second;
    snapshot.actions = actions_;
    snapshot.troubles = troubles_;
    snapshot.sessions_wanted = run_.profile.sessions_at(now - run_.begin.ns);
    snapshot.sessions_by_state = sample.states;
    snapshot.own_cpu_share = sample.cpu_share;
    Tally total;
    for (const std::unique_ptr<Tally>& one : totals_) {
        if (one != nullptr) {
            total.merge(*one);
            snapshot.total = &total;
        }
    }
    observer_->on_second(snapshot);
}

std::string Conductor::gather() {
    std::string error;
    std::int64_t measured_ns = 0;
    for (const std::unique_ptr<WorkerReport>& report : reports_) {
        if (!report->error.empty()) {
            error = report->error;
        }
        result_.total.merge(report->tally);
        measured_ns = std::max(measured_ns, report->measured_ns);
        result_.own_cpu_share = std::max(result_.own_cpu_share, report->cpu_share);
        result_.worst_lag_ns = std::max(result_.worst_lag_ns, report->lag_ns);
        if (result_.banner.empty()) {
            result_.banner = report->banner;
        }
        for (std::string TlsFacts::*const fact :
             {&TlsFacts::version, &TlsFacts::cipher, &TlsFacts::failure}) {
            if ((result_.tls.*fact).empty()) {
                result_.tls.*fact = report->tls.*fact;
            }
        }
        if (result_.features.empty()) {
            result_.features = report->features;
        }
    }
    result_.measured_seconds = static_cast<double>(measured_ns) / 1e9;
    return error;
}

}  // namespace sluice::load
