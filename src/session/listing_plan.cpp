#include "session/listing_plan.hpp"

#include "sluice/proto/path.hpp"

namespace sluice::session {
namespace {

// Where the first part with a pattern begins: "pub/*/x" is "pub/" and "*/x".
std::size_t pattern_begin(std::string_view path) {
    const std::size_t wildcard = path.find_first_of("*?[");
    const std::size_t slash = path.rfind('/', wildcard);
    return slash == std::string_view::npos ? 0 : slash + 1;
}

// A way up behind a pattern would lead out of what it has matched: no name is called so.
bool has_dot_part(std::string_view pattern) {
    while (!pattern.empty()) {
        const std::size_t end = std::min(pattern.find('/'), pattern.size());
        const std::string_view part = pattern.substr(0, end);
        if (part == "." || part == "..") { return true; }
        pattern.remove_prefix(std::min(end + 1, pattern.size()));
    }
    return false;
}

io::Task<std::string> target_of(Session& session, const std::string& path) {
    std::string target(vfs::Root::kPathBytesMax, '\0');
    const MutableBytes into(reinterpret_cast<std::uint8_t*>(target.data()), target.size());
    const Result<std::size_t> length = co_await session.tree().read_link(path, into);
    target.resize(length ? *length : 0);
    co_return target;
}

}  // namespace

io::Task<Result<std::unique_ptr<ListingPlan>>> plan_listing(Session& session,
                                                            std::string_view argument,
                                                            ListingStyle style) {
    proto::ListRequest asked;
    asked.path = argument;
    if (style != ListingStyle::Facts) { asked = proto::parse_list_argument(argument); }
    if (asked.options.directory_itself) { asked.options.recursive = false; }
    ListingRequest request(style, asked.options);
    Result<std::string> path = session.resolve(asked.path);
    if (!path) { co_return fail(path.error()); }
    // Before anything is looked at: what changes from here on makes the stamp an old one.
    vfs::ChangeMarks& marks = session.tree().root().marks();
    Result<sys::FileStatus> status = co_await session.tree().status(*path);
    const bool is_missing = !status && status.error().code == Errc::NotFound;
    if (is_missing && style != ListingStyle::Facts && proto::has_wildcards(asked.path)) {
        const std::size_t at = pattern_begin(asked.path);
        request.pattern = asked.path.substr(at);
        request.shown = asked.path.substr(0, at);
        if (has_dot_part(request.pattern)) { co_return fail(Errc::NotFound); }
        path = session.resolve(request.shown);
        if (!path) { co_return fail(path.error()); }
        status = co_await session.tree().status(*path);
        if (status && !status->is_directory()) { co_return fail(Errc::NotFound); }
    } else if (!asked.path.empty()) {
        request.shown = asked.path;
        if (request.shown.back() != '/') { request.shown.push_back('/'); }
    }
    const bool shows_one = request.pattern.empty() &&
                           (!status || !status->is_directory() || asked.options.directory_itself);
    auto plan = std::make_unique<ListingPlan>();
    request.path = *path;
    if (!shows_one) {
        if (!status) { co_return fail(status.error()); }
        const vfs::FolderStamp stamp(*status, marks);
        Result<vfs::Directory> folder =
            co_await session.tree().open_directory(*path, vfs::EntryContent::Full);
        if (!folder) { co_return fail(folder.error()); }
        plan->listing.emplace(session, std::move(request));
        plan->listing->show_folder(std::move(*folder), *status);
        if (session.services().listings.cache.is_on() && plan->listing->can_be_shared() &&
            stamp.is_settled(session.reactor().kernel().wall_time())) {
            plan->stamp = stamp;
        }
        co_return std::move(plan);
    }
    // The name itself, as `ls` shows a file and `ls -d` a folder: a link is not followed, so that
    // one that leads nowhere is there, too.
    plan->is_folder = false;
    if (style == ListingStyle::Facts && status) { co_return std::move(plan); }
    std::string target;
    if (!(status && asked.options.follow_links) && !asked.path.ends_with('/')) {
        const Result<sys::FileStatus> itself = co_await session.tree().link_status(*path);
        if (!itself) { co_return fail(itself.error()); }
        // It was there and could not be looked at: a folder must not pass for its own only name.
        if (!status && !itself->is_symlink()) { co_return fail(status.error()); }
        if (itself->is_symlink()) { target = co_await target_of(session, *path); }
        status = itself;
    }
    if (!status) { co_return fail(status.error()); }
    if (style == ListingStyle::Facts) { co_return std::move(plan); }
    plan->listing.emplace(session, std::move(request));
    plan->listing->show_one(asked.path.empty() ? "." : asked.path, *status, std::move(target));
    co_return std::move(plan);
}

}  // namespace sluice::session
