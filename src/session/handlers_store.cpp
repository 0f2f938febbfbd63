// STOR APPE STOU: RFC 959 section 4.1.3; restart offsets of RFC 3659 section 5. What 226 promises
// is vfs::UploadTarget's business (SECURITY.md, "What an upload promises").
#include <memory>
#include <utility>

#include "session/handlers.hpp"
#include "session/transfer_replies.hpp"
#include "sluice/vfs/upload_target.hpp"
#include "sluice/xfer/pumps.hpp"

namespace sluice::session {
namespace {

using proto::ReplyCode;

// What ALLO said, used up like a restart offset; -1 when it binds nobody.
std::int64_t take_announced_size(Session& session) {
    const std::int64_t announced = std::exchange(session.state().allocated, -1);
    return session.config().upload.size_mismatch == config::SizeMismatch::Refuse ? announced : -1;
}

// The end of a data connection proves nothing: a client that dies, or a box on the way that forgets
// the connection, may close it like one that is done. ALLO does. RFC 959 leaves open what n counts;
// clients mean one of three, and an upload that was cut fits none of them but by chance: the bytes
// to come, the size that the file shall have (with REST and APPE), or in TYPE A the bytes before
// their line ends are turned.
bool has_announced_size(const vfs::UploadTarget& target, std::uint64_t received,
                        const xfer::Encoding& encoding, std::int64_t announced) {
    if (announced < 0 || announced == target.bytes_written() || announced == target.offset()) {
        return true;
    }
    return encoding.turns_line_ends() && encoding.mode == proto::TransferMode::Stream &&
           static_cast<std::uint64_t>(announced) == received;
}

// Whether a part of an upload that broke off is worth keeping: a beginning of the file that the
// client can go on from. What no decoder understood is none, and what grew beyond a limit will do
// so again.
bool is_beginning(Errc code) {
    return code != Errc::Protocol && code != Errc::FileTooBig;
}

// The target is the coroutine's own; it is committed or abandoned on every way out.
io::Task<void> upload(Session& session, std::unique_ptr<vfs::UploadTarget> target,
                      xfer::Encoding encoding, std::int64_t announced, bool tells_name) {
    xfer::Transfer& transfer = session.transfer();
    const Status opened = co_await transfer.open_connection();
    if (!opened) {
        // Nothing came, so nothing was asked to change: no file is made or cut.
        co_await target->abandon();
        end_unopened(session, opened.error());
        co_return;
    }
    if (tells_name) {
        session.reply(ReplyCode::OpeningData, {"FILE: ", target->name()});
    } else {
        session.reply(ReplyCode::OpeningData, "Ok to send data.");
    }
    Status stored;
    if (encoding.is_plain()) {
        stored = co_await xfer::receive_file(transfer, *target);
    } else {
        stored = co_await xfer::receive_file_decoded(transfer, *target, encoding);
    }
    if (stored && !has_announced_size(*target, transfer.bytes(), encoding, announced)) {
        stored = fail(Errc::WrongSize);
    }
    transfer.before_wait();
    if (stored) {
        stored = co_await target->commit();
    } else {
        co_await target->abandon(is_beginning(stored.error().code));
    }
    if (tells_name && stored) {
        std::string note = " (";
        note.append(target->name());
        note.append(")");
        end_opened(session, stored, note);
    } else {
        end_opened(session, stored);
    }
}

io::Task<void> store(Session& session, std::string_view verb, std::string_view argument,
                     vfs::UploadIntent intent) {
    const PathUse use = intent == vfs::UploadIntent::Append ? PathUse::Append : PathUse::NewName;
    const std::int64_t offset = take_restart_offset(session);
    const std::int64_t announced = take_announced_size(session);
    if (!require_data_setup(session)) { co_return; }
    if (offset > 0 && intent != vfs::UploadIntent::Replace) {
        // RFC 3659 section 5.3: APPE and STOU have no place for an offset.
        refuse_transfer(session, Error(Errc::OutOfRange), use);
        co_return;
    }
    const Result<std::string> path = session.resolve(argument);
    if (!path) {
        refuse_transfer(session, path.error(), use);
        co_return;
    }
    vfs::UploadRequest request;
    request.path = *path;
    request.intent = offset > 0 ? vfs::UploadIntent::ResumeAt : intent;
    request.resume_at = offset;
    request.file_mode = session.new_file_mode();
    request.durability = session.config().upload.durability;
    request.partial = session.config().upload.partial;
    auto target = std::make_unique<vfs::UploadTarget>(session.tree());
    Status begun = co_await target->begin(request);
    // The file that stood under the name may go between being looked at and being asked (DELE of
    // another session, O-FS-15): then there is a new name to begin with.
    for (int tries = 0; tries < 3 && !begun && begun.error().code == Errc::NotFound; ++tries) {
        target = std::make_unique<vfs::UploadTarget>(session.tree());
        begun = co_await target->begin(request);
    }
    if (!begun) {
        refuse_transfer(session, begun.error(), use);
        co_return;
    }
    session.begin_transfer(verb);
    session.transfer_note().path = *path;
    session.transfer_note().direction = obs::Direction::Upload;
    session.transfer_note().offset = static_cast<std::uint64_t>(target->offset());
    io::Task<void> task = upload(session, std::move(target), session.encoding(), announced,
                                 intent == vfs::UploadIntent::Unique);
    session.run_transfer(std::move(task));
}

}  // namespace

io::Task<void> handle_stor(Session& session, const Command& command) {
    co_await store(session, "STOR", command.argument, vfs::UploadIntent::Replace);
}

io::Task<void> handle_appe(Session& session, const Command& command) {
    co_await store(session, "APPE", command.argument, vfs::UploadIntent::Append);
}

// Without a name we choose one; with one, it is what ours begins with.
io::Task<void> handle_stou(Session& session, const Command& command) {
    const std::string_view stem = command.argument.empty() ? "upload" : command.argument;
    co_await store(session, "STOU", stem, vfs::UploadIntent::Unique);
}

}  // namespace sluice::session
