#include "session/subtree_job.hpp"

#include <fmt/format.h>

#include "sluice/vfs/subtree.hpp"

namespace sluice::session {
namespace {

using proto::ReplyCode;

// Steps until the work is done or somebody says stop.
io::Task<Status> run_steps(Session& session, vfs::Subtree& subtree) {
    Session::Job& job = session.job();
    const Status begun = co_await subtree.begin(job.path);
    if (!begun) { co_return fail(begun.error()); }
    while (!job.stop.requested()) {
        const Result<bool> more = co_await subtree.step();
        if (!more) { co_return fail(more.error()); }
        job.done = subtree.names();
        if (!*more) { co_return Status(); }
    }
    co_return fail(Errc::Stopped);
}

io::Task<void> remove(Session& session, ReplyCode done) {
    vfs::Subtree subtree(session.tree(), vfs::SubtreeWork::Remove);
    const Status removed = co_await run_steps(session, subtree);
    if (!removed) {
        session.end_job(removed.error());
        co_return;
    }
    session.log_change(obs::EventKind::RemoveDirectory, session.job().path);
    session.end_job(done, {"Directory removed with all that was in it."});
}

io::Task<void> measure(Session& session) {
    vfs::Subtree subtree(session.tree(), vfs::SubtreeWork::Measure);
    const Status measured = co_await run_steps(session, subtree);
    if (!measured) {
        session.end_job(measured.error());
        co_return;
    }
    session.end_job(ReplyCode::FileStatus, {fmt::format("{}", subtree.bytes())});
}

}  // namespace

void begin_removal(Session& session, std::string_view command, std::string path, ReplyCode done) {
    session.begin_job(command, path, "names");
    io::Task<void> task = remove(session, done);
    session.run_job(std::move(task));
}

void begin_measuring(Session& session, std::string_view command, std::string path) {
    session.begin_job(command, path, "names");
    io::Task<void> task = measure(session);
    session.run_job(std::move(task));
}

}  // namespace sluice::session
