// MFF: facts of a name, changed in one command (draft-somers-ftp-mfxx-04 section 5).
#include "session/groups.hpp"
#include "session/handlers.hpp"
#include "session/reply_for_error.hpp"
#include "sluice/proto/modify_facts.hpp"

namespace sluice::session {
namespace {

using proto::ReplyCode;

// In an order in which what is refused most easily comes first. The time is last: changing the mode
// or the group does not touch it, but it is what clients check.
io::Task<Status> apply(Session& session, std::string_view path, const proto::FactChanges& changes) {
    Status changed;
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

io::Task<void> handle_mff(Session& session, const Command& command) {
    const Result<proto::FactChanges> changes = proto::parse_fact_changes(command.argument);
    if (!changes && changes.error().code == Errc::NotSupported) {
        session.reply(ReplyCode::ParameterNotImplemented,
                      "Only Modify, UNIX.group and UNIX.mode can be changed.");
        co_return;
    }
    if (!changes) {
        session.reply(ReplyCode::BadArgument, "MFF wants fact=value;... and a path.");
        co_return;
    }
    const Result<std::string> path = session.resolve(changes->path);
    if (!path) {
        reply_error(session, path.error());
        co_return;
    }
    const Status applied = co_await apply(session, *path, *changes);
    if (!applied) {
        reply_error(session, applied.error());
        co_return;
    }
    session.reply(ReplyCode::FileStatus, proto::print_fact_changes(*changes));
}

}  // namespace sluice::session
