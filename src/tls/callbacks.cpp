#include "tls/callbacks.hpp"

#include <openssl/core_names.h>
#include <openssl/params.h>
#include <openssl/rand.h>

#include <algorithm>
#include <cstring>

#include "sluice/tls/connection.hpp"
#include "tls/site.hpp"
#include "tls/ticket_mark.hpp"

namespace sluice::tls {
namespace {

bool is_name(Bytes offered, std::string_view name) {
    return as_text(offered) == name;
}

}  // namespace

Connection& Callbacks::of(const SSL* ssl) {
    return *static_cast<Connection*>(SSL_get_app_data(ssl));
}

BIO_METHOD* Callbacks::make_wires() {
    // There are some hundred of these numbers, and more shards than that are possible.
    static const int index = BIO_get_new_index();
    BIO_METHOD* method = BIO_meth_new(index | BIO_TYPE_SOURCE_SINK, "sluice wires");
    if (method == nullptr) {
        return nullptr;
    }
    BIO_meth_set_read_ex(method, wire_read);
    BIO_meth_set_write_ex(method, wire_write);
    BIO_meth_set_ctrl(method, wire_control);
    return method;
}

int Callbacks::wire_read(BIO* bio, char* into, std::size_t size, std::size_t* count) {
    Connection& connection = *static_cast<Connection*>(BIO_get_data(bio));
    BIO_clear_retry_flags(bio);
    if (!connection.refusal_.empty()) {
        *count = 0;  // and no retry: the end
        return 0;
    }
    // At a client's end, OpenSSL wants more in the middle of a ticket, for which it has reserved as
    // much as the server has announced, up to 128 KiB. Tickets have some hundred bytes, and no
    // server that we know cuts one over records.
    if (connection.established_ && SSL_get_state(connection.ssl_) == TLS_ST_CR_SESSION_TICKET) {
        connection.refusal_ = "a ticket of several records";
        *count = 0;
        return 0;
    }
    *count = std::min(size, connection.input_.size());
    if (*count == 0) {
        // The end of the stream is the owner's to see: here it is only "no more for now".
        BIO_set_retry_read(bio);
        return 0;
    }
    const Bytes taken = connection.input_.first(*count);
    connection.input_ = connection.input_.subspan(*count);
    const bool is_tls12 = SSL_version(connection.ssl_) == TLS1_2_VERSION;
    if (!connection.established_ && !connection.announcements_.pass(taken, is_tls12)) {
        connection.refusal_ = "a handshake message is too long";
        *count = 0;
        return 0;
    }
    std::memcpy(into, taken.data(), taken.size());
    return 1;
}

int Callbacks::wire_write(BIO* bio, const char* from, std::size_t size, std::size_t* count) {
    Connection& connection = *static_cast<Connection*>(BIO_get_data(bio));
    BIO_clear_retry_flags(bio);
    // An alert, under a number that has been used already by the kernel or by our own records: a
    // nonce must never be used twice.
    if (connection.is_out_of_openssl()) {
        *count = 0;
        return 0;
    }
    if (!connection.reserve_output(size)) {
        *count = 0;
        BIO_set_retry_write(bio);
        return 0;
    }
    std::memcpy(connection.output_data_ + connection.output_end_, from, size);
    connection.output_end_ += size;
    *count = size;
    return 1;
}

long Callbacks::wire_control(BIO* bio, int command, long is_sending, void* info) {
    Connection& connection = *static_cast<Connection*>(BIO_get_data(bio));
    if (command == SendKeys::kOffer && is_sending != 0 && connection.send_keys_ != nullptr) {
        connection.send_keys_->offer(info);
        return 0;  // declined, for now
    }
    return command == BIO_CTRL_FLUSH ? 1 : 0;
}

// Each record of ours has the next number, and after a KeyUpdate of ours the keys are others.
void Callbacks::note_for_kernel(Connection& connection, int type, Bytes message) {
    if (type == SSL3_RT_HEADER) {
        connection.send_keys_->count_record();
    } else if (type == SSL3_RT_HANDSHAKE && !message.empty() && message[0] == SSL3_MT_KEY_UPDATE) {
        connection.send_keys_->forget();
    }
}

// SSL_read goes on by itself until there is plaintext, so a peer that only updates its keys, or
// asks to renegotiate again and again, would keep a thread for as long as it sends.
void Callbacks::watch_message(int is_sent, int, int type, const void* message, std::size_t size,
                              SSL* ssl, void*) {
    if (ssl == nullptr) {
        return;
    }
    Connection& connection = of(ssl);
    const Bytes bytes(static_cast<const std::uint8_t*>(message), size);
    if (is_sent != 0 && connection.send_keys_ != nullptr) {
        note_for_kernel(connection, type, bytes);
    }
    if (type != SSL3_RT_HANDSHAKE && type != SSL3_RT_ALERT) {
        return;
    }
    if (connection.established_ && ++connection.idle_messages_ > Connection::kIdleMessagesMax) {
        connection.refusal_ = "too many messages without data";
    }
}

int Callbacks::choose_site(SSL* ssl, int* alert, void* argument) {
    const Context& context = *static_cast<const Context*>(argument);
    const char* host = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
    if (host == nullptr) {
        return SSL_TLSEXT_ERR_NOACK;
    }
    const Context::Site* site = context.site_of(host);
    if (site != nullptr) {
        SSL_set_SSL_CTX(ssl, site->context);
        return SSL_TLSEXT_ERR_OK;
    }
    if (!context.strict_sni_) {
        return SSL_TLSEXT_ERR_NOACK;
    }
    *alert = SSL_AD_UNRECOGNIZED_NAME;
    return SSL_TLSEXT_ERR_ALERT_FATAL;
}

// A client that wants to speak HTTP or mail to us has been led here by somebody (ALPACA): it gets
// the alert of RFC 7301 section 3.2 before it has sent a byte. "x-filezilla-ftp" is understood but
// not agreed to: with that, a client takes PROT P for granted.
int Callbacks::choose_protocol(SSL* ssl, const unsigned char** chosen, unsigned char* chosen_size,
                               const unsigned char* offered, unsigned offered_size, void*) {
    const bool is_data = of(ssl).channel_ == Channel::Data;
    const std::string_view ours = is_data ? "ftp-data" : "ftp";
    Bytes list(offered, offered_size);
    bool is_ftp = false;
    while (!list.empty() && list.size() > list[0]) {
        const Bytes name = list.subspan(1, list[0]);
        if (is_name(name, ours)) {
            *chosen = name.data();
            *chosen_size = list[0];
            return SSL_TLSEXT_ERR_OK;
        }
        is_ftp = is_ftp || is_name(name, "ftp") || is_name(name, "ftp-data") ||
                 is_name(name, "x-filezilla-ftp");
        list = list.subspan(1u + list[0]);
    }
    return is_ftp ? SSL_TLSEXT_ERR_NOACK : SSL_TLSEXT_ERR_ALERT_FATAL;
}

int Callbacks::staple(SSL* ssl, void* argument) {
    const Context::Site& site = *static_cast<const Context::Site*>(argument);
    const X509* const chosen = SSL_get_certificate(ssl);
    const WallTime now = of(ssl).context_->kernel_.wall_time();
    for (const Identity& identity : site.identities) {
        if (!identity.is_of(chosen)) {
            continue;
        }
        if (!identity.staple() || !identity.staple()->is_good(now)) {
            return SSL_TLSEXT_ERR_NOACK;
        }
        const std::string& der = identity.staple()->der();
        // OpenSSL frees it, with the connection if not before.
        void* copy = OPENSSL_memdup(der.data(), der.size());
        if (copy == nullptr) {
            return SSL_TLSEXT_ERR_NOACK;
        }
        SSL_ctrl(ssl, SSL_CTRL_SET_TLSEXT_STATUS_REQ_OCSP_RESP, static_cast<long>(der.size()),
                 copy);
        return SSL_TLSEXT_ERR_OK;
    }
    return SSL_TLSEXT_ERR_NOACK;
}

// The layout is RFC 5077 section 4, as OpenSSL makes it. 2 says that the client shall have a fresh
// one: some use each only once (RFC 8446 section C.4).
int Callbacks::seal_ticket(SSL* ssl, unsigned char* name, unsigned char* iv, EVP_CIPHER_CTX* cipher,
                           EVP_MAC_CTX* mac, int is_new) {
    Context& context = *of(ssl).context_;
    TicketKeys& keys = context.keys_;
    const Instant now = context.kernel_.now();
    TicketKey key;
    if (is_new != 0) {
        key = keys.newest(now);
        std::memcpy(name, key.name.data(), key.name.size());
        if (RAND_bytes(iv, EVP_CIPHER_get_iv_length(EVP_aes_256_cbc())) != 1) {
            return -1;
        }
    } else {
        const std::optional<TicketKey> found = keys.find(Bytes(name, key.name.size()), now);
        if (!found) {
            return 0;
        }
        key = *found;
    }
    char digest[] = "SHA256";
    OSSL_PARAM parameters[] = {
        OSSL_PARAM_construct_octet_string(OSSL_MAC_PARAM_KEY, key.mac.data(), key.mac.size()),
        OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0),
        OSSL_PARAM_construct_end(),
    };
    if (EVP_MAC_CTX_set_params(mac, parameters) != 1) {
        return -1;
    }
    if (is_new != 0) {
        return EVP_EncryptInit_ex(cipher, EVP_aes_256_cbc(), nullptr, key.cipher.data(), iv);
    }
    const int ready = EVP_DecryptInit_ex(cipher, EVP_aes_256_cbc(), nullptr, key.cipher.data(), iv);
    return ready == 1 ? 2 : -1;
}

// Asked for a certificate, so this handshake is a full one, and its session is new and nobody
// else's yet: it may go into the cache. Of a control connection it is marked like its tickets.
int Callbacks::mark_session(SSL* ssl, void*) {
    const Connection& connection = of(ssl);
    if (connection.channel_ != Channel::Control || SSL_get_session(ssl) == nullptr) { return 1; }
    return set_mark(SSL_get_session(ssl), connection.mark_) ? 1 : 0;
}

int Callbacks::mark_ticket(SSL* ssl, void*) {
    Connection& connection = of(ssl);
    connection.note_resumption();
    // Before TLS 1.3 a session that was resumed may be the cache's own object, which other threads
    // read meanwhile. It has its mark already.
    if (SSL_version(ssl) != TLS1_3_VERSION && SSL_session_reused(ssl) == 1) {
        return 1;
    }
    const bool is_marked = connection.channel_ == Channel::Control || connection.is_bound_;
    const std::optional<Mark> mark =
        is_marked ? std::optional<Mark>(connection.mark_) : std::nullopt;
    return set_mark(SSL_get_session(ssl), mark) ? 1 : 0;
}

SSL_TICKET_RETURN Callbacks::judge_ticket(SSL* ssl, SSL_SESSION* session, const unsigned char*,
                                          std::size_t, SSL_TICKET_STATUS status, void*) {
    if (status != SSL_TICKET_SUCCESS && status != SSL_TICKET_SUCCESS_RENEW) {
        return SSL_TICKET_RETURN_IGNORE_RENEW;
    }
    const Connection& connection = of(ssl);
    const bool is_usable = connection.binding_ != Binding::Require ||
                           mark_of(session) == std::optional<Mark>(connection.mark_);
    return is_usable ? SSL_TICKET_RETURN_USE_RENEW : SSL_TICKET_RETURN_IGNORE_RENEW;
}

}  // namespace sluice::tls
