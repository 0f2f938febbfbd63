#include "app/tls_files.hpp"

#include <fmt/format.h>
#include <string.h>

#include <utility>

#include "app/read_file.hpp"
#include "sluice/tls/certificate.hpp"

namespace sluice::app {
namespace {

// A chain of a few certificates has some KiB.
constexpr std::size_t kPemBytesMax = 1 << 20;
// Of revocation lists: some 20,000 certificates. OpenSSL hashes a list anew for every certificate
// that a client shows, and each Context has its own copy, for as long as a session began with it.
constexpr std::size_t kListBytesMax = 1 << 20;
// In a folder of folders. Each costs a few calls once a second.
constexpr std::size_t kNamesMax = 1024;

// A certificate's files.
struct Pair {
    std::string chain;
    std::string key;
    std::string ocsp;  // "" none
    bool ocsp_may_miss = false;
};

void report(tls::Findings& findings, bool is_error, std::string text) {
    tls::Finding finding;
    finding.is_error = is_error;
    finding.text = std::move(text);
    findings.push_back(std::move(finding));
}

FileMark mark_of(sys::Kernel& kernel, const std::string& path) {
    FileMark mark;
    const Result<sys::FileStatus> status = status_of(kernel, path);
    if (!status) {
        mark.error = status.error().code;
        return mark;
    }
    mark.device = status->device;
    mark.inode = status->inode;
    mark.size = status->size;
    mark.modified = status->modified;
    mark.changed = status->changed;
    mark.mode = status->mode;
    return mark;
}

bool exists(sys::Kernel& kernel, const std::string& path) {
    return mark_of(kernel, path).error == Errc::Ok;
}

Pair pair_in(const std::string& folder) {
    Pair pair;
    pair.chain = folder + "/fullchain.pem";
    pair.key = folder + "/privkey.pem";
    pair.ocsp = folder + "/ocsp.der";
    pair.ocsp_may_miss = true;
    return pair;
}

// The folder of one certificate, or one of such folders, in the order of their names. Where neither
// is there, the first is assumed: reading it says what is missing.
void add_pairs_below(sys::Kernel& kernel, const std::string& folder, std::vector<Pair>& pairs,
                     tls::Findings& findings) {
    std::vector<std::string> folders;
    if (!exists(kernel, folder + "/fullchain.pem")) {
        const Result<std::vector<std::string>> names = names_in(folder, kNamesMax);
        if (!names && names.error().code == Errc::LimitReached) {
            report(findings, true,
                   fmt::format("{}: more than {} names in this folder", folder, kNamesMax));
            return;
        }
        for (std::size_t i = 0; names && i < names->size(); ++i) {
            const std::string below = folder + "/" + (*names)[i];
            if (exists(kernel, below + "/fullchain.pem")) {
                folders.push_back(below);
            }
        }
    }
    if (folders.empty()) {
        folders.push_back(folder);
    }
    for (const std::string& below : folders) {
        pairs.push_back(pair_in(below));
    }
}

std::vector<Pair> find_pairs(sys::Kernel& kernel, const config::TlsSection& tls,
                             tls::Findings& findings) {
    std::vector<Pair> pairs;
    if (!tls.certificate.empty()) {
        Pair pair;
        pair.chain = tls.certificate;
        pair.key = tls.key.empty() ? tls.certificate : tls.key;
        pair.ocsp = tls.ocsp;
        pairs.push_back(std::move(pair));
    }
    for (const std::string& folder : tls.certificates) {
        add_pairs_below(kernel, folder, pairs, findings);
    }
    return pairs;
}

std::string words_for(Error error) {
    switch (error.code) {
        case Errc::AccessDenied:
        case Errc::Permission:
            return fmt::format("{}; the user that sluiced runs as must be able to read it",
                               text_of(error));
        case Errc::FileTooBig:
            return fmt::format("{} for what it should be", text_of(error));
        default:
            return std::string(text_of(error));
    }
}

std::string read_or_report(sys::Kernel& kernel, const std::string& path, std::size_t bytes_max,
                           tls::Findings& findings) {
    Result<std::string> text = read_file(kernel, path, bytes_max);
    if (text) {
        return std::move(*text);
    }
    report(findings, true, fmt::format("{}: {}", path, words_for(text.error())));
    return {};
}

// The group may read it (as Debian's ssl-cert does: root:ssl-cert, 0640), nobody else. It is used
// all the same: a key that many can read serves better than none.
void warn_of_mode(sys::Kernel& kernel, const std::string& path, std::string_view what,
                  tls::Findings& findings) {
    constexpr std::uint32_t kForOthers = 0027;
    const FileMark mark = mark_of(kernel, path);
    if (mark.error != Errc::Ok || (mark.mode & kForOthers) == 0) {
        return;
    }
    report(findings, false,
           fmt::format("{}: {} is open to others (mode {:04o}); chmod 600, or 640 for a group that "
                       "may read it",
                       path, what, mark.mode));
}

void read_pair(sys::Kernel& kernel, const Pair& pair, tls::Settings& settings,
               tls::Findings& findings) {
    tls::IdentityText text;
    text.chain_name = pair.chain;
    text.key_name = pair.key;
    const std::size_t before = findings.size();
    text.chain_pem = read_or_report(kernel, pair.chain, kPemBytesMax, findings);
    text.key_pem = pair.key == pair.chain
                       ? text.chain_pem
                       : read_or_report(kernel, pair.key, kPemBytesMax, findings);
    // What cannot be read was said; that it holds no certificate either need not be.
    const bool is_read = findings.size() == before;
    warn_of_mode(kernel, pair.key, "the private key", findings);
    if (!pair.ocsp.empty()) {
        Result<std::string> ocsp = read_file(kernel, pair.ocsp, kPemBytesMax);
        if (ocsp) {
            text.ocsp_name = pair.ocsp;
            text.ocsp_der = std::move(*ocsp);
            if (text.ocsp_der.empty()) {
                report(findings, false,
                       fmt::format("{}: the file is empty; nothing is stapled", pair.ocsp));
            }
        } else if (!pair.ocsp_may_miss || ocsp.error().code != Errc::NotFound) {
            report(findings, false,
                   fmt::format("{}: {}; nothing is stapled", pair.ocsp, words_for(ocsp.error())));
        }
    }
    if (is_read) {
        settings.identities.push_back(text);
    }
}

void read_client_rules(sys::Kernel& kernel, const config::TlsSection& tls, tls::ClientRules& rules,
                       tls::Findings& findings) {
    switch (tls.client_certificates) {
        case config::ClientCertificates::Off:
            return;
        case config::ClientCertificates::Optional:
            rules.wanted = tls::ClientCertificates::Optional;
            break;
        case config::ClientCertificates::Required:
            rules.wanted = tls::ClientCertificates::Required;
            break;
    }
    rules.authorities_name = tls.client_authorities;
    rules.authorities_pem = read_or_report(kernel, tls.client_authorities, kPemBytesMax, findings);
    rules.revoked_name = tls.client_crl;
    if (!tls.client_crl.empty()) {
        rules.revoked_pem = read_or_report(kernel, tls.client_crl, kListBytesMax, findings);
    }
}

}  // namespace

std::vector<FileMark> marks_of_tls_files(sys::Kernel& kernel, const config::Snapshot& config) {
    const config::TlsSection& tls = config.tls;
    tls::Findings ignored;  // who reads them hears of it
    std::vector<FileMark> marks;
    for (const Pair& pair : find_pairs(kernel, tls, ignored)) {
        for (const std::string* path : {&pair.chain, &pair.key, &pair.ocsp}) {
            if (!path->empty()) {
                marks.push_back(mark_of(kernel, *path));
            }
        }
    }
    for (const std::string* path : {&tls.client_authorities, &tls.client_crl, &tls.ticket_keys}) {
        if (!path->empty()) {
            marks.push_back(mark_of(kernel, *path));
        }
    }
    return marks;
}

TlsFiles::~TlsFiles() {
    ::explicit_bzero(ticket_keys.data(), ticket_keys.size());
}

std::optional<TlsFiles> read_tls_files(sys::Kernel& kernel, const config::Snapshot& config,
                                       tls::Findings& findings) {
    const config::TlsSection& tls = config.tls;
    std::optional<TlsFiles> files(std::in_place);
    tls::Settings& settings = files->settings;
    const std::vector<Pair> pairs = find_pairs(kernel, tls, findings);
    settings.identities.reserve(pairs.size());
    for (const Pair& pair : pairs) {
        read_pair(kernel, pair, settings, findings);
    }
    if (pairs.empty() && tls.self_signed) {
        const std::optional<tls::IdentityText> made =
            tls::make_self_signed(config.server.host_names, kernel.wall_time());
        if (made) {
            settings.identities.push_back(*made);
        } else {
            report(findings, true, "a self-signed certificate cannot be made");
        }
    }
    settings.version_min =
        tls.min_version == config::TlsVersion::Tls12 ? tls::Version::Tls12 : tls::Version::Tls13;
    settings.ciphers = tls.ciphers;
    settings.suites = tls.suites;
    settings.strict_sni = tls.strict_names;
    if (tls.kernel == config::KernelTls::Auto) { settings.kernel_ciphers = kernel.tls_ciphers(); }
    read_client_rules(kernel, tls, settings.clients, findings);
    settings.also_client = config.transfer.allow_foreign_data;
    if (!tls.ticket_keys.empty()) {
        files->ticket_keys = read_or_report(kernel, tls.ticket_keys, kPemBytesMax, findings);
        warn_of_mode(kernel, tls.ticket_keys, "the file of ticket keys", findings);
        std::string refusal;
        tls::TicketKeys tried(kTicketLifetime, kernel.now());
        if (!has_error(findings) && !tried.load(files->ticket_keys, refusal)) {
            report(findings, true, fmt::format("{}: {}", tls.ticket_keys, refusal));
        }
    }
    if (!has_error(findings)) {
        return files;
    }
    // The others may be wrong, too, and all is said at once.
    for (const tls::IdentityText& text : settings.identities) {
        (void)tls::examine(text, kernel.wall_time(), findings);
    }
    return std::nullopt;
}

server::TlsContexts make_tls_contexts(sys::Kernel& kernel, const TlsFiles& files,
                                      std::uint32_t shards, tls::TicketKeys& keys,
                                      tls::Findings& findings) {
    server::TlsContexts contexts;
    for (std::uint32_t i = 0; i < shards; ++i) {
        tls::Findings again;  // the same for each
        std::unique_ptr<tls::Context> made =
            tls::Context::make(kernel, files.settings, keys, i == 0 ? findings : again);
        if (made == nullptr) {
            return {};
        }
        contexts.push_back(std::move(made));
    }
    std::string refusal;
    if (!files.ticket_keys.empty() && !keys.load(files.ticket_keys, refusal)) {
        report(findings, true, refusal);
        return {};
    }
    return contexts;
}

}  // namespace sluice::app
