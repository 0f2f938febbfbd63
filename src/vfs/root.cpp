// vfs::Root: opening and reading. Changing names and modes: metadata.cpp.
#include "sluice/vfs/root.hpp"

#include <fcntl.h>
#include <linux/openat2.h>

#include <cerrno>
#include <utility>

#include "sluice/base/assert.hpp"
#include "sluice/vfs/hidden_name.hpp"

#ifndef RESOLVE_CACHED
#define RESOLVE_CACHED 0x20  // Linux 5.12
#endif

namespace sluice::vfs {
namespace {

// One name in a directory that is open already: no way to leave it.
constexpr std::uint64_t kResolveName =
    RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS;

constexpr std::uint64_t kReadFlags = O_RDONLY | O_NONBLOCK | O_NOCTTY;
constexpr std::uint64_t kDirectoryFlags = O_RDONLY | O_DIRECTORY | O_NONBLOCK;

std::uint64_t resolve_bits_for(config::SymlinkPolicy policy) {
    switch (policy) {
        case config::SymlinkPolicy::InRoot:
            return RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS;
        case config::SymlinkPolicy::Beneath:
            return RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS;
        case config::SymlinkPolicy::Never:
            break;
    }
    return RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS | RESOLVE_NO_SYMLINKS;
}

using PathText = FixedString<Root::kPathBytesMax>;

// A virtual path as the kernel takes it: relative to the root's descriptor, "." for the root.
// Leading slashes go, as RESOLVE_BENEATH refuses them.
Status make_relative(std::string_view path, PathText& text) {
    if (path.empty() || path.front() != '/') {
        return fail(Errc::BadName);
    }
    if (path.find_first_of(std::string_view("\0\r\n", 3)) != std::string_view::npos) {
        return fail(Errc::BadName);
    }
    if (has_hidden_component(path)) {
        return fail(Errc::NotFound);
    }
    const std::size_t first = path.find_first_not_of('/');
    if (!text.assign(first == std::string_view::npos ? "." : path.substr(first))) {
        return fail(Errc::NameTooLong);
    }
    return {};
}

Status must_be_regular(const sys::FileStatus& status) {
    if (status.is_regular()) {
        return {};
    }
    return fail(status.is_directory() ? Errc::IsDirectory : Errc::NotRegularFile);
}

}  // namespace

Root::Root(sys::Kernel& kernel, sys::Fd&& directory, const RootRules& rules)
    : kernel_(kernel),
      directory_(std::move(directory)),
      rules_(rules),
      resolve_bits_(resolve_bits_for(rules.symlinks)) {}

Result<std::unique_ptr<Root>> Root::open(sys::Kernel& kernel, const char* system_path,
                                         const RootRules& rules) {
    sys::OpenHow how;
    how.flags = O_PATH | O_DIRECTORY;
    const Result<int> number = kernel.open(AT_FDCWD, system_path, how);
    if (!number) {
        return fail(number.error());
    }
    std::unique_ptr<Root> root(new Root(kernel, sys::Fd(kernel, *number), rules));

    root->credentials_ = kernel.credentials();
    const int fd = root->directory_.number();
    const Result<sys::FileStatus> status = kernel.status(fd);
    if (!status) {
        return fail(status.error());
    }
    root->device_ = status->device;
    root->inode_ = status->inode;
    const Result<std::uint64_t> magic = kernel.file_system_magic(fd);
    if (!magic) {
        return fail(magic.error());
    }
    if (is_pseudo_file_system(*magic)) {
        return fail(Errc::NotSupported);
    }
    root->fs_class_ = classify_file_system(*magic);

    // The mark of RESOLVE_CACHED is learned here and not from a later EINVAL, which some file
    // systems also give for the bytes of a name. The first step from "." is always cached.
    const Result<sys::Fd> cached =
        root->resolve(fd, ".", O_PATH | O_DIRECTORY, 0, root->resolve_bits_ | RESOLVE_CACHED);
    root->cached_lookup_ = cached.has_value();
    if (!cached) {
        // The same without the mark: what fails now is openat2 itself (before Linux 5.6, seccomp)
        // or a directory that cannot be searched, and is better heard at start-up.
        const Result<sys::Fd> plain =
            root->resolve(fd, ".", O_PATH | O_DIRECTORY, 0, root->resolve_bits_);
        if (!plain) {
            return fail(plain.error());
        }
    }
    return root;
}

Result<sys::Fd> Root::resolve(int directory, const char* path, std::uint64_t flags,
                              std::uint32_t mode, std::uint64_t resolve_bits) const {
    sys::OpenHow how;
    how.flags = flags;
    how.mode = mode;
    how.resolve = resolve_bits;
    const bool cached_only = (resolve_bits & RESOLVE_CACHED) != 0;
    for (int tries = 0; tries < kResolveTriesMax; ++tries) {
        const Result<int> number = kernel_.open(directory, path, how);
        if (number) {
            return sys::Fd(kernel_, *number);
        }
        const Error error = number.error();
        if (error.code == Errc::CrossDevice) {
            // From a cached look-up it may also mean a mount point (RESOLVE_NO_XDEV below), behind
            // which calls may sleep: the helper finds out.
            return fail(cached_only ? Errc::WouldBlock : Errc::OutsideRoot, error.sys_errno);
        }
        // A socket, a FIFO without reader, a device without driver.
        if (error.sys_errno == ENXIO || error.sys_errno == ENODEV) {
            return fail(Errc::NotRegularFile, error.sys_errno);
        }
        if (error.code != Errc::WouldBlock || cached_only) {
            return fail(error);
        }
    }
    return fail(Errc::Busy, EAGAIN);
}

Result<sys::Fd> Root::open_path(std::string_view path, std::uint64_t flags, Lookup lookup) const {
    PathText text;
    const Status usable = make_relative(path, text);
    if (!usable) {
        return fail(usable.error());
    }
    std::uint64_t bits = resolve_bits_;
    if (lookup == Lookup::CachedOnly) {
        bits |= RESOLVE_CACHED | RESOLVE_NO_XDEV;
    }
    return resolve(directory_.number(), text.c_str(), flags, 0, bits);
}

Result<sys::Fd> Root::open_name(int directory, const char* name, std::uint64_t flags,
                                std::uint32_t mode) const {
    return resolve(directory, name, flags, mode, kResolveName);
}

Result<ParentAndName> Root::open_parent(std::string_view path) const {
    const std::size_t slash = path.rfind('/');
    if (slash == std::string_view::npos) {
        return fail(Errc::BadName);
    }
    const std::string_view name = path.substr(slash + 1);
    if (name.empty() || name == "." || name == "..") {
        return fail(Errc::IsDirectory);
    }
    if (name.find_first_of(std::string_view("\0\r\n", 3)) != std::string_view::npos) {
        return fail(Errc::BadName);
    }
    ParentAndName found;
    if (!found.name.assign(name)) {
        return fail(Errc::NameTooLong, ENAMETOOLONG);
    }
    Result<sys::Fd> parent =
        open_path(path.substr(0, slash + 1), O_PATH | O_DIRECTORY, Lookup::MaySleep);
    if (!parent) {
        return fail(parent.error());
    }
    found.parent = std::move(*parent);
    return found;
}

Result<FsClass> Root::class_of(int fd, const sys::FileStatus& status) const {
    if (status.device == device_) {
        return fs_class_;
    }
    const Result<std::uint64_t> magic = kernel_.file_system_magic(fd);
    if (!magic) {
        return FsClass::Remote;
    }  // the class that is never wrong
    if (is_pseudo_file_system(*magic)) {
        return fail(Errc::NotRegularFile);
    }
    return classify_file_system(*magic);
}

Result<File> Root::open_for_reading(std::string_view path, Lookup lookup) const {
    if (lookup == Lookup::MaySleep) {
        // Opening a device can act on it, so look first. The cached way saves this call (0.7 us of
        // a small download's 20): it never leaves the root's own file system.
        const Result<sys::FileStatus> found = status(path, lookup);
        if (!found) {
            return fail(found.error());
        }
        const Status regular = must_be_regular(*found);
        if (!regular) {
            return fail(regular.error());
        }
    }
    Result<sys::Fd> fd = open_path(path, kReadFlags, lookup);
    if (!fd) {
        return fail(fd.error());
    }
    const Result<sys::FileStatus> opened = kernel_.status(fd->number());
    if (!opened) {
        return fail(opened.error());
    }
    const Status regular = must_be_regular(*opened);
    if (!regular) {
        return fail(regular.error());
    }
    const Result<FsClass> fs = class_of(fd->number(), *opened);
    if (!fs) {
        return fail(fs.error());
    }
    return File(std::move(*fd), *opened, *fs);
}

Result<sys::FileStatus> Root::status(std::string_view path, Lookup lookup) const {
    const Result<sys::Fd> fd = open_path(path, O_PATH, lookup);
    if (!fd) {
        return fail(fd.error());
    }
    return kernel_.full_status_at(fd->number(), "");
}

Result<sys::FileStatus> Root::link_status(std::string_view path, Lookup lookup) const {
    const Result<sys::Fd> fd = open_path(path, O_PATH | O_NOFOLLOW, lookup);
    if (!fd) {
        return fail(fd.error());
    }
    return kernel_.full_status_at(fd->number(), "");
}

Status Root::directory_exists(std::string_view path, Lookup lookup) const {
    // Opening a directory with O_PATH asks for no right on it; the step from it to its "." asks for
    // the right to search it.
    FixedString<kPathBytesMax + 1> step;
    if (!step.append(path) || !step.append("/.")) {
        return fail(Errc::NameTooLong, ENAMETOOLONG);
    }
    const Result<sys::Fd> fd = open_path(step.view(), O_PATH | O_DIRECTORY, lookup);
    if (!fd) {
        return fail(fd.error());
    }
    return {};
}

Result<sys::Fd> Root::open_directory(std::string_view path, Lookup lookup) const {
    return open_path(path, kDirectoryFlags, lookup);
}

Result<sys::Fd> Root::open_directory_itself(std::string_view path) const {
    if (has_hidden_component(path)) { return fail(Errc::NotFound); }
    const Result<ParentAndName> place = open_parent(path);
    if (!place) { return fail(place.error()); }
    return open_name(place->parent.number(), place->name.c_str(), kDirectoryFlags, 0);
}

FolderRights Root::rights_around(std::string_view path) const {
    const Result<ParentAndName> place = open_parent(path);
    return place ? folder_rights(kernel_, place->parent.number()) : FolderRights();
}

Result<std::int64_t> Root::free_bytes(std::string_view path) const {
    const Result<sys::Fd> fd = open_path(path, O_PATH | O_DIRECTORY, Lookup::MaySleep);
    if (!fd) {
        return fail(fd.error());
    }
    return kernel_.free_bytes(fd->number());
}

}  // namespace sluice::vfs
