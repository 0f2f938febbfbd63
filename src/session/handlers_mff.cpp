// MFCT: the creation time of a name; MFF: several facts, changed in one command
// (draft-somers-ftp-mfxx-04 sections 4 and 5).
#include "session/groups.hpp"
#include "session/handlers.hpp"
#include "session/reply_for_error.hpp"
#include "sluice/proto/modify_facts.hpp"
#include "sluice/proto/timestamp.hpp"

namespace sluice::session {
namespace {

using proto::ReplyCode;

// Not every file system has a place for the creation time that a client gives.
void refuse_change(Session& session, Error error, bool of_creation) {
    if (of_creation && error.code == Errc::NotSupported) {
        session.reply(ReplyCode::FileUnavailable, "This file system keeps no creation times.");
    } else {
        reply_error(session, error);
    }
}

// In an order in which what is refused most easily comes first. The time is last: changing the mode
// or the group does not touch it, but it is what clients check.
io::Task<Status> apply(Session& session, std::string_view path, const proto::FactChanges& changes) {
    Status changed;
    if (changes.created) {
        changed = co_await session.tree().give_created(path, *changes.created);
        if (!changed) { co_return fail(changed.error()); }
    }
    if (changes.group) {
        changed = co_await change_group(session, path, *changes.group);
        if (!changed) { co_return fail(changed.error()); }
    }
    if (changes.mode) {
        changed = co_await session.tree().change_mode(path, *changes.mode);
        if (!changed) { co_return fail(changed.error()); }
        session.log_change(obs::EventKind::ChangeMode, path);
    }
    if (changes.modified) {
        changed = co_await session.tree().set_modified(path, *changes.modified);
        if (!changed) { co_return fail(changed.error()); }
    }
    co_return Status();
}

}  // namespace

io::Task<void> handle_mfct(Session& session, const Command& command) {
    const Result<proto::TimedPath> timed = proto::parse_timed_path(command.argument);
    if (!timed) {
        session.reply(ReplyCode::BadArgument, "MFCT wants YYYYMMDDhhmmss and a path.");
        co_return;
    }
    const Result<std::string> path = session.resolve(timed->path);
    if (refused(session, path)) { co_return; }
    const Status given = co_await session.tree().give_created(*path, timed->time);
    if (!given) {
        refuse_change(session, given.error(), true);
        co_return;
    }
    session.reply(ReplyCode::FileStatus, {"Create=", proto::print_time_value(timed->time), "; ",
                                          timed->path});
}

io::Task<void> handle_mff(Session& session, const Command& command) {
    const Result<proto::FactChanges> changes = proto::parse_fact_changes(command.argument);
    if (!changes && changes.error().code == Errc::NotSupported) {
        session.reply(ReplyCode::ParameterNotImplemented,
                      "Only Modify, Create, UNIX.group and UNIX.mode can be changed.");
        co_return;
    }
    if (!changes) {
        session.reply(ReplyCode::BadArgument, "MFF wants fact=value;... and a path.");
        co_return;
    }
    const Result<std::string> path = session.resolve(changes->path);
    if (refused(session, path)) { co_return; }
    const Status applied = co_await apply(session, *path, *changes);
    if (!applied) {
        refuse_change(session, applied.error(), changes->created.has_value());
        co_return;
    }
    session.reply(ReplyCode::FileStatus, proto::print_fact_changes(*changes));
}

}  // namespace sluice::session
