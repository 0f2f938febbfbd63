// Who may vouch for clients, and what they have revoked since.
// Owned by: a Context. Thread: its shard, and helpers during handshakes: it does not change.
#pragma once

#include <memory>
#include <vector>

#include "sluice/tls/context.hpp"
#include "tls/handles.hpp"

namespace sluice::tls {

struct Context::Clients {
    Handle<X509_STORE> store;
    Handle<STACK_OF(X509_NAME)> names;  // tells clients which of their certificates to show
    std::vector<Term> terms;

    // Nothing when they cannot be used; then `findings` has an error.
    static std::unique_ptr<Clients> parse(const ClientRules& rules, Findings& findings);
    bool add_to(SSL_CTX* context) const;
};

}  // namespace sluice::tls
