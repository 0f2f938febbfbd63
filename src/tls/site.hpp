// The certificates for one set of host names, one for each kind of key.
#pragma once

#include <string>
#include <vector>

#include "sluice/tls/context.hpp"
#include "tls/handles.hpp"
#include "tls/identity.hpp"

namespace sluice::tls {

struct Context::Site {
    std::vector<std::string> host_names;
    std::vector<Identity> identities;
    SSL_CTX* context = nullptr;

    Site() = default;
    Site(const Site&) = delete;
    Site& operator=(const Site&) = delete;
    ~Site() { SSL_CTX_free(context); }
};

}  // namespace sluice::tls
