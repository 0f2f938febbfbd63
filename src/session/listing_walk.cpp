// Listing: which folder comes next, by a pattern that spans folders and by -R.
#include <fmt/format.h>

#include <algorithm>

#include "session/listing.hpp"

namespace sluice::session {
namespace {

// A folder that is not one any more, or was a link all along, has vanished for a walk.
bool has_vanished(Errc code) {
    return code == Errc::NotFound || code == Errc::NotDirectory || code == Errc::LinkLoop ||
           code == Errc::OutsideRoot;
}
bool is_forbidden(Errc code) { return code == Errc::AccessDenied || code == Errc::Permission; }

}  // namespace

// The pattern goes on below this entry, if it is a folder or may lead to one.
Status Listing::keep_folder(vfs::Entry& entry) {
    if (!entry.status.is_directory() && !entry.status.is_symlink()) { return {}; }
    FolderStack::Item item;
    item.name = entry.name;
    item.path_bytes = static_cast<std::uint32_t>(path_.size());
    item.level = static_cast<std::uint16_t>(level_ + 1);
    // Parts without a pattern are the path to the next one that has one.
    while (item.level < parts_.size() && !proto::has_wildcards(parts_[item.level])) {
        item.name.push_back('/');
        item.name.append(parts_[item.level++]);
    }
    if (matched_.push(std::move(item))) { return {}; }
    return refuse(Errc::LimitReached, "The pattern matches too many folders, use a simpler one.");
}

Status Listing::keep_for_recursion(std::string_view name) {
    if (depth_ >= depth_max_) {
        return refuse(Errc::LimitReached,
                      fmt::format("The tree is deeper than {} folders (listing.depth), list the "
                                  "folders one by one.",
                                  depth_max_));
    }
    FolderStack::Item item;
    item.name = name;
    // What a pattern has matched is named by the whole way to it.
    item.path_bytes =
        phase_ == Phase::Pattern ? 0 : static_cast<std::uint32_t>(path_.size());
    item.level = static_cast<std::uint16_t>(parts_.size());
    item.depth = static_cast<std::uint16_t>(depth_ + 1);
    if (below_.push(std::move(item))) { return {}; }
    return refuse(Errc::LimitReached,
                  "Too many folders for -R (listing.memory), list them one by one.");
}

void Listing::end_folder() {
    folder_.reset();
    if (phase_ == Phase::Pattern) {
        matched_.turn_last();
        if (!matched_.is_empty()) {
            stage_ = Stage::Next;
            return;
        }
    }
    if (request_.options.are_sorted()) {
        sorter_.finish();
        stage_ = Stage::Merge;
        return;
    }
    below_.turn_last();
    stage_ = Stage::Next;
}

Result<std::size_t> Listing::next_folder(std::span<char> out) {
    const bool in_pattern = phase_ == Phase::Pattern && !matched_.is_empty();
    if (!in_pattern && below_.is_empty()) {
        stage_ = Stage::Done;
        return 0;
    }
    FolderStack& stack = in_pattern ? matched_ : below_;
    if (!in_pattern && phase_ == Phase::Pattern) {
        phase_ = Phase::Recursion;
        path_.clear();
    }
    const FolderStack::Item item = stack.pop();
    stack.begin_row();
    path_.resize(std::min<std::size_t>(item.path_bytes, path_.size()));
    if (!path_.empty()) { path_.push_back('/'); }
    path_.append(item.name);
    level_ = item.level;
    depth_ = item.depth;
    work_left_ -= std::min(work_left_, kOpenWork);
    if (in_pattern) {
        if (steps_left_ <= kOpenSteps) {
            return refuse(Errc::LimitReached,
                          "The pattern takes too many steps here, use a simpler one or none.");
        }
        steps_left_ -= kOpenSteps;
        if (!has_pattern_left()) { return show_leaf(out); }
    }
    const Status opened = open_folder();
    if (opened) {
        stage_ = Stage::Begin;
        return 0;
    }
    if (is_forbidden(opened.error().code)) {
        if (unreadable_++ == 0) { first_unreadable_ = path_; }
    } else if (!has_vanished(opened.error().code)) {
        return refuse(opened.error().code,
                      fmt::format("Cannot read {}: {}.", path_, text_of(opened.error())));
    }
    end_folder();
    return 0;
}

// The folder at path_. Below the first one -R goes through no link.
Status Listing::open_folder() {
    const std::string path = path_of({});
    Result<sys::Fd> fd = phase_ == Phase::Recursion
                             ? root_.open_directory_itself(path)
                             : root_.open_directory(path, vfs::Lookup::MaySleep);
    if (!fd) { return fail(fd.error()); }
    const Result<sys::FileStatus> status = reactor_.kernel().full_status_at(fd->number(), "");
    if (!status) { return fail(status.error()); }
    status_ = *status;
    folder_.emplace(reactor_, std::move(*fd), vfs::EntryContent::Full);
    return {};
}

// The pattern has ended in parts without one: path_ is a name, if it exists.
Result<std::size_t> Listing::show_leaf(std::span<char> out) {
    const std::string leaf = path_;
    const std::string path = path_of({});
    const Result<sys::FileStatus> status = root_.link_status(path, vfs::Lookup::MaySleep);
    std::size_t line = 0;
    if (status) {
        if (viewer_.may_write) { rights_ = root_.rights_around(path); }
        vfs::Entry entry;
        entry.name = leaf;
        entry.status = *status;
        std::string target;
        if (status->is_symlink()) {
            target.resize(vfs::Root::kPathBytesMax);
            const MutableBytes into(reinterpret_cast<std::uint8_t*>(target.data()), target.size());
            const Result<std::size_t> length = root_.read_link(path, into);
            target.resize(length ? *length : 0);
            entry.link_target = target;
        }
        // The name is the whole way already.
        path_.clear();
        const Result<std::size_t> shown = show(entry, out);
        if (!shown) { return shown; }
        line = *shown;
    } else if (!has_vanished(status.error().code) && !is_forbidden(status.error().code)) {
        return refuse(status.error().code,
                      fmt::format("Cannot look at {}: {}.", leaf, text_of(status.error())));
    }
    path_ = leaf;
    end_folder();
    return line;
}

}  // namespace sluice::session
