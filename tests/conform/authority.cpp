#include "authority.hpp"

#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>

#include <cstdint>

namespace sluice::conform {
namespace {

constexpr long kDaySeconds = 24 * 3600;

}  // namespace

Certificate::Certificate(const std::string& common_name, const Certificate* issuer)
    : key_(EVP_EC_gen("P-256")), certificate_(X509_new()) {
    std::uint32_t serial = 0;
    (void)RAND_bytes(reinterpret_cast<unsigned char*>(&serial), sizeof serial);
    X509_set_version(certificate_, X509_VERSION_3);
    ASN1_INTEGER_set_uint64(X509_get_serialNumber(certificate_), serial);
    X509_gmtime_adj(X509_getm_notBefore(certificate_), -kDaySeconds);
    X509_gmtime_adj(X509_getm_notAfter(certificate_), kDaySeconds);
    X509_NAME* const subject = X509_get_subject_name(certificate_);
    X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_UTF8,
                               reinterpret_cast<const unsigned char*>(common_name.data()),
                               static_cast<int>(common_name.size()), -1, 0);
    X509_set_issuer_name(certificate_,
                         issuer == nullptr ? subject : X509_get_subject_name(issuer->get()));
    X509_set_pubkey(certificate_, key_);
    if (issuer == nullptr) {
        X509_EXTENSION* const is_authority =
            X509V3_EXT_conf_nid(nullptr, nullptr, NID_basic_constraints, "critical,CA:TRUE");
        X509_add_ext(certificate_, is_authority, -1);
        X509_EXTENSION_free(is_authority);
    }
    X509_sign(certificate_, issuer == nullptr ? key_ : issuer->key(), EVP_sha256());
}

Certificate::~Certificate() {
    X509_free(certificate_);
    EVP_PKEY_free(key_);
}

std::string Certificate::pem() const {
    BIO* const memory = BIO_new(BIO_s_mem());
    PEM_write_bio_X509(memory, certificate_);
    char* data = nullptr;
    const long size = BIO_get_mem_data(memory, &data);
    std::string text(data, static_cast<std::size_t>(size));
    BIO_free(memory);
    return text;
}

}  // namespace sluice::conform
