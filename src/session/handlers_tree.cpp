// CWD CDUP PWD MKD RMD DELE RNFR RNTO: RFC 959 sections 4.1.1 and 4.1.3. Paths are virtual and
// normal from resolve() on; what a name means on disk is vfs::Root's business.
#include <utility>

#include "session/handlers.hpp"
#include "session/messages.hpp"
#include "session/reply_for_error.hpp"

namespace sluice::session {
namespace {

using proto::ReplyCode;

io::Task<void> change_directory(Session& session, std::string path) {
    const Status exists = co_await session.tree().directory_exists(path);
    if (refused(session, exists)) { co_return; }
    session.state().cwd = std::move(path);
    co_await append_entered(session, "Directory changed.");
}

}  // namespace

io::Task<void> handle_cwd(Session& session, const Command& command) {
    const Result<std::string> path = session.resolve(command.argument);
    if (refused(session, path)) { co_return; }
    co_await change_directory(session, *path);
}

io::Task<void> handle_cdup(Session& session, const Command&) {
    const Result<std::string> parent = session.resolve("..");
    // Named first: g++ 12.2 destroys the temporary of a "?:" in this expression twice (rule C1).
    std::string path = parent ? *parent : std::string("/");
    co_await change_directory(session, std::move(path));
}

void handle_pwd(Session& session, const Command&) {
    proto::append_path_reply(session.output(), session.state().cwd, "is the current directory");
}

io::Task<void> handle_mkd(Session& session, const Command& command) {
    const Result<std::string> path = session.resolve(command.argument);
    if (refused(session, path)) { co_return; }
    const Status made = co_await session.tree().make_directory(*path, session.new_directory_mode());
    if (refused(session, made)) { co_return; }
    proto::append_path_reply(session.output(), *path, "created");
    session.log_change(obs::EventKind::MakeDirectory, *path);
}

io::Task<void> handle_rmd(Session& session, const Command& command) {
    const Result<std::string> path = session.resolve(command.argument);
    if (refused(session, path)) { co_return; }
    const Status removed = co_await session.tree().remove_directory(*path);
    if (refused(session, removed)) { co_return; }
    session.reply(ReplyCode::FileActionOkay, "Directory removed.");
    session.log_change(obs::EventKind::RemoveDirectory, *path);
}

io::Task<void> handle_dele(Session& session, const Command& command) {
    const Result<std::string> path = session.resolve(command.argument);
    if (refused(session, path)) { co_return; }
    const Status removed = co_await session.tree().remove_file(*path);
    if (refused(session, removed)) { co_return; }
    session.reply(ReplyCode::FileActionOkay, "File deleted.");
    session.log_change(obs::EventKind::Delete, *path);
}

// 350 promises that the name exists; RNTO finds out for itself whether it still does.
io::Task<void> handle_rnfr(Session& session, const Command& command) {
    const Result<std::string> path = session.resolve(command.argument);
    if (refused(session, path)) { co_return; }
    const Result<sys::FileStatus> status = co_await session.tree().link_status(*path);
    if (!status || *path == "/") {
        reply_error(session, status ? Error(Errc::AccessDenied) : status.error());
        co_return;
    }
    session.state().source = *path;
    session.state().copies_source = false;
    session.reply(ReplyCode::NeedMore, "Ready for the new name.");
}

io::Task<void> handle_rnto(Session& session, const Command& command) {
    std::string from = std::exchange(session.state().source, std::string());
    if (from.empty()) {
        session.reply(ReplyCode::BadSequence, "RNFR first.");
        co_return;
    }
    const Result<std::string> to = session.resolve(command.argument);
    if (refused(session, to, PathUse::NewName)) { co_return; }
    const Status renamed = co_await session.tree().rename(from, *to, true);
    if (refused(session, renamed, PathUse::NewName)) { co_return; }
    session.reply(ReplyCode::FileActionOkay, "Renamed.");
    session.log_change(obs::EventKind::Rename, from, *to);
}

}  // namespace sluice::session
