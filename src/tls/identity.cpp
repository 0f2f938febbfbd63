#include "tls/identity.hpp"

#include <fmt/format.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <utility>

#include "tls/pem.hpp"
#include "tls/words.hpp"

namespace sluice::tls {
namespace {

// Longer chains than this are a mistake: a bundle of all authorities, for example.
constexpr int kChainMax = 16;
// Of a chain, as it is sent; a response may have as much again. A handshake's output has room for
// 64 KiB (Connection::kOwnOutputMax), and some clients give up at 100 KiB.
constexpr std::size_t kChainBytesMax = 24 * 1024;
// NIST SP 800-57: what is good beyond 2030 begins here, and OpenSSL's level 2 as well.
constexpr int kRsaBitsMin = 2048;
constexpr int kCurveBitsMin = 224;

// The names that clients compare: those of the subjectAltName, or where there is none the common
// name (RFC 6125 section 6.4.4).
std::vector<std::string> host_names_of(X509* certificate) {
    std::vector<std::string> names;
    Handle<GENERAL_NAMES> alternatives(static_cast<GENERAL_NAMES*>(
        X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr)));
    const int count = alternatives ? sk_GENERAL_NAME_num(alternatives.get()) : 0;
    for (int i = 0; i < count; ++i) {
        const GENERAL_NAME* name = sk_GENERAL_NAME_value(alternatives.get(), i);
        if (name->type == GEN_DNS) {
            names.push_back(lower_case(text_of(name->d.dNSName)));
        }
    }
    if (names.empty()) {
        const X509_NAME* subject = X509_get_subject_name(certificate);
        const int at = X509_NAME_get_index_by_NID(subject, NID_commonName, -1);
        if (at >= 0) {
            const X509_NAME_ENTRY* entry = X509_NAME_get_entry(subject, at);
            names.push_back(lower_case(text_of(X509_NAME_ENTRY_get_data(entry))));
        }
    }
    std::sort(names.begin(), names.end());
    names.erase(std::unique(names.begin(), names.end()), names.end());
    return names;
}

KeyKind kind_of(const EVP_PKEY* key) {
    switch (EVP_PKEY_get_base_id(key)) {
        case EVP_PKEY_RSA:
        case EVP_PKEY_RSA_PSS:
            return KeyKind::Rsa;
        case EVP_PKEY_EC:
            return KeyKind::Ecdsa;
        default:
            return KeyKind::Other;
    }
}

// The first one of the text; parameters of a curve may stand before it. An encrypted one is none:
// nobody sits at a server to type a passphrase, and OpenSSL would ask the terminal.
Handle<EVP_PKEY> decode_key(PemReader& reader) {
    constexpr std::string_view kKey = "PRIVATE KEY";
    while (reader.next()) {
        const std::string_view name = reader.name();
        if (name.size() < kKey.size() || name.substr(name.size() - kKey.size()) != kKey) {
            continue;
        }
        const unsigned char* bytes = reader.der().data();
        return Handle<EVP_PKEY>(
            d2i_AutoPrivateKey(nullptr, &bytes, static_cast<long>(reader.der().size())));
    }
    return nullptr;
}

// What was wrong with the block that came last: the text, or what OpenSSL makes of it.
std::string_view why_of(const PemReader& reader) {
    const std::string_view why = last_failure();
    return reader.failure().empty() ? why : reader.failure();
}

Handle<EVP_PKEY> parse_key(const IdentityText& text, Findings& findings) {
    const bool is_encrypted =
        text.key_pem.find("BEGIN ENCRYPTED PRIVATE KEY-----") != std::string::npos ||
        text.key_pem.find("Proc-Type: 4,ENCRYPTED") != std::string::npos;
    PemReader reader(text.key_pem);
    Handle<EVP_PKEY> key = is_encrypted ? nullptr : decode_key(reader);
    if (key) {
        return key;
    }
    const std::string_view why = why_of(reader);
    if (text.key_pem.empty()) {
        report(findings, true, fmt::format("{}: the file is empty", text.key_name));
    } else if (is_encrypted) {
        report(findings, true,
               fmt::format("{}: the private key is encrypted, and nobody is there to type its "
                           "passphrase; decrypt it with openssl pkey -in FILE -out FILE",
                           text.key_name));
    } else if (text.key_pem.find("PRIVATE KEY-----") == std::string::npos) {
        report(findings, true, fmt::format("{}: holds no private key in PEM", text.key_name));
    } else {
        report(findings, true,
               fmt::format("{}: the private key cannot be read: {}", text.key_name, why));
    }
    return key;
}

// A certificate that nobody can use with this key: is it at least one of those behind it?
std::string words_for_mismatch(const IdentityText& text, STACK_OF(X509) * chain, EVP_PKEY* key) {
    for (int i = 0; i < sk_X509_num(chain); ++i) {
        if (X509_check_private_key(sk_X509_value(chain, i), key) == 1) {
            return fmt::format("{}: the chain is in the wrong order: certificate {} is that of the "
                               "key in {} and must come first",
                               text.chain_name, i + 2, text.key_name);
        }
    }
    return fmt::format("{}: this private key is not that of the certificate in {}", text.key_name,
                       text.chain_name);
}

// Clients of TLS 1.2 may insist that each certificate is vouched for by the next (RFC 5246 section
// 7.4.2).
bool is_in_order(const IdentityText& text, X509* certificate, STACK_OF(X509) * chain,
                 Findings& findings) {
    X509* before = certificate;
    for (int i = 0; i < sk_X509_num(chain); ++i) {
        X509* next = sk_X509_value(chain, i);
        if (X509_check_issued(next, before) != X509_V_OK) {
            report(findings, true,
                   fmt::format("{}: the chain is in the wrong order: certificate {} ({}) does not "
                               "vouch for the one before it; the server's own comes first, and "
                               "behind each the one that has signed it",
                               text.chain_name, i + 2, name_of(X509_get_subject_name(next))));
            return false;
        }
        before = next;
    }
    return true;
}

bool is_strong(const IdentityText& text, EVP_PKEY* key, Findings& findings) {
    const int bits = EVP_PKEY_get_bits(key);
    const KeyKind kind = kind_of(key);
    if (kind == KeyKind::Rsa && bits < kRsaBitsMin) {
        report(findings, true,
               fmt::format("{}: an RSA key of {} bits is too weak; make one of {} or, better, of "
                           "ECDSA P-256, and a certificate for it",
                           text.key_name, bits, kRsaBitsMin));
        return false;
    }
    if (kind == KeyKind::Ecdsa && bits < kCurveBitsMin) {
        report(findings, true,
               fmt::format("{}: an ECDSA key of {} bits is too weak; make one of P-256, and a "
                           "certificate for it",
                           text.key_name, bits));
        return false;
    }
    return true;
}

// The next one, whatever stands between; null where there is none, or it is broken.
Handle<X509> next_certificate(PemReader& reader) {
    while (reader.next()) {
        const unsigned char* bytes = reader.der().data();
        const long size = static_cast<long>(reader.der().size());
        const std::string_view name = reader.name();
        if (name == PEM_STRING_X509_TRUSTED) {
            return Handle<X509>(d2i_X509_AUX(nullptr, &bytes, size));
        }
        if (name == PEM_STRING_X509 || name == PEM_STRING_X509_OLD) {
            return Handle<X509>(d2i_X509(nullptr, &bytes, size));
        }
    }
    return nullptr;
}

bool is_short(const IdentityText& text, X509* certificate, STACK_OF(X509) * chain,
              Findings& findings) {
    int bytes = i2d_X509(certificate, nullptr);
    for (int i = 0; i < sk_X509_num(chain); ++i) {
        bytes += i2d_X509(sk_X509_value(chain, i), nullptr);
    }
    if (bytes <= static_cast<int>(kChainBytesMax)) {
        return true;
    }
    report(findings, true,
           fmt::format("{}: {} KiB of certificates are more than a handshake should carry ({} KiB); "
                       "give each host name a certificate of its own",
                       text.chain_name, bytes / 1024, kChainBytesMax / 1024));
    return false;
}

}  // namespace

bool has_error(const Findings& findings) {
    return std::any_of(findings.begin(), findings.end(),
                       [](const Finding& finding) { return finding.is_error; });
}

std::optional<Identity> Identity::parse(const IdentityText& text, WallTime now,
                                        Findings& findings) {
    ERR_clear_error();
    Identity identity;
    PemReader reader(text.chain_pem);
    identity.certificate_ = next_certificate(reader);
    if (!identity.certificate_) {
        const std::string_view why = why_of(reader);
        if (text.chain_pem.empty()) {
            report(findings, true, fmt::format("{}: the file is empty", text.chain_name));
        } else if (text.chain_pem.find("CERTIFICATE-----") == std::string::npos) {
            report(findings, true, fmt::format("{}: holds no certificate in PEM", text.chain_name));
        } else {
            report(findings, true,
                   fmt::format("{}: the certificate cannot be read: {}", text.chain_name, why));
        }
    }
    identity.key_ = parse_key(text, findings);
    if (!identity.certificate_ || !identity.key_) {
        return std::nullopt;
    }

    identity.chain_.reset(sk_X509_new_null());
    while (Handle<X509> next = next_certificate(reader)) {
        sk_X509_push(identity.chain_.get(), next.release());
        if (sk_X509_num(identity.chain_.get()) > kChainMax) {
            report(findings, true,
                   fmt::format("{}: more than {} certificates are no chain", text.chain_name,
                               kChainMax));
            return std::nullopt;
        }
    }
    if (!reader.is_at_end()) {
        const std::string_view why = why_of(reader);
        report(findings, true,
               fmt::format("{}: certificate {} of the chain cannot be read: {}", text.chain_name,
                           sk_X509_num(identity.chain_.get()) + 2, why));
        return std::nullopt;
    }
    if (!is_short(text, identity.certificate_.get(), identity.chain_.get(), findings)) {
        return std::nullopt;
    }
    if (X509_check_private_key(identity.certificate_.get(), identity.key_.get()) != 1) {
        report(findings, true,
               words_for_mismatch(text, identity.chain_.get(), identity.key_.get()));
        ERR_clear_error();
        return std::nullopt;
    }
    ERR_clear_error();
    if (!is_in_order(text, identity.certificate_.get(), identity.chain_.get(), findings) ||
        !is_strong(text, identity.key_.get(), findings)) {
        return std::nullopt;
    }
    identity.name_ = text.chain_name;
    identity.facts_.host_names = host_names_of(identity.certificate_.get());
    identity.facts_.begins = seconds_of(X509_get0_notBefore(identity.certificate_.get()));
    identity.facts_.expires = seconds_of(X509_get0_notAfter(identity.certificate_.get()));
    identity.facts_.key = kind_of(identity.key_.get());
    if (text.ocsp_der.size() > kChainBytesMax) {
        report(findings, false,
               fmt::format("{}: an OCSP response of more than {} KiB is not sent", text.ocsp_name,
                           kChainBytesMax / 1024));
    } else if (!text.ocsp_der.empty()) {
        identity.staple_ = Staple::parse(text, identity.certificate_.get(), identity.chain_.get(),
                                         now, findings);
    }
    return identity;
}

Term Identity::term() const {
    Term term;
    term.name = name_;
    term.host = facts_.host_names.empty() ? "" : facts_.host_names.front();
    term.begins = facts_.begins;
    term.ends = facts_.expires;
    return term;
}

bool Identity::add_to(SSL_CTX* context) const {
    constexpr int kReplace = 1;
    return SSL_CTX_use_cert_and_key(context, certificate_.get(), key_.get(), chain_.get(),
                                    kReplace) == 1;
}

std::optional<CertificateFacts> examine(const IdentityText& text, WallTime now,
                                        Findings& findings) {
    const std::optional<Identity> identity = Identity::parse(text, now, findings);
    if (!identity) {
        return std::nullopt;
    }
    if (std::optional<Finding> finding = judge(identity->term(), now)) {
        findings.push_back(std::move(*finding));
    }
    return identity->facts();
}

}  // namespace sluice::tls
