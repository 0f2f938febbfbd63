// TYPE MODE STRU REST ALLO OPTS: what the next transfer will be like. RFC 959 section 4.1.2, RFC
// 3659 section 5, RFC 2389 section 4.
#include <fmt/format.h>

#include "session/handlers.hpp"
#include "session/handlers_hash.hpp"
#include "session/quirks.hpp"
#include "session/stored_digests.hpp"
#include "sluice/proto/options.hpp"
#include "sluice/proto/type_mode.hpp"

namespace sluice::session {
namespace {

using proto::ReplyCode;

// Known but not ours is 504, not a value at all is 501 (RFC 959 section 5.4).
void refuse(Session& session, Error error, std::string_view what) {
    if (error.code == Errc::NotSupported) {
        session.reply(ReplyCode::ParameterNotImplemented, {what, " is not implemented."});
    } else {
        session.reply(ReplyCode::BadArgument, {"Bad argument for ", what, "."});
    }
}

// What the next upload is held to. 0 is the dummy of clients that only mean the record size or
// nothing at all (RFC 959 4.1.3), and with a record size the total is rounded up to records.
std::int64_t size_to_hold(const proto::Allocation& wanted) {
    return wanted.bytes == 0 || wanted.record_bytes ? -1 : wanted.bytes;
}

}  // namespace

void handle_type(Session& session, const Command& command) {
    const Result<proto::TransferType> type = proto::parse_type(command.argument);
    if (!type) {
        refuse(session, type.error(), "this TYPE");
        return;
    }
    session.state().type = *type;
    session.reply(ReplyCode::Okay, *type == proto::TransferType::Ascii
                                       ? "Switching to ASCII mode."
                                       : "Switching to Binary mode.");
}

void handle_mode(Session& session, const Command& command) {
    Result<proto::TransferMode> mode = proto::parse_mode(command.argument);
    if (mode && *mode == proto::TransferMode::Deflate && !session.offers_mode_z()) {
        mode = fail(Errc::NotSupported);
    }
    if (!mode) {
        refuse(session, mode.error(), "this MODE");
        return;
    }
    session.state().mode = *mode;
    switch (*mode) {
        case proto::TransferMode::Stream:
            session.reply(ReplyCode::Okay, "Mode set to S.");
            break;
        case proto::TransferMode::Block:
            session.reply(ReplyCode::Okay, "Mode set to B.");
            break;
        case proto::TransferMode::Deflate:
            session.reply(ReplyCode::Okay, "Mode set to Z.");
            break;
    }
}

void handle_stru(Session& session, const Command& command) {
    const Result<proto::FileStructure> structure = proto::parse_structure(command.argument);
    if (!structure) {
        refuse(session, structure.error(), "this STRU");
        return;
    }
    session.state().structure = *structure;
    session.reply(ReplyCode::Okay, *structure == proto::FileStructure::Record
                                       ? "Structure set to R."
                                       : "Structure set to F.");
}

// The offset is checked against the file only by the transfer command that uses it.
void handle_rest(Session& session, const Command& command) {
    const Result<std::int64_t> offset = proto::parse_restart(command.argument);
    if (!offset) {
        session.reply(ReplyCode::BadArgument, "REST wants a number of bytes.");
        return;
    }
    session.state().restart_offset = *offset;
    session.reply(ReplyCode::NeedMore, fmt::format("Restarting at {}.", *offset));
}

// 200, not the 202 that RFC 959 allows: some cameras loop on 202. 552 when the disk cannot hold it.
io::Task<void> handle_allo(Session& session, const Command& command) {
    const Result<proto::Allocation> wanted = proto::parse_allocation(command.argument);
    if (!wanted) {
        session.reply(ReplyCode::BadArgument, "ALLO wants a number of bytes.");
        co_return;
    }
    const Result<std::int64_t> free = co_await session.tree().free_bytes(session.state().cwd);
    if (session.may_write() && free && wanted->bytes > *free) {
        session.reply(ReplyCode::ExceededAllocation, "Not enough space on the disk.");
        co_return;
    }
    session.state().allocated = size_to_hold(*wanted);
    session.reply(ReplyCode::Okay, "ALLO noted.");
}

void handle_opts(Session& session, const Command& command) {
    const proto::OptionRequest request = proto::parse_options(command.argument);
    switch (request.kind) {
        case proto::OptionKind::Utf8On:
        case proto::OptionKind::Utf8Nlst:
            if (session.state().login == LoginState::None) {
                recognise_client(session, Sign::Opening, "OPTS UTF8");
            }
            session.state().utf8 = true;
            session.reply(ReplyCode::Okay, "UTF8 is on.");
            return;
        case proto::OptionKind::Utf8Off:
            if (session.services().charset == nullptr) {
                session.reply(ReplyCode::BadArgument, "Names are UTF-8 here.");
                return;
            }
            session.state().utf8 = false;
            session.reply(ReplyCode::Okay, "UTF8 is off.");
            return;
        case proto::OptionKind::MlstFacts:
            session.state().facts = request.facts;
            proto::append_facts_reply(session.output(), request.facts);
            return;
        case proto::OptionKind::DeflateLevel:
            if (!session.offers_mode_z()) { break; }
            session.state().deflate_level = static_cast<std::int8_t>(request.level);
            session.reply(ReplyCode::Okay, fmt::format("MODE Z LEVEL set to {}.", request.level));
            return;
        case proto::OptionKind::Hash: set_hash_option(session, request.value); return;
        case proto::OptionKind::StoreHash: set_stored_hash_option(session, request.value); return;
        case proto::OptionKind::Malformed:
        case proto::OptionKind::Unknown: break;
    }
    session.reply(ReplyCode::BadArgument, "Option not understood.");
}

}  // namespace sluice::session
