// Files: resolving paths and opening, after fs/namei.c and fs/open.c of Linux 6.
#include <fcntl.h>
#include <linux/openat2.h>

#include <cerrno>
#include <cstring>

#include "sim/files.hpp"
#include "sim/panic.hpp"

namespace sluice::sim {
namespace {

constexpr std::uint64_t kTmpfile = O_TMPFILE & ~O_DIRECTORY;
constexpr std::uint64_t kOpenFlags =
    O_ACCMODE | O_CREAT | O_EXCL | O_NOCTTY | O_TRUNC | O_APPEND | O_NONBLOCK | O_SYNC | O_DSYNC |
    O_DIRECT | O_LARGEFILE | O_DIRECTORY | O_NOFOLLOW | O_NOATIME | O_CLOEXEC | O_PATH | kTmpfile;
constexpr std::uint64_t kResolveFlags = RESOLVE_NO_XDEV | RESOLVE_NO_MAGICLINKS |
                                        RESOLVE_NO_SYMLINKS | RESOLVE_BENEATH | RESOLVE_IN_ROOT |
                                        RESOLVE_CACHED;

bool wants_writing(std::uint64_t flags) {
    return (flags & O_ACCMODE) != O_RDONLY;
}

// Pushes the components of `path` so that the first one is on top. True if it ends in a slash.
bool push_components(std::string_view path, std::vector<std::string>& stack) {
    std::vector<std::string> parts;
    std::size_t at = 0;
    while (at < path.size()) {
        const std::size_t slash = path.find('/', at);
        const std::size_t end = slash == std::string_view::npos ? path.size() : slash;
        if (end > at) { parts.emplace_back(path.substr(at, end - at)); }
        at = end + 1;
    }
    stack.insert(stack.end(), parts.rbegin(), parts.rend());
    return !parts.empty() && path.back() == '/';
}

}  // namespace

Status Files::check_how(const char* path, const sys::OpenHow& how) {
    const std::uint64_t flags = how.flags;
    if ((flags & ~kOpenFlags) != 0 || (how.resolve & ~kResolveFlags) != 0) {
        return fail_errno(EINVAL);
    }
    if ((how.resolve & RESOLVE_BENEATH) != 0 && (how.resolve & RESOLVE_IN_ROOT) != 0) {
        return fail_errno(EINVAL);
    }
    const bool creates = (flags & (O_CREAT | kTmpfile)) != 0;
    if (creates ? (how.mode & ~std::uint64_t{07777}) != 0 : how.mode != 0) {
        return fail_errno(EINVAL);
    }
    if ((flags & O_DIRECTORY) != 0 && (flags & O_CREAT) != 0) { return fail_errno(EINVAL); }
    if ((flags & kTmpfile) != 0 && ((flags & O_DIRECTORY) == 0 || !wants_writing(flags))) {
        return fail_errno(EINVAL);
    }
    if ((flags & O_PATH) != 0 &&
        (flags & ~std::uint64_t{O_DIRECTORY | O_NOFOLLOW | O_PATH | O_CLOEXEC}) != 0) {
        return fail_errno(EINVAL);
    }
    if ((how.resolve & RESOLVE_CACHED) != 0 && (flags & (O_TRUNC | O_CREAT | kTmpfile)) != 0) {
        return fail_errno(EAGAIN);
    }
    const std::size_t length = std::strlen(path);
    if (length == 0) { return fail_errno(ENOENT); }
    if (length > kPathBytesMax) { return fail_errno(ENAMETOOLONG); }
    return {};
}

Result<Files::Walk> Files::walk(InodeId start, const char* path, const WalkHow& how) {
    const std::uint64_t resolve = how.resolve;
    const bool in_root = (resolve & RESOLVE_IN_ROOT) != 0;
    const bool beneath = (resolve & RESOLVE_BENEATH) != 0;
    if (path[0] == '/' && beneath) { return fail_errno(EXDEV); }
    InodeId here = path[0] == '/' && !in_root ? kRoot : start;
    std::vector<std::string> left;
    Walk result;
    result.slash = push_components(path, left);
    int links = 0;
    result.inode = result.parent = here;
    while (!left.empty()) {
        const std::string name = std::move(left.back());
        left.pop_back();
        Inode& directory = get(here);
        if (!directory.status.is_directory()) { return fail_errno(ENOTDIR); }
        result.parent = here;
        if (name == "." || name == "..") {
            if (name == "..") {
                if (here == start && beneath) { return fail_errno(EXDEV); }
                if (!(here == start && in_root)) { here = directory.parent; }
            }
            result.name.clear();
            result.inode = here;
            continue;
        }
        if (name.size() > kNameBytesMax) { return fail_errno(ENAMETOOLONG); }
        const bool last = left.empty();
        if (last && result.slash && how.creates) { return fail_errno(EISDIR); }
        result.name = name;
        const auto found = directory.children.find(name);
        if (found == directory.children.end()) {
            if (!last) { return fail_errno(ENOENT); }
            result.inode = 0;
            check_confined(start, result);
            return result;
        }
        const Inode& target = get(found->second);
        if (target.status.is_symlink() && !(last && !how.follow_last && !result.slash)) {
            if ((resolve & RESOLVE_NO_SYMLINKS) != 0 || ++links > kLinksMax) {
                return fail_errno(ELOOP);
            }
            if (target.target.empty()) { return fail_errno(ENOENT); }
            if (target.target[0] == '/') {
                if (beneath) { return fail_errno(EXDEV); }
                here = in_root ? start : kRoot;
            }
            const bool slash = push_components(target.target, left);
            if (last && slash) { result.slash = true; }
            result.name.clear();
            result.inode = here;
            continue;
        }
        here = found->second;
        result.inode = here;
    }
    check_confined(start, result);
    if (result.slash && !get(here).status.is_directory()) { return fail_errno(ENOTDIR); }
    return result;
}

Result<InodeId> Files::open(InodeId directory, const char* path, const sys::OpenHow& how) {
    const Status fits = check_how(path, how);
    if (!fits) { return fail(fits.error()); }
    if (path[0] != '/' && !get(directory).status.is_directory()) { return fail_errno(ENOTDIR); }
    const std::uint64_t flags = how.flags;
    const bool creates = (flags & O_CREAT) != 0;
    const bool exclusive = creates && (flags & O_EXCL) != 0;
    WalkHow walking;
    walking.follow_last = (flags & O_NOFOLLOW) == 0 && !exclusive;
    walking.creates = creates;
    walking.resolve = how.resolve;
    const Result<Walk> at = walk(directory, path, walking);
    if (!at) { return fail(at.error()); }
    if ((flags & kTmpfile) != 0) {
        if (at->inode == 0) { return fail_errno(ENOENT); }
        return open_unnamed(at->inode, how);
    }
    if (at->inode == 0) {
        if (!creates) { return fail_errno(ENOENT); }
        const Result<InodeId> made = create(*at, static_cast<std::uint32_t>(how.mode));
        if (made) { hold(*made); }
        return made;
    }
    const Status fine = check_found(*at, how);
    if (!fine) { return fail(fine.error()); }
    Inode& inode = get(at->inode);
    if ((flags & O_TRUNC) != 0 && inode.data.size() != 0) {
        inode.data.truncate(0);
        changed(at->inode);
    }
    hold(at->inode);
    return at->inode;
}

// What an existing object answers to the flags.
Status Files::check_found(const Walk& at, const sys::OpenHow& how) {
    const std::uint64_t flags = how.flags;
    const sys::FileStatus& status = get(at.inode).status;
    const bool creates = (flags & O_CREAT) != 0;
    if (creates && (flags & O_EXCL) != 0) { return fail_errno(EEXIST); }
    if ((flags & O_DIRECTORY) != 0 && !status.is_directory()) { return fail_errno(ENOTDIR); }
    if ((flags & O_PATH) != 0) { return {}; }
    if (status.is_symlink()) { return fail_errno(ELOOP); }
    if (status.is_directory()) {
        if (creates || wants_writing(flags) || (flags & O_TRUNC) != 0) {
            return fail_errno(EISDIR);
        }
        return {};
    }
    if (status.type == sys::FileStatus::Type::Other) {
        // A FIFO without a partner (fifo(7)).
        if ((flags & O_NONBLOCK) == 0) { panic("an open that would sleep for ever on a FIFO"); }
        if ((flags & O_ACCMODE) == O_WRONLY) { return fail_errno(ENXIO); }
    }
    return {};
}

Result<InodeId> Files::create(const Walk& at, std::uint32_t mode) {
    if (get(at.parent).status.links == 0) { return fail_errno(ENOENT); }  // a removed directory
    const InodeId made = make(sys::FileStatus::Type::Regular, mode & 07777);
    ++transaction_;
    set_entry(at.parent, at.name, made);
    return made;
}

Result<InodeId> Files::open_unnamed(InodeId directory, const sys::OpenHow& how) {
    if (!get(directory).status.is_directory()) { return fail_errno(ENOTDIR); }
    if (get(directory).status.links == 0) { return fail_errno(ENOENT); }
    const InodeId made =
        make(sys::FileStatus::Type::Regular, static_cast<std::uint32_t>(how.mode) & 07777);
    get(made).may_be_linked = (how.flags & O_EXCL) == 0;
    hold(made);
    return made;
}

void Files::check_confined(InodeId start, const Walk& reached) {
    if (guarded_ == 0 || !get(start).status.is_directory() || !is_below(start, guarded_)) {
        return;
    }
    const bool to_directory = reached.inode != 0 && get(reached.inode).status.is_directory();
    const InodeId where = to_directory ? reached.inode : reached.parent;
    if (!is_below(where, guarded_)) {
        panic("a path that starts inside the root reached inode %llu outside of it",
              static_cast<unsigned long long>(where));
    }
}

}  // namespace sluice::sim
