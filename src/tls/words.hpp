// Numbers, times, names and texts of certificates, as the module's messages need them.
#pragma once

#include <cstdint>
#include <string>

#include "sluice/base/bytes.hpp"
#include "sluice/tls/certificate.hpp"
#include "sluice/tls/context.hpp"
#include "tls/handles.hpp"

namespace sluice::tls {

// OpenSSL's.
inline int number_of(Version version) {
    return version == Version::Tls12 ? TLS1_2_VERSION : TLS1_3_VERSION;
}
void report(Findings& findings, bool is_error, std::string text);
std::string lower_case(std::string_view text);
// Seconds since 1970; 0 for what is no time.
std::int64_t seconds_of(const ASN1_TIME* time);
inline std::string_view text_of(const ASN1_STRING* string) {
    return as_text(
        Bytes(ASN1_STRING_get0_data(string), static_cast<std::size_t>(ASN1_STRING_length(string))));
}
// "CN=Example CA,O=Example" (RFC 2253), cut where it is longer than a log wants.
std::string name_of(const X509_NAME* name);

}  // namespace sluice::tls
