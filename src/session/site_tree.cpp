// SITE MKDIR, RMDIR, SYMLINK: folders with their parents and their contents, and links.
#include <algorithm>

#include "session/reply_for_error.hpp"
#include "session/site_handlers.hpp"
#include "session/subtree_job.hpp"
#include "sluice/proto/arguments.hpp"
#include "sluice/proto/path.hpp"

namespace sluice::session {
namespace {

using proto::ReplyCode;

// "../b/c" for "/a/b/c" seen from "/a/x": a link that keeps its meaning when the machine's
// administrator looks at it, and under tree.symlinks = "beneath", which takes no absolute one.
std::string relative_path(std::string_view from_directory, std::string_view to) {
    std::size_t common = 0;
    for (std::size_t at = 0; at < from_directory.size() && at < to.size(); ++at) {
        if (from_directory[at] != to[at]) { break; }
        if (from_directory[at] == '/') { common = at; }
        const bool whole_from = at + 1 == from_directory.size();
        if (whole_from && (at + 1 == to.size() || to[at + 1] == '/')) { common = at + 1; }
    }
    std::string text;
    std::string_view up = from_directory.substr(common);
    while (up.find_first_not_of('/') != std::string_view::npos) {
        text.append("../");
        up = up.substr(0, up.rfind('/'));
    }
    std::string_view down = to.substr(common);
    if (!down.empty() && down.front() == '/') { down.remove_prefix(1); }
    text.append(down);
    if (text.empty()) { return "."; }
    return text;
}

}  // namespace

// With the folders above it that are missing. One that is there already is what was asked for.
io::Task<void> site_mkdir(Session& session, std::string_view argument) {
    const Result<std::string> name = proto::unquote(argument);
    Result<std::string> path = fail(Errc::BadArgument);
    if (name && !name->empty()) { path = session.resolve(*name); }
    if (!path && path.error().code == Errc::BadArgument) {
        session.reply(ReplyCode::BadArgument, "SITE MKDIR wants a path.");
        co_return;
    }
    if (refused(session, path)) { co_return; }
    Status made;
    std::size_t end = 0;
    while (made && end < path->size()) {
        end = std::min(path->find('/', end + 1), path->size());
        const std::string_view step = std::string_view(*path).substr(0, end);
        const Status exists = co_await session.tree().directory_exists(step);
        if (exists || exists.error().code != Errc::NotFound) {
            made = exists;
            continue;
        }
        made = co_await session.tree().make_directory(step, session.new_directory_mode());
        if (made) { session.log_change(obs::EventKind::MakeDirectory, step); }
        if (!made && made.error().code == Errc::AlreadyExists) { made = Status(); }  // just now
    }
    if (refused(session, made)) { co_return; }
    session.reply(ReplyCode::Okay, "Directory made.");
}

void site_rmdir(Session& session, std::string_view argument) {
    const Result<std::string> name = proto::unquote(argument);
    if (!name || name->empty()) {
        session.reply(ReplyCode::BadArgument, "SITE RMDIR wants a path.");
        return;
    }
    const Result<std::string> path = session.resolve(*name);
    if (refused(session, path)) { return; }
    begin_removal(session, "SITE RMDIR", *path, ReplyCode::Okay);
}

// The target need not exist, as with ln -s.
io::Task<void> site_symlink(Session& session, std::string_view argument) {
    const Result<std::vector<std::string>> names = proto::split_words(argument, 2);
    if (!names || names->size() != 2) {
        session.reply(ReplyCode::BadArgument,
                      "SITE SYMLINK wants a target and a name; quote those with blanks.");
        co_return;
    }
    const Result<std::string> target = session.resolve(names->front());
    const Result<std::string> link = session.resolve(names->back());
    if (!target || !link) {
        reply_error(session, target ? link.error() : target.error());
        co_return;
    }
    const std::string text = relative_path(proto::split_parent(*link).parent, *target);
    const Status made = co_await session.tree().make_symlink(text, *link);
    if (refused(session, made)) { co_return; }
    session.reply(ReplyCode::Okay, "Link made.");
    session.log_change(obs::EventKind::MakeLink, *link, *target);
}

}  // namespace sluice::session
