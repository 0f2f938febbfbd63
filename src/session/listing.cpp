#include "session/listing.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "sluice/proto/path.hpp"
#include "sluice/vfs/creation_time.hpp"

namespace sluice::session {
namespace {

using proto::GlobMatch;

std::vector<std::string_view> split(std::string_view pattern) {
    std::vector<std::string_view> parts;
    while (!pattern.empty()) {
        const std::size_t end = std::min(pattern.find('/'), pattern.size());
        if (end > 0) { parts.push_back(pattern.substr(0, end)); }
        pattern.remove_prefix(std::min(end + 1, pattern.size()));
    }
    return parts;
}


std::size_t put(std::span<char> out, std::string_view text) {
    std::copy(text.begin(), text.end(), out.begin());
    return text.size();
}

}  // namespace

Listing::Listing(Session& session, ListingRequest&& request)
    : reactor_(session.reactor()),
      root_(session.tree().root()),
      request_(std::move(request)),
      parts_(split(request_.pattern)),
      depth_max_(session.config().listing.depth),
      bytes_max_(session.config().listing.memory),
      viewer_(session),
      fact_set_(session.state().facts),
      lines_(session.reactor().kernel().wall_time().seconds, request_.options.classify),
      facts_(session.state().facts),
      looks_at_all_(uses_long_lines() || request_.options.classify || request_.options.by_time ||
                    request_.options.by_size ||
                    (request_.style == ListingStyle::Facts && !fact_set_.needs_no_status())),
      shows_creation_(request_.style == ListingStyle::Facts && fact_set_.has(proto::Fact::Create)),
      looks_fully_(fact_set_.has(proto::Fact::Create) || viewer_.may_write),
      share_(session.services().listings.kept, bytes_max_),
      matched_(share_),
      below_(share_),
      sorter_(share_, request_.options.reverse) {}

// A converter keeps state, and helpers fill: none is shared. Opening one costs microseconds and
// reads nothing, as the shard's keeps the tables in memory. Without one names stay in UTF-8, which
// such a client may send back.
void Listing::use_charset_of(const Session& session) {
    if (!session.speaks_charset()) { return; }
    Result<std::unique_ptr<proto::Charset>> own =
        proto::Charset::open(session.config().server.charset);
    if (own) { charset_ = std::move(*own); }
}

void Listing::show_folder(vfs::Directory&& folder, const sys::FileStatus& status) {
    folder_.emplace(std::move(folder));
    status_ = status;
    stage_ = Stage::Begin;
    phase_ = parts_.empty() ? Phase::Recursion : Phase::Pattern;
}

void Listing::show_one(std::string_view name, const sys::FileStatus& status,
                       std::string link_target) {
    one_name_ = name;
    one_target_ = std::move(link_target);
    status_ = status;
    stage_ = Stage::One;
}

bool Listing::can_be_shared() const {
    return folder_.has_value() && parts_.size() <= 1 && !request_.options.recursive &&
           !request_.options.follow_links;
}

std::string Listing::key() const {
    const proto::ListOptions& o = request_.options;
    std::string options;
    const std::pair<bool, char> letters[] = {
        {o.all, 'a'},        {o.almost_all, 'A'}, {o.long_form, 'l'}, {o.classify, 'F'},
        {o.by_time, 't'},    {o.by_size, 'S'},    {o.reverse, 'r'},   {viewer_.may_write, 'w'},
        {viewer_.sees_owners, 'o'}, {charset_ != nullptr, 'c'}};
    for (const auto& [is_on, letter] : letters) {
        if (is_on) { options.push_back(letter); }
    }
    // What the client has called the folder stands before its names only.
    const bool shows_way = request_.style == ListingStyle::Names && !uses_long_lines();
    const std::string_view shown = shows_way ? std::string_view(request_.shown) : "";
    // No end of line is in any of them.
    return fmt::format("{}\n{}\n{:x}\n{}\n{}\n{}", static_cast<int>(request_.style), options,
                       fact_set_.bits(), request_.path, shown, request_.pattern);
}

std::string Listing::remark() const {
    if (unreadable_ == 0) { return {}; }
    if (unreadable_ == 1) {
        return fmt::format(", but this folder may not be read: {}", first_unreadable_);
    }
    return fmt::format(", but {} folders may not be read, the first is {}", unreadable_,
                       first_unreadable_);
}

tl::unexpected<Error> Listing::refuse(Errc code, std::string text) {
    problem_ = std::move(text);
    return fail(code);
}

std::string Listing::path_of(std::string_view name) const {
    std::string path = request_.path;
    for (const std::string_view part : {std::string_view(path_), name}) {
        if (part.empty()) { continue; }
        if (path.back() != '/') { path.push_back('/'); }
        path.append(part);
    }
    return path;
}

Result<xfer::TextSource::Piece> Listing::fill(std::span<char> out) {
    work_left_ = kPieceWork;
    std::size_t used = 0;
    while (stage_ != Stage::Done) {
        if (out.size() - used < kRoomMin || work_left_ == 0) { return Piece(used, true); }
        const Result<std::size_t> written = step(out.subspan(used));
        if (!written) { return fail(written.error()); }
        used += *written;
    }
    return Piece(used, false);
}

Result<std::size_t> Listing::step(std::span<char> out) {
    switch (stage_) {
        case Stage::One: {
            if (viewer_.may_write) { rights_ = root_.rights_around(request_.path); }
            vfs::Entry entry;
            entry.name = one_name_;
            entry.status = status_;
            entry.link_target = one_target_;
            const std::size_t line = write_line(entry, out);
            stage_ = Stage::Done;
            return line;
        }
        case Stage::Begin: return begin_folder(out);
        case Stage::Read: return read_entry(out);
        case Stage::Merge: return merge_line(out);
        case Stage::Next: return next_folder(out);
        case Stage::Done: break;
    }
    return 0;
}

// The lines before the names: a header for -R, the folder itself where it is shown.
Result<std::size_t> Listing::begin_folder(std::span<char> out) {
    stage_ = Stage::Read;
    // Who may write nothing has no rights to ask for.
    if (viewer_.may_write) {
        rights_ = vfs::folder_rights(reactor_.kernel(), folder_->fd());
    }
    std::size_t used = 0;
    const bool has_header = request_.options.recursive && depth_max_ > 0 &&
                            phase_ == Phase::Recursion && uses_long_lines();
    if (has_header) {
        if (has_text_) { used += put(out, "\r\n"); }
        std::string name = request_.shown;
        if (!path_.empty()) {
            name.append(path_);
        } else if (name.empty()) {
            name = ".";
        } else if (name.size() > 1 && name.back() == '/') {
            name.pop_back();
        }
        name.push_back(':');
        const std::span<char> room = out.subspan(used);
        used += for_client(proto::render_name_line({}, name, room), room);
        has_text_ = true;
    }
    const bool with_dots = uses_long_lines() && request_.options.all && phase_ == Phase::Recursion;
    const bool with_itself = request_.style == ListingStyle::Facts;
    if (!with_dots && !with_itself) { return used; }
    if (shows_creation_) { vfs::read_creation_time(reactor_.kernel(), folder_->fd(), "", status_); }
    // What may be done with a folder is decided by the one above it.
    const vfs::FolderRights around =
        with_itself && viewer_.may_write ? root_.rights_around(request_.path) : vfs::FolderRights();
    proto::EntryFacts facts = facts_of(viewer_, around, ".", status_);
    if (with_itself) { facts.role = proto::EntryRole::CurrentDirectory; }
    used += write_facts_line(facts, out.subspan(used));
    if (with_dots) {
        facts.name = "..";
        used += write_facts_line(facts, out.subspan(used));
    }
    has_text_ = true;
    return used;
}

bool Listing::must_look(const vfs::Entry& entry) const {
    if (looks_at_all_) { return true; }
    if (request_.style == ListingStyle::Facts) {
        return entry.status.format == 0 || entry.status.is_symlink();
    }
    // Some file systems do not tell what a name is.
    return entry.status.format == 0 && (request_.options.recursive || level_ + 1u < parts_.size());
}

// A link that leads nowhere, or outside, is shown as itself.
void Listing::follow_link(vfs::Entry& entry) {
    const Result<sys::FileStatus> target =
        root_.status(path_of(entry.name), vfs::Lookup::MaySleep);
    work_left_ -= std::min(work_left_, kOpenWork);
    if (!target) { return; }
    entry.status = *target;
    entry.link_target = {};
}

Result<bool> Listing::matches(const vfs::Entry& entry) {
    if (request_.style != ListingStyle::Facts && !proto::is_shown(request_.options, entry.name) &&
        !has_pattern_left()) {
        return false;
    }
    if (!has_pattern_left()) { return true; }
    const std::uint64_t before = steps_left_;
    if (parts_.size() > 1) { steps_left_ -= std::min(steps_left_, kNameSteps); }
    GlobMatch match = steps_left_ == 0 ? GlobMatch::OutOfSteps
                                       : proto::glob_match(parts_[level_], entry.name, steps_left_);
    work_left_ -= std::min(work_left_, before - steps_left_);
    if (match == GlobMatch::OutOfSteps) {
        return refuse(Errc::LimitReached,
                      "The pattern takes too many steps here, use a simpler one or none.");
    }
    return match == GlobMatch::Yes;
}

Result<std::size_t> Listing::read_entry(std::span<char> out) {
    vfs::Entry entry;
    const Result<bool> named = folder_->next_name(entry);
    // Below the folder that was asked for, one that is removed while it is read has vanished, too.
    const bool vanished = !named && named.error().code == Errc::NotFound && !path_.empty();
    if (!named && !vanished) { return fail(named.error()); }
    if (vanished || !*named) {
        end_folder();
        return 0;
    }
    work_left_ -= std::min(work_left_, kNameWork);
    const Result<bool> matching = matches(entry);
    if (!matching) { return fail(matching.error()); }
    if (!*matching) { return 0; }
    if (must_look(entry)) {
        work_left_ -= std::min(work_left_, kLookWork);
        const Result<bool> there = folder_->look(entry, looks_fully_);
        if (!there) { return fail(there.error()); }
        if (!*there) { return 0; }
        if (shows_creation_) {
            vfs::read_creation_time(reactor_.kernel(), folder_->fd(), entry.name.data(),
                                    entry.status);
        }
    }
    if (has_pattern_left() && level_ + 1u < parts_.size()) {
        const Status kept = keep_folder(entry);
        if (!kept) { return fail(kept.error()); }
        return 0;
    }
    return show(entry, out);
}

// Changes `entry` into what is shown of it.
Result<std::size_t> Listing::show(vfs::Entry& entry, std::span<char> out) {
    const bool is_folder = entry.status.is_directory();
    const proto::ListOptions& options = request_.options;
    if (options.follow_links && looks_at_all_ && entry.status.is_symlink()) { follow_link(entry); }
    // A pattern that spans folders shows names with the way to them.
    if (phase_ == Phase::Pattern && !path_.empty()) {
        scratch_ = path_;
        scratch_.push_back('/');
        scratch_.append(entry.name);
        entry.name = scratch_;
    }
    const std::size_t line = write_line(entry, out);
    const bool goes_below = options.recursive && is_folder && depth_max_ > 0;
    if (!options.are_sorted() || request_.style == ListingStyle::Facts) {
        if (goes_below) {
            const Status kept = keep_for_recursion(entry.name);
            if (!kept) { return fail(kept.error()); }
        }
        has_text_ = has_text_ || line > 0;
        return line;
    }
    LineSorter::Key key;
    if (options.by_time) {
        key.first = entry.status.modified.seconds;
        key.second = entry.status.modified.nanoseconds;
    } else if (options.by_size) {
        key.first = entry.status.size;
    }
    LineSorter::Line sorted;
    sorted.text = std::string_view(out.data(), line);
    sorted.name = entry.name;
    sorted.is_folder = goes_below;
    if (!sorter_.add(key, sorted)) {
        return refuse(Errc::LimitReached,
                      "Too many names to sort (listing.memory), list them without -t, -S and -r.");
    }
    return 0;
}

Result<std::size_t> Listing::merge_line(std::span<char> out) {
    LineSorter::Line line;
    if (!sorter_.next(line)) {
        sorter_.clear();
        below_.turn_last();
        stage_ = Stage::Next;
        return 0;
    }
    work_left_ -= std::min(work_left_, kNameWork);
    if (line.is_folder) {
        const Status kept = keep_for_recursion(line.name);
        if (!kept) { return fail(kept.error()); }
    }
    has_text_ = true;
    return put(out, line.text);
}

std::size_t Listing::write_line(const vfs::Entry& entry, std::span<char> out) {
    if (request_.style == ListingStyle::Names && !uses_long_lines()) {
        const char mark = request_.options.classify
                              ? proto::kind_mark(entry.status.format | entry.status.mode)
                              : '\0';
        if (stage_ == Stage::One || path_.empty() || phase_ == Phase::Pattern) {
            const std::string_view prefix =
                stage_ == Stage::One ? std::string_view() : std::string_view(request_.shown);
            return for_client(proto::render_name_line(prefix, entry.name, out, mark), out);
        }
        scratch_ = request_.shown;
        scratch_.append(path_);
        scratch_.push_back('/');
        return for_client(proto::render_name_line(scratch_, entry.name, out, mark), out);
    }
    return write_facts_line(facts_of(viewer_, rights_, entry.name, entry.status, entry.link_target),
                            out);
}

std::size_t Listing::write_facts_line(const proto::EntryFacts& facts, std::span<char> out) {
    return for_client(request_.style == ListingStyle::Facts ? facts_.render(facts, out)
                                                            : lines_.render(facts, out),
                      out);
}

// The first `length` bytes of `out`, one line, in the client's character set. A line that would be
// longer there than a line may be (GB18030) stays in UTF-8, which is understood, too.
std::size_t Listing::for_client(std::size_t length, std::span<char> out) {
    if (charset_ == nullptr) { return length; }
    const std::string line = charset_->to_client(std::string_view(out.data(), length));
    if (line.size() > std::min(out.size(), proto::kEntryLineBytesMax)) { return length; }
    return put(out, line);
}

}  // namespace sluice::session
