#include "session/messages.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "sluice/proto/path.hpp"

namespace sluice::session {
namespace {

using proto::ReplyCode;

// Folders whose message a session has seen. Who enters more of them sees some again.
constexpr std::size_t kSeenMax = 256;

// Fills `text` from the start of the file; less where the file ends or cannot be read.
std::size_t read_whole(sys::Kernel& kernel, int file, std::string& text) {
    std::size_t done = 0;
    while (done < text.size()) {
        const MutableBytes into(reinterpret_cast<std::uint8_t*>(text.data()) + done,
                                text.size() - done);
        const Result<std::size_t> got =
            kernel.read_at(file, into, static_cast<std::int64_t>(done));
        if (!got || *got == 0) { break; }
        done += *got;
    }
    return done;
}

// The text of messages.directory_file in the current directory; empty: none, or seen before.
io::Task<std::string> unseen_message(Session& session) {
    const std::string& name = session.config().messages.directory_file;
    std::string text;
    if (name.empty() || session.is_single_line()) { co_return text; }
    const Result<std::string> path = session.resolve(name);
    if (!path) { co_return text; }
    Result<vfs::File> file = co_await session.tree().open_for_reading(*path);
    if (!file) { co_return text; }
    std::vector<std::uint64_t>& seen = session.history().seen_messages;
    const std::uint64_t inode = file->status.inode;
    if (std::find(seen.begin(), seen.end(), inode) == seen.end()) {
        if (seen.size() < kSeenMax) { seen.push_back(inode); }
        text.resize(std::min<std::size_t>(static_cast<std::size_t>(file->status.size),
                                          proto::kReplyTextBytesMax));
        auto read = [&session, &file, &text] {
            return read_whole(session.tree().kernel(), file->fd.number(), text);
        };
        const std::size_t got = co_await session.reactor().on_helper(read);
        text.resize(got);
    }
    co_await session.tree().close(*file);
    co_return text;
}

void append_text(Session& session, ReplyCode code, std::string_view text) {
    if (text.empty() || session.is_single_line()) { return; }
    proto::append_reply_text(session.output(), code, text);
}

}  // namespace

void append_greeting(Session& session) {
    std::string_view text = session.config().server.banner;
    const std::size_t first_line = std::min(text.find('\n'), text.size());
    if (!session.is_single_line() && first_line != text.size()) {
        const std::size_t last = text.find_last_not_of('\n') + 1;
        text = text.substr(0, last);
        const std::size_t last_line = text.rfind('\n') + 1;  // 0 when there is but one
        if (last_line > 0) {
            proto::append_reply_text(session.output(), ReplyCode::ServiceReady,
                                     text.substr(0, last_line));
        }
        session.reply(ReplyCode::ServiceReady, text.substr(last_line));
        return;
    }
    session.reply(ReplyCode::ServiceReady, text.substr(0, first_line));
}

io::Task<void> append_welcome(Session& session, ReplyCode code, std::string_view words) {
    append_text(session, code, session.config().messages.welcome);
    const std::string message = co_await unseen_message(session);
    append_text(session, code, message);
    session.reply(code, words);
}

io::Task<void> append_entered(Session& session, std::string_view words) {
    const std::string message = co_await unseen_message(session);
    append_text(session, ReplyCode::FileActionOkay, message);
    session.reply(ReplyCode::FileActionOkay, words);
}

void append_goodbye(Session& session) {
    const config::MessagesSection& messages = session.config().messages;
    append_text(session, ReplyCode::Goodbye, messages.goodbye);
    if (!messages.statistics) {
        session.reply(ReplyCode::Goodbye, "Goodbye.");
        return;
    }
    const Session::History& history = session.history();
    session.reply(ReplyCode::Goodbye,
                  fmt::format("Goodbye. You downloaded {} bytes in {} files and uploaded {} bytes "
                              "in {} files.",
                              history.downloaded_bytes, history.downloads, history.uploaded_bytes,
                              history.uploads));
}

}  // namespace sluice::session
