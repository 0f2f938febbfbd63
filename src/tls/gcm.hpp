// AES-GCM (NIST SP 800-38D) with a key that does not change: the cipher of nearly every download.
//
// Two makers, one of which is built: libipsec-mb (gcm_ipsec_mb.cpp), or OpenSSL (gcm_openssl.cpp)
// where that is not to be had. OpenSSL 3.0 knows no VAES: 0.193 s CPU per GB against 0.043 on a
// processor that has it (Zen 5; bench/README.md).
// Owned by: RecordSealer. Thread: one at a time.
#pragma once

#include <array>
#include <cstdint>
#include <memory>

#include "sluice/base/bytes.hpp"

namespace sluice::tls {

class Gcm {
public:
    static constexpr std::size_t kTagBytes = 16;
    using Nonce = std::array<std::uint8_t, 12>;

    // Of 16 or 32 bytes. Null where the processor or the library cannot.
    static std::unique_ptr<Gcm> make(Bytes key);
    Gcm(const Gcm&) = delete;
    Gcm& operator=(const Gcm&) = delete;
    // Leaves nothing of the key in memory.
    ~Gcm();

    // Writes `plaintext` and `tail`, encrypted, and the tag behind them. `out` has room for all of
    // it and overlaps neither. The caller never uses a nonce twice.
    void seal(const Nonce& nonce, Bytes header, Bytes plaintext, Bytes tail, std::uint8_t* out);

private:
    struct State;
    explicit Gcm(std::unique_ptr<State> state);
    std::unique_ptr<State> state_;
};

}  // namespace sluice::tls
