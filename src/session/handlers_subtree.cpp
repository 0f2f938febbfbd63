// AVBL DSIZ RMDA: room, size and removal of a folder with all that is in it
// (draft-peterson-streamlined-ftp-command-extensions; RMDA and DSIZ as other servers have them).
#include <fmt/format.h>

#include "session/handlers.hpp"
#include "session/reply_for_error.hpp"
#include "session/subtree_job.hpp"

namespace sluice::session {

using proto::ReplyCode;

// What an upload may still use, so only for who may upload.
io::Task<void> handle_avbl(Session& session, const Command& command) {
    if (!session.may_write()) {
        reply_error(session, Error(Errc::AccessDenied));
        co_return;
    }
    const Result<std::string> path = session.resolve(command.argument);
    if (refused(session, path)) { co_return; }
    const Result<std::int64_t> free = co_await session.tree().free_bytes(*path);
    if (refused(session, free)) { co_return; }
    session.reply(ReplyCode::FileStatus, fmt::format("{}", *free));
}

void handle_dsiz(Session& session, const Command& command) {
    const Result<std::string> path = session.resolve(command.argument);
    if (refused(session, path)) { return; }
    begin_measuring(session, "DSIZ", *path);
}

void handle_rmda(Session& session, const Command& command) {
    const Result<std::string> path = session.resolve(command.argument);
    if (refused(session, path)) { return; }
    begin_removal(session, "RMDA", *path, ReplyCode::FileActionOkay);
}

}  // namespace sluice::session
