#include "app/tls_files.hpp"

#include <fmt/format.h>

#include <utility>

#include "app/read_file.hpp"
#include "sluice/tls/certificate.hpp"

namespace sluice::app {
namespace {

// A chain of a few certificates has some KiB.
constexpr std::size_t kPemBytesMax = 1 << 20;

void report(tls::Findings& findings, bool is_error, std::string text) {
    tls::Finding finding;
    finding.is_error = is_error;
    finding.text = std::move(text);
    findings.push_back(std::move(finding));
}

std::string read_or_report(sys::Kernel& kernel, const std::string& path,
                           tls::Findings& findings) {
    Result<std::string> text = read_file(kernel, path, kPemBytesMax);
    if (text) { return std::move(*text); }
    report(findings, true, fmt::format("{}: {}", path, text_of(text.error())));
    return {};
}

void add_pair(sys::Kernel& kernel, const std::string& chain, const std::string& key,
              tls::Settings& settings, tls::Findings& findings) {
    tls::IdentityText text;
    text.chain_name = chain;
    text.key_name = key;
    const std::size_t before = findings.size();
    text.chain_pem = read_or_report(kernel, chain, findings);
    text.key_pem = key == chain ? text.chain_pem : read_or_report(kernel, key, findings);
    // What cannot be read was said; that it holds no certificate either need not be.
    if (findings.size() == before) { settings.identities.push_back(std::move(text)); }
}

}  // namespace

std::optional<server::TlsFiles> read_tls_files(sys::Kernel& kernel, const config::Snapshot& config,
                                               tls::Findings& findings) {
    const config::TlsSection& tls = config.tls;
    server::TlsFiles files;
    tls::Settings& settings = files.settings;
    if (!tls.certificate.empty()) {
        add_pair(kernel, tls.certificate, tls.key.empty() ? tls.certificate : tls.key, settings,
                 findings);
    }
    for (const std::string& folder : tls.certificates) {
        add_pair(kernel, folder + "/fullchain.pem", folder + "/privkey.pem", settings, findings);
    }
    if (tls.certificate.empty() && tls.certificates.empty() && tls.self_signed) {
        std::optional<tls::IdentityText> made =
            tls::make_self_signed(config.server.host_names, kernel.wall_time());
        if (made) {
            settings.identities.push_back(std::move(*made));
        } else {
            report(findings, true, "a self-signed certificate cannot be made");
        }
    }
    settings.version_min = tls.min_version == config::TlsVersion::Tls12 ? tls::Version::Tls12
                                                                        : tls::Version::Tls13;
    settings.ciphers = tls.ciphers;
    settings.suites = tls.suites;
    settings.strict_sni = tls.strict_names;
    if (tls.kernel == config::KernelTls::Auto) { settings.kernel_ciphers = kernel.tls_ciphers(); }
    settings.also_client = config.transfer.allow_foreign_data;
    tls::TicketKeys keys(server::kTicketLifetime, kernel.now());
    if (!tls.ticket_keys.empty()) {
        files.ticket_keys = read_or_report(kernel, tls.ticket_keys, findings);
        std::string refusal;
        if (!has_error(findings) && !keys.load(files.ticket_keys, refusal)) {
            report(findings, true, fmt::format("{}: {}", tls.ticket_keys, refusal));
        }
    }
    if (has_error(findings)) {
        // The others may be wrong, too, and all is said at once.
        for (const tls::IdentityText& text : settings.identities) {
            (void)tls::examine(text, kernel.wall_time(), findings);
        }
        return std::nullopt;
    }
    // As every shard will do it.
    if (tls::Context::make(kernel, settings, keys, findings) == nullptr) { return std::nullopt; }
    return files;
}

}  // namespace sluice::app
