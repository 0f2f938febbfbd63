// SITE COPY, CPFR, CPTO: copies within the server, in the forms of ProFTPD's mod_copy.
#include <utility>

#include "session/copy_job.hpp"
#include "session/reply_for_error.hpp"
#include "session/site_handlers.hpp"
#include "sluice/proto/arguments.hpp"

namespace sluice::session {

using proto::ReplyCode;

void site_copy(Session& session, std::string_view argument) {
    const Result<std::vector<std::string>> names = proto::split_words(argument, 2);
    if (!names || names->size() != 2) {
        session.reply(ReplyCode::BadArgument,
                      "SITE COPY wants a file and a new name; quote those with blanks.");
        return;
    }
    Result<std::string> from = session.resolve(names->front());
    Result<std::string> to = session.resolve(names->back());
    if (!from || !to) {
        reply_error(session, from ? to.error() : from.error(),
                    from ? PathUse::NewName : PathUse::Existing);
        return;
    }
    CopyPlan plan;
    plan.command = "SITE COPY";
    plan.sources.push_back(std::move(*from));
    plan.target = std::move(*to);
    plan.done = ReplyCode::Okay;
    begin_copy(session, std::move(plan));
}

io::Task<void> site_cpfr(Session& session, std::string_view argument) {
    const Result<std::string> path = session.resolve(argument);
    if (argument.empty()) {
        session.reply(ReplyCode::BadArgument, "SITE CPFR wants a path.");
        co_return;
    }
    if (refused(session, path)) { co_return; }
    const Result<sys::FileStatus> status = co_await session.tree().status(*path);
    if (!status || !status->is_regular()) {
        reply_error(session, status ? Error(Errc::NotRegularFile) : status.error());
        co_return;
    }
    session.state().source = *path;
    session.state().copies_source = true;
    session.reply(ReplyCode::NeedMore, "Ready for SITE CPTO.");
}

void site_cpto(Session& session, std::string_view argument) {
    std::string from = std::exchange(session.state().source, std::string());
    if (from.empty() || !session.state().copies_source) {
        session.reply(ReplyCode::BadSequence, "SITE CPFR first.");
        return;
    }
    if (argument.empty()) {
        session.reply(ReplyCode::BadArgument, "SITE CPTO wants a path.");
        return;
    }
    Result<std::string> to = session.resolve(argument);
    if (refused(session, to, PathUse::NewName)) { return; }
    CopyPlan plan;
    plan.command = "SITE CPTO";
    plan.sources.push_back(std::move(from));
    plan.target = std::move(*to);
    begin_copy(session, std::move(plan));
}

}  // namespace sluice::session
