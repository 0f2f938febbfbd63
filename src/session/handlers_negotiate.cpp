// HOST CLNT CSID LANG: what client and server tell each other about themselves, before a login too.
// RFC 7151, RFC 2640 section 4, draft-peterson-streamlined-ftp-command-extensions section 3.
#include <algorithm>

#include "session/handlers.hpp"
#include "session/quirks.hpp"

namespace sluice::session {
namespace {

using proto::ReplyCode;

// RFC 7151 section 3: a name, an IPv4 address, or an IPv6 address in brackets; never with a port.
bool is_host_name(std::string_view text) {
    constexpr std::size_t kBytesMax = 255;
    if (text.size() > kBytesMax) { return false; }
    const bool bracketed = text.size() > 2 && text.front() == '[' && text.back() == ']';
    if (bracketed) { text = text.substr(1, text.size() - 2); }
    return std::all_of(text.begin(), text.end(), [bracketed](char c) {
        const char upper = proto::ascii_upper(c);
        return (upper >= 'A' && upper <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '-' ||
               (bracketed && c == ':');
    });
}

}  // namespace

// All names lead to the same tree, so there is nothing to remember; those that are not ours are
// refused where the configuration lists ours.
void handle_host(Session& session, const Command& command) {
    if (session.state().is_logged_in()) {
        session.reply(ReplyCode::BadSequence, "HOST comes before the login.");
        return;
    }
    if (!is_host_name(command.argument)) {
        session.reply(ReplyCode::BadArgument, "HOST wants a host name without a port.");
        return;
    }
    const std::vector<std::string>& names = session.config().server.host_names;
    const bool known = names.empty() ||
                       std::any_of(names.begin(), names.end(), [&command](const std::string& name) {
                           return proto::equal_ignoring_case(name, command.argument);
                       });
    // RFC 7151 section 3.3: who came by TLS has named its host there, and the certificate was its.
    const std::string_view named = session.tls_host();
    if (!known || (!named.empty() && !proto::equal_ignoring_case(named, command.argument))) {
        session.reply(ReplyCode::ParameterNotImplemented, "No such host here.");
        return;
    }
    session.state().login = LoginState::None;  // RFC 7151 section 3: USER begins anew
    session.reply(ReplyCode::ServiceReady, "Host accepted.");
}

void handle_clnt(Session& session, const Command& command) {
    recognise_client(session, Sign::Announced, command.argument);
    session.reply(ReplyCode::Okay, "Noted.");
}

// What we tell of ourselves is what a client can use; no version (SECURITY.md).
void handle_csid(Session& session, const Command& command) {
    const std::string_view name = name_in_csid(command.argument);
    if (!name.empty()) { recognise_client(session, Sign::Announced, name); }
    session.reply(ReplyCode::Okay, "Name=sluice;OSType=UNIX;CaseSensitive=1;DirSep=/;");
}

// The replies are English; without an argument LANG goes back to that (RFC 2640 section 4.1).
void handle_lang(Session& session, const Command& command) {
    const std::string_view asked = command.argument;
    const bool english = proto::equal_ignoring_case(asked.substr(0, 2), "EN") &&
                         (asked.size() == 2 || asked[2] == '-');
    if (asked.empty() || english) {
        session.reply(ReplyCode::Okay, "Replies are in English.");
        return;
    }
    const bool is_tag = asked.size() <= 35 &&  // RFC 5646 section 4.4.1
                        std::all_of(asked.begin(), asked.end(), [](char c) {
                            const char upper = proto::ascii_upper(c);
                            return (upper >= 'A' && upper <= 'Z') || (c >= '0' && c <= '9') ||
                                   c == '-';
                        });
    if (is_tag) {
        session.reply(ReplyCode::ParameterNotImplemented, "Only EN.");
    } else {
        session.reply(ReplyCode::BadArgument, "LANG wants a language tag like EN.");
    }
}

}  // namespace sluice::session
