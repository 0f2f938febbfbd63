// LIST NLST MLSD: RFC 959 section 4.1.3, RFC 3659 section 7. Lines end in CRLF whatever TYPE says
// (RFC 1123 section 4.1.2.7).
#include <memory>
#include <optional>

#include "session/entry_facts.hpp"
#include "session/handlers.hpp"
#include "session/listing.hpp"
#include "session/transfer_replies.hpp"
#include "sluice/proto/path.hpp"

namespace sluice::session {
namespace {

using proto::ReplyCode;

// What a listing is of, found out before the data connection: a directory, or one file.
struct ListingPlan {
    Listing listing;
    std::optional<vfs::Directory> directory;
    std::string head;  // lines that come first, or the only one

    ListingPlan(const Session& session, ListingStyle style, proto::ListOptions options)
        : listing(session, style, options) {}
    void add_to_head(const proto::EntryFacts& facts) {
        std::string line(proto::kEntryLineBytesMax, '\0');
        line.resize(listing.render_one(facts, line));
        head.append(line);
    }
};

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
    if (sent) {
        sent = co_await xfer::send_bytes(transfer, as_bytes(plan->head));
    }
    if (sent && plan->directory) {
        sent = co_await xfer::send_listing(transfer, *plan->directory, plan->listing);
    }
    if (sent && plan->listing.is_out_of_steps()) { sent = fail(Errc::LimitReached); }
    if (sent) { sent = co_await transfer.finish_sending(); }
    end_opened(session, sent);
}

void begin_listing(Session& session, std::string_view verb, const std::string& path,
                   std::unique_ptr<ListingPlan> plan) {
    session.begin_transfer(verb);
    session.transfer_note().path = path;
    session.transfer_note().direction = obs::Direction::Listing;
    io::Task<void> task = send_plan(session, std::move(plan), session.encoding());
    session.run_transfer(std::move(task));
}

// "." and ".." for LIST -a; "." as type=cdir for MLSD.
void add_dot_entries(Session& session, ListingPlan& plan, const sys::FileStatus& status,
                     ListingStyle style, proto::ListOptions options) {
    if (style == ListingStyle::Facts) {
        proto::EntryFacts facts = facts_of(session, ".", status);
        facts.role = proto::EntryRole::CurrentDirectory;
        plan.add_to_head(facts);
    } else if (style == ListingStyle::Long && options.all) {
        plan.add_to_head(facts_of(session, ".", status));
        plan.add_to_head(facts_of(session, "..", status));
    }
}

// What the client wrote before the last "/", with it: NLST repeats it before each name.
std::string_view directory_part(std::string_view asked) {
    const std::size_t slash = asked.rfind('/');
    return slash == std::string_view::npos ? std::string_view() : asked.substr(0, slash + 1);
}

io::Task<void> list(Session& session, std::string_view verb, std::string_view argument,
                    ListingStyle style) {
    (void)take_restart_offset(session);  // cleared, and without meaning here
    if (!require_data_setup(session)) { co_return; }
    proto::ListRequest request;
    if (style == ListingStyle::Facts) {
        request.path = argument;  // RFC 3659 knows no options: "-a" is a name
    } else {
        request = proto::parse_list_argument(argument);
    }
    Result<std::string> path = session.resolve(request.path);
    if (!path) {
        refuse_transfer(session, path.error());
        co_return;
    }
    auto plan = std::make_unique<ListingPlan>(session, style, request.options);
    Result<sys::FileStatus> status = co_await session.tree().status(*path);
    if (!status && style != ListingStyle::Facts && proto::has_wildcards(request.path)) {
        const std::string pattern_path = *path;
        const proto::SplitPath split = proto::split_parent(pattern_path);
        plan->listing.set_pattern(split.name);
        plan->listing.set_prefix(directory_part(request.path));
        path = std::string(split.parent);
        status = co_await session.tree().status(*path);
    } else if (!request.path.empty()) {
        std::string prefix(request.path);
        if (prefix.back() != '/') { prefix.push_back('/'); }
        plan->listing.set_prefix(prefix);
    }
    if (!status && !request.path.ends_with('/')) {
        // A dangling link exists as a name.
        status = co_await session.tree().link_status(*path);
    }
    if (!status) {
        refuse_transfer(session, status.error());
        co_return;
    }
    if (!status->is_directory() || request.options.directory_itself) {
        if (style == ListingStyle::Facts) {
            session.reply(ReplyCode::BadArgument, "MLSD is for directories, use MLST.");
            co_return;
        }
        plan->add_to_head(
            facts_of(session, request.path.empty() ? "." : request.path, *status));
        begin_listing(session, verb, *path, std::move(plan));
        co_return;
    }
    Result<vfs::Directory> directory =
        co_await session.tree().open_directory(*path, plan->listing.content());
    if (!directory) {
        refuse_transfer(session, directory.error());
        co_return;
    }
    add_dot_entries(session, *plan, *status, style, request.options);
    plan->directory.emplace(std::move(*directory));
    begin_listing(session, verb, *path, std::move(plan));
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
