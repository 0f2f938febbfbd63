// The records of a download, made here and not by OpenSSL: header, AES-GCM, tag.
//
// OpenSSL's record layer copies every byte twice more than encrypting takes, and the AES-GCM of
// OpenSSL 3.0 does not use what processors have had since 2019 (VAES): 0.39 s CPU per GB of a
// download against 0.19 (bench/README.md).
// The keys come from OpenSSL as those of kernel TLS do (sluice/tls/kernel_tls.hpp), and by the same
// rule: from the first record here OpenSSL sends nothing, for a record's number is its nonce.
// Owned by: Connection. Thread: its.
#pragma once

#include <array>
#include <cstdint>
#include <memory>

#include "sluice/base/bytes.hpp"
#include "sluice/tls/kernel_tls.hpp"
#include "tls/gcm.hpp"

namespace sluice::tls {

class RecordSealer {
public:
    // Goes on where OpenSSL was. Null, and `keys` as they were, when they are for another cipher.
    static std::unique_ptr<RecordSealer> make(SendKeys& keys);

    // What a record adds to its plaintext.
    std::size_t overhead() const { return overhead_; }
    // A record of `plaintext`, no more than 16 KiB, at `out`: overhead() longer than that.
    void seal_data(Bytes plaintext, std::uint8_t* out);
    static constexpr std::size_t kCloseNotifyBytes = 2;
    void seal_close_notify(std::uint8_t* out);

private:
    RecordSealer(std::unique_ptr<Gcm> gcm, const SendKeys::AesGcm& keys, std::size_t overhead);
    void seal(std::uint8_t type, Bytes plaintext, std::uint8_t* out);

    std::unique_ptr<Gcm> gcm_;
    std::uint64_t number_;  // of the next record
    // TLS 1.3: all of the nonce, with which the number is mixed. TLS 1.2: its first four bytes are
    // fixed, the others counted and sent.
    Gcm::Nonce nonce_;
    std::size_t overhead_;
    bool is_newest_;  // TLS 1.3
};

}  // namespace sluice::tls
