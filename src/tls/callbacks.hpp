// What OpenSSL asks during a handshake, and how it reaches a Connection's bytes. C calls us here:
// each function is one static member, so that the classes can name it a friend.
// Thread: the one that drives the handshake, a shard or a helper.
#pragma once

#include "tls/handles.hpp"

namespace sluice::tls {

class Connection;

struct Callbacks {
    static Connection& of(const SSL* ssl);

    // The bytes of a Connection as a BIO.
    static BIO_METHOD* make_wires();
    static int wire_read(BIO* bio, char* into, std::size_t size, std::size_t* count);
    static int wire_write(BIO* bio, const char* from, std::size_t size, std::size_t* count);
    static long wire_control(BIO* bio, int command, long is_sending, void* info);

    // Messages that are neither ours nor the peer's data.
    static void note_for_kernel(Connection& connection, int type, Bytes message);
    static void watch_message(int written, int version, int type, const void* bytes,
                              std::size_t size, SSL* ssl, void* argument);

    // SNI and ALPN; `argument` is the Context.
    static int choose_site(SSL* ssl, int* alert, void* argument);
    static int choose_protocol(SSL* ssl, const unsigned char** chosen, unsigned char* chosen_size,
                               const unsigned char* offered, unsigned offered_size, void* argument);

    // The OCSP response of the certificate that was chosen; `argument` is its Site.
    static int staple(SSL* ssl, void* argument);

    // Tickets.
    static int seal_ticket(SSL* ssl, unsigned char* name, unsigned char* iv, EVP_CIPHER_CTX* cipher,
                           EVP_MAC_CTX* mac, int is_new);
    static int mark_session(SSL* ssl, void* argument);
    static int mark_ticket(SSL* ssl, void* argument);
    static SSL_TICKET_RETURN judge_ticket(SSL* ssl, SSL_SESSION* session, const unsigned char* name,
                                          std::size_t name_size, SSL_TICKET_STATUS status,
                                          void* argument);
};

}  // namespace sluice::tls
