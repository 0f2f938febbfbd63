#include "tls/staple.hpp"

#include <fmt/format.h>
#include <openssl/ocsp.h>

#include <ctime>
#include <utility>

namespace sluice::tls {
namespace {

// Clocks of authorities that are a little ahead of ours.
constexpr std::int64_t kClockSlackSeconds = 300;
// A response that names no end is always old already (RFC 6960 section 4.2.2.1); no authority for
// the public does that.
constexpr std::int64_t kEndlessSeconds = 24 * 3600;

struct FreeOcsp {
    void operator()(OCSP_RESPONSE* response) const { OCSP_RESPONSE_free(response); }
    void operator()(OCSP_BASICRESP* response) const { OCSP_BASICRESP_free(response); }
    void operator()(OCSP_CERTID* id) const { OCSP_CERTID_free(id); }
};
template <class T>
using OcspHandle = std::unique_ptr<T, FreeOcsp>;

X509* issuer_of(X509* certificate, STACK_OF(X509) * chain) {
    for (int i = 0; i < sk_X509_num(chain); ++i) {
        X509* other = sk_X509_value(chain, i);
        if (X509_check_issued(other, certificate) == X509_V_OK) {
            return other;
        }
    }
    return nullptr;
}

// The part about the certificate: a response may be about many, and names each by hashes of its
// own choice.
OCSP_SINGLERESP* part_about(X509* certificate, X509* issuer, OCSP_BASICRESP* response) {
    for (int i = 0; i < OCSP_resp_count(response); ++i) {
        OCSP_SINGLERESP* part = OCSP_resp_get0(response, i);
        // Not const in OpenSSL 3.0, though it only looks.
        OCSP_CERTID* id = const_cast<OCSP_CERTID*>(OCSP_SINGLERESP_get0_id(part));
        ASN1_OBJECT* algorithm = nullptr;
        if (OCSP_id_get0_info(nullptr, &algorithm, nullptr, nullptr, id) != 1) {
            continue;
        }
        const EVP_MD* digest = EVP_get_digestbyobj(algorithm);
        if (digest == nullptr) {
            continue;
        }
        const OcspHandle<OCSP_CERTID> ours(OCSP_cert_to_id(digest, certificate, issuer));
        if (ours != nullptr && OCSP_id_cmp(ours.get(), id) == 0) {
            return part;
        }
    }
    return nullptr;
}

// Signed by the issuer, or by whom it has appointed for that.
bool is_signed(OCSP_BASICRESP* response, X509* issuer, STACK_OF(X509) * chain, WallTime now) {
    const Handle<X509_STORE> store(X509_STORE_new());
    if (store == nullptr || X509_STORE_add_cert(store.get(), issuer) != 1) {
        return false;
    }
    X509_STORE_set_flags(store.get(), X509_V_FLAG_PARTIAL_CHAIN);
    X509_VERIFY_PARAM_set_time(X509_STORE_get0_param(store.get()),
                               static_cast<std::time_t>(now.seconds));
    return OCSP_basic_verify(response, chain, store.get(), 0) == 1;
}

std::int64_t seconds_of(const ASN1_GENERALIZEDTIME* time) {
    std::tm fields = {};
    return ASN1_TIME_to_tm(time, &fields) == 1 ? static_cast<std::int64_t>(::timegm(&fields)) : 0;
}

}  // namespace

std::optional<Staple> Staple::parse(const IdentityText& text, X509* certificate,
                                    STACK_OF(X509) * chain, WallTime now, Findings& findings) {
    ERR_clear_error();
    const auto leave_out = [&](std::string_view why) {
        Finding finding;
        finding.text = fmt::format("{}: {}; it is not stapled", text.ocsp_name, why);
        findings.push_back(std::move(finding));
        ERR_clear_error();
        return std::optional<Staple>();
    };
    const unsigned char* bytes = reinterpret_cast<const unsigned char*>(text.ocsp_der.data());
    const OcspHandle<OCSP_RESPONSE> response(
        d2i_OCSP_RESPONSE(nullptr, &bytes, static_cast<long>(text.ocsp_der.size())));
    if (response == nullptr) {
        return leave_out("this is no OCSP response in DER (openssl ocsp -respout)");
    }
    const int status = OCSP_response_status(response.get());
    if (status != OCSP_RESPONSE_STATUS_SUCCESSFUL) {
        return leave_out(
            fmt::format("the authority has not answered: {}", OCSP_response_status_str(status)));
    }
    const OcspHandle<OCSP_BASICRESP> basic(OCSP_response_get1_basic(response.get()));
    if (basic == nullptr) {
        return leave_out("this is no OCSP response of a kind that is known");
    }
    X509* issuer = issuer_of(certificate, chain);
    if (issuer == nullptr) {
        return leave_out(
            fmt::format("{} does not hold the authority of its certificate, which "
                        "the OCSP response is checked with",
                        text.chain_name));
    }
    OCSP_SINGLERESP* part = part_about(certificate, issuer, basic.get());
    if (part == nullptr) {
        return leave_out(
            fmt::format("the OCSP response is not about the certificate in {}", text.chain_name));
    }
    if (!is_signed(basic.get(), issuer, chain, now)) {
        return leave_out("the OCSP response is not signed by the certificate's authority");
    }
    int reason = 0;
    ASN1_GENERALIZEDTIME* revoked = nullptr;
    ASN1_GENERALIZEDTIME* begins = nullptr;
    ASN1_GENERALIZEDTIME* ends = nullptr;
    const int verdict = OCSP_single_get0_status(part, &reason, &revoked, &begins, &ends);
    if (verdict != V_OCSP_CERTSTATUS_GOOD) {
        std::optional<Staple> none = leave_out(fmt::format(
            "the authority says that the certificate is {}", OCSP_cert_status_str(verdict)));
        findings.back().is_urgent = true;
        return none;
    }
    Staple staple;
    staple.der_ = text.ocsp_der;
    staple.term_.kind = Term::Kind::OcspResponse;
    staple.term_.name = text.ocsp_name;
    staple.term_.begins = seconds_of(begins) - kClockSlackSeconds;
    staple.term_.ends = ends == nullptr ? seconds_of(begins) + kEndlessSeconds : seconds_of(ends);
    return staple;
}

}  // namespace sluice::tls
