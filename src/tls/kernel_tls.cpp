#include "sluice/tls/kernel_tls.hpp"

#include <linux/tls.h>
#include <openssl/crypto.h>

#include <cstddef>
#include <cstring>
#include <string_view>

#include "sluice/base/assert.hpp"
#include "tls/counter.hpp"

namespace sluice::tls {
namespace {

// RFC 8446 section 6: warning, close_notify, in a record of type alert.
constexpr std::uint8_t kAlertRecord = 21;
constexpr std::array<std::uint8_t, 2> kCloseNotify = {1, 0};

constexpr std::uint64_t kHeaderBytes = 5;
constexpr std::uint64_t kTagBytes = 16;
constexpr std::uint64_t kExplicitNonceBytes = 8;  // AES-GCM in TLS 1.2 (RFC 5288 section 3)
constexpr std::uint64_t kContentTypeBytes = 1;    // TLS 1.3 (RFC 8446 section 5.2)

static_assert(sizeof(tls12_crypto_info_aes_gcm_256) <= SendKeys::kSizeMax);
static_assert(sizeof(tls12_crypto_info_chacha20_poly1305) <= SendKeys::kSizeMax);
// All end with the record number, and the two for AES-GCM begin with the explicit nonce.
static_assert(offsetof(tls12_crypto_info_aes_gcm_128, rec_seq) + kCounterBytes ==
              sizeof(tls12_crypto_info_aes_gcm_128));
static_assert(offsetof(tls12_crypto_info_aes_gcm_256, rec_seq) + kCounterBytes ==
              sizeof(tls12_crypto_info_aes_gcm_256));
static_assert(offsetof(tls12_crypto_info_chacha20_poly1305, rec_seq) + kCounterBytes ==
              sizeof(tls12_crypto_info_chacha20_poly1305));
static_assert(sizeof(tls12_crypto_info_aes_gcm_128::salt) == 4);
static_assert(sizeof(tls12_crypto_info_aes_gcm_128::iv) == kCounterBytes);
constexpr std::size_t kNonceOffset = offsetof(tls12_crypto_info_aes_gcm_128, iv);
static_assert(kNonceOffset == offsetof(tls12_crypto_info_aes_gcm_256, iv));

struct Cipher {
    std::uint16_t number;
    std::size_t info_size;
    std::string_view name;
};
constexpr Cipher kCiphers[] = {
    {TLS_CIPHER_AES_GCM_128, sizeof(tls12_crypto_info_aes_gcm_128), "AES-128-GCM"},
    {TLS_CIPHER_AES_GCM_256, sizeof(tls12_crypto_info_aes_gcm_256), "AES-256-GCM"},
    {TLS_CIPHER_CHACHA20_POLY1305, sizeof(tls12_crypto_info_chacha20_poly1305),
     "ChaCha20-Poly1305"},
};

}  // namespace

std::string names_of_ciphers(std::uint64_t ciphers) {
    std::string names;
    for (const Cipher& cipher : kCiphers) {
        if ((ciphers >> cipher.number & 1) == 0) {
            continue;
        }
        names += names.empty() ? "" : ", ";
        names += cipher.name;
    }
    return names;
}

std::uint16_t SendKeys::version() const {
    tls_crypto_info info;
    std::memcpy(&info, info_.data(), sizeof info);
    return info.version;
}

std::uint16_t SendKeys::cipher() const {
    tls_crypto_info info;
    std::memcpy(&info, info_.data(), sizeof info);
    return info.cipher_type;
}

void SendKeys::offer(const void* info) {
    forget();
    tls_crypto_info head;
    std::memcpy(&head, info, sizeof head);
    if (head.version != TLS_1_2_VERSION && head.version != TLS_1_3_VERSION) {
        return;
    }
    for (const Cipher& cipher : kCiphers) {
        if (cipher.number == head.cipher_type) {
            size_ = cipher.info_size;
        }
    }
    std::memcpy(info_.data(), info, size_);
}

bool SendKeys::is_among(std::uint64_t ciphers) const {
    return is_set() && (ciphers >> cipher() & 1) != 0;
}

void SendKeys::forget() {
    OPENSSL_cleanse(info_.data(), info_.size());
    size_ = 0;
    records_ = 0;
}

Bytes SendKeys::for_next_record() {
    SLUICE_ASSERT(is_set());
    std::uint8_t* number = info_.data() + size_ - kCounterBytes;
    write_counter(number, read_counter(number) + records_);
    if (version() == TLS_1_2_VERSION && cipher() != TLS_CIPHER_CHACHA20_POLY1305) {
        // OpenSSL's explicit nonces begin anywhere and count with the records, as the kernel's do.
        std::uint8_t* nonce = info_.data() + kNonceOffset;
        write_counter(nonce, read_counter(nonce) + records_);
    }
    records_ = 0;
    return Bytes(info_).first(size_);
}

std::optional<SendKeys::AesGcm> SendKeys::gcm_for_next_record() {
    if (!is_set() || cipher() == TLS_CIPHER_CHACHA20_POLY1305) { return std::nullopt; }
    const Bytes info = for_next_record();
    // The two structures differ in the length of the key: nonce, key, salt, number.
    constexpr std::size_t kSaltBytes = 4;
    const std::size_t salt = size_ - kCounterBytes - kSaltBytes;
    const std::size_t key = kNonceOffset + kCounterBytes;
    AesGcm parts = {};
    parts.is_newest = version() == TLS_1_3_VERSION;
    parts.key = info.subspan(key, salt - key);
    std::memcpy(parts.nonce.data(), info.data() + salt, kSaltBytes);
    std::memcpy(parts.nonce.data() + kSaltBytes, info.data() + kNonceOffset, kCounterBytes);
    parts.number = record_number(info);
    return parts;
}

std::uint64_t SendKeys::record_number(Bytes info) {
    return read_counter(info.last(kCounterBytes).data());
}

std::uint64_t SendKeys::record_overhead() const {
    if (version() == TLS_1_3_VERSION) {
        return kHeaderBytes + kContentTypeBytes + kTagBytes;
    }
    const bool has_nonce = cipher() != TLS_CIPHER_CHACHA20_POLY1305;
    return kHeaderBytes + (has_nonce ? kExplicitNonceBytes : 0) + kTagBytes;
}

Status KernelSender::begin(SendKeys& keys) {
    const Result<std::uint64_t> taken = kernel_.taken_by_tcp(fd_);
    if (!taken) {
        return fail(taken.error());
    }
    const Bytes info = keys.for_next_record();
    const Status set = kernel_.set_tls_keys(fd_, info);
    if (!set) {
        return set;
    }
    is_on_ = true;
    info_size_ = info.size();
    first_record_ = SendKeys::record_number(info);
    overhead_ = keys.record_overhead();
    taken_before_ = *taken;
    return {};
}

Status KernelSender::send_close_notify() {
    return kernel_.send_tls_record(fd_, kAlertRecord, kCloseNotify);
}

// The kernel holds a record back while TCP has no room for the end of it. Nothing tells of that:
// but it counts its records, and so we know how many bytes TCP must have taken.
Result<bool> KernelSender::is_drained(std::uint64_t plaintext) {
    std::array<std::uint8_t, SendKeys::kSizeMax> info;
    const MutableBytes answer = MutableBytes(info).first(info_size_);
    const Status asked = kernel_.tls_keys(fd_, answer);
    const std::uint64_t records = asked ? SendKeys::record_number(answer) - first_record_ : 0;
    OPENSSL_cleanse(info.data(), info.size());
    if (!asked) {
        return fail(asked.error());
    }
    const Result<std::uint64_t> taken = kernel_.taken_by_tcp(fd_);
    if (!taken && taken.error().code == Errc::WouldBlock) {
        return false;
    }
    if (!taken) {
        return fail(taken.error());
    }
    return *taken - taken_before_ >= plaintext + kCloseNotify.size() + records * overhead_;
}

}  // namespace sluice::tls
