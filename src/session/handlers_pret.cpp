// PRET: the command that PASV will be for, so that a refusal comes before the data connection.
// It promises nothing: the transfer command looks again.
#include "session/handlers.hpp"
#include "session/reply_for_error.hpp"
#include "sluice/proto/list_line.hpp"
#include "sluice/proto/parser.hpp"

namespace sluice::session {
namespace {

using proto::CommandId;
using proto::ReplyCode;

bool is_listing(CommandId id) {
    return id == CommandId::List || id == CommandId::Nlst || id == CommandId::Mlsd;
}

// What the command would be refused for now.
io::Task<Status> foresee(Session& session, CommandId id, std::string_view argument) {
    const bool of_facts = id == CommandId::Mlsd;
    const std::string_view name =
        is_listing(id) && !of_facts ? proto::parse_list_argument(argument).path : argument;
    const Result<std::string> path = session.resolve(name);
    if (!path) { co_return fail(path.error()); }
    if (id == CommandId::Stor || id == CommandId::Appe || id == CommandId::Stou) {
        co_return Status();  // the name may be new; that the tree is writable has been seen
    }
    const Result<sys::FileStatus> status = co_await session.tree().status(*path);
    if (!status) { co_return fail(status.error()); }
    if (id == CommandId::Retr && !status->is_regular()) { co_return fail(Errc::NotRegularFile); }
    if (of_facts && !status->is_directory()) { co_return fail(Errc::NotDirectory); }
    co_return Status();
}

}  // namespace

io::Task<void> handle_pret(Session& session, const Command& command) {
    const proto::Request request = proto::parse_request(command.argument);
    if (request.kind != proto::RequestKind::Command) {
        session.reply(ReplyCode::BadArgument, "PRET wants a transfer command.");
        co_return;
    }
    if (!request.row->flags.needs_data) {
        session.reply(ReplyCode::ParameterNotImplemented, "PRET is for transfer commands.");
        co_return;
    }
    const bool stores = request.row->flags.writes_tree;
    const PathUse use = stores ? PathUse::NewName : PathUse::Existing;
    Status fine;
    if (stores && !session.may_write()) {
        fine = fail(Errc::AccessDenied);
    } else {
        fine = co_await foresee(session, request.row->id, request.command.argument);
    }
    if (refused(session, fine, use)) { co_return; }
    session.reply(ReplyCode::Okay, "Ready for PASV.");
}

}  // namespace sluice::session
