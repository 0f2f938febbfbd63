// make_self_signed: a certificate for trying things out.
#include <fmt/format.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>

#include <ctime>

#include "sluice/tls/certificate.hpp"
#include "tls/handles.hpp"

namespace sluice::tls {
namespace {

constexpr std::int64_t kLifeSeconds = 30 * 24 * 3600;
// A clock of a client that is slow by a day is common.
constexpr std::int64_t kSlackSeconds = 24 * 3600;

std::string text_in(BIO* bio) {
    char* data = nullptr;
    const long size = BIO_get_mem_data(bio, &data);
    return std::string(data, static_cast<std::size_t>(size));
}

bool add_extension(X509* certificate, int nid, const std::string& value) {
    const Handle<X509_EXTENSION> extension(
        X509V3_EXT_conf_nid(nullptr, nullptr, nid, value.c_str()));
    return extension != nullptr && X509_add_ext(certificate, extension.get(), -1) == 1;
}

bool set_serial(X509* certificate) {
    std::uint64_t serial = 0;
    if (RAND_bytes(reinterpret_cast<unsigned char*>(&serial), sizeof serial) != 1) {
        return false;
    }
    return ASN1_INTEGER_set_uint64(X509_get_serialNumber(certificate), serial | 1u) == 1;
}

bool fill_in(X509* certificate, EVP_PKEY* key, const std::vector<std::string>& host_names,
             WallTime now) {
    // Names that would break out of the list of the extension are none of ours.
    std::string alternatives = "DNS:localhost,IP:127.0.0.1,IP:::1";
    std::string subject = "localhost";
    for (const std::string& name : host_names) {
        if (name.empty() || name.find_first_of(",: \t\r\n") != std::string::npos) {
            return false;
        }
        if (subject == "localhost") {
            subject = name;
        }
        if (name != "localhost") {
            alternatives += fmt::format(",DNS:{}", name);
        }
    }
    std::time_t begins = static_cast<std::time_t>(now.seconds - kSlackSeconds);
    std::time_t ends = static_cast<std::time_t>(now.seconds + kLifeSeconds);
    X509_NAME* name = X509_get_subject_name(certificate);
    return X509_set_version(certificate, X509_VERSION_3) == 1 && set_serial(certificate) &&
           X509_time_adj(X509_getm_notBefore(certificate), 0, &begins) != nullptr &&
           X509_time_adj(X509_getm_notAfter(certificate), 0, &ends) != nullptr &&
           X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8,
                                      reinterpret_cast<const unsigned char*>(subject.c_str()), -1,
                                      -1, 0) == 1 &&
           X509_set_issuer_name(certificate, name) == 1 && X509_set_pubkey(certificate, key) == 1 &&
           add_extension(certificate, NID_subject_alt_name, alternatives) &&
           add_extension(certificate, NID_basic_constraints, "critical,CA:FALSE") &&
           add_extension(certificate, NID_ext_key_usage, "serverAuth") &&
           X509_sign(certificate, key, EVP_sha256()) > 0;
}

}  // namespace

std::optional<IdentityText> make_self_signed(const std::vector<std::string>& host_names,
                                             WallTime now) {
    const Handle<EVP_PKEY> key(EVP_EC_gen("P-256"));
    const Handle<X509> certificate(X509_new());
    const Handle<BIO> chain_text(BIO_new(BIO_s_mem()));
    const Handle<BIO> key_text(BIO_new(BIO_s_mem()));
    const bool made = key != nullptr && certificate != nullptr && chain_text != nullptr &&
                      key_text != nullptr &&
                      fill_in(certificate.get(), key.get(), host_names, now) &&
                      PEM_write_bio_X509(chain_text.get(), certificate.get()) == 1 &&
                      PEM_write_bio_PrivateKey(key_text.get(), key.get(), nullptr, nullptr, 0,
                                               nullptr, nullptr) == 1;
    ERR_clear_error();
    if (!made) {
        return std::nullopt;
    }
    IdentityText text;
    text.chain_name = "the self-signed certificate";
    text.chain_pem = text_in(chain_text.get());
    text.key_name = "the key of the self-signed certificate";
    text.key_pem = text_in(key_text.get());
    return text;
}

}  // namespace sluice::tls
