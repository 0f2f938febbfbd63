#include "session/reply_for_error.hpp"

#include "sluice/session/session.hpp"

namespace sluice::session {

using proto::ReplyCode;

proto::ReplyCode code_for(Errc code, PathUse use) {
    switch (code) {
        case Errc::NoSpace: return ReplyCode::NoSpace;
        case Errc::QuotaExceeded:
        case Errc::FileTooBig: return ReplyCode::ExceededAllocation;
        case Errc::InputOutput:
        case Errc::NoDescriptors:
        case Errc::NoMemory:
        case Errc::LimitReached:
        case Errc::WouldBlock:
        case Errc::Other: return ReplyCode::LocalError;
        case Errc::Busy: return ReplyCode::FileBusy;
        case Errc::OutOfRange: return ReplyCode::BadRestart;
        case Errc::NameTooLong:
        case Errc::BadName:
        case Errc::BadArgument:
            return use == PathUse::Existing ? ReplyCode::FileUnavailable : ReplyCode::BadFileName;
        // A folder that is missing is missing, whatever the command: ProFTPD says 550, too, and
        // PyFilesystem2 tells it from "permission denied" by that code alone.
        case Errc::NotFound:
        case Errc::NotDirectory: return ReplyCode::FileUnavailable;
        default:
            return use == PathUse::NewName ? ReplyCode::BadFileName : ReplyCode::FileUnavailable;
    }
}

proto::ReplyCode code_for_broken_transfer(Errc code) {
    switch (code) {
        case Errc::Stopped:
        case Errc::EndOfStream:
        case Errc::TimedOut:
        case Errc::ConnectionReset:
        case Errc::ConnectionRefused:
        case Errc::Unreachable:
        case Errc::Protocol:
        case Errc::TlsBroken:
        // 426 and not 551: most likely the upload was cut, and a client should try again.
        case Errc::WrongSize: return ReplyCode::TransferAborted;
        case Errc::TlsHandshake:
        case Errc::TlsUnbound: return ReplyCode::DataNotProtected;
        case Errc::NoSpace: return ReplyCode::NoSpace;
        case Errc::QuotaExceeded:
        case Errc::FileTooBig: return ReplyCode::ExceededAllocation;
        case Errc::OutOfRange: return ReplyCode::BadRestart;
        default: return ReplyCode::LocalError;
    }
}

std::string capitalised(std::string_view words) {
    std::string text(words);
    text[0] = proto::ascii_upper(text[0]);
    return text;
}

void reply_error(Session& session, Error error, PathUse use) {
    session.reply(code_for(error.code, use), {capitalised(text_of(error)), "."});
}

}  // namespace sluice::session
