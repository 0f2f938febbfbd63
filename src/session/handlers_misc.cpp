// ABOR FEAT SYST HELP NOOP SMNT.
#include "session/handlers.hpp"
#include "session/handlers_hash.hpp"
#include "session/quirks.hpp"
#include "session/tls_policy.hpp"
#include "sluice/proto/features.hpp"

namespace sluice::session {

using proto::ReplyCode;

// In a transfer: it ends with 426, or with 226 if it had just ended, and then ABOR's own 226. Idle:
// 226, and a port that waits for its connection stops waiting (RFC 2428 section 3).
void handle_abor(Session& session, const Command&) {
    if (session.is_busy()) {
        session.abort();
        return;
    }
    session.drop_data_setup();
    session.reply(ReplyCode::TransferComplete, "Nothing to abort.");
}

void handle_feat(Session& session, const Command&) {
    if (session.state().login == LoginState::None) {
        recognise_client(session, Sign::Opening, "FEAT");
    }
    proto::CommandSet unsaid;
    if (session.config().limits.hash_at_once == 0) { unsaid = digest_commands(); }
    for (const proto::CommandId id :
         {proto::CommandId::Auth, proto::CommandId::Pbsz, proto::CommandId::Prot}) {
        unsaid.set(static_cast<std::size_t>(id), !session.has_tls());
    }
    if (!offers_auth(session)) {
        unsaid.set(static_cast<std::size_t>(proto::CommandId::Auth));
    }
    unsaid.set(static_cast<std::size_t>(proto::CommandId::Ccc),
               !session.has_tls() || !session.config().tls.allow_ccc);
    const bool meets_servers = session.has_tls() && session.config().transfer.allow_foreign_data;
    unsaid.set(static_cast<std::size_t>(proto::CommandId::Sscn), !meets_servers);
    unsaid.set(static_cast<std::size_t>(proto::CommandId::Cpsv), !meets_servers);
    // The one feature of MODE.
    unsaid.set(static_cast<std::size_t>(proto::CommandId::Mode), !session.offers_mode_z());
    proto::append_features(session.output(), session.state().facts, unsaid,
                           digest::feature_list(session.state().hash));
}

// Fixed: clients choose their parser of LIST by it.
void handle_syst(Session& session, const Command&) {
    session.reply(ReplyCode::SystemType, "UNIX Type: L8");
}

void handle_help(Session& session, const Command& command) {
    if (command.argument.empty()) {
        proto::append_help(session.output());
    } else {
        proto::append_command_help(session.output(), command.argument);
    }
}

void handle_noop(Session& session, const Command&) {
    session.reply(ReplyCode::Okay, "NOOP ok.");
}

// RFC 959 4.1.1: 202, there is only one file system to be seen.
void handle_smnt(Session& session, const Command&) {
    session.reply(ReplyCode::Superfluous, "Nothing to mount here.");
}

}  // namespace sluice::session
