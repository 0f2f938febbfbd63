#include "session/gates.hpp"

#include "session/reply_for_error.hpp"

namespace sluice::session {
namespace {

using proto::CommandId;
using proto::ReplyCode;

// RFC 2428 section 4: after EPSV ALL the others are refused, so that a NAT may stop looking.
bool is_forbidden_by_epsv_all(CommandId id) {
    return id == CommandId::Port || id == CommandId::Pasv || id == CommandId::Eprt ||
           id == CommandId::Lprt || id == CommandId::Lpsv || id == CommandId::Cpsv;
}

}  // namespace

bool pass_gates(Session& session, const proto::CommandRow& row) {
    State& state = session.state();
    // RNTO follows RNFR at once or not at all, and so does SITE CPTO its CPFR (handle_site).
    if (row.id != (state.copies_source ? CommandId::Site : CommandId::Rnto)) {
        state.source.clear();
    }
    if (!row.flags.before_login && !state.is_logged_in()) {
        session.reply(ReplyCode::NotLoggedIn, "Please log in with USER and PASS.");
        return false;
    }
    if (row.flags.writes_tree && !session.may_write()) {
        const PathUse use = row.id == CommandId::Stor || row.id == CommandId::Stou ||
                                    row.id == CommandId::Rnto
                                ? PathUse::NewName
                                : PathUse::Existing;
        session.reply(code_for(Errc::AccessDenied, use), "Permission denied: read-only here.");
        if (row.flags.needs_data) {
            state.restart_offset = 0;
            state.range = proto::ByteRange();
        }
        return false;
    }
    if (state.epsv_all && is_forbidden_by_epsv_all(row.id)) {
        session.reply(ReplyCode::UnknownCommand, "EPSV ALL is in force.");
        return false;
    }
    return true;
}

}  // namespace sluice::session
