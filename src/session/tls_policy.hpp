// How much TLS the configuration wants of a session (tls.mode, tls.protect_data, tls.rules).
// Pure functions of a session; its shard.
#pragma once

#include <string_view>

#include "sluice/session/session.hpp"

namespace sluice::session {

// "anonymous" and "ftp", in any case.
bool is_anonymous_name(std::string_view name);

// For who logs in under that name.
config::TlsPolicy tls_policy_of(const Session& session, std::string_view user);
// Once the user is named, that one's. Before, what holds whoever it will be: a refusal that would
// be wrong for some is left to the command that comes after USER.
config::TlsPolicy tls_policy(const Session& session);
// AUTH TLS is there for somebody.
bool offers_auth(const Session& session);
// Somebody must not log in in clear.
bool hides_logins(const Session& session);

}  // namespace sluice::session
