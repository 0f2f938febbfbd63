// SITE: RFC 959 section 4.1.3. Its commands are rows of proto::kSiteTable.
#include <array>

#include "session/handlers.hpp"
#include "session/handlers_hash.hpp"
#include "session/reply_for_error.hpp"
#include "session/site_handlers.hpp"
#include "sluice/proto/site.hpp"

namespace sluice::session {
namespace {

using proto::ReplyCode;
using proto::SiteId;

// As session::Handler.
struct SiteHandler {
    void (*now)(Session&, std::string_view) = nullptr;
    io::Task<void> (*later)(Session&, std::string_view) = nullptr;
};

constexpr std::array<SiteHandler, proto::kSiteIdCount> make_handlers() {
    std::array<SiteHandler, proto::kSiteIdCount> all = {};
    const auto at = [&all](SiteId id) -> SiteHandler& { return all[static_cast<std::size_t>(id)]; };
    at(SiteId::Chgrp).later = site_chgrp;
    at(SiteId::Chmod).later = site_chmod;
    at(SiteId::Copy).now = site_copy;
    at(SiteId::Cpfr).later = site_cpfr;
    at(SiteId::Cpto).now = site_cpto;
    at(SiteId::Hash).later = site_hash;
    at(SiteId::Help).now = site_help;
    at(SiteId::Idle).now = site_idle;
    at(SiteId::Mkdir).later = site_mkdir;
    at(SiteId::Quota).later = site_quota;
    at(SiteId::Rmdir).now = site_rmdir;
    at(SiteId::Symlink).later = site_symlink;
    at(SiteId::Umask).now = site_umask;
    at(SiteId::Utime).later = site_utime;
    at(SiteId::Who).now = site_who;
    return all;
}

constexpr std::array<SiteHandler, proto::kSiteIdCount> kHandlers = make_handlers();

constexpr bool each_has_one_handler() {
    for (const SiteHandler& handler : kHandlers) {
        if ((handler.now == nullptr) == (handler.later == nullptr)) { return false; }
    }
    return true;
}
// Under UBSan g++ 12 does not take the address of a function for constant (GCC 71962).
#if !defined(__SANITIZE_ADDRESS__)
static_assert(each_has_one_handler(), "a row of the SITE table has no handler");
#endif

}  // namespace

io::Task<void> handle_site(Session& session, const Command& command) {
    const proto::SiteCommand site = proto::parse_site(command.argument);
    if (site.row == nullptr || site.row->id != SiteId::Cpto) { session.state().source.clear(); }
    if (site.row == nullptr) {
        session.reply(ReplyCode::UnknownCommand, "Unknown SITE command, see SITE HELP.");
        co_return;
    }
    if (site.row->writes_tree && !session.may_write()) {
        session.reply(ReplyCode::FileUnavailable, "Permission denied: read-only here.");
        co_return;
    }
    const SiteHandler& handler = kHandlers[static_cast<std::size_t>(site.row->id)];
    if (handler.now != nullptr) {
        handler.now(session, site.argument);
    } else {
        co_await handler.later(session, site.argument);
    }
}

}  // namespace sluice::session
