// SITE HELP, IDLE, QUOTA, UMASK, WHO: about the session and the server.
#include <fmt/format.h>

#include <algorithm>

#include "session/quirks.hpp"
#include "session/site_handlers.hpp"
#include "sluice/base/parse_number.hpp"
#include "sluice/proto/modify_facts.hpp"
#include "sluice/proto/site.hpp"

namespace sluice::session {

using proto::ReplyCode;

void site_help(Session& session, std::string_view) { proto::append_site_help(session.output()); }

// A client may ask for less patience than the configuration has, and for more only where that is
// without end: a week then.
void site_idle(Session& session, std::string_view argument) {
    constexpr std::uint32_t kSecondsMin = 30;
    constexpr std::uint32_t kSecondsMax = 7 * 24 * 3600;
    const std::int64_t configured = session.config().limits.idle_timeout.ns / 1'000'000'000;
    const auto most = configured == 0 ? kSecondsMax
                                      : std::max(kSecondsMin, static_cast<std::uint32_t>(
                                            std::min<std::int64_t>(configured, kSecondsMax)));
    if (argument.empty()) {
        const std::int64_t now = session.idle_limit().ns / 1'000'000'000;
        session.reply(ReplyCode::Okay,
                      now == 0 ? std::string("Idle sessions are not closed.")
                               : fmt::format("Idle sessions are closed after {} seconds.", now));
        return;
    }
    const Result<std::uint32_t> seconds =
        parse_decimal<std::uint32_t>(argument, kSecondsMin, most);
    if (!seconds) {
        session.reply(ReplyCode::BadArgument,
                      fmt::format("SITE IDLE wants {} to {} seconds.", kSecondsMin, most));
        return;
    }
    session.state().idle_seconds = *seconds;
    session.watch_deadline();
    session.reply(ReplyCode::Okay, fmt::format("Idle time-out is {} seconds now.", *seconds));
}

io::Task<void> site_quota(Session& session, std::string_view) {
    if (!session.may_write()) {
        session.reply(ReplyCode::Okay, "No quota: read-only here.");
        co_return;
    }
    const Result<std::int64_t> free = co_await session.tree().free_bytes(session.state().cwd);
    session.reply(ReplyCode::Okay, free ? fmt::format("No quota; {} bytes are free here.", *free)
                                        : std::string("No quota."));
}

void site_umask(Session& session, std::string_view argument) {
    if (argument.empty()) {
        const std::uint32_t mask = 0777u & ~session.new_directory_mode();
        session.reply(ReplyCode::Okay, fmt::format("UMASK is {:03o}.", mask));
        return;
    }
    constexpr std::uint32_t kPermissionBits = 0777;
    const Result<std::uint32_t> mask = proto::parse_octal_mode(argument);
    if (!mask || *mask > kPermissionBits) {
        session.reply(ReplyCode::BadArgument, "SITE UMASK wants an octal mask like 022.");
        return;
    }
    session.state().umask = static_cast<std::uint16_t>(*mask);
    session.reply(ReplyCode::Okay, fmt::format("UMASK is {:03o} now.", *mask));
}

// Who the others are is nobody's business (SECURITY.md); how many there are is.
void site_who(Session& session, std::string_view) {
    const std::string_view client = profile_of(session).name;
    session.reply(ReplyCode::Okay,
                  fmt::format("{} of {} sessions are in use; you are ftp from {}{}{}.",
                              session.services().owner.server_sessions(),
                              session.config().limits.max_sessions, session.peer().host_text(),
                              client.empty() ? "" : " with ", client));
}

}  // namespace sluice::session
