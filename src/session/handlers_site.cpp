// SITE: RFC 959 section 4.1.3. Its commands are rows of proto::kSiteTable.
#include "session/handlers.hpp"
#include "session/reply_for_error.hpp"
#include "sluice/proto/site.hpp"

namespace sluice::session {
namespace {

using proto::ReplyCode;

io::Task<void> site_chmod(Session& session, std::string_view argument) {
    const Result<proto::ChmodRequest> request = proto::parse_chmod(argument);
    if (!request) {
        session.reply(ReplyCode::BadArgument, "SITE CHMOD wants an octal mode and a path.");
        co_return;
    }
    const Result<std::string> path = session.resolve(request->path);
    if (!path) {
        reply_error(session, path.error());
        co_return;
    }
    const Status changed = co_await session.tree().change_mode(*path, request->mode);
    if (!changed) {
        reply_error(session, changed.error());
        co_return;
    }
    session.reply(ReplyCode::Okay, "Mode changed.");
    session.log_change(obs::EventKind::ChangeMode, *path);
}

io::Task<void> site_utime(Session& session, std::string_view argument) {
    const Result<proto::UtimeRequest> request = proto::parse_utime(argument);
    if (!request) {
        session.reply(ReplyCode::BadArgument, "SITE UTIME wants YYYYMMDDhhmmss and a path.");
        co_return;
    }
    const Result<std::string> path = session.resolve(request->path);
    if (!path) {
        reply_error(session, path.error());
        co_return;
    }
    const Status set = co_await session.tree().set_modified(*path, request->modified);
    if (!set) {
        reply_error(session, set.error());
        co_return;
    }
    session.reply(ReplyCode::Okay, "Time changed.");
}

}  // namespace

io::Task<void> handle_site(Session& session, const Command& command) {
    const proto::SiteCommand site = proto::parse_site(command.argument);
    if (site.row == nullptr) {
        session.reply(ReplyCode::UnknownCommand, "Unknown SITE command, see SITE HELP.");
        co_return;
    }
    if (site.row->writes_tree && !session.may_write()) {
        session.reply(ReplyCode::FileUnavailable, "Permission denied: read-only here.");
        co_return;
    }
    switch (site.row->id) {
        case proto::SiteId::Chmod: co_await site_chmod(session, site.argument); break;
        case proto::SiteId::Utime: co_await site_utime(session, site.argument); break;
        case proto::SiteId::Help: proto::append_site_help(session.output()); break;
    }
}

}  // namespace sluice::session
