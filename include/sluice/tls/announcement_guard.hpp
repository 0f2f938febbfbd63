// Bounds what a peer makes OpenSSL reserve before it has shown anything.
//
// OpenSSL 3.0 reserves what the four bytes before a handshake message announce as soon as it has
// them, and then the peer may be silent: 128 KiB for a ClientHello, 100 KiB for a server's key
// exchange. The largest hellos in use, with several tickets and the keys of post-quantum groups,
// have 4 KiB. So the messages that come in clear are walked through as they go by, at both ends;
// those that are encrypted have bounds of OpenSSL's, but for tickets (Callbacks::wire_read).
// Owned by: Connection. Thread: its.
#pragma once

#include <array>
#include <cstdint>

#include "sluice/base/bytes.hpp"

namespace sluice::tls {

class AnnouncementGuard {
public:
    // Of every message but certificates and who may have made them, which OpenSSL bounds as told
    // (SSL_CTX_set_max_cert_list).
    static constexpr std::size_t kMessageBytesMax = 16 * 1024;

    // The bytes that OpenSSL is about to read, in their order. False: not to be read.
    // `change_encrypts`: TLS 1.2 was agreed, where all is encrypted behind a change_cipher_spec; in
    // TLS 1.3 that means nothing (RFC 8446 appendix D.4).
    bool pass(Bytes ciphertext, bool change_encrypts);

private:
    bool pass_message(Bytes content);

    bool is_over_ = false;  // nothing comes in clear any more
    std::array<std::uint8_t, 5> record_ = {};
    std::array<std::uint8_t, 4> message_ = {};
    std::uint8_t record_size_ = 0;  // bytes of the header seen
    std::uint8_t message_size_ = 0;
    std::uint16_t record_left_ = 0;  // bytes of the content to come
    std::uint32_t message_left_ = 0;
};

}  // namespace sluice::tls
