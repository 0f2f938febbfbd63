#include "run.hpp"

#include <fmt/format.h>
#include <signal.h>
#include <sys/resource.h>
#include <time.h>

#include <algorithm>
#include <map>
#include <memory>
#include <thread>
#include <vector>

#include "socket_calls.hpp"
#include "worker.hpp"

namespace sluice::load {
namespace {

constexpr std::int64_t kSecondNs = 1'000'000'000;
// A thread that has not told of a second this long after it is not waited for.
constexpr std::int64_t kSampleWaitNs = kSecondNs;

// INT and TERM come to main as results of sigtimedwait() while one of these lives.
class HeldSignals {
public:
    HeldSignals() {
        sigemptyset(&set_);
        sigaddset(&set_, SIGINT);
        sigaddset(&set_, SIGTERM);
        pthread_sigmask(SIG_BLOCK, &set_, &before_);
        // sendfile(2) to a connection that is gone raises it, and has no flag against that.
        struct sigaction ignore = {};
        ignore.sa_handler = SIG_IGN;
        sigaction(SIGPIPE, &ignore, nullptr);
    }
    ~HeldSignals() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
    HeldSignals(const HeldSignals&) = delete;
    HeldSignals& operator=(const HeldSignals&) = delete;

    // True when one came within the time.
    bool wait(std::int64_t ns) {
        timespec limit = {};
        limit.tv_sec = ns / kSecondNs;
        limit.tv_nsec = ns % kSecondNs;
        return sigtimedwait(&set_, nullptr, &limit) > 0;
    }

private:
    sigset_t set_;
    sigset_t before_;
};

std::string choose_engine(const Options& options, io::EngineKind& engine) {
    engine = io::EngineKind::Epoll;
    if (options.engine == "epoll") {
        return "";
    }
    sys::LinuxKernel kernel;
    std::string refusal;
    if (io::probe_io_uring(kernel, refusal)) {
        engine = io::EngineKind::IoUring;
        return "";
    }
    return options.engine == "io_uring" ? refusal : "";
}

// A control connection, a data connection and a listener for each session, and some of our own.
void raise_descriptor_limit() {
    rlimit limit = {};
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < limit.rlim_max) {
        limit.rlim_cur = limit.rlim_max;
        (void)setrlimit(RLIMIT_NOFILE, &limit);
    }
}

std::string descriptor_refusal(const LoadProfile& profile) {
    rlimit limit = {};
    (void)getrlimit(RLIMIT_NOFILE, &limit);
    // Two for each session: listeners end before their connection is used.
    const std::uint64_t needed = 2 * std::uint64_t{profile.sessions_max()} + 64;
    if (needed <= limit.rlim_cur) {
        return "";
    }
    return fmt::format("{} sessions need {} descriptors, and the limit is {} (ulimit -n)",
                       profile.sessions_max(), needed, limit.rlim_cur);
}

// The seconds of all threads, put together as they come.
class SecondsMerger {
public:
    explicit SecondsMerger(std::size_t threads) : threads_(threads) {}

    void add(Sample& sample) {
        Pending& pending = pending_[sample.index];
        ++pending.parts;
        pending.second.bytes += sample.second.bytes;
        pending.second.actions += sample.second.actions;
        pending.second.troubles += sample.second.troubles;
        pending.second.sessions += sample.second.sessions;
        pending.actions.merge(sample.actions);
        for (std::size_t i = 0; i < sample.states.size(); ++i) {
            pending.states[i] += sample.states[i];
        }
        pending.cpu_share = std::max(pending.cpu_share, sample.cpu_share);
    }

    // Takes out the oldest second that is whole, or that is `old`.
    bool take(std::int64_t old, Sample& out) {
        if (pending_.empty()) {
            return false;
        }
        const auto first = pending_.begin();
        Pending& pending = first->second;
        if (pending.parts < threads_ && first->first > old) {
            return false;
        }
        out.index = first->first;
        out.second = pending.second;
        out.second.p50_ns = pending.actions.percentile(0.5);
        out.second.p99_ns = pending.actions.percentile(0.99);
        out.states = pending.states;
        out.cpu_share = pending.cpu_share;
        pending_.erase(first);
        return true;
    }

private:
    struct Pending {
        std::size_t parts = 0;
        Second second;
        Histogram actions;
        decltype(Sample::states) states{};
        double cpu_share = 0;
    };
    const std::size_t threads_;
    std::map<std::int64_t, Pending> pending_;
};

class Conductor {
public:
    Conductor(RunContext& run, RunObserver* observer, Run& result)
        : run_(run), observer_(observer), result_(result), merger_(run.options.threads) {}

    std::string conduct(HeldSignals& signals) {
        sys::LinuxKernel kernel;
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
        std::int64_t now = kernel.now().ns;
        while (ended_.load() < threads_.size()) {
            // Often enough that the end of a run is not waited for.
            if (signals.wait(20'000'000)) {
                run_.end_asked.store(true);
            }
            now = kernel.now().ns;
            collect(now);
        }
        for (std::thread& thread : threads_) {
            thread.join();
        }
        collect(now + kSampleWaitNs + kSecondNs);
        return gather();
    }

private:
    void collect(std::int64_t now) {
        std::vector<Sample> taken;
        for (const std::unique_ptr<WorkerReport>& report : reports_) {
            const std::lock_guard<std::mutex> lock(report->mutex);
            taken.swap(report->samples);
            for (Sample& sample : taken) {
                merger_.add(sample);
            }
            taken.clear();
        }
        const std::int64_t measure = run_.begin.ns + run_.options.warmup.ns;
        const std::int64_t old = (now - kSampleWaitNs - measure) / kSecondNs - 2;
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

    void tell(const Sample& sample, std::int64_t now) {
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
        observer_->on_second(snapshot);
    }

    std::string gather() {
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
            if (result_.features.empty()) {
                result_.features = report->features;
            }
        }
        result_.measured_seconds = static_cast<double>(measured_ns) / 1e9;
        return error;
    }

    RunContext& run_;
    RunObserver* observer_;
    Run& result_;
    SecondsMerger merger_;
    std::vector<std::unique_ptr<WorkerReport>> reports_;
    std::vector<std::thread> threads_;
    std::atomic<std::size_t> ended_{0};
    std::uint64_t actions_ = 0;
    std::uint64_t troubles_ = 0;
};

std::string refusal_of_text(const std::string& text, const char* what) {
    for (const char c : text) {
        // A path or a name with a line end would be two commands.
        if (c == '\r' || c == '\n' || c == '\0') {
            return fmt::format("{} contains CR, LF or NUL", what);
        }
    }
    return "";
}

}  // namespace

std::string refusal_of(const Options& options) {
    if (options.mix.empty()) {
        return "there is nothing to do";
    }
    if (options.threads == 0) {
        return "at least one thread is needed";
    }
    if (options.engine != "auto" && options.engine != "io_uring" && options.engine != "epoll") {
        return fmt::format("there is no engine '{}': auto, io_uring or epoll", options.engine);
    }
    for (const std::string& wrong : {refusal_of_text(options.url.user, "the user's name"),
                                     refusal_of_text(options.url.password, "the password"),
                                     refusal_of_text(options.url.path, "the path")}) {
        if (!wrong.empty()) {
            return wrong;
        }
    }
    bool has_rate = false;
    for (const Phase& phase : options.phases) {
        has_rate = has_rate || phase.rate > 0;
    }
    if (options.arrivals != Arrivals::Closed && !has_rate) {
        return "an open loop needs a rate";
    }
    for (const Work& work : options.mix) {
        if (!(work.weight > 0)) {
            return "a weight must be more than 0";
        }
        const bool has_path = !work.paths.empty() || !options.url.path.empty();
        const bool needs_path = work.action == Action::Download || work.action == Action::Upload ||
                                work.action == Action::SmallFiles ||
                                work.action == Action::SlowReader || work.action == Action::Abort;
        if (needs_path && !has_path) {
            return "there is no file to transfer: give a path";
        }
        if (work.action == Action::SlowReader && work.slow_rate == 0) {
            return "a slow reader needs a rate in bytes a second";
        }
        if (work.action == Action::Idle && options.arrivals != Arrivals::Closed) {
            return "idle sessions have no rate: use a closed loop";
        }
        for (const std::string& path : work.paths) {
            const std::string wrong = refusal_of_text(path, "a path");
            if (!wrong.empty()) {
                return wrong;
            }
        }
    }
    return "";
}

std::string perform_run(const Options& options, RunObserver* observer, Run& result) {
    std::string wrong = refusal_of(options);
    if (!wrong.empty()) {
        return wrong;
    }
    const LoadProfile profile(options);
    if (profile.sessions_max() == 0) {
        return "at least one session is needed";
    }
    raise_descriptor_limit();
    wrong = descriptor_refusal(profile);
    if (!wrong.empty()) {
        return wrong;
    }
    const Result<sys::SocketAddress> server = resolve(options.url.host, options.url.port);
    if (!server) {
        return fmt::format("{}: no such host", options.url.host);
    }
    if (server->is_v6() &&
        (options.data_mode == DataMode::Pasv || options.data_mode == DataMode::Port)) {
        return "PASV and PORT know no IPv6: use EPSV or EPRT";
    }
    const Result<SourcePool> sources = SourcePool::parse(options.source_network);
    if (!sources) {
        return fmt::format("'{}' is not a network", options.source_network);
    }
    if (sources->family() != 0 && sources->family() != server->family()) {
        return fmt::format("{} cannot be reached from {}", server->text(), options.source_network);
    }
    Content content;
    const Status made = content.make(options.seed);
    if (!made) {
        return fmt::format("no memory for content: {}", text_of(made.error()));
    }
    Manifest manifest;
    if (options.verify && !options.manifest.empty()) {
        wrong = manifest.read(options.manifest);
        if (!wrong.empty()) {
            return wrong;
        }
    }
    io::EngineKind engine = io::EngineKind::Epoll;
    wrong = choose_engine(options, engine);
    if (!wrong.empty()) {
        return wrong;
    }

    HeldSignals signals;
    sys::LinuxKernel kernel;
    const WallTime wall = kernel.wall_time();
    result.began_unix_ms = wall.seconds * 1000 + wall.nanoseconds / 1'000'000;
    RunContext run{options,  profile, content, manifest.is_empty() ? nullptr : &manifest,
                   *sources, *server, engine,  kernel.now()};
    Conductor conductor(run, observer, result);
    return conductor.conduct(signals);
}

}  // namespace sluice::load
