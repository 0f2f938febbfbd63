// The blocks of a text in PEM (RFC 7468), one after the other, in memory that is wiped.
//
// OpenSSL's own readers leave the last line of a private key, and of what they skip, in memory that
// was given back (EVP_ENCODE_CTX): tests/system/test_certificates.py looks for it.
// Pure; thread: any.
#pragma once

#include <string_view>
#include <vector>

#include "sluice/base/bytes.hpp"

namespace sluice::tls {

class PemReader {
public:
    // `text` must outlive it.
    explicit PemReader(std::string_view text) : text_(text) {}
    PemReader(const PemReader&) = delete;
    PemReader& operator=(const PemReader&) = delete;
    ~PemReader() { wipe(); }

    // False at the end of the text, and where it is broken.
    bool next();
    bool is_at_end() const { return at_end_; }
    // What is broken; "" when nothing is.
    std::string_view failure() const { return failure_; }

    // Of the present block: "CERTIFICATE", "EC PRIVATE KEY", and its content.
    std::string_view name() const { return name_; }
    Bytes der() const { return der_; }

private:
    void wipe();
    bool decode(std::string_view body);

    std::string_view text_;
    std::string_view name_;
    std::vector<std::uint8_t> der_;
    std::string_view failure_;
    bool at_end_ = false;
};

}  // namespace sluice::tls
