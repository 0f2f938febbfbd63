#include "tls/identity.hpp"

#include <fmt/format.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <ctime>
#include <utility>

namespace sluice::tls {
namespace {

// Longer chains than this are a mistake: a bundle of all authorities, for example.
constexpr int kChainMax = 16;
constexpr std::int64_t kDaySeconds = 24 * 3600;
// ACME renews a month before the end; who has not been renewed by then should hear of it.
constexpr std::int64_t kWarnBeforeSeconds = 14 * kDaySeconds;

void report(Findings& findings, bool is_error, std::string text) {
    Finding finding;
    finding.is_error = is_error;
    finding.text = std::move(text);
    findings.push_back(std::move(finding));
}

std::string lower_case(std::string_view text) {
    std::string lower(text);
    std::transform(lower.begin(), lower.end(), lower.begin(),
                   [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
    return lower;
}

std::string_view text_of(const ASN1_STRING* string) {
    return as_text(
        Bytes(ASN1_STRING_get0_data(string), static_cast<std::size_t>(ASN1_STRING_length(string))));
}

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

std::int64_t seconds_of(const ASN1_TIME* time) {
    std::tm fields = {};
    if (ASN1_TIME_to_tm(time, &fields) != 1) {
        return 0;
    }
    return static_cast<std::int64_t>(::timegm(&fields));
}

std::string day_of(std::int64_t seconds) {
    const std::time_t when = static_cast<std::time_t>(seconds);
    std::tm fields = {};
    ::gmtime_r(&when, &fields);
    return fmt::format("{:04}-{:02}-{:02}", fields.tm_year + 1900, fields.tm_mon + 1,
                       fields.tm_mday);
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

// Nobody sits at a server to type a passphrase; without this OpenSSL would ask the terminal.
int no_passphrase(char*, int, int, void*) {
    return -1;
}

Handle<EVP_PKEY> parse_key(const IdentityText& text, Findings& findings) {
    const Handle<BIO> reader = reader_of(text.key_pem);
    Handle<EVP_PKEY> key(PEM_read_bio_PrivateKey(reader.get(), nullptr, no_passphrase, nullptr));
    const std::string_view why = key ? std::string_view() : last_failure();
    if (key) {
        return key;
    }
    if (text.key_pem.find("ENCRYPTED") != std::string::npos) {
        report(findings, true,
               fmt::format("{}: the private key is encrypted, and nobody is there to type its "
                           "passphrase; decrypt it with openssl pkey",
                           text.key_name));
    } else if (text.key_pem.find("PRIVATE KEY-----") == std::string::npos) {
        report(findings, true, fmt::format("{}: holds no private key in PEM", text.key_name));
    } else {
        report(findings, true,
               fmt::format("{}: the private key cannot be read: {}", text.key_name, why));
    }
    return key;
}

void judge_dates(const IdentityText& text, X509* certificate, WallTime now, Findings& findings) {
    const std::int64_t begins = seconds_of(X509_get0_notBefore(certificate));
    const std::int64_t ends = seconds_of(X509_get0_notAfter(certificate));
    if (now.seconds >= ends) {
        report(findings, false,
               fmt::format("{}: the certificate expired on {}", text.chain_name, day_of(ends)));
    } else if (now.seconds < begins) {
        report(findings, false,
               fmt::format("{}: the certificate is not valid before {}", text.chain_name,
                           day_of(begins)));
    } else if (ends - now.seconds < kWarnBeforeSeconds) {
        report(findings, false,
               fmt::format("{}: the certificate expires on {}", text.chain_name, day_of(ends)));
    }
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
    const Handle<BIO> reader = reader_of(text.chain_pem);
    identity.certificate_.reset(
        PEM_read_bio_X509_AUX(reader.get(), nullptr, no_passphrase, nullptr));
    if (!identity.certificate_) {
        const std::string_view why = last_failure();
        if (text.chain_pem.find("CERTIFICATE-----") == std::string::npos) {
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
    while (X509* next = PEM_read_bio_X509(reader.get(), nullptr, no_passphrase, nullptr)) {
        sk_X509_push(identity.chain_.get(), next);
        if (sk_X509_num(identity.chain_.get()) > kChainMax) {
            report(findings, true,
                   fmt::format("{}: more than {} certificates are no chain", text.chain_name,
                               kChainMax));
            return std::nullopt;
        }
    }
    const bool at_end = ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
    const std::string_view why = last_failure();
    if (!at_end) {
        report(findings, true,
               fmt::format("{}: certificate {} of the chain cannot be read: {}", text.chain_name,
                           sk_X509_num(identity.chain_.get()) + 2, why));
        return std::nullopt;
    }
    if (X509_check_private_key(identity.certificate_.get(), identity.key_.get()) != 1) {
        ERR_clear_error();
        report(findings, true,
               fmt::format("{}: this private key is not that of the certificate in {}",
                           text.key_name, text.chain_name));
        return std::nullopt;
    }
    judge_dates(text, identity.certificate_.get(), now, findings);
    identity.facts_.host_names = host_names_of(identity.certificate_.get());
    identity.facts_.expires = seconds_of(X509_get0_notAfter(identity.certificate_.get()));
    identity.facts_.key = kind_of(identity.key_.get());
    return identity;
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
    return identity->facts();
}

}  // namespace sluice::tls
