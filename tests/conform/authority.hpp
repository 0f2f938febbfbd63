// Certificates for transcripts: an authority made for one run, and those that it vouches for.
//
// A server knows it by the setting `tls.client_authorities=@authority`. Nothing outlives the run.
// Thread: one.
#pragma once

#include <string>

struct evp_pkey_st;
struct x509_st;

namespace sluice::conform {

// A certificate of P-256, good for a day, and its key.
class Certificate {
public:
    // `issuer` vouches for it; null: only itself, as an authority does.
    Certificate(const std::string& common_name, const Certificate* issuer);
    Certificate(const Certificate&) = delete;
    Certificate& operator=(const Certificate&) = delete;
    ~Certificate();

    x509_st* get() const { return certificate_; }
    evp_pkey_st* key() const { return key_; }
    std::string pem() const;

private:
    evp_pkey_st* key_;
    x509_st* certificate_;
};

}  // namespace sluice::conform
