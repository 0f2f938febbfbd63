#include "app/check_world.hpp"

#include <fmt/format.h>

#include <memory>

#include "app/log_sinks.hpp"
#include "app/tls_files.hpp"
#include "sluice/io/select_backend.hpp"
#include "sluice/proto/charset.hpp"
#include "sluice/server/server.hpp"
#include "sluice/sys/append_file.hpp"
#include "sluice/sys/process.hpp"
#include "sluice/vfs/root.hpp"

namespace sluice::app {
namespace {

void check_root(sys::Kernel& kernel, const config::Snapshot& config, WorldReport& report) {
    const Result<std::unique_ptr<vfs::Root>> root =
        vfs::Root::open(kernel, config.server.root.c_str(), vfs::RootRules());
    if (root) { return; }
    ++report.errors;
    report.text += fmt::format("error: cannot serve '{}': {}\n", config.server.root,
                               text_of(root.error()));
}

void check_listeners(sys::Kernel& kernel, const config::Snapshot& config, WorldReport& report) {
    std::string refusal;
    const Result<std::vector<sys::SocketAddress>> addresses =
        server::listen_addresses(config, refusal);
    if (!addresses) {
        ++report.errors;
        report.text += "error: " + refusal + "\n";
        return;
    }
    sys::ListenOptions options;
    options.v6_only = true;
    for (const sys::SocketAddress& address : *addresses) {
        const Result<int> listener = kernel.listen(address, options);
        if (listener) {
            kernel.close(*listener);
            continue;
        }
        const bool is_in_use = listener.error().code == Errc::AddressInUse;
        if (is_in_use) {
            report.text += fmt::format("warning: cannot listen on {}: {} (by a running sluiced?)\n",
                                       address.text(), text_of(listener.error()));
            continue;
        }
        ++report.errors;
        report.text +=
            fmt::format("error: {}\n", server::listen_refusal(address, listener.error()));
    }
}

void check_log(std::string_view key, const std::string& path, WorldReport& report) {
    const Status probe = sys::AppendFile::probe(path);
    if (probe) { return; }
    const bool is_error = probe.error().code != Errc::NotFound;
    report.errors += is_error ? 1 : 0;
    report.text += fmt::format("{}: {}\n", is_error ? "error" : "warning",
                               log_refusal(key, path, probe.error()));
}

void check_congestion(sys::Kernel& kernel, const config::Snapshot& config, WorldReport& report) {
    if (const std::string doubt = congestion_doubt(kernel, config); !doubt.empty()) {
        report.text += fmt::format("warning: {}\n", doubt);
    }
}

void check_engine(sys::Kernel& kernel, const config::Snapshot& config, WorldReport& report) {
    std::string refusal;
    if (config.server.engine != config::Engine::IoUring || io::probe_io_uring(kernel, refusal)) {
        return;
    }
    ++report.errors;
    report.text += "error: " + refusal + "\n";
}

// glibc loads most character sets from files (/usr/lib/*/gconv), which a small chroot may not have.
void check_charset(const config::Snapshot& config, WorldReport& report) {
    const std::string& name = config.server.charset;
    if (name.empty() || proto::Charset::open(name)) { return; }
    ++report.errors;
    report.text += fmt::format(
        "error: server.charset = \"{}\": iconv does not know it, or its letters are not those of "
        "ASCII; iconv -l lists the names\n",
        name);
}

void check_tls(sys::Kernel& kernel, const config::Snapshot& config, WorldReport& report) {
    if (!config.tls.is_on()) { return; }
    tls::Findings findings;
    // As a start would do it, but for one shard.
    const std::optional<TlsFiles> files = read_tls_files(kernel, config, findings);
    if (files) {
        tls::TicketKeys keys(kTicketLifetime, kernel.now());
        const server::TlsContexts contexts =
            make_tls_contexts(kernel, *files, 1, keys, findings);
        const WallTime now = kernel.wall_time();
        for (const std::unique_ptr<tls::Context>& context : contexts) {
            for (const tls::Term& term : context->terms()) {
                if (const std::optional<tls::Finding> finding = tls::judge(term, now)) {
                    findings.push_back(*finding);
                }
            }
        }
    }
    for (const tls::Finding& finding : findings) {
        report.errors += finding.is_error ? 1 : 0;
        report.text += fmt::format("{}: {}\n", finding.is_error ? "error" : "warning",
                                   finding.text);
    }
}

void check_limits(const config::Snapshot& config, WorldReport& report) {
    // A session in a transfer holds its control and data connections and a file.
    const std::uint64_t wanted = std::uint64_t{config.limits.max_sessions} * 3;
    const std::uint64_t allowed = sys::raise_open_files_limit();
    if (wanted <= allowed) { return; }
    report.text += fmt::format(
        "warning: limits.max_sessions = {} may need {} open files, and this process may have {}; "
        "see LimitNOFILE= of systemd or ulimit -n\n",
        config.limits.max_sessions, wanted, allowed);
}

}  // namespace

std::string congestion_doubt(sys::Kernel& kernel, const config::Snapshot& config) {
    const std::string& name = config.transfer.congestion;
    if (name.empty()) { return ""; }
    // Any socket of TCP tells; the loopback and a free port are there wherever sluice can run.
    const Result<int> listener =
        kernel.listen(*sys::SocketAddress::parse("127.0.0.1", 0), sys::ListenOptions());
    if (!listener) { return ""; }
    const Status set = kernel.set_congestion(*listener, name.c_str());
    kernel.close(*listener);
    if (set) { return ""; }
    const std::string_view why = set.error().code == Errc::NotFound ? "the kernel has no such module"
                                                                    : text_of(set.error());
    return fmt::format(
        "transfer.congestion = \"{}\" is not used: {}; 'sysctl "
        "net.ipv4.tcp_available_congestion_control' lists what there is",
        name, why);
}

WorldReport check_world(sys::Kernel& kernel, const config::Snapshot& config) {
    WorldReport report;
    check_root(kernel, config, report);
    check_listeners(kernel, config, report);
    check_engine(kernel, config, report);
    check_charset(config, report);
    check_tls(kernel, config, report);
    check_log("log.file", config.log.file, report);
    check_log("log.transfer_file", config.log.transfer_file, report);
    check_congestion(kernel, config, report);
    check_limits(config, report);
    return report;
}

}  // namespace sluice::app
