// The cipher suites whose keys OpenSSL gives away, and clients that offer one of them only.
#pragma once

#include "tls_client.hpp"

namespace sluice::tls {

struct Suite {
    int version;
    const char* cipher;

    bool is_gcm() const { return std::string_view(cipher).find("GCM") != std::string_view::npos; }
};

inline constexpr Suite kSuites[] = {
    {TLS1_3_VERSION, "TLS_AES_128_GCM_SHA256"},
    {TLS1_3_VERSION, "TLS_AES_256_GCM_SHA384"},
    {TLS1_3_VERSION, "TLS_CHACHA20_POLY1305_SHA256"},
    {TLS1_2_VERSION, "ECDHE-ECDSA-AES128-GCM-SHA256"},
    {TLS1_2_VERSION, "ECDHE-ECDSA-AES256-GCM-SHA384"},
    {TLS1_2_VERSION, "ECDHE-ECDSA-CHACHA20-POLY1305"},
};

inline std::string suite_name(const testing::TestParamInfo<Suite>& tested) {
    std::string name = tested.param.cipher;
    for (char& c : name) {
        c = c == '-' ? '_' : c;
    }
    return name;
}

inline ClientOptions options_of(const Suite& suite) {
    ClientOptions options = only(suite.version);
    (suite.version == TLS1_3_VERSION ? options.suites : options.ciphers) = suite.cipher;
    return options;
}

}  // namespace sluice::tls
