#include "session/transfer_replies.hpp"

#include <utility>

#include "session/tls_policy.hpp"

namespace sluice::session {
namespace {

using proto::ReplyCode;

std::string_view words_for(Errc code, io::StopReason reason) {
    if (code == Errc::Stopped) {
        switch (reason) {
            case io::StopReason::Abor: return "Transfer aborted.";
            case io::StopReason::Stalled: return "The data connection stalled.";
            case io::StopReason::Kill: return "The server is shutting down.";
            default: return "Transfer aborted.";
        }
    }
    switch (code) {
        case Errc::EndOfStream: return "The data ended before their end mark.";
        case Errc::Protocol: return "The data are not what MODE and STRU say.";
        case Errc::TlsHandshake: return "The TLS handshake of the data connection failed.";
        case Errc::TlsUnbound:
            return "The data connection did not resume the TLS session of this one.";
        case Errc::TlsBroken: return "The data connection's TLS broke.";
        case Errc::WrongSize: return "The size is not the one that ALLO announced.";
        default: return text_of(code);
    }
}

}  // namespace

std::int64_t take_restart_offset(Session& session) {
    session.state().range = proto::ByteRange();
    return std::exchange(session.state().restart_offset, 0);
}

bool require_data_setup(Session& session) {
    if (!session.state().protects_data && tls_policy(session).data) {
        session.reply(ReplyCode::ProtectionNeeded, "Data must be protected here: PROT P first.");
        return false;
    }
    if (!session.has_data_setup()) {
        session.reply(ReplyCode::CannotOpenData, "Use PASV, EPSV, PORT or EPRT first.");
        return false;
    }
    // Between two servers there is no session to resume and no certificate of the client's: nothing
    // tells who is at the other end.
    const config::TlsSection& tls = session.config().tls;
    if (session.state().protects_data && session.is_tls_client() &&
        (tls.binding == config::TlsBinding::Require ||
         tls.client_certificates == config::ClientCertificates::Required)) {
        session.reply(ReplyCode::DataNotProtected,
                      "Data must resume this TLS session here, which another server cannot.");
        return false;
    }
    return true;
}

void refuse_transfer(Session& session, Error error, PathUse use) {
    reply_error(session, error, use);
}

void end_unopened(Session& session, Error error) {
    const bool stopped = error.code == Errc::Stopped;
    session.end_transfer(
        fail(error), stopped ? ReplyCode::TransferAborted : ReplyCode::CannotOpenData,
        {stopped ? "Transfer aborted." : "No data connection could be opened."});
}

void end_opened(Session& session, const Status& outcome, std::string_view note,
                std::string_view tail) {
    if (outcome) {
        session.end_transfer(outcome, ReplyCode::TransferComplete,
                             {"Transfer complete", note, ".", tail});
        return;
    }
    const io::StopReason reason = session.transfer().stop().reason();
    session.end_transfer(outcome, code_for_broken_transfer(outcome.error().code),
                         {words_for(outcome.error().code, reason)});
}

}  // namespace sluice::session
