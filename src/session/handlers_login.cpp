// USER PASS ACCT REIN QUIT: RFC 959 section 4.1.1; anonymous logins RFC 1635, certificates RFC 4217
// section 9.
#include "session/handlers.hpp"
#include "session/messages.hpp"
#include "session/quirks.hpp"
#include "session/tls_policy.hpp"

namespace sluice::session {
namespace {

using proto::ReplyCode;

// What xferlog keeps of the password an anonymous user gives, usually a mail address.
constexpr std::size_t kPasswordKeptBytes = 64;

// Whether anybody of this name can log in; never to be told to a client.
bool has_account(const Session& session, std::string_view name) {
    return session.config().anonymous.enabled && is_anonymous_name(name);
}

void begin_login(Session& session) {
    session.state().login = LoginState::LoggedIn;
    session.user().assign("ftp");
}

void refuse_login(Session& session, std::string_view words, std::string_view reason) {
    session.log_login(false, reason);
    State& state = session.state();
    state.login = LoginState::None;
    ++state.login_failures;
    session.reply(ReplyCode::NotLoggedIn, words);
    if (state.login_failures >= session.config().limits.login_attempts) {
        session.request_end(io::StopReason::Limit);
    }
}

// RFC 4217 section 9: the certificate has said it all, and no password is asked for.
io::Task<void> log_in_by_certificate(Session& session) {
    const std::string subject = session.certificate_subject();
    begin_login(session);
    session.state().certified = true;
    // Whose it is, where xferlog has the mail address of a guest.
    session.password().assign(subject, 0, kPasswordKeptBytes);
    session.log_login(true, "by certificate " + subject);
    session.watch_deadline();  // from the login time-out to the idle one
    co_await append_welcome(session, ReplyCode::LoggedInBySecurity,
                            "Logged in by your certificate.");
}

}  // namespace

// Without a certificate the answer is the same 331 for every name: it must not tell who exists.
io::Task<void> handle_user(Session& session, const Command& command) {
    State& state = session.state();
    const config::TlsSection& tls = session.config().tls;
    const bool needs_certificate = tls.client_certificates == config::ClientCertificates::Required;
    if (state.is_logged_in()) {
        session.reply(ReplyCode::BadSequence, "Already logged in; REIN first.");
        co_return;
    }
    if (!session.is_secure() &&
        (needs_certificate || tls_policy_of(session, command.argument).login)) {
        // Here, and not at PASS: the password is never sent in clear. A user named before is none
        // any more.
        state.login = LoginState::None;
        session.reply(ReplyCode::NotLoggedIn, "Logins are encrypted here: AUTH TLS first.");
        co_return;
    }
    session.user().assign(command.argument);
    if (session.is_certified_as(command.argument) && has_account(session, command.argument)) {
        co_await log_in_by_certificate(session);
        co_return;
    }
    if (needs_certificate && tls.client_user != config::ClientUser::None) {
        refuse_login(session, "Your certificate is not for this user.",
                     "the certificate is not for this user");
        co_return;
    }
    state.login = LoginState::UserGiven;
    if (is_anonymous_name(command.argument)) {
        session.reply(ReplyCode::NeedPassword,
                      "Guest login ok, send your e-mail address as password.");
    } else {
        session.reply(ReplyCode::NeedPassword, "Please send the password.");
    }
}

io::Task<void> handle_pass(Session& session, const Command& command) {
    State& state = session.state();
    if (state.certified) {
        // Clients that send one whatever USER was answered.
        session.reply(ReplyCode::Superfluous, "Logged in by your certificate.");
        co_return;
    }
    if (state.is_logged_in()) {
        session.reply(ReplyCode::BadSequence, "Already logged in; REIN first.");
        co_return;
    }
    if (state.login != LoginState::UserGiven) {
        session.reply(ReplyCode::BadSequence, "USER first.");
        co_return;
    }
    if (has_account(session, session.user())) {
        begin_login(session);
        session.password().assign(command.argument.substr(0, kPasswordKeptBytes));
        recognise_client(session, Sign::Password, command.argument);
        session.log_login(true);
        session.watch_deadline();  // from the login time-out to the idle one
        co_await append_welcome(session, ReplyCode::LoggedIn, "Login successful.");
        co_return;
    }
    refuse_login(session, "Login incorrect.", {});
}

void handle_acct(Session& session, const Command&) {
    session.reply(ReplyCode::Superfluous, "No account needed.");
}

void handle_rein(Session& session, const Command&) {
    session.reinitialise();
    session.reply(ReplyCode::ServiceReady, "Ready for a new user.");
    // RFC 4217 section 13: behind its answer everything begins in clear again. Where TLS came first
    // it stays.
    if (session.is_secure() && !session.is_implicit()) { session.leave_tls_later(); }
}

void handle_quit(Session& session, const Command&) {
    session.say_goodbye();
    session.request_end(io::StopReason::Quit);
}

}  // namespace sluice::session
