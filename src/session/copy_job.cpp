#include "session/copy_job.hpp"

#include <memory>
#include <utility>

#include "session/reply_for_error.hpp"
#include "sluice/vfs/file_copy.hpp"

namespace sluice::session {
namespace {

using proto::ReplyCode;

// One source to the end of the target.
io::Task<Status> copy_one(Session& session, const std::string& source, vfs::UploadTarget& target) {
    Session::Job& job = session.job();
    Result<vfs::File> file = co_await session.tree().open_for_reading(source);
    if (!file) { co_return fail(file.error()); }
    const Result<sys::FileStatus> into = session.tree().kernel().status(target.fd());
    Status copied;
    if (into && into->device == file->status.device && into->inode == file->status.inode) {
        copied = fail(Errc::BadArgument);  // a file behind itself would never end
    } else {
        job.total += static_cast<std::uint64_t>(file->status.size);
        const std::uint64_t before = job.done;
        vfs::FileCopy copy(session.tree(), *file, target);
        bool more = true;
        while (copied && more) {
            if (job.stop.requested()) {
                copied = fail(Errc::Stopped);
                break;
            }
            const Result<bool> stepped = co_await copy.step();
            if (!stepped) { copied = fail(stepped.error()); }
            more = stepped && *stepped;
            job.done = before + static_cast<std::uint64_t>(copy.done());
        }
    }
    co_await session.tree().close(*file);
    co_return copied;
}

// `use` says at the end which name an error is about.
io::Task<Status> copy_all(Session& session, const CopyPlan& plan, PathUse& use) {
    vfs::UploadTarget target(session.tree());
    vfs::UploadRequest request;
    request.path = plan.target;
    request.intent = plan.joins ? vfs::UploadIntent::Append : vfs::UploadIntent::Replace;
    request.file_mode = session.new_file_mode();
    // The parts go afterwards, and may have been on the disk for long: so must be what has them.
    request.durability =
        plan.joins ? config::Durability::Full : session.config().upload.durability;
    request.partial = config::PartialUpload::Discard;
    use = PathUse::NewName;
    const Status begun = co_await target.begin(request);
    if (!begun) { co_return fail(begun.error()); }
    use = PathUse::Existing;
    for (const std::string& source : plan.sources) {
        const Status copied = co_await copy_one(session, source, target);
        if (!copied) {
            co_await target.abandon();
            co_return fail(copied.error());
        }
    }
    const Status committed = co_await target.commit();
    co_return committed;
}

// The parts are in the target for good. One that cannot go is only in the way.
io::Task<Status> remove_sources(Session& session, const CopyPlan& plan) {
    Status all;
    for (const std::string& source : plan.sources) {
        const Status removed = co_await session.tree().remove_file(source);
        if (!removed && removed.error().code != Errc::NotFound) { all = removed; }
    }
    co_return all;
}

io::Task<void> run(Session& session, CopyPlan plan) {
    PathUse use = PathUse::Existing;
    Status done = co_await copy_all(session, plan, use);
    if (!done && done.error().code == Errc::Stopped) {
        session.end_job(done.error());
        co_return;
    }
    if (!done) {
        session.end_job(code_for(done.error().code, use),
                        {capitalised(text_of(done.error())), "."});
        co_return;
    }
    for (const std::string& source : plan.sources) {
        session.log_change(obs::EventKind::Copy, source, plan.target);
    }
    if (plan.joins) { done = co_await remove_sources(session, plan); }
    if (!done) {
        session.end_job(plan.done, {"Put together; not all parts could be removed."});
        co_return;
    }
    session.end_job(plan.done, {plan.joins ? "Put together." : "Copied."});
}

}  // namespace

void begin_copy(Session& session, CopyPlan plan) {
    session.begin_job(plan.command, plan.target, "bytes");
    io::Task<void> task = run(session, std::move(plan));
    session.run_job(std::move(task));
}

}  // namespace sluice::session
