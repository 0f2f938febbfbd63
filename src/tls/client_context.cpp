#include "sluice/tls/client_context.hpp"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <openssl/pem.h>

#include <algorithm>

#include "sluice/base/assert.hpp"
#include "sluice/tls/connection.hpp"
#include "tls/callbacks.hpp"
#include "tls/handles.hpp"
#include "tls/record_sealer.hpp"
#include "tls/words.hpp"

namespace sluice::tls {
namespace {

bool is_address(const std::string& host) {
    in6_addr room;
    return inet_pton(AF_INET, host.c_str(), &room) == 1 ||
           inet_pton(AF_INET6, host.c_str(), &room) == 1;
}

// Every certificate of the text is one who may vouch.
bool add_authorities(SSL_CTX* context, const std::string& pem) {
    X509_STORE* store = SSL_CTX_get_cert_store(context);
    const Handle<BIO> reader = reader_of(pem);
    int count = 0;
    while (true) {
        const Handle<X509> one(PEM_read_bio_X509(reader.get(), nullptr, nullptr, nullptr));
        if (one == nullptr) {
            break;
        }
        if (X509_STORE_add_cert(store, one.get()) != 1) {
            return false;
        }
        ++count;
    }
    // Behind the last one "no start line" is what it says.
    ERR_clear_error();
    return count > 0;
}

}  // namespace

void ClientTickets::clear() {
    for (std::size_t i = 0; i < count_; ++i) {
        SSL_SESSION_free(kept_[i]);
    }
    count_ = 0;
}

void ClientTickets::keep(ssl_session_st* session) {
    if (count_ == kKeptMax) {
        SSL_SESSION_free(kept_.front());
        std::move(kept_.begin() + 1, kept_.end(), kept_.begin());
        --count_;
    }
    kept_[count_++] = session;
}

ssl_session_st* ClientTickets::take() {
    if (count_ == 0) {
        return nullptr;
    }
    SSL_SESSION* newest = kept_[count_ - 1];
    // The last one is used again rather than none, and one of TLS 1.2 always: the fresh ticket of a
    // handshake that resumed is told to nobody. A copy, because OpenSSL resumes none twice.
    if (count_ == 1 || SSL_SESSION_get_protocol_version(newest) != TLS1_3_VERSION) {
        return SSL_SESSION_dup(newest);
    }
    --count_;
    return newest;
}

std::unique_ptr<ClientContext> ClientContext::make(const ClientSettings& settings,
                                                   std::string& refusal) {
    std::unique_ptr<ClientContext> made(new ClientContext());
    if (!made->set_up(settings, refusal)) {
        return nullptr;
    }
    return made;
}

bool ClientContext::set_up(const ClientSettings& settings, std::string& refusal) {
    ERR_clear_error();
    const auto refuse = [&refusal](std::string_view what, std::string_view value) {
        refusal = fmt::format("{} '{}': {}", what, value, last_failure());
        return false;
    };
    host_ = settings.host;
    is_address_ = is_address(host_);
    checks_ = !settings.authorities.empty();
    wires_ = Callbacks::make_wires();
    context_ = SSL_CTX_new(TLS_client_method());
    if (wires_ == nullptr || context_ == nullptr) {
        return refuse("TLS", "a context");
    }
    SSL_CTX_set_min_proto_version(context_, number_of(settings.version_min));
    SSL_CTX_set_max_proto_version(context_, number_of(settings.version_max));
    const std::string& ciphers = settings.ciphers;
    if (!ciphers.empty() && SSL_CTX_set_cipher_list(context_, ciphers.c_str()) != 1) {
        return refuse("ciphers", ciphers);
    }
    const std::string& suites = settings.suites;
    if (!suites.empty() && SSL_CTX_set_ciphersuites(context_, suites.c_str()) != 1) {
        return refuse("suites", suites);
    }
    if (checks_ && !add_authorities(context_, settings.authorities)) {
        refusal = "there is no certificate in it";
        return false;
    }
    SSL_CTX_set_verify(context_, checks_ ? SSL_VERIFY_PEER : SSL_VERIFY_NONE, nullptr);
    SSL_CTX_set_options(context_, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
    SSL_CTX_set_mode(context_, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    // Sessions are kept by whoever resumes them.
    SSL_CTX_set_session_cache_mode(context_,
                                   SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL_STORE);
    SSL_CTX_sess_set_new_cb(context_, keep_session);
    return true;
}

ClientContext::~ClientContext() {
    SSL_CTX_free(context_);
    BIO_meth_free(wires_);
}

// 1: the session is ours now.
int ClientContext::keep_session(ssl_st* ssl, ssl_session_st* session) {
    ClientTickets* tickets = Callbacks::of(ssl).tickets_;
    if (tickets == nullptr) {
        return 0;
    }
    tickets->keep(session);
    return 1;
}

Connection::Connection(ClientContext& context, const ClientRole& role)
    : tickets_(role.tickets), channel_(Channel::Control) {
    attach(context.context_, context.wires_);
    SSL_set_connect_state(ssl_);
    if (context.checks_ && context.is_address_) {
        X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl_), context.host_.c_str());
    } else if (context.checks_) {
        SSL_set1_host(ssl_, context.host_.c_str());
    }
    // No address is a server name (RFC 6066 section 3).
    if (!context.is_address_ && !context.host_.empty()) {
        // The macro for this has a cast of C in it.
        SSL_ctrl(ssl_, SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name,
                 context.host_.data());
    }
    if (!role.resumes || role.tickets == nullptr) {
        return;
    }
    SSL_SESSION* session = role.tickets->take();
    if (session != nullptr) {
        SSL_set_session(ssl_, session);
        SSL_SESSION_free(session);
    }
}

std::string_view Connection::peer_problem() const {
    const long outcome = SSL_get_verify_result(ssl_);
    const bool checks = SSL_get_verify_mode(ssl_) != SSL_VERIFY_NONE;
    return checks && outcome != X509_V_OK ? X509_verify_cert_error_string(outcome) : "";
}

}  // namespace sluice::tls
