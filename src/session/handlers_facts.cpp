// MLST STAT SIZE MDTM MFMT: facts of one name, over the control connection. RFC 3659 sections 3, 4
// and 7; RFC 959 section 4.1.3; draft-somers-ftp-mfxx.
#include <fmt/format.h>

#include "session/entry_facts.hpp"
#include "session/handlers.hpp"
#include "session/listing_plan.hpp"
#include "session/quirks.hpp"
#include "session/reply_for_error.hpp"
#include "sluice/proto/path.hpp"
#include "sluice/proto/timestamp.hpp"

namespace sluice::session {
namespace {

using proto::ReplyCode;

std::string_view name_of(proto::TransferMode mode) {
    switch (mode) {
        case proto::TransferMode::Stream: return "Stream";
        case proto::TransferMode::Block: return "Block";
        case proto::TransferMode::Deflate: return "Deflate";
    }
    return {};
}

void append_session_status(Session& session) {
    proto::ReplyBuffer& out = session.output();
    proto::begin_reply(out, ReplyCode::SystemStatus, "Status of this session");
    proto::append_reply_line(out, fmt::format("Connected from {}", session.peer().host_text()));
    const State& state = session.state();
    proto::append_reply_line(out, state.is_logged_in() ? "Logged in as ftp" : "Not logged in");
    const ClientProfile& client = profile_of(session);
    if (!client.name.empty()) {
        proto::append_reply_line(
            out, fmt::format("Client: {}, by {}", client.name, text_of(client.sign)));
    }
    proto::append_reply_line(
        out, fmt::format("TYPE: {}; STRU: {}; MODE: {}",
                         state.type == proto::TransferType::Ascii ? "ASCII" : "Image",
                         state.structure == proto::FileStructure::Record ? "Record" : "File",
                         name_of(state.mode)));
    if (session.has_transfer()) {
        const Session::TransferNote& note = session.transfer_note();
        proto::append_reply_line(out, fmt::format("{} {}: {} bytes so far", note.command,
                                                  note.path, session.transfer().bytes()));
    } else if (session.has_job()) {
        const Session::Job& job = session.job();
        const std::string of = job.total == 0 ? "" : fmt::format(" of {}", job.total);
        proto::append_reply_line(out, fmt::format("{} {}: {}{} {} so far", job.command, job.path,
                                                  job.done, of, job.unit));
    } else {
        proto::append_reply_line(out, "No data connection");
    }
    proto::end_reply(out, ReplyCode::SystemStatus, "End of status");
}

// Lines of a listing inside a reply. Each waits until the client has taken enough of those before.
io::Task<bool> append_lines(Session& session, std::string_view text) {
    while (!text.empty()) {
        if (!session.output().has_room()) {
            const bool made = co_await session.make_room();
            if (!made) { co_return false; }
        }
        const std::size_t end = text.find("\r\n");
        proto::append_reply_line(session.output(), text.substr(0, end));
        text.remove_prefix(end + 2);
    }
    co_return true;
}

// STAT with a path: LIST over the control connection, 212 for a directory and 213 for a file.
io::Task<void> stat_path(Session& session, std::string_view argument) {
    const Result<std::unique_ptr<ListingPlan>> plan =
        co_await plan_listing(session, argument, ListingStyle::Long);
    if (refused(session, plan)) { co_return; }
    Listing& listing = *(*plan)->listing;
    const ReplyCode code =
        (*plan)->is_folder ? ReplyCode::DirectoryStatus : ReplyCode::FileStatus;
    proto::begin_reply(session.output(), code, "Status follows");
    std::string buffer(2 * xfer::TextSource::kRoomMin, '\0');
    Status read;
    for (bool more = true; more;) {
        auto work = [&listing, &buffer] { return listing.fill(buffer); };
        const Result<xfer::TextSource::Piece> piece = co_await session.reactor().on_helper(work);
        if (!piece) {
            read = fail(piece.error());
            break;
        }
        const std::string_view text(buffer.data(), piece->bytes);
        const bool taken = co_await append_lines(session, text);
        if (!taken) { co_return; }  // the client is gone
        more = piece->more;
    }
    // The code was given with the first line; that the list is not whole must be said all the same.
    std::string end = "End of status" + listing.remark();
    if (!read) { end = "The listing is incomplete: read error"; }
    if (!read && !listing.problem().empty()) {
        end = fmt::format("The listing is incomplete. {}", listing.problem());
    }
    proto::end_reply(session.output(), code, end);
}

}  // namespace

io::Task<void> handle_mlst(Session& session, const Command& command) {
    const Result<std::string> path = session.resolve(command.argument);
    if (refused(session, path)) { co_return; }
    Result<sys::FileStatus> status = co_await session.tree().link_status(*path);
    if (refused(session, status)) { co_return; }
    if (session.state().facts.has(proto::Fact::Create)) {
        const vfs::Root& root = session.tree().root();
        auto work = [&root, &path, &status] { return root.with_given_creation(*path, *status); };
        const sys::FileStatus completed = co_await session.reactor().on_helper(work);
        status = completed;
    }
    std::string target;
    if (status->is_symlink()) {
        target.resize(vfs::Root::kPathBytesMax);
        const MutableBytes into(reinterpret_cast<std::uint8_t*>(target.data()), target.size());
        const Result<std::size_t> length = co_await session.tree().read_link(*path, into);
        target.resize(length ? *length : 0);
    }
    const Viewer viewer(session);
    vfs::FolderRights around;
    if (viewer.may_write) {  // else nobody asks for them
        const vfs::Root& root = session.tree().root();
        auto work = [&root, &path] { return root.rights_around(*path); };
        around = co_await session.reactor().on_helper(work);
    }
    const proto::EntryFacts facts = facts_of(viewer, around, *path, *status, target);
    proto::begin_reply(session.output(), ReplyCode::FileActionOkay, "Begin");
    proto::append_facts_line(session.output(), session.state().facts, facts);
    proto::end_reply(session.output(), ReplyCode::FileActionOkay, "End");
}

io::Task<void> handle_stat(Session& session, const Command& command) {
    if (command.argument.empty() || session.is_busy()) {
        append_session_status(session);
        co_return;
    }
    co_await stat_path(session, command.argument);
}

// The size of what RETR would send; in TYPE A that means reading the whole file, so it is refused.
io::Task<void> handle_size(Session& session, const Command& command) {
    if (session.uses_ascii()) {
        session.reply(ReplyCode::FileUnavailable, "SIZE is not known in ASCII mode, use TYPE I.");
        co_return;
    }
    const Result<std::string> path = session.resolve(command.argument);
    if (refused(session, path)) { co_return; }
    const Result<sys::FileStatus> status = co_await session.tree().status(*path);
    if (!status || !status->is_regular()) {
        reply_error(session, status ? Error(Errc::NotRegularFile) : status.error());
        co_return;
    }
    session.reply(ReplyCode::FileStatus, fmt::format("{}", status->size));
}

// Also the setter that some clients use: "MDTM YYYYMMDDhhmmss name" where no file has that name.
io::Task<void> handle_mdtm(Session& session, const Command& command) {
    Result<std::string> path = session.resolve(command.argument);
    if (refused(session, path)) { co_return; }
    const Result<sys::FileStatus> status = co_await session.tree().status(*path);
    if (status) {
        session.reply(ReplyCode::FileStatus,
                      proto::print_time_value(WallTime(status->modified.seconds)));
        co_return;
    }
    const Result<proto::TimedPath> timed = proto::parse_timed_path(command.argument);
    if (timed) { path = session.resolve(timed->path); }
    if (!timed || !path) {
        reply_error(session, status.error());
        co_return;
    }
    if (!session.may_write()) {
        reply_error(session, Error(Errc::AccessDenied));
        co_return;
    }
    const Status set = co_await session.tree().set_modified(*path, timed->time);
    if (refused(session, set)) { co_return; }
    session.reply(ReplyCode::FileStatus, "File modification time set.");
}

io::Task<void> handle_mfmt(Session& session, const Command& command) {
    const Result<proto::TimedPath> timed = proto::parse_timed_path(command.argument);
    if (!timed) {
        session.reply(ReplyCode::BadArgument, "MFMT wants YYYYMMDDhhmmss and a path.");
        co_return;
    }
    const Result<std::string> path = session.resolve(timed->path);
    if (refused(session, path)) { co_return; }
    const Status set = co_await session.tree().set_modified(*path, timed->time);
    if (refused(session, set)) { co_return; }
    session.reply(ReplyCode::FileStatus, {"Modify=", proto::print_time_value(timed->time), "; ",
                                          timed->path});
}

}  // namespace sluice::session
