#include "sluice/tls/announcement_guard.hpp"

#include <openssl/ssl.h>

#include <algorithm>

namespace sluice::tls {

bool AnnouncementGuard::pass(Bytes ciphertext, bool change_encrypts) {
    while (!is_over_ && !ciphertext.empty()) {
        if (record_size_ < record_.size()) {
            record_[record_size_++] = ciphertext.front();
            ciphertext = ciphertext.subspan(1);
            if (record_size_ < record_.size()) {
                continue;
            }
            const std::uint8_t type = record_[0];
            is_over_ = type == SSL3_RT_APPLICATION_DATA ||
                       (type == SSL3_RT_CHANGE_CIPHER_SPEC && change_encrypts);
            // OpenSSL refuses what is longer than a record before it reads on.
            record_left_ = static_cast<std::uint16_t>(record_[3] << 8 | record_[4]);
        }
        const Bytes content =
            ciphertext.first(std::min<std::size_t>(record_left_, ciphertext.size()));
        ciphertext = ciphertext.subspan(content.size());
        record_left_ = static_cast<std::uint16_t>(record_left_ - content.size());
        if (record_left_ == 0) {
            record_size_ = 0;
        }
        if (record_[0] == SSL3_RT_HANDSHAKE && !pass_message(content)) {
            return false;
        }
    }
    return true;
}

// Messages may be cut over records, and several may be in one.
bool AnnouncementGuard::pass_message(Bytes content) {
    while (!content.empty()) {
        if (message_size_ < message_.size()) {
            message_[message_size_++] = content.front();
            content = content.subspan(1);
            if (message_size_ < message_.size()) {
                continue;
            }
            message_left_ = std::uint32_t{message_[1]} << 16 | std::uint32_t{message_[2]} << 8 |
                            std::uint32_t{message_[3]};
            const std::uint8_t type = message_[0];
            const bool has_own_bound =
                type == SSL3_MT_CERTIFICATE || type == SSL3_MT_CERTIFICATE_REQUEST;
            if (message_left_ > kMessageBytesMax && !has_own_bound) {
                return false;
            }
        }
        const std::size_t count = std::min<std::size_t>(message_left_, content.size());
        content = content.subspan(count);
        message_left_ -= static_cast<std::uint32_t>(count);
        if (message_left_ == 0) {
            message_size_ = 0;
        }
    }
    return true;
}

}  // namespace sluice::tls
