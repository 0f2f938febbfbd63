// STOR APPE STOU: RFC 959 section 4.1.3; restart offsets of RFC 3659 section 5. What 226 promises
// is vfs::UploadTarget's business (SECURITY.md, "What an upload promises").
#include <limits>
#include <memory>
#include <utility>

#include "session/handlers.hpp"
#include "session/handlers_range.hpp"
#include "session/stored_digests.hpp"
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

// What a part of the uploads asks for.
struct Extras {
    digest::AlgorithmSet digests;
    std::uint64_t bytes_max = std::numeric_limits<std::uint64_t>::max();
};

// The target is the coroutine's own; it is committed or abandoned on every way out.
io::Task<void> upload(Session& session, std::unique_ptr<vfs::UploadTarget> target,
                      xfer::Encoding encoding, std::int64_t announced, bool tells_name,
                      Extras extras) {
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
    digest::HasherSet digests;
    if (encoding.is_plain()) {
        if (extras.digests.any()) {
            // On a helper: who is first sets libcrypto up.
            auto work = [&extras] { return digest::HasherSet(extras.digests); };
            digests = co_await session.reactor().on_helper(work);
        }
        xfer::StoreOptions options;
        options.digests = digests.is_empty() ? nullptr : &digests;
        options.bytes_max = extras.bytes_max;
        stored = co_await xfer::receive_file(transfer, *target, options);
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
    const std::string tail = co_await settle_digests(session, *target, digests);
    std::string note;
    if (tells_name && stored) {
        note = " (";
        note.append(target->name());
        note.append(")");
    }
    if (stored && !tail.empty()) { session.transfer_note().digests = tail.substr(1); }
    end_opened(session, stored, note, tail);
}

io::Task<void> store(Session& session, std::string_view verb, std::string_view argument,
                     vfs::UploadIntent intent) {
    const PathUse use = intent == vfs::UploadIntent::Append ? PathUse::Append : PathUse::NewName;
    const proto::ByteRange range = take_range(session);
    const std::int64_t offset = take_restart_offset(session);
    const std::int64_t announced = take_announced_size(session);
    if (!require_data_setup(session)) { co_return; }
    if (range.is_set() && intent != vfs::UploadIntent::Replace) {
        session.reply(ReplyCode::FileUnavailable, {verb, " takes no range."});
        co_return;
    }
    if (!can_use_range(session, range, offset)) { co_return; }
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
    const bool is_part = offset > 0 || range.is_set();
    request.intent = is_part ? vfs::UploadIntent::ResumeAt : intent;
    request.resume_at = range.is_set() ? range.first : offset;
    request.file_mode = session.new_file_mode();
    request.durability = session.config().upload.durability;
    request.partial = session.config().upload.partial;
    Extras extras;
    if (range.is_set()) { extras.bytes_max = static_cast<std::uint64_t>(range.end - range.first); }
    // Only where what comes is the whole file, as it comes.
    const bool is_whole = !is_part && intent != vfs::UploadIntent::Append;
    if (is_whole && !session.uses_ascii()) { extras.digests = stored_algorithms(session); }
    request.tells_status = extras.digests.any() || !is_whole;
    auto target = std::make_unique<vfs::UploadTarget>(session.tree());
    const Status begun = co_await target->begin(request);
    if (!begun) {
        refuse_transfer(session, begun.error(), use);
        co_return;
    }
    session.begin_transfer(verb);
    session.transfer_note().path = *path;
    session.transfer_note().direction = obs::Direction::Upload;
    session.transfer_note().offset = static_cast<std::uint64_t>(target->offset());
    io::Task<void> task = upload(session, std::move(target), session.encoding(), announced,
                                 intent == vfs::UploadIntent::Unique, extras);
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
