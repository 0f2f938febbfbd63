// A certificate, those that vouch for it, and its private key, parsed and found to fit together.
// Owned by: a Context. Thread: its shard.
#pragma once

#include <optional>

#include "sluice/tls/certificate.hpp"
#include "tls/handles.hpp"
#include "tls/staple.hpp"

namespace sluice::tls {

class Identity {
public:
    // Whatever is wrong is said, but for what the clock says: see judge().
    static std::optional<Identity> parse(const IdentityText& text, WallTime now,
                                         Findings& findings);

    const CertificateFacts& facts() const { return facts_; }
    Term term() const;
    const std::optional<Staple>& staple() const { return staple_; }
    bool is_of(const X509* certificate) const { return certificate == certificate_.get(); }
    // Beside those of other kinds of keys that `context` has.
    bool add_to(SSL_CTX* context) const;

private:
    Identity() = default;

    Handle<X509> certificate_;
    Handle<STACK_OF(X509)> chain_;
    Handle<EVP_PKEY> key_;
    std::optional<Staple> staple_;
    std::string name_;  // of the file with the certificate
    CertificateFacts facts_;
};

}  // namespace sluice::tls
