// USER PASS ACCT REIN QUIT: RFC 959 section 4.1.1; anonymous logins RFC 1635.
#include "session/handlers.hpp"
#include "session/messages.hpp"
#include "session/quirks.hpp"
#include "session/tls_policy.hpp"

namespace sluice::session {
namespace {

using proto::ReplyCode;

// What xferlog keeps of the password an anonymous user gives, usually a mail address.
constexpr std::size_t kPasswordKeptBytes = 64;

}  // namespace

// The answer is the same 331 for every name: it must not tell who exists.
void handle_user(Session& session, const Command& command) {
    State& state = session.state();
    if (state.is_logged_in()) {
        session.reply(ReplyCode::BadSequence, "Already logged in; REIN first.");
        return;
    }
    if (!session.is_secure() && tls_policy_of(session, command.argument).login) {
        // Here, and not at PASS: the password is never sent in clear. A user named before is none
        // any more.
        state.login = LoginState::None;
        session.reply(ReplyCode::NotLoggedIn, "Logins are encrypted here: AUTH TLS first.");
        return;
    }
    state.login = LoginState::UserGiven;
    session.user().assign(command.argument);
    if (is_anonymous_name(command.argument)) {
        session.reply(ReplyCode::NeedPassword,
                      "Guest login ok, send your e-mail address as password.");
    } else {
        session.reply(ReplyCode::NeedPassword, "Please send the password.");
    }
}

io::Task<void> handle_pass(Session& session, const Command& command) {
    State& state = session.state();
    if (state.is_logged_in()) {
        session.reply(ReplyCode::BadSequence, "Already logged in; REIN first.");
        co_return;
    }
    if (state.login != LoginState::UserGiven) {
        session.reply(ReplyCode::BadSequence, "USER first.");
        co_return;
    }
    if (session.config().anonymous.enabled && is_anonymous_name(session.user())) {
        state.login = LoginState::LoggedIn;
        session.password().assign(command.argument.substr(0, kPasswordKeptBytes));
        session.user().assign("ftp");
        recognise_client(session, Sign::Password, command.argument);
        session.log_login(true);
        session.watch_deadline();  // from the login time-out to the idle one
        co_await append_welcome(session, "Login successful.");
        co_return;
    }
    session.log_login(false);
    state.login = LoginState::None;
    ++state.login_failures;
    session.reply(ReplyCode::NotLoggedIn, "Login incorrect.");
    if (state.login_failures >= session.config().limits.login_attempts) {
        session.request_end(io::StopReason::Limit);
    }
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
