#include "app/run_server.hpp"

#include <fmt/format.h>
#include <sysexits.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>

#include "app/check_world.hpp"
#include "app/log_sinks.hpp"
#include "app/tls_keeper.hpp"
#include "sluice/io/select_backend.hpp"
#include "sluice/proto/charset.hpp"
#include "sluice/server/server.hpp"
#include "sluice/sys/linux_kernel.hpp"
#include "sluice/sys/process.hpp"
#include "sluice/tls/kernel_tls.hpp"
#include "sluice/vfs/root.hpp"
#include "sluice/vfs/upload_sweep.hpp"

namespace sluice::app {
namespace {

// After the order to end at once: sessions only have to close. What is still there then hangs in a
// helper job on a dead disk, and the process leaves without it.
constexpr Duration kKillTime = Duration::seconds(5);
constexpr Duration kLookTime = Duration::milliseconds(50);

void say(const std::string& text) {
    std::fputs(text.c_str(), stdout);
    std::fflush(stdout);
}

int complain(const std::string& text, int code) {
    std::fputs(("sluiced: " + text + "\n").c_str(), stderr);
    return code;
}

int code_of(Error error) {
    switch (error.code) {
        case Errc::AddressInUse:
        case Errc::AddressUnavailable: return EX_UNAVAILABLE;
        case Errc::AccessDenied:
        case Errc::Permission: return EX_NOPERM;
        case Errc::NotFound:
        case Errc::NotDirectory: return EX_NOINPUT;
        default: return EX_OSERR;
    }
}

void log_notice(obs::Log& log, sys::Kernel& kernel, obs::EventKind kind, std::string_view text,
                obs::Level level = obs::Level::Info) {
    obs::Event notice(kind, level);
    notice.when = kernel.wall_time();
    notice.reason = text;
    log.emit(notice);
}

io::EngineKind choose_engine(sys::Kernel& kernel, config::Engine wanted, obs::Log& log,
                             std::string& refusal, bool& refused) {
    refused = false;
    if (wanted == config::Engine::Epoll) { return io::EngineKind::Epoll; }
    if (io::probe_io_uring(kernel, refusal)) { return io::EngineKind::IoUring; }
    refused = wanted == config::Engine::IoUring;
    if (!refused) {
        log_notice(log, kernel, obs::EventKind::Notice, refusal + "; using epoll",
                   obs::Level::Warn);
    }
    return io::EngineKind::Epoll;
}

std::string url_of(const sys::SocketAddress& address, std::string_view scheme) {
    std::string host = address.is_v6() ? "[" + address.host_text() + "]" : address.host_text();
    if (address.is_wildcard()) { host = address.is_v6() ? "[::1]" : "127.0.0.1"; }
    return fmt::format("{}://{}:{}/", scheme, host, address.port());
}

// What a person who started it by hand wants to know, on standard output.
void announce(const config::Snapshot& config, const server::Server& server,
              std::string_view engine) {
    std::string text = fmt::format("sluice {} serving {} ({}, anonymous)\n", SLUICE_VERSION,
                                   config.server.root,
                                   config.anonymous.writable ? "writable" : "read-only");
    const std::vector<sys::SocketAddress>& addresses = server.addresses();
    const std::size_t plain = addresses.size() - server::count_addresses(config.tls.listen);
    for (std::size_t i = 0; i < addresses.size(); ++i) {
        const bool says_tls = i < plain && config.tls.mode != config::TlsMode::Off;
        text += fmt::format("  {}{}\n", url_of(addresses[i], i < plain ? "ftp" : "ftps"),
                            says_tls ? " (AUTH TLS)" : "");
    }
    const config::PortRange ports = config.server.passive_ports;
    text += fmt::format("  engine {}, {} {}, passive ports {}-{}\n", engine, server.shards(),
                        server.shards() == 1 ? "shard" : "shards", ports.first, ports.last);
    text += "  stop with Ctrl-C; a second Ctrl-C does not wait for transfers\n";
    say(text);
}

void log_kernel_tls(const config::Snapshot& config, obs::Log& log, sys::Kernel& kernel) {
    std::string text = "kernel TLS for large downloads: ";
    const std::uint64_t ciphers = kernel.tls_ciphers();
    if (config.tls.kernel == config::KernelTls::Off) {
        text += "off";
    } else if (ciphers == 0) {
        // A certificate made at start is kept at HUP, and with it its Context (TlsKeeper).
        text += config.tls.self_signed ? "not available (modprobe tls, then start again)"
                                       : "not available (modprobe tls, then send HUP)";
    } else {
        text += tls::names_of_ciphers(ciphers);
    }
    log_notice(log, kernel, obs::EventKind::Notice, text);
}

int complain_of(const tls::Findings& findings) {
    std::string text;
    for (const tls::Finding& finding : findings) {
        if (finding.is_error) { text += (text.empty() ? "" : "\nsluiced: ") + finding.text; }
    }
    return complain(text, EX_CONFIG);
}

class ServerTaker final : public TlsTaker {
public:
    explicit ServerTaker(server::Server& server) : server_(server) {}
    void take(server::TlsContexts contexts) override { server_.renew_tls(std::move(contexts)); }

private:
    server::Server& server_;
};

void sweep(const vfs::Root& root, obs::Log& log, sys::Kernel& kernel) {
    const vfs::SweepReport report = vfs::sweep_stale_uploads(root);
    if (report.removed + report.failed == 0 && report.complete) { return; }
    log_notice(log, kernel, obs::EventKind::Notice,
               fmt::format("swept leftovers of uploads: {} removed, {} kept, {} failed{}",
                           report.removed, report.kept, report.failed,
                           report.complete ? "" : "; the tree is too large for one sweep"));
}

// Waits for signals until the server has ended. True: it ended by itself; false: it was left.
bool serve_until_stopped(server::Server& server, LogSinks& sinks, sys::Kernel& kernel,
                         TlsKeeper* keeper, Duration grace) {
    bool draining = false;
    bool killing = false;
    Instant deadline;
    while (!server.has_ended()) {
        const int signal = sys::wait_for_signal(draining ? kLookTime : Duration(-1));
        if (signal == SIGUSR1 || signal == SIGHUP) { sinks.writer().request_reopen(); }
        if (signal == SIGHUP && keeper != nullptr) { keeper->request(); }
        const bool order = signal == SIGTERM || signal == SIGINT || signal == SIGQUIT;
        if (order && !draining && signal != SIGQUIT) {
            log_notice(sinks.main_log(), kernel, obs::EventKind::Stop,
                       "draining: no new sessions, transfers finish");
            draining = true;
            deadline = kernel.now() + grace;
            server.drain();
            continue;
        }
        const bool late = draining && kernel.now() >= deadline;
        if (killing && late) { return false; }
        if (!killing && (order || late)) {
            draining = killing = true;
            deadline = kernel.now() + kKillTime;
            server.kill();
        }
    }
    return true;
}

// From the first session to the last: all stands, and signals say when to end.
int serve(server::Server& server, const vfs::Root& root, LogSinks& sinks, sys::Kernel& kernel,
          TlsKeeper* keeper, const config::Snapshot& config) {
    // What uploads of a killed process left behind is swept while serving; it may take a while.
    std::thread sweeper;
    if (config.anonymous.writable) {
        sweeper = std::thread([&root, &log = sinks.sweep_log(), &kernel] {
            sweep(root, log, kernel);
        });
    }

    if (!serve_until_stopped(server, sinks, kernel, keeper, config.server.shutdown_grace)) {
        std::fflush(stdout);
        complain(fmt::format("{} sessions did not end in time and were left", server.sessions()),
                 EXIT_FAILURE);
        ::_exit(EXIT_FAILURE);
    }
    server.join();
    if (sweeper.joinable()) { sweeper.join(); }
    log_notice(sinks.main_log(), kernel, obs::EventKind::Stop, "stopped");
    // It finds no shards any more. All is said; the files it hangs on may never come back.
    if (keeper != nullptr && !keeper->stop(kKillTime)) {
        std::fflush(stdout);
        ::_exit(complain("the disk with the certificates does not answer, and was left",
                         EXIT_FAILURE));
    }
    return EXIT_SUCCESS;
}

}  // namespace

int run_server(const config::Snapshot& config) {
    sys::LinuxKernel kernel;
    sys::clear_umask();
    sys::raise_open_files_limit();
    vfs::RootRules rules;
    rules.symlinks = config.tree.symlinks;
    const Result<std::unique_ptr<vfs::Root>> root =
        vfs::Root::open(kernel, config.server.root.c_str(), rules);
    if (!root) {
        return complain(fmt::format("cannot serve '{}': {}", config.server.root,
                                    text_of(root.error())),
                        code_of(root.error()));
    }
    if (!config.server.charset.empty() && !proto::Charset::open(config.server.charset)) {
        return complain(fmt::format("server.charset: iconv does not know '{}' (see iconv -l)",
                                    config.server.charset),
                        EX_CONFIG);
    }
    const std::uint32_t cores = static_cast<std::uint32_t>(sys::allowed_cpus().size());
    const std::uint32_t shards = config.server.shards == 0 ? cores : config.server.shards;
    LogSinks sinks(config.log, shards);
    std::string refusal;
    if (!sinks.open(refusal)) { return complain(refusal, EX_CANTCREAT); }
    bool refused = false;
    const io::EngineKind engine =
        choose_engine(kernel, config.server.engine, sinks.main_log(), refusal, refused);
    if (refused) { return complain(refusal, EX_UNAVAILABLE); }
    if (const std::string doubt = congestion_doubt(kernel, config); !doubt.empty()) {
        log_notice(sinks.main_log(), kernel, obs::EventKind::Notice, doubt, obs::Level::Warn);
    }

    std::optional<TlsKeeper> keeper;
    tls::Findings findings;
    server::TlsContexts contexts;
    if (config.tls.is_on()) {
        keeper.emplace(kernel, config, shards, sinks.tls_log());
        contexts = keeper->read(findings);
        if (contexts.empty()) { return complain_of(findings); }
        log_kernel_tls(config, sinks.main_log(), kernel);
    }
    auto server = std::make_unique<server::Server>(kernel, config, **root, sinks, engine, shards,
                                                   std::move(contexts));
    ServerTaker taker(*server);
    Error error;
    if (!server->start(refusal, error)) { return complain(refusal, code_of(error)); }
    const std::string_view engine_name =
        engine == io::EngineKind::IoUring ? "io_uring" : "epoll";
    announce(config, *server, engine_name);
    log_notice(sinks.main_log(), kernel, obs::EventKind::Start,
               fmt::format("serving with {} and {} shards", engine_name, shards));
    if (keeper) {
        keeper->tell(findings);
        keeper->watch(taker);
    }

    return serve(*server, **root, sinks, kernel, keeper ? &*keeper : nullptr, config);
}

}  // namespace sluice::app
