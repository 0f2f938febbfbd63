#include "tls/record_sealer.hpp"

#include <algorithm>

#include "sluice/base/assert.hpp"
#include "tls/counter.hpp"

namespace sluice::tls {
namespace {

constexpr std::uint8_t kAlert = 21;
constexpr std::uint8_t kApplicationData = 23;
// RFC 8446 section 6.1.
constexpr std::array<std::uint8_t, RecordSealer::kCloseNotifyBytes> kCloseNotify = {1, 0};
constexpr std::size_t kPlaintextMax = 16 * 1024;
constexpr std::size_t kHeaderBytes = 5;
constexpr std::size_t kFixedNonceBytes = 4;

void write_header(std::uint8_t* out, std::uint8_t type, std::size_t length) {
    out[0] = type;
    out[1] = 3;  // "TLS 1.2", which 1.3 calls itself, too
    out[2] = 3;
    out[3] = static_cast<std::uint8_t>(length >> 8);
    out[4] = static_cast<std::uint8_t>(length & 0xFF);
}

}  // namespace

std::unique_ptr<RecordSealer> RecordSealer::make(SendKeys& keys) {
    const std::optional<SendKeys::AesGcm> parts = keys.gcm_for_next_record();
    if (!parts) { return nullptr; }
    std::unique_ptr<Gcm> gcm = Gcm::make(parts->key);
    if (gcm == nullptr) { return nullptr; }
    return std::unique_ptr<RecordSealer>(
        new RecordSealer(std::move(gcm), *parts, static_cast<std::size_t>(keys.record_overhead())));
}

RecordSealer::RecordSealer(std::unique_ptr<Gcm> gcm, const SendKeys::AesGcm& keys,
                           std::size_t overhead)
    : gcm_(std::move(gcm)),
      number_(keys.number),
      nonce_(keys.nonce),
      overhead_(overhead),
      is_newest_(keys.is_newest) {}

void RecordSealer::seal(std::uint8_t type, Bytes plaintext, std::uint8_t* out) {
    SLUICE_ASSERT(plaintext.size() <= kPlaintextMax);
    const std::size_t behind_header = plaintext.size() + overhead_ - kHeaderBytes;
    std::uint8_t* const counted = nonce_.data() + kFixedNonceBytes;
    if (is_newest_) {
        // RFC 8446 section 5.2: the true type is behind the plaintext, and all look like data.
        write_header(out, kApplicationData, behind_header);
        Gcm::Nonce nonce = nonce_;
        write_counter(nonce.data() + kFixedNonceBytes, read_counter(counted) ^ number_);
        gcm_->seal(nonce, Bytes(out, kHeaderBytes), plaintext, Bytes(&type, 1),
                   out + kHeaderBytes);
    } else {
        // RFC 5288 section 3, RFC 5246 section 6.2.3.3.
        std::array<std::uint8_t, kCounterBytes + kHeaderBytes> authenticated;
        write_counter(authenticated.data(), number_);
        write_header(authenticated.data() + kCounterBytes, type, plaintext.size());
        write_header(out, type, behind_header);
        std::uint8_t* const explicit_nonce = out + kHeaderBytes;
        std::copy_n(counted, kCounterBytes, explicit_nonce);
        gcm_->seal(nonce_, authenticated, plaintext, Bytes(), explicit_nonce + kCounterBytes);
        write_counter(counted, read_counter(counted) + 1);
    }
    ++number_;
}

void RecordSealer::seal_data(Bytes plaintext, std::uint8_t* out) {
    seal(kApplicationData, plaintext, out);
}

void RecordSealer::seal_close_notify(std::uint8_t* out) {
    seal(kAlert, kCloseNotify, out);
}

}  // namespace sluice::tls
