#include "sluice/tls/context.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "sluice/base/assert.hpp"
#include "tls/callbacks.hpp"
#include "tls/clients.hpp"
#include "tls/site.hpp"
#include "tls/words.hpp"

namespace sluice::tls {
namespace {

// With forward secrecy and authenticated encryption; AES-128 first, which needs no more than
// AES-256 to be safe and costs a third less. Clients without AES in hardware say so by naming
// ChaCha20 first (SSL_OP_PRIORITIZE_CHACHA).
constexpr const char* kCiphers =
    "ECDHE+AESGCM+AES128:ECDHE+AESGCM:ECDHE+CHACHA20:!aNULL:!PSK:!SRP:!DSS";
constexpr const char* kSuites =
    "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256";
constexpr const char* kGroups = "X25519:P-256:P-384";
// Sessions are resumed only where they began: a ticket of another service with our keys is none.
constexpr unsigned char kSessionContext[] = {'s', 'l', 'u', 'i', 'c', 'e'};
// About 1 KiB each; beyond that the oldest goes, whose client then makes a full handshake.
constexpr long kCachedSessionsMax = 2048;
// Of a client's certificates; OpenSSL reserves what their first bytes announce, up to this.
constexpr long kPeerChainBytesMax = 32 * 1024;
// RFC 8446 section 4.6.1.
constexpr std::int64_t kTicketSecondsMax = 7 * 24 * 3600;

}  // namespace

Context::Context(sys::Kernel& kernel, TicketKeys& keys)
    : kernel_(kernel), keys_(keys), wires_(Callbacks::make_wires()) {}

Context::~Context() {
    SLUICE_ASSERT(users_ == 0);
    SSL_CTX_free(client_);
    BIO_meth_free(wires_);
}

ssl_ctx_st* Context::main() const {
    return sites_.front()->context;
}

std::unique_ptr<Context> Context::make(sys::Kernel& kernel, const Settings& settings,
                                       TicketKeys& keys, Findings& findings) {
    std::unique_ptr<Context> made(new Context(kernel, keys));
    made->strict_sni_ = settings.strict_sni;
    // With revocation lists a step may take milliseconds: they are hashed for each certificate.
    made->steps_are_long_ = !settings.clients.revoked_pem.empty();
    made->kernel_ciphers_ = settings.kernel_ciphers;
    bool usable = made->wires_ != nullptr;
    for (const IdentityText& text : settings.identities) {
        std::optional<Identity> identity = Identity::parse(text, kernel.wall_time(), findings);
        if (!identity) {
            usable = false;
            continue;
        }
        const std::vector<std::string>& names = identity->facts().host_names;
        const auto same = std::find_if(
            made->sites_.begin(), made->sites_.end(),
            [&names](const std::unique_ptr<Site>& site) { return site->host_names == names; });
        if (same != made->sites_.end()) {
            (*same)->identities.push_back(std::move(*identity));
            continue;
        }
        made->sites_.push_back(std::make_unique<Site>());
        made->sites_.back()->host_names = names;
        made->sites_.back()->identities.push_back(std::move(*identity));
    }
    if (settings.identities.empty()) {
        report(findings, true, "TLS needs a certificate");
        usable = false;
    }
    if (settings.clients.wanted != ClientCertificates::Off) {
        made->clients_wanted_ = settings.clients.wanted;
        made->clients_ = Clients::parse(settings.clients, findings);
        usable = usable && made->clients_ != nullptr;
    }
    for (std::unique_ptr<Site>& site : made->sites_) {
        site->context = SSL_CTX_new(TLS_server_method());
        if (site->context == nullptr) {
            return nullptr;
        }
        for (const Identity& identity : site->identities) {
            if (identity.add_to(site->context)) {
                continue;
            }
            report(findings, true, fmt::format("the certificate for {} cannot be used: {}",
                                         site->host_names.empty() ? "nobody" : site->host_names[0],
                                         last_failure()));
            usable = false;
        }
        usable = made->set_up(*site, settings, findings) && usable;
    }
    usable = (!settings.also_client || made->set_up_client(settings, findings)) && usable;
    if (!usable) {
        return nullptr;
    }
    made->note_terms();
    return made;
}

void Context::note_terms() {
    for (const std::unique_ptr<Site>& site : sites_) {
        for (const Identity& identity : site->identities) {
            terms_.push_back(identity.term());
            if (identity.staple()) { terms_.push_back(identity.staple()->term()); }
        }
    }
    if (clients_ != nullptr) {
        terms_.insert(terms_.end(), clients_->terms.begin(), clients_->terms.end());
    }
}

// What server and client have in common: the operator's choice of versions and ciphers.
bool Context::set_up_wire(ssl_ctx_st* context, const Settings& settings, Findings& findings) {
    ERR_clear_error();
    const auto refuse = [&findings](std::string_view what, std::string_view value) {
        report(findings, true, fmt::format("{} '{}': {}", what, value, last_failure()));
        return false;
    };
    const std::string& ciphers = settings.ciphers;
    if (SSL_CTX_set_cipher_list(context, ciphers.empty() ? kCiphers : ciphers.c_str()) != 1) {
        return refuse("ciphers", ciphers);
    }
    const std::string& suites = settings.suites;
    if (SSL_CTX_set_ciphersuites(context, suites.empty() ? kSuites : suites.c_str()) != 1) {
        return refuse("suites", suites);
    }
    const std::string& groups = settings.groups;
    if (SSL_CTX_set1_groups_list(context, groups.empty() ? kGroups : groups.c_str()) != 1) {
        return refuse("groups", groups);
    }
    SSL_CTX_set_min_proto_version(context, number_of(settings.version_min));
    SSL_CTX_set_max_proto_version(context, number_of(settings.version_max));
    SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION |
                                     SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_PRIORITIZE_CHACHA |
                                     SSL_OP_SINGLE_ECDH_USE | SSL_OP_SINGLE_DH_USE);
    SSL_CTX_set_max_cert_list(context, kPeerChainBytesMax);
    SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    return true;
}

// The other server shows a certificate that nobody here can judge: neither the commands that lead
// to it nor FTP know its name, and most have signed it themselves. So the data are hidden from who
// listens, and not from who stands in the way (SECURITY.md).
bool Context::set_up_client(const Settings& settings, Findings& findings) {
    client_ = SSL_CTX_new(TLS_client_method());
    if (client_ == nullptr || !set_up_wire(client_, settings, findings)) {
        return false;
    }
    SSL_CTX_set_verify(client_, SSL_VERIFY_NONE, nullptr);
    SSL_CTX_set_session_cache_mode(client_, SSL_SESS_CACHE_OFF);
    return true;
}

bool Context::set_up(Site& site, const Settings& settings, Findings& findings) {
    ssl_ctx_st* const context = site.context;
    if (!set_up_wire(context, settings, findings)) {
        return false;
    }
    // Tickets need no memory here. The cache, this shard's own, is for clients of TLS 1.2 that take
    // none (curl): what they resume comes to the shard of their control connection anyway.
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_SERVER);
    SSL_CTX_sess_set_cache_size(context, kCachedSessionsMax);
    SSL_CTX_set_cert_cb(context, Callbacks::mark_session, nullptr);
    SSL_CTX_set_session_id_context(context, kSessionContext, sizeof kSessionContext);
    SSL_CTX_set_timeout(
        context, static_cast<long>(std::min(keys_.lifetime().in_seconds(), kTicketSecondsMax)));
    SSL_CTX_set_tlsext_ticket_key_evp_cb(context, Callbacks::seal_ticket);
    SSL_CTX_set_session_ticket_cb(context, Callbacks::mark_ticket, Callbacks::judge_ticket,
                                  nullptr);
    // The macro for this has a cast of C in it.
    SSL_CTX_callback_ctrl(context, SSL_CTRL_SET_TLSEXT_SERVERNAME_CB,
                          reinterpret_cast<void (*)()>(&Callbacks::choose_site));
    SSL_CTX_set_tlsext_servername_arg(context, this);
    SSL_CTX_set_alpn_select_cb(context, Callbacks::choose_protocol, nullptr);
    // A macro with a cast of C in it, too.
    SSL_CTX_callback_ctrl(context, SSL_CTRL_SET_TLSEXT_STATUS_REQ_CB,
                          reinterpret_cast<void (*)()>(&Callbacks::staple));
    SSL_CTX_set_tlsext_status_arg(context, &site);
    if (clients_ != nullptr && !clients_->add_to(context)) {
        report(findings, true, fmt::format("client certificates: {}", last_failure()));
        return false;
    }
    return true;
}

// The exact name first, then the one with "*" for its first label (RFC 6125 section 6.4.3).
const Context::Site* Context::site_of(std::string_view host) const {
    const std::string name = lower_case(host);
    const std::size_t dot = name.find('.');
    const std::string wildcard = dot == std::string::npos ? "" : "*" + name.substr(dot);
    for (const std::string& wanted : {name, wildcard}) {
        if (wanted.empty()) {
            continue;
        }
        for (const std::unique_ptr<Site>& site : sites_) {
            if (std::binary_search(site->host_names.begin(), site->host_names.end(), wanted)) {
                return site.get();
            }
        }
    }
    return nullptr;
}

}  // namespace sluice::tls
