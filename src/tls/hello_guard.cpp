#include "sluice/tls/hello_guard.hpp"

#include <openssl/ssl.h>

#include <algorithm>

namespace sluice::tls {
namespace {

// RFC 8446 section 4.1.3: what a ServerHello has for its random when it is a HelloRetryRequest,
// behind the header of the message and the version.
constexpr std::size_t kRandomOffset = 4 + 2;
constexpr std::array<std::uint8_t, 32> kRetryRandom = {
    0xcf, 0x21, 0xad, 0x74, 0xe5, 0x9a, 0x61, 0x11, 0xbe, 0x1d, 0x8c, 0x02, 0x1e, 0x65, 0xb8, 0x91,
    0xc2, 0xa2, 0x11, 0x16, 0x7a, 0xbb, 0x8c, 0x5e, 0x07, 0x9e, 0x09, 0xe2, 0xc8, 0xa8, 0x33, 0x9c};
// A change_cipher_spec of TLS 1.3, which may come before the second hello and means nothing
// (appendix D.4).
constexpr std::size_t kChangeBytes = 5 + 1;

}  // namespace

bool HelloGuard::asks_again(Bytes message) {
    return message.size() >= kRandomOffset + kRetryRandom.size() &&
           message[0] == SSL3_MT_SERVER_HELLO &&
           std::equal(kRetryRandom.begin(), kRetryRandom.end(), message.begin() + kRandomOffset);
}

bool HelloGuard::judge(Bytes ciphertext) {
    while (size_ < head_.size() && !ciphertext.empty()) {
        head_[size_++] = ciphertext.front();
        ciphertext = ciphertext.subspan(1);
        if (size_ == kChangeBytes && head_[0] == SSL3_RT_CHANGE_CIPHER_SPEC) {
            size_ = 0;
        }
    }
    if (size_ < head_.size() || head_[0] != SSL3_RT_HANDSHAKE) {
        return true;
    }
    // No client cuts the first four bytes of its hello over two records.
    const std::size_t record = std::size_t{head_[3]} << 8 | head_[4];
    const std::size_t message =
        std::size_t{head_[6]} << 16 | std::size_t{head_[7]} << 8 | head_[8];
    return record >= 4 && message <= kHelloBytesMax;
}

}  // namespace sluice::tls
