// AUTH PBSZ PROT CCC: RFC 2228, RFC 4217. SSCN: no RFC, but glFTPD, ProFTPD and DrFTPD agree.
#include "session/handlers.hpp"
#include "session/tls_policy.hpp"

namespace sluice::session {
namespace {

using proto::equal_ignoring_case;
using proto::ReplyCode;

bool has_tls(Session& session) {
    if (session.has_tls() && session.config().tls.is_on()) { return true; }
    session.reply(ReplyCode::NotImplemented, "TLS is not set up here.");
    return false;
}

}  // namespace

bool may_meet_servers(Session& session) {
    if (!has_tls(session)) { return false; }
    if (!session.is_secure()) {
        session.reply(ReplyCode::BadSequence, "AUTH TLS first.");
        return false;
    }
    if (!session.config().transfer.allow_foreign_data) {
        session.reply(ReplyCode::RefusedBySecurity, "No transfers between servers here.");
        return false;
    }
    return true;
}

// What the client has sent behind it in clear would be taken for commands of the protected session
// (CVE-2011-1575): then there is none.
void handle_auth(Session& session, const Command& command) {
    if (!has_tls(session)) { return; }
    if (session.is_secure()) {
        session.reply(ReplyCode::BadSequence, "TLS is in use already.");
        return;
    }
    const std::string_view mechanism = command.argument;
    // In the drafts before RFC 4217 these two meant PROT P, too, and their clients rely on it.
    const bool protects_data =
        equal_ignoring_case(mechanism, "SSL") || equal_ignoring_case(mechanism, "TLS-P");
    if (!protects_data && !equal_ignoring_case(mechanism, "TLS") &&
        !equal_ignoring_case(mechanism, "TLS-C")) {
        session.reply(ReplyCode::ParameterNotImplemented, "AUTH wants TLS or SSL.");
        return;
    }
    if (!offers_auth(session)) {
        session.reply(ReplyCode::RefusedBySecurity, "No AUTH on this port.");
        return;
    }
    if (session.has_further_input()) {
        session.reply(ReplyCode::BadSequence, "Nothing may follow AUTH before its answer.");
        session.request_end(io::StopReason::Protocol);
        return;
    }
    session.reinitialise();  // RFC 4217 section 4: also a login in clear is forgotten
    session.state().protection_sized = protects_data;
    session.state().protects_data = protects_data;
    session.reply(ReplyCode::SecurityDone, "Begin TLS now.");
    session.begin_tls_later();
}

void handle_pbsz(Session& session, const Command&) {
    if (!has_tls(session)) { return; }
    if (!session.is_secure()) {
        session.reply(ReplyCode::BadSequence, "AUTH TLS first.");
        return;
    }
    session.state().protection_sized = true;
    session.reply(ReplyCode::Okay, "PBSZ=0");
}

void handle_prot(Session& session, const Command& command) {
    if (!has_tls(session)) { return; }
    State& state = session.state();
    if (!session.is_secure() || !state.protection_sized) {
        session.reply(ReplyCode::BadSequence,
                      session.is_secure() ? "PBSZ first." : "AUTH TLS first.");
        return;
    }
    const std::string_view level = command.argument;
    if (equal_ignoring_case(level, "P")) {
        state.protects_data = true;
        session.reply(ReplyCode::Okay, "Data will be protected.");
    } else if (equal_ignoring_case(level, "C")) {
        if (tls_policy(session).data) {
            session.reply(ReplyCode::RefusedBySecurity, "Data must be protected here.");
            return;
        }
        state.protects_data = false;
        session.reply(ReplyCode::Okay, "Data will be in clear.");
    } else if (equal_ignoring_case(level, "S") || equal_ignoring_case(level, "E")) {
        session.reply(ReplyCode::ProtectionUnknown, "TLS knows C and P only.");
    } else {
        session.reply(ReplyCode::ParameterNotImplemented, "PROT wants C or P.");
    }
}

void handle_ccc(Session& session, const Command&) {
    if (!has_tls(session)) { return; }
    if (!session.is_secure()) {
        session.reply(ReplyCode::ChannelNotProtected, "The commands are in clear already.");
        return;
    }
    if (!session.config().tls.allow_ccc) {
        session.reply(ReplyCode::RefusedBySecurity, "Commands stay protected here.");
        return;
    }
    if (!session.state().is_logged_in() && hides_logins(session)) {
        // Else the password would follow in clear.
        session.reply(ReplyCode::BadSequence, "Log in first.");
        return;
    }
    session.reply(ReplyCode::Okay, "Going on in clear.");
    session.leave_tls_later();
}

// "Set secured client negotiation": of two servers that exchange a file one must be the TLS client,
// and this says whether we are it, from now on and whoever connects.
void handle_sscn(Session& session, const Command& command) {
    const std::string_view method = command.argument;
    const bool on = equal_ignoring_case(method, "ON");
    if (!method.empty() && !on && !equal_ignoring_case(method, "OFF")) {
        session.reply(ReplyCode::BadArgument, "SSCN wants ON, OFF or nothing.");
        return;
    }
    if (!may_meet_servers(session)) { return; }
    State& state = session.state();
    if (!method.empty()) { state.is_tls_client = on; }
    session.reply(ReplyCode::Okay,
                  state.is_tls_client ? "SSCN:CLIENT METHOD" : "SSCN:SERVER METHOD");
}

}  // namespace sluice::session
