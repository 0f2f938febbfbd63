// An OCSP response that is sent along with a certificate (stapling, RFC 6066 section 8): the word
// of its authority that it is not revoked, so that no client has to ask.
//
// It comes from a file that somebody else keeps fresh. One that is of no use is left out: a client
// without it is served as ever, and one that wants it would not believe a wrong one.
// Owned by: Identity. Thread: any; it does not change.
#pragma once

#include <optional>
#include <string>

#include "sluice/tls/certificate.hpp"
#include "tls/handles.hpp"

namespace sluice::tls {

class Staple {
public:
    // Nothing, and a warning, when it is not about `certificate` or not by whom it must be. Times
    // are another matter: see judge(), and is_good().
    static std::optional<Staple> parse(const IdentityText& text, X509* certificate,
                                       STACK_OF(X509) * chain, WallTime now, Findings& findings);

    const std::string& der() const { return der_; }
    const Term& term() const { return term_; }
    bool is_good(WallTime now) const {
        return now.seconds >= term_.begins && now.seconds < term_.ends;
    }

private:
    Staple() = default;

    std::string der_;
    Term term_;
};

}  // namespace sluice::tls
