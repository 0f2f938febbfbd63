// LIST NLST MLSD: RFC 959 section 4.1.3, RFC 3659 section 7. Lines end in CRLF whatever TYPE says
// (RFC 1123 section 4.1.2.7).
#include <memory>
#include <optional>

#include "session/handlers.hpp"
#include "session/listing_plan.hpp"
#include "session/listing_transfer.hpp"
#include "session/transfer_replies.hpp"

namespace sluice::session {
namespace {

using proto::ReplyCode;

void end_listing(Session& session, const Status& outcome, const Listing& listing) {
    if (outcome || listing.problem().empty()) {
        end_opened(session, outcome, listing.remark());
        return;
    }
    session.end_transfer(outcome, code_for_broken_transfer(outcome.error().code),
                         {listing.problem()});
}

io::Task<void> send_plan(Session& session, std::unique_ptr<ListingPlan> plan,
                         xfer::Encoding encoding) {
    xfer::Transfer& transfer = session.transfer();
    const Status opened = co_await transfer.open_connection();
    if (!opened) {
        end_unopened(session, opened.error());
        co_return;
    }
    session.reply(ReplyCode::OpeningData, "Here comes the directory listing.");
    Status sent = co_await xfer::encode_listing(transfer, encoding);
    if (sent) { sent = co_await send_listing(session, *plan->listing, plan->stamp); }
    if (sent) { sent = co_await transfer.finish_sending(); }
    end_listing(session, sent, *plan->listing);
}

io::Task<void> list(Session& session, std::string_view verb, std::string_view argument,
                    ListingStyle style) {
    (void)take_restart_offset(session);  // cleared, and without meaning here
    if (!require_data_setup(session)) { co_return; }
    Result<std::unique_ptr<ListingPlan>> plan =
        co_await plan_listing(session, argument, style);
    if (!plan) {
        refuse_transfer(session, plan.error());
        co_return;
    }
    if (!(*plan)->listing) {
        session.reply(ReplyCode::BadArgument, "MLSD is for directories, use MLST.");
        co_return;
    }
    (*plan)->listing->use_charset_of(session);
    session.begin_transfer(verb);
    session.transfer_note().path = (*plan)->listing->request().path;
    session.transfer_note().direction = obs::Direction::Listing;
    io::Task<void> task = send_plan(session, std::move(*plan), session.encoding());
    session.run_transfer(std::move(task));
}

}  // namespace

io::Task<void> handle_list(Session& session, const Command& command) {
    co_await list(session, "LIST", command.argument, ListingStyle::Long);
}

io::Task<void> handle_nlst(Session& session, const Command& command) {
    co_await list(session, "NLST", command.argument, ListingStyle::Names);
}

io::Task<void> handle_mlsd(Session& session, const Command& command) {
    co_await list(session, "MLSD", command.argument, ListingStyle::Facts);
}

}  // namespace sluice::session
