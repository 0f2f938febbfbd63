// An authority for tests: issues certificates, lists what it has revoked, and answers for OCSP, all
// at times that the test names.
#pragma once

#include <gtest/gtest.h>
#include <openssl/ocsp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <ctime>
#include <string>
#include <vector>

#include "sluice/tls/certificate.hpp"

namespace sluice::tls {

class TestAuthority {
public:
    static constexpr std::int64_t kDaySeconds = 24 * 3600;

    struct Wish {
        std::string name = {};          // the common name; with "\n" between, several
        std::string alternatives = {};  // "DNS:a,email:b"
        std::int64_t days = 90;         // until its end; negative: it has expired
        int rsa_bits = 0;
        const char* curve = "P-256";
        bool is_authority = false;
    };

    TestAuthority(const std::string& name, WallTime now) : now_(now), key_(EVP_EC_gen("P-256")) {
        Wish wish;
        wish.name = name;
        wish.days = 3650;
        wish.is_authority = true;
        certificate_ = make(wish, key_);
    }
    TestAuthority(const TestAuthority&) = delete;
    TestAuthority& operator=(const TestAuthority&) = delete;
    ~TestAuthority() {
        X509_free(certificate_);
        EVP_PKEY_free(key_);
    }

    std::string pem() const {
        return text_of([this](BIO* to) { PEM_write_bio_X509(to, certificate_); });
    }
    // Certificate and key, without the authority's own behind it.
    IdentityText issue(const Wish& wish) const {
        EVP_PKEY* key = wish.rsa_bits > 0 ? EVP_RSA_gen(static_cast<unsigned>(wish.rsa_bits))
                                          : EVP_EC_gen(wish.curve);
        X509* made = make(wish, key);
        IdentityText text;
        text.chain_pem = text_of([made](BIO* to) { PEM_write_bio_X509(to, made); });
        text.key_pem = text_of([key](BIO* to) {
            PEM_write_bio_PrivateKey(to, key, nullptr, nullptr, 0, nullptr, nullptr);
        });
        X509_free(made);
        EVP_PKEY_free(key);
        return text;
    }
    // The list of what is revoked, of yesterday, good for `days` from now.
    std::string revoke(const std::vector<const IdentityText*>& all, std::int64_t days = 30) const {
        X509_CRL* list = X509_CRL_new();
        X509_CRL_set_version(list, X509_CRL_VERSION_2);
        X509_CRL_set_issuer_name(list, X509_get_subject_name(certificate_));
        ASN1_TIME* time = ASN1_TIME_set(nullptr, at(-2 * kDaySeconds));
        X509_CRL_set1_lastUpdate(list, time);
        for (const IdentityText* each : all) {
            X509* revoked = certificate_in(*each);
            X509_REVOKED* entry = X509_REVOKED_new();
            X509_REVOKED_set_serialNumber(entry, X509_get_serialNumber(revoked));
            X509_REVOKED_set_revocationDate(entry, time);
            X509_CRL_add0_revoked(list, entry);
            X509_free(revoked);
        }
        ASN1_TIME_free(time);
        time = ASN1_TIME_set(nullptr, at(days * kDaySeconds));
        X509_CRL_set1_nextUpdate(list, time);
        ASN1_TIME_free(time);
        X509_CRL_sort(list);
        X509_CRL_sign(list, key_, EVP_sha256());
        std::string pem = text_of([list](BIO* to) { PEM_write_bio_X509_CRL(to, list); });
        X509_CRL_free(list);
        return pem;
    }
    struct Answer {
        int verdict = V_OCSP_CERTSTATUS_GOOD;
        std::int64_t begins = -3600;  // seconds from now
        std::int64_t ends = 7 * kDaySeconds;
        bool has_end = true;
        const TestAuthority* signer = nullptr;  // null: this one
    };
    // The OCSP response about a certificate, in DER.
    std::string answer(const IdentityText& about, const Answer& how) const {
        X509* certificate = certificate_in(about);
        OCSP_BASICRESP* basic = OCSP_BASICRESP_new();
        OCSP_CERTID* id = OCSP_cert_to_id(EVP_sha1(), certificate, certificate_);
        ASN1_TIME* begins = ASN1_GENERALIZEDTIME_set(nullptr, at(how.begins));
        ASN1_TIME* ends = ASN1_GENERALIZEDTIME_set(nullptr, at(how.ends));
        ASN1_TIME* revoked = how.verdict == V_OCSP_CERTSTATUS_REVOKED
                                 ? ASN1_UTCTIME_set(nullptr, at(-7200))
                                 : nullptr;
        OCSP_basic_add1_status(basic, id, how.verdict, 0, revoked, begins,
                               how.has_end ? ends : nullptr);
        const TestAuthority& signer = how.signer == nullptr ? *this : *how.signer;
        EXPECT_EQ(
            OCSP_basic_sign(basic, signer.certificate_, signer.key_, EVP_sha256(), nullptr, 0), 1);
        OCSP_RESPONSE* response = OCSP_response_create(OCSP_RESPONSE_STATUS_SUCCESSFUL, basic);
        unsigned char* bytes = nullptr;
        const int size = i2d_OCSP_RESPONSE(response, &bytes);
        const std::string der(reinterpret_cast<char*>(bytes), static_cast<std::size_t>(size));
        OPENSSL_free(bytes);
        OCSP_RESPONSE_free(response);
        OCSP_BASICRESP_free(basic);
        OCSP_CERTID_free(id);
        ASN1_TIME_free(begins);
        ASN1_TIME_free(ends);
        ASN1_TIME_free(revoked);
        X509_free(certificate);
        return der;
    }

private:
    template <class Write>
    static std::string text_of(Write write) {
        BIO* memory = BIO_new(BIO_s_mem());
        write(memory);
        char* data = nullptr;
        const long size = BIO_get_mem_data(memory, &data);
        std::string text(data, static_cast<std::size_t>(size));
        BIO_free(memory);
        return text;
    }
    static X509* certificate_in(const IdentityText& text) {
        BIO* memory = BIO_new_mem_buf(text.chain_pem.data(), -1);
        X509* certificate = PEM_read_bio_X509(memory, nullptr, nullptr, nullptr);
        BIO_free(memory);
        return certificate;
    }
    static void add(X509* to, int nid, const std::string& value) {
        X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, nullptr, nid, value.c_str());
        EXPECT_NE(extension, nullptr) << value;
        X509_add_ext(to, extension, -1);
        X509_EXTENSION_free(extension);
    }
    std::time_t at(std::int64_t seconds) const {
        return static_cast<std::time_t>(now_.seconds + seconds);
    }
    X509* make(const Wish& wish, EVP_PKEY* key) const {
        X509* made = X509_new();
        X509_set_version(made, X509_VERSION_3);
        ASN1_INTEGER_set(X509_get_serialNumber(made), ++serial_);
        std::time_t begins = at(-400 * kDaySeconds);
        // And an hour, so that a slow test sees the same number of days.
        std::time_t ends = at(wish.days * kDaySeconds + 3600);
        X509_time_adj(X509_getm_notBefore(made), 0, &begins);
        X509_time_adj(X509_getm_notAfter(made), 0, &ends);
        X509_NAME* subject = X509_get_subject_name(made);
        std::string names = wish.name + "\n";
        for (std::size_t from = 0; from < names.size();) {
            const std::size_t end = names.find('\n', from);
            const std::string name = names.substr(from, end - from);
            X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_UTF8,
                                       reinterpret_cast<const unsigned char*>(name.data()),
                                       static_cast<int>(name.size()), -1, 0);
            from = end + 1;
        }
        X509_set_issuer_name(
            made, certificate_ == nullptr ? subject : X509_get_subject_name(certificate_));
        X509_set_pubkey(made, key);
        if (wish.is_authority) {
            add(made, NID_basic_constraints, "critical,CA:TRUE");
            add(made, NID_key_usage, "keyCertSign,cRLSign,digitalSignature");
        }
        if (!wish.alternatives.empty()) {
            add(made, NID_subject_alt_name, wish.alternatives);
        }
        X509_sign(made, key_, EVP_sha256());
        return made;
    }

    WallTime now_;
    EVP_PKEY* key_;
    X509* certificate_ = nullptr;
    mutable long serial_ = 0;
};

}  // namespace sluice::tls
