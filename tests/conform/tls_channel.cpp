#include "tls_channel.hpp"

#include <openssl/err.h>
#include <openssl/ssl.h>

#include "authority.hpp"

namespace sluice::conform {

TlsChannel::TlsChannel(int socket, const Setup& setup)
    : context_(SSL_CTX_new(setup.serves ? TLS_server_method() : TLS_client_method())) {
    SSL_CTX_set_session_cache_mode(context_, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_mode(context_, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    if (setup.shows != nullptr) {
        SSL_CTX_use_certificate(context_, setup.shows->get());
        SSL_CTX_use_PrivateKey(context_, setup.shows->key());
    }
    ssl_ = SSL_new(context_);
    SSL_set_fd(ssl_, socket);
    if (setup.serves) {
        SSL_set_accept_state(ssl_);
    } else {
        SSL_set_connect_state(ssl_);
    }
    if (setup.origin != nullptr) {
        SSL_SESSION* session = SSL_get1_session(setup.origin->ssl_);
        SSL_set_session(ssl_, session);
        SSL_SESSION_free(session);
    }
}

TlsChannel::~TlsChannel() {
    SSL_set_quiet_shutdown(ssl_, 1);
    SSL_free(ssl_);
    SSL_CTX_free(context_);
}

TlsChannel::Want TlsChannel::want_of(int outcome) {
    const int kind = SSL_get_error(ssl_, outcome);
    ERR_clear_error();
    switch (kind) {
        case SSL_ERROR_NONE:
            return Want::Nothing;
        case SSL_ERROR_WANT_READ:
            return Want::Input;
        case SSL_ERROR_WANT_WRITE:
            return Want::Room;
        case SSL_ERROR_ZERO_RETURN:
            return Want::End;
        default:
            return Want::Broken;
    }
}

TlsChannel::Want TlsChannel::handshake() {
    return want_of(SSL_do_handshake(ssl_));
}

TlsChannel::Moved TlsChannel::read(char* into, std::size_t bytes_max) {
    Moved moved;
    moved.want = want_of(SSL_read_ex(ssl_, into, bytes_max, &moved.count));
    return moved;
}

TlsChannel::Moved TlsChannel::write(std::string_view bytes) {
    Moved moved;
    moved.want = want_of(SSL_write_ex(ssl_, bytes.data(), bytes.size(), &moved.count));
    return moved;
}

void TlsChannel::close() {
    if (SSL_is_init_finished(ssl_) == 1) {
        (void)want_of(SSL_shutdown(ssl_));
    }
}

}  // namespace sluice::conform
