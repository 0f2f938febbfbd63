#include "run.hpp"

#include <fmt/format.h>
#include <sys/resource.h>
#include <unistd.h>

#include "conductor.hpp"
#include "held_signals.hpp"
#include "socket_calls.hpp"
#include "text_file.hpp"
#include "tls_settings.hpp"

namespace sluice::load {
namespace {

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

// Tried on a socket of its own before the run, where a person can be told.
std::string congestion_refusal(const std::string& name, int family) {
    SocketWish wish;
    wish.family = family;
    wish.congestion = name.c_str();
    const Result<int> made = make_socket(wish);
    if (made) {
        ::close(*made);
        return "";
    }
    constexpr const char* kList = "/proc/sys/net/ipv4/tcp_available_congestion_control";
    const std::string has = read_text_file(kList, 4096).value_or("");
    return fmt::format(
        "--congestion: '{}' {}; this system has {}", name,
        made.error().code == Errc::NotFound ? "is not known here" : "cannot be used here",
        has.substr(0, has.find('\n')));
}

std::string refusal_of_text(const std::string& text, const char* what) {
    for (const char c : text) {
        // A path or a name with a line end would be two commands.
        if (c == '\r' || c == '\n' || c == '\0') {
            return fmt::format("{} contains CR, LF or NUL", what);
        }
    }
    return "";
}

// Whether the server can be reached in the way that was asked for; "" when it can.
std::string refusal_of_way(const Options& options, const sys::SocketAddress& server,
                           const SourcePool& sources) {
    if (server.is_v6() &&
        (options.data_mode == DataMode::Pasv || options.data_mode == DataMode::Port)) {
        return "PASV and PORT know no IPv6: use EPSV or EPRT";
    }
    if (sources.family() != 0 && sources.family() != server.family()) {
        return fmt::format("{} cannot be reached from {}", server.text(), options.source_network);
    }
    return options.congestion.empty() ? std::string()
                                      : congestion_refusal(options.congestion, server.family());
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
    const Result<SourcePool> sources = SourcePool::parse(options.source_network);
    if (!sources) {
        return fmt::format("'{}' is not a network", options.source_network);
    }
    wrong = refusal_of_way(options, *server, *sources);
    if (!wrong.empty()) {
        return wrong;
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

    tls::ClientSettings tls;
    wrong = read_tls_settings(options, tls);
    if (!wrong.empty()) {
        return wrong;
    }

    HeldSignals signals;
    sys::LinuxKernel kernel;
    const WallTime wall = kernel.wall_time();
    result.began_unix_ms = wall.seconds * 1000 + wall.nanoseconds / 1'000'000;
    RunContext run{options,      profile,
                   content,      manifest.is_empty() ? nullptr : &manifest,
                   *sources,     options.url.tls == TlsMode::Off ? nullptr : &tls,
                   *server,      engine,
                   kernel.now(), StandStill(options.threads)};
    Conductor conductor(run, observer, result);
    return conductor.conduct(signals);
}

}  // namespace sluice::load
