// SITE CHGRP, CHMOD, UTIME: what a file says about itself.
#include "session/groups.hpp"
#include "session/reply_for_error.hpp"
#include "session/site_handlers.hpp"
#include "sluice/proto/site.hpp"

namespace sluice::session {

using proto::ReplyCode;

io::Task<void> site_chgrp(Session& session, std::string_view argument) {
    const std::size_t blank = argument.find(' ');
    if (blank == 0 || blank == std::string_view::npos || blank + 1 == argument.size()) {
        session.reply(ReplyCode::BadArgument, "SITE CHGRP wants a group and a path.");
        co_return;
    }
    const Result<std::string> path = session.resolve(argument.substr(blank + 1));
    if (refused(session, path)) { co_return; }
    const Status changed = co_await change_group(session, *path, argument.substr(0, blank));
    if (refused(session, changed)) { co_return; }
    session.reply(ReplyCode::Okay, "Group changed.");
}

io::Task<void> site_chmod(Session& session, std::string_view argument) {
    const Result<proto::ChmodRequest> request = proto::parse_chmod(argument);
    if (!request) {
        session.reply(ReplyCode::BadArgument, "SITE CHMOD wants an octal mode and a path.");
        co_return;
    }
    const Result<std::string> path = session.resolve(request->path);
    if (refused(session, path)) { co_return; }
    const Status changed = co_await session.tree().change_mode(*path, request->mode);
    if (refused(session, changed)) { co_return; }
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
    if (refused(session, path)) { co_return; }
    const Status set = co_await session.tree().set_modified(*path, request->modified);
    if (refused(session, set)) { co_return; }
    session.reply(ReplyCode::Okay, "Time changed.");
}

}  // namespace sluice::session
