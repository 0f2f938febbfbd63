#include "session/tls_policy.hpp"

#include <algorithm>

#include "sluice/proto/verb.hpp"

namespace sluice::session {
namespace {

config::TlsEnd end_of(const sys::SocketAddress& address) {
    config::TlsEnd end;
    std::copy_n(address.bytes(), end.address.size(), end.address.begin());
    end.is_ipv6 = address.is_v6();
    end.port = address.port();
    return end;
}

config::TlsPolicy policy_for(const Session& session, config::TlsUsers users) {
    return config::tls_policy(session.config().tls, users, end_of(session.peer()),
                              end_of(session.local()));
}

}  // namespace

bool is_anonymous_name(std::string_view name) {
    return proto::equal_ignoring_case(name, "anonymous") || proto::equal_ignoring_case(name, "ftp");
}

config::TlsPolicy tls_policy_of(const Session& session, std::string_view user) {
    return policy_for(
        session, is_anonymous_name(user) ? config::TlsUsers::Anonymous : config::TlsUsers::Named);
}

config::TlsPolicy tls_policy(const Session& session) {
    if (session.state().login != LoginState::None) {
        return tls_policy_of(session, session.user());
    }
    const config::TlsPolicy anonymous = policy_for(session, config::TlsUsers::Anonymous);
    const config::TlsPolicy named = policy_for(session, config::TlsUsers::Named);
    config::TlsPolicy both;
    both.offered = anonymous.offered && named.offered;
    both.login = anonymous.login && named.login;
    both.data = anonymous.data && named.data;
    return both;
}

bool offers_auth(const Session& session) {
    return policy_for(session, config::TlsUsers::Anonymous).offered ||
           policy_for(session, config::TlsUsers::Named).offered;
}

bool hides_logins(const Session& session) {
    // Who must show a certificate logs in over TLS, whatever the rules say.
    return session.config().tls.client_certificates == config::ClientCertificates::Required ||
           policy_for(session, config::TlsUsers::Anonymous).login ||
           policy_for(session, config::TlsUsers::Named).login;
}

}  // namespace sluice::session
