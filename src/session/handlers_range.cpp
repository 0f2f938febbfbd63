// RANG: which bytes of a file the next RETR, STOR or HASH is about. draft-bryan-ftp-range-08.
#include "session/handlers_range.hpp"

#include <fmt/format.h>

#include <utility>

#include "session/handlers.hpp"

namespace sluice::session {

using proto::ReplyCode;

// The file is not asked here: what lies beyond its end is the next command's matter. A bad range
// also drops the one before it.
void handle_rang(Session& session, const Command& command) {
    const Result<proto::ByteRange> range = proto::parse_range(command.argument);
    if (!range) {
        session.state().range = proto::ByteRange();
        session.reply(ReplyCode::BadArgument, "RANG wants the first and the last byte, or 1 0.");
        return;
    }
    session.state().range = *range;
    if (!range->is_set()) {
        session.reply(ReplyCode::NeedMore, "Range reset to the whole file.");
        return;
    }
    session.reply(ReplyCode::NeedMore, fmt::format("Restarting at {}. End byte range at {}.",
                                                   range->first, range->end - 1));
}

proto::ByteRange take_range(Session& session) {
    return std::exchange(session.state().range, proto::ByteRange());
}

bool can_use_range(Session& session, proto::ByteRange range, std::int64_t restart_offset) {
    if (!range.is_set()) {
        return true;
    }
    if (restart_offset > 0) {
        session.reply(ReplyCode::FileUnavailable, "RANG and REST exclude each other.");
        return false;
    }
    if (!session.encoding().is_plain()) {
        session.reply(ReplyCode::PageTypeUnknown, "RANG needs TYPE I, MODE S and STRU F.");
        return false;
    }
    return true;
}

}  // namespace sluice::session
