// COMB: the parts of an upload put together, as SFTPGo and CrushFTP have it.
#include "session/copy_job.hpp"
#include "session/handlers.hpp"
#include "session/reply_for_error.hpp"
#include "sluice/proto/arguments.hpp"

namespace sluice::session {

using proto::ReplyCode;

void handle_comb(Session& session, const Command& command) {
    constexpr std::size_t kPartsMax = 256;
    const Result<std::vector<std::string>> names =
        proto::split_words(command.argument, 1 + kPartsMax);
    if (!names || names->size() < 2) {
        session.reply(ReplyCode::BadArgument, "COMB wants a target and its parts.");
        return;
    }
    CopyPlan plan;
    plan.command = "COMB";
    plan.joins = true;
    for (const std::string& name : *names) {
        Result<std::string> path = session.resolve(name);
        if (refused(session, path)) { return; }
        if (plan.target.empty()) {
            plan.target = std::move(*path);
        } else {
            plan.sources.push_back(std::move(*path));
        }
    }
    begin_copy(session, std::move(plan));
}

}  // namespace sluice::session
