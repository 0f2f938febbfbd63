// A certificate, those that vouch for it, and its private key, parsed and found to fit together.
// Owned by: a Context. Thread: its shard.
#pragma once

#include <optional>

#include "sluice/tls/certificate.hpp"
#include "tls/handles.hpp"

namespace sluice::tls {

class Identity {
public:
    static std::optional<Identity> parse(const IdentityText& text, WallTime now,
                                         Findings& findings);

    const CertificateFacts& facts() const { return facts_; }
    // Beside those of other kinds of keys that `context` has.
    bool add_to(SSL_CTX* context) const;

private:
    Identity() = default;

    Handle<X509> certificate_;
    Handle<STACK_OF(X509)> chain_;
    Handle<EVP_PKEY> key_;
    CertificateFacts facts_;
};

}  // namespace sluice::tls
