// Files: inodes, names, and what scenarios do to the tree.
#include "sim/files.hpp"

#include <dirent.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstring>

#include "sim/panic.hpp"

namespace sluice::sim {
namespace {

// Positions of `.` and `..`; every name comes behind them.
constexpr std::uint64_t kSelfPosition = 0;
constexpr std::uint64_t kParentPosition = 1;
constexpr std::uint64_t kFirstPosition = 2;
constexpr std::uint64_t kEndPosition = 0x7FFF'FFFF'FFFF'FFFFull;
constexpr std::uint32_t kServerUid = 1000;

struct DirectoryRecord {  // struct linux_dirent64
    std::uint64_t inode;
    std::int64_t next;
    std::uint16_t length;
    std::uint8_t type;
};
constexpr std::size_t kRecordNameOffset = 19;

std::uint8_t record_type(sys::FileStatus::Type type) {
    switch (type) {
        case sys::FileStatus::Type::Regular:
            return DT_REG;
        case sys::FileStatus::Type::Directory:
            return DT_DIR;
        case sys::FileStatus::Type::Symlink:
            return DT_LNK;
        case sys::FileStatus::Type::Other:
            break;
    }
    return DT_FIFO;
}

std::uint32_t format_of(sys::FileStatus::Type type) {
    switch (type) {
        case sys::FileStatus::Type::Regular: return S_IFREG;
        case sys::FileStatus::Type::Directory: return S_IFDIR;
        case sys::FileStatus::Type::Symlink: return S_IFLNK;
        case sys::FileStatus::Type::Other: break;
    }
    return S_IFIFO;
}

// Appends one record at `used`; false when it does not fit.
bool put_record(MutableBytes into, std::size_t& used, InodeId inode, std::uint64_t next,
                std::uint8_t type, std::string_view name) {
    const std::size_t length = (kRecordNameOffset + name.size() + 1 + 7) & ~std::size_t{7};
    if (length > into.size() - used) { return false; }
    std::uint8_t* at = into.data() + used;
    std::memset(at, 0, length);
    const std::int64_t next_signed = static_cast<std::int64_t>(next);
    const std::uint16_t length16 = static_cast<std::uint16_t>(length);
    std::memcpy(at + offsetof(DirectoryRecord, inode), &inode, sizeof inode);
    std::memcpy(at + offsetof(DirectoryRecord, next), &next_signed, sizeof next_signed);
    std::memcpy(at + offsetof(DirectoryRecord, length), &length16, sizeof length16);
    at[offsetof(DirectoryRecord, type)] = type;
    std::memcpy(at + kRecordNameOffset, name.data(), name.size());
    used += length;
    return true;
}

}  // namespace

Files::Files(Clock& clock, Prng& prng) : clock_(clock), prng_(prng), order_salt_(prng.next()) {
    const InodeId root = make(sys::FileStatus::Type::Directory, 0755);
    get(root).parent = root;
    get(root).status.links = 2;
}

Inode& Files::get(InodeId inode) {
    const auto found = inodes_.find(inode);
    if (found == inodes_.end()) {
        panic("use of inode %llu, which is gone", static_cast<unsigned long long>(inode));
    }
    return found->second;
}

InodeId Files::make(sys::FileStatus::Type type, std::uint32_t mode) {
    const InodeId id = ++last_;
    Inode& inode = inodes_[id];
    inode.status.type = type;
    inode.status.mode = mode;
    inode.status.format = format_of(type);
    inode.status.uid = inode.status.gid = kServerUid;
    inode.status.device = 1;
    inode.status.inode = id;
    inode.status.modified = inode.status.changed = clock_.wall();
    if (type == sys::FileStatus::Type::Directory) { inode.status.links = 1; }  // its own `.`
    if (tracking_) { inode.data.track_crashes(); }
    return id;
}

std::uint64_t Files::position_of(const std::string& name) const {
    std::uint64_t hash = order_salt_;
    for (const char c : name) {
        hash = (hash ^ static_cast<std::uint8_t>(c)) * 0x100000001B3ull;
    }
    hash ^= hash >> 31;
    return kFirstPosition + hash % (kEndPosition - kFirstPosition - (1u << 20));
}

void Files::set_entry(InodeId directory, const std::string& name, InodeId inode) {
    Inode& where = get(directory);
    const auto old = where.children.find(name);
    const InodeId before = old == where.children.end() ? 0 : old->second;
    if (tracking_) { log_.push_back({directory, name, before, transaction_}); }
    if (before != 0) {
        Inode& gone = get(before);
        --gone.status.links;
        gone.status.changed = clock_.wall();
        if (gone.status.is_directory()) { --where.status.links; }
        where.children.erase(old);
        for (std::uint64_t at = position_of(name);; ++at) {
            const auto place = where.order.find(at);
            if (place != where.order.end() && place->second == name) {
                where.order.erase(place);
                break;
            }
        }
    }
    if (inode != 0) {
        Inode& added = get(inode);
        ++added.status.links;
        added.status.changed = clock_.wall();
        if (added.status.is_directory()) {
            ++where.status.links;
            added.parent = directory;
        }
        where.children[name] = inode;
        std::uint64_t at = position_of(name);
        while (where.order.count(at) != 0) {
            ++at;
        }
        where.order[at] = name;
    }
    where.status.modified = where.status.changed = clock_.wall();
    if (before != 0) { drop_if_unused(before); }
}

void Files::drop_if_unused(InodeId id) {
    Inode& inode = get(id);
    const std::uint32_t floor = inode.status.is_directory() ? 1 : 0;
    if (inode.status.links <= floor && inode.status.is_directory()) { inode.status.links = 0; }
    if (inode.status.links != 0 || inode.open_count != 0 || tracking_) { return; }
    inodes_.erase(id);
}

void Files::release(InodeId id) {
    Inode& inode = get(id);
    if (inode.open_count == 0) { panic("inode released twice"); }
    --inode.open_count;
    if (inode.status.links == 0) { drop_if_unused(id); }
}

void Files::check_name(const char* name) const {
    const std::string_view text(name);
    if (text.find('/') != std::string_view::npos || text == "..") {
        panic("\"%s\" given where a single name belongs: it would leave the directory", name);
    }
}

Result<InodeId> Files::child(InodeId directory, const char* name) {
    // Below the served root the folder above is inside, too.
    const bool is_inside = guarded_ != 0 && directory != guarded_ && is_below(directory, guarded_);
    if (is_inside && std::string_view(name) == "..") { return get(directory).parent; }
    check_name(name);
    const Result<Walk> at = walk(directory, name, {});
    if (!at) { return fail(at.error()); }
    if (name[0] == '\0' || at->inode == 0) { return fail_errno(ENOENT); }
    return at->inode;
}

sys::FileStatus Files::status_of(InodeId id) {
    const Inode& inode = get(id);
    sys::FileStatus status = inode.status;
    status.size = inode.data.size();
    if (status.is_directory()) { status.size = 4096; }
    if (status.is_symlink()) { status.size = static_cast<std::int64_t>(inode.target.size()); }
    return status;
}

void Files::changed(InodeId inode) {
    sys::FileStatus& status = get(inode).status;
    status.modified = status.changed = clock_.wall();
}

Status Files::make_directory(InodeId directory, const char* name, std::uint32_t mode) {
    check_name(name);
    const Result<Walk> at = walk(directory, name, {});
    if (!at) { return fail(at.error()); }
    if (name[0] == '\0') { return fail_errno(ENOENT); }
    if (at->inode != 0) { return fail_errno(EEXIST); }
    if (get(directory).status.links == 0) { return fail_errno(ENOENT); }
    const InodeId made = make(sys::FileStatus::Type::Directory, mode & 01777);
    ++transaction_;
    set_entry(directory, at->name, made);
    return {};
}

Status Files::make_symlink(const char* target, InodeId directory, const char* name) {
    check_name(name);
    if (target[0] == '\0') { return fail_errno(ENOENT); }
    const Result<Walk> at = walk(directory, name, {});
    if (!at) { return fail(at.error()); }
    if (at->inode != 0) { return fail_errno(EEXIST); }
    if (get(directory).status.links == 0) { return fail_errno(ENOENT); }
    const InodeId made = make(sys::FileStatus::Type::Symlink, 0777);
    get(made).target = target;
    get(made).status.size = static_cast<std::int64_t>(std::strlen(target));
    ++transaction_;
    set_entry(directory, at->name, made);
    return {};
}

Status Files::unlink(InodeId directory, const char* name) {
    const Result<InodeId> found = child(directory, name);
    if (!found) { return fail(found.error()); }
    if (get(*found).status.is_directory()) { return fail_errno(EISDIR); }
    ++transaction_;
    set_entry(directory, name, 0);
    return {};
}

Status Files::remove_directory(InodeId directory, const char* name) {
    const Result<InodeId> found = child(directory, name);
    if (!found) { return fail(found.error()); }
    if (std::string_view(name) == ".") { return fail_errno(EINVAL); }
    if (!get(*found).status.is_directory()) { return fail_errno(ENOTDIR); }
    if (!get(*found).children.empty()) { return fail_errno(ENOTEMPTY); }
    ++transaction_;
    set_entry(directory, name, 0);
    return {};
}

Status Files::rename(InodeId from_directory, const char* from, InodeId to_directory, const char* to,
                     bool replace) {
    check_name(from);
    check_name(to);
    if (std::string_view(from) == ".") { return fail_errno(EBUSY); }
    if (std::string_view(to) == ".") { return fail_errno(replace ? EBUSY : EEXIST); }
    const Result<InodeId> source = child(from_directory, from);
    if (!source) { return fail(source.error()); }
    const Result<InodeId> found = child(to_directory, to);
    if (!found && found.error().code != Errc::NotFound) { return fail(found.error()); }
    if (to[0] == '\0') { return fail_errno(ENOENT); }
    const InodeId target = found ? *found : 0;
    if (target != 0 && !replace) { return fail_errno(EEXIST); }
    const bool moves_directory = get(*source).status.is_directory();
    if (moves_directory && is_below(to_directory, *source)) { return fail_errno(EINVAL); }
    if (target != 0) {
        if (is_below(from_directory, target)) { return fail_errno(ENOTEMPTY); }
        if (target == *source) { return {}; }
        const bool over_directory = get(target).status.is_directory();
        if (moves_directory && !over_directory) { return fail_errno(ENOTDIR); }
        if (!moves_directory && over_directory) { return fail_errno(EISDIR); }
        if (over_directory && !get(target).children.empty()) { return fail_errno(ENOTEMPTY); }
    }
    if (get(to_directory).status.links == 0) { return fail_errno(ENOENT); }
    ++transaction_;
    const InodeId moving = *source;
    hold(moving);  // its count passes through zero
    set_entry(from_directory, from, 0);
    if (moves_directory) { get(moving).status.links = std::max(get(moving).status.links, 1u); }
    set_entry(to_directory, to, moving);
    release(moving);
    return {};
}

Status Files::link_unnamed(InodeId file, InodeId directory, const char* name) {
    check_name(name);
    const Result<Walk> at = walk(directory, name, {});
    if (!at) { return fail(at.error()); }
    if (name[0] == '\0') { return fail_errno(ENOENT); }
    if (at->inode != 0) { return fail_errno(EEXIST); }
    Inode& inode = get(file);
    if (inode.status.is_directory()) { return fail_errno(EPERM); }
    if (inode.status.links == 0 && !inode.may_be_linked) { return fail_errno(ENOENT); }
    if (get(directory).status.links == 0) { return fail_errno(ENOENT); }
    ++transaction_;
    set_entry(directory, at->name, file);
    inode.may_be_linked = false;  // once; when this name is gone, the file is
    return {};
}

Result<std::size_t> Files::read_entries(InodeId directory, std::uint64_t& position,
                                        MutableBytes into) {
    Inode& inode = get(directory);
    if (!inode.status.is_directory()) { return fail_errno(ENOTDIR); }
    if (inode.status.links == 0) { return fail_errno(ENOENT); }
    std::size_t used = 0;
    while (position != kEndPosition) {
        InodeId id = directory;
        std::string_view name = ".";
        std::uint64_t next = kParentPosition;
        if (position == kParentPosition) {
            id = inode.parent;
            name = "..";
            next = kFirstPosition;
        } else if (position != kSelfPosition) {
            const auto entry = inode.order.lower_bound(position);
            if (entry == inode.order.end()) {
                position = kEndPosition;
                break;
            }
            name = entry->second;
            id = inode.children.at(entry->second);
            next = entry->first + 1;
        }
        if (!put_record(into, used, id, next, record_type(get(id).status.type), name)) {
            if (used == 0) { return fail_errno(EINVAL); }
            break;
        }
        position = next;
    }
    return used;
}

bool Files::is_below(InodeId directory, InodeId ancestor) {
    while (directory != ancestor) {
        if (directory == kRoot) { return false; }
        directory = get(directory).parent;
    }
    return true;
}

std::uint64_t Files::open_total() const {
    std::uint64_t total = 0;
    for (const auto& [id, inode] : inodes_) {
        total += inode.open_count;
    }
    return total;
}

std::uint64_t Files::used_bytes() const {
    std::uint64_t pages = 0;
    for (const auto& [id, inode] : inodes_) {
        pages += inode.data.written_pages();
    }
    return pages * static_cast<std::uint64_t>(FileData::kPageBytes);
}

}  // namespace sluice::sim
