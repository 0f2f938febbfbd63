// RETR: RFC 959 section 4.1.3; the restart offset of RFC 3659 section 5.
#include <fmt/format.h>

#include "session/handlers.hpp"
#include "session/handlers_range.hpp"
#include "session/reply_for_error.hpp"
#include "session/transfer_replies.hpp"
#include "sluice/xfer/pumps.hpp"

namespace sluice::session {
namespace {

using proto::ReplyCode;

// The words that curl and lftp read the size from; in TYPE A the number would be a guess.
std::string opening_words(const vfs::File& file, std::int64_t offset, std::string_view name,
                          bool ascii) {
    if (ascii) { return fmt::format("Opening ASCII mode data connection for {}.", name); }
    return fmt::format("Opening BINARY mode data connection for {} ({} bytes).", name,
                       file.status.size - offset);
}

// `file` and `name` are the coroutine's own: the control loop goes on meanwhile.
io::Task<void> download(Session& session, vfs::File file, std::int64_t offset,
                        xfer::Encoding encoding, std::string name) {
    xfer::Transfer& transfer = session.transfer();
    const Status opened = co_await transfer.open_connection();
    if (!opened) {
        co_await session.tree().close(file);
        end_unopened(session, opened.error());
        co_return;
    }
    session.reply(ReplyCode::OpeningData, opening_words(file, offset, name, encoding.ascii));
    Status sent;
    if (encoding.is_plain()) {
        sent = co_await xfer::send_file(transfer, file, offset);
    } else {
        sent = co_await xfer::send_file_encoded(transfer, file, encoding, offset);
    }
    if (sent) { sent = co_await transfer.finish_sending(); }
    co_await session.tree().close(file);
    end_opened(session, sent);
}

}  // namespace

io::Task<void> handle_retr(Session& session, const Command& command) {
    const proto::ByteRange range = take_range(session);
    std::int64_t offset = take_restart_offset(session);
    if (!require_data_setup(session)) { co_return; }
    if (!can_use_range(session, range, offset)) { co_return; }
    const Result<std::string> path = session.resolve(command.argument);
    if (!path) {
        refuse_transfer(session, path.error());
        co_return;
    }
    Result<vfs::File> file = co_await session.tree().open_for_reading(*path);
    if (!file) {
        refuse_transfer(session, file.error());
        co_return;
    }
    const xfer::Encoding encoding = session.encoding();
    // In TYPE A the offset counts bytes as they are sent (RFC 3659 section 5.2): at most two for
    // each of the file's. Whether it lies within is known only after counting; see
    // send_file_encoded.
    const std::int64_t offset_max =
        encoding.turns_line_ends() ? 2 * file->status.size : file->status.size;
    if (offset > offset_max) {
        refuse_transfer(session, Error(Errc::OutOfRange));
        co_return;
    }
    if (range.is_set()) {
        // Behind the end there is nothing, which is what is sent (draft-bryan-ftp-range-08 4.3).
        file->cut(range.end);
        offset = std::min(range.first, file->status.size);
    }
    session.begin_transfer("RETR");
    session.transfer_note().path = *path;
    session.transfer_note().direction = obs::Direction::Download;
    session.transfer_note().offset = static_cast<std::uint64_t>(offset);
    std::string name(command.argument);
    io::Task<void> task = download(session, std::move(*file), offset, encoding, std::move(name));
    session.run_transfer(std::move(task));
}

}  // namespace sluice::session
