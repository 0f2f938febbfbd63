// Certificates as text: what is in a pair of PEM files, and whether it can be used.
//
// The module opens no file: who calls has read them (app does, at start and for --check-config), so
// every shard can parse the same text into objects of its own. OpenSSL counts references to keys
// and certificates with atomics, and shards that shared them would fight for those cache lines at
// every handshake.
// Thread: any; pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "sluice/base/time.hpp"

namespace sluice::tls {

// As certbot writes them: fullchain.pem has the certificate first, then those that vouch for it.
// The names are for messages.
struct IdentityText {
    std::string chain_name;
    std::string chain_pem;
    std::string key_name;
    std::string key_pem;
    std::string ocsp_name;
    std::string ocsp_der;  // the authority's word that it is not revoked; "" none

    // A private key does not stay in memory that was given back.
    ~IdentityText();
    friend bool operator==(const IdentityText&, const IdentityText&) = default;
};

// What an operator has to know. An error means that it cannot be used at all; urgent is what can,
// but will not work for clients.
struct Finding {
    bool is_error = false;
    bool is_urgent = false;
    std::string text;
};
using Findings = std::vector<Finding>;
bool has_error(const Findings& findings);

// Something that is good for a time only, and what it is for.
struct Term {
    enum class Kind : std::uint8_t { Certificate, Authority, RevocationList, OcspResponse };
    Kind kind = Kind::Certificate;
    std::string name;  // of the file
    std::string host;  // of a certificate, its first name; else whose it is
    std::int64_t begins = 0;  // seconds since 1970
    std::int64_t ends = 0;

    // Whole days until the end, 0 on the last one; negative behind it.
    std::int64_t days_left(WallTime now) const;
};
// Certificates are renewed a month before their end; who has not been by then should hear of it.
inline constexpr std::int64_t kWarnDays = 21;
// What the clock says of it; nothing when all is well.
std::optional<Finding> judge(const Term& term, WallTime now);
// "2027-02-14"
std::string day_of(std::int64_t seconds);

enum class KeyKind : std::uint8_t { Rsa, Ecdsa, Other };

struct CertificateFacts {
    std::vector<std::string> host_names;  // in lower case; "*.example.org" is one
    std::int64_t begins = 0;              // seconds since 1970
    std::int64_t expires = 0;
    KeyKind key = KeyKind::Other;
};

// Looks at a pair of texts as a server that starts would. Nothing when it cannot be used.
std::optional<CertificateFacts> examine(const IdentityText& text, WallTime now, Findings& findings);

// A certificate that nobody vouches for, with a new key (ECDSA P-256), for `host_names` and the
// loopback addresses. For trying things out; lives 30 days. Nothing when OpenSSL cannot make it.
std::optional<IdentityText> make_self_signed(const std::vector<std::string>& host_names,
                                             WallTime now);

}  // namespace sluice::tls
