// Files: what a scenario does to the tree behind the server's back, and power cuts.
#include <algorithm>
#include <utility>

#include "sim/files.hpp"
#include "sim/panic.hpp"

namespace sluice::sim {

std::pair<InodeId, std::string> Files::parent_of(std::string_view path) {
    const std::size_t slash = path.rfind('/');
    if (slash == std::string_view::npos) { panic("a scenario path must be absolute"); }
    const InodeId parent = slash == 0 ? kRoot : find(path.substr(0, slash));
    if (parent == 0 || !get(parent).status.is_directory()) {
        panic("no directory for %.*s", static_cast<int>(path.size()), path.data());
    }
    return {parent, std::string(path.substr(slash + 1))};
}

InodeId Files::find(std::string_view path) {
    InodeId here = kRoot;
    std::size_t at = 0;
    while (at < path.size()) {
        const std::size_t slash = std::min(path.find('/', at), path.size());
        const bool is_name = slash > at && path.substr(at, slash - at) != ".";
        if (is_name) {
            const Inode& inode = get(here);
            const auto found = inode.children.find(std::string(path.substr(at, slash - at)));
            if (found == inode.children.end()) { return 0; }
            here = found->second;
        }
        at = slash + 1;
    }
    return here;
}

InodeId Files::add_directory(std::string_view path, std::uint32_t mode) {
    const auto [parent, name] = parent_of(path);
    const InodeId made = make(sys::FileStatus::Type::Directory, mode);
    ++transaction_;
    set_entry(parent, name, made);
    return made;
}

InodeId Files::add_file(std::string_view path, std::uint64_t seed, std::int64_t size) {
    const auto [parent, name] = parent_of(path);
    const InodeId made = make(sys::FileStatus::Type::Regular, 0644);
    get(made).data.set_pattern(seed, size);
    ++transaction_;
    set_entry(parent, name, made);
    return made;
}

InodeId Files::add_symlink(std::string_view path, std::string_view target) {
    const auto [parent, name] = parent_of(path);
    const InodeId made = make(sys::FileStatus::Type::Symlink, 0777);
    get(made).target = target;
    ++transaction_;
    set_entry(parent, name, made);
    return made;
}

InodeId Files::add_special(std::string_view path) {
    const auto [parent, name] = parent_of(path);
    const InodeId made = make(sys::FileStatus::Type::Other, 0644);
    ++transaction_;
    set_entry(parent, name, made);
    return made;
}

void Files::remove(std::string_view path) {
    const auto [parent, name] = parent_of(path);
    ++transaction_;
    set_entry(parent, name, 0);
}

void Files::move(std::string_view from, std::string_view to) {
    const auto [from_directory, from_name] = parent_of(from);
    const auto [to_directory, to_name] = parent_of(to);
    const Status moved =
        rename(from_directory, from_name.c_str(), to_directory, to_name.c_str(), true);
    if (!moved) { panic("a scenario could not move a file"); }
}

void Files::collect(InodeId directory, const std::string& path, std::vector<std::string>& into) {
    for (const auto& [name, id] : get(directory).children) {
        const std::string full = path + "/" + name;
        if (get(id).status.is_directory()) {
            collect(id, full, into);
        } else if (get(id).status.is_regular()) {
            into.push_back(full);
        }
    }
}

std::vector<std::string> Files::all_files(std::string_view path) {
    std::vector<std::string> paths;
    const InodeId directory = find(path);
    if (directory != 0) { collect(directory, std::string(path), paths); }
    return paths;
}

void Files::track_crashes() {
    tracking_ = true;
    log_.clear();
    durable_ = 0;
    for (auto& [id, inode] : inodes_) {
        inode.data.track_crashes();
        inode.data.mark_synced();
    }
}

// A journal commits in order: the newest change of this directory and all before it are safe.
void Files::sync_directory(InodeId directory) {
    for (std::size_t i = log_.size(); i > durable_; --i) {
        if (log_[i - 1].directory == directory) {
            durable_ = i;
            break;
        }
    }
    // Never half of a rename.
    while (durable_ > 0 && durable_ < log_.size() &&
           log_[durable_].transaction == log_[durable_ - 1].transaction) {
        ++durable_;
    }
}

void Files::crash() {
    if (!tracking_) { panic("crash() without track_crashes()"); }
    std::size_t kept = durable_ + prng_.below(log_.size() - durable_ + 1);
    while (kept > durable_ && kept < log_.size() &&
           log_[kept].transaction == log_[kept - 1].transaction) {
        --kept;
    }
    for (std::size_t i = log_.size(); i > kept; --i) {
        const Change& change = log_[i - 1];
        std::map<std::string, InodeId>& children = get(change.directory).children;
        if (change.before == 0) {
            children.erase(change.name);
        } else {
            children[change.name] = change.before;
        }
    }
    log_.clear();
    durable_ = 0;
    for (auto& [id, inode] : inodes_) {
        inode.open_count = 0;
        inode.data.crash(prng_);
    }
    recount();
}

// Link counts, parents and orders anew from the entries; what no name leads to is gone.
void Files::recount() {
    for (auto& [id, inode] : inodes_) {
        inode.status.links = inode.status.is_directory() ? 1 : 0;
        inode.order.clear();
    }
    std::vector<InodeId> reachable = {kRoot};
    for (std::size_t i = 0; i < reachable.size(); ++i) {
        Inode& directory = get(reachable[i]);
        for (const auto& [name, id] : directory.children) {
            Inode& inode = get(id);
            ++inode.status.links;
            std::uint64_t at = position_of(name);
            while (directory.order.count(at) != 0) {
                ++at;
            }
            directory.order[at] = name;
            if (!inode.status.is_directory()) { continue; }
            ++directory.status.links;
            inode.parent = reachable[i];
            reachable.push_back(id);
        }
    }
    get(kRoot).status.links += 1;
    std::sort(reachable.begin(), reachable.end());
    for (auto it = inodes_.begin(); it != inodes_.end();) {
        const bool lives = it->second.status.is_directory()
                               ? std::binary_search(reachable.begin(), reachable.end(), it->first)
                               : it->second.status.links != 0;
        it = lives ? std::next(it) : inodes_.erase(it);
    }
}

}  // namespace sluice::sim
