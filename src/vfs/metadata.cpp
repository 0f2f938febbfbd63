// vfs::Root: changing names and modes. All of it may sleep.
#include <fcntl.h>

#include "sluice/vfs/creation_time.hpp"
#include "sluice/vfs/hidden_name.hpp"
#include "sluice/vfs/root.hpp"
#include "vfs/changes.hpp"

namespace sluice::vfs {
namespace {

constexpr std::uint32_t kModeBits = 0777;

bool is_root(std::string_view path) {
    return path.find_first_not_of('/') == std::string_view::npos;
}

}  // namespace

Result<std::size_t> Root::read_link(std::string_view path, MutableBytes into) const {
    const Result<ParentAndName> place = open_parent(path);
    if (!place) {
        return fail(place.error());
    }
    if (is_hidden_name(place->name.view())) {
        return fail(Errc::NotFound);
    }
    return kernel_.read_link(place->parent.number(), place->name.c_str(), into);
}

Status Root::make_directory(std::string_view path, std::uint32_t mode) const {
    if (is_root(path)) {
        return fail(Errc::AlreadyExists);
    }
    const Result<ParentAndName> place = open_parent(path);
    if (!place) {
        return fail(place.error());
    }
    if (is_hidden_name(place->name.view())) {
        return fail(Errc::BadName);
    }
    return Changes(*this).make_directory(place->parent.number(), place->name.c_str(), mode);
}

Status Root::make_symlink(std::string_view target, std::string_view path) const {
    if (rules_.symlinks == config::SymlinkPolicy::Never) {
        return fail(Errc::AccessDenied);
    }
    FixedString<kPathBytesMax> text;
    if (target.empty() || target.find('\0') != std::string_view::npos) {
        return fail(Errc::BadName);
    }
    if (!text.assign(target)) {
        return fail(Errc::NameTooLong);
    }
    const Result<ParentAndName> place = open_parent(path);
    if (!place) {
        return fail(place.error());
    }
    if (is_hidden_name(place->name.view())) {
        return fail(Errc::BadName);
    }
    return Changes(*this).make_symlink(text.c_str(), place->parent.number(), place->name.c_str());
}

Status Root::remove_file(std::string_view path) const {
    const Result<ParentAndName> place = open_parent(path);
    if (!place) {
        return fail(place.error());
    }
    if (is_hidden_name(place->name.view())) {
        return fail(Errc::NotFound);
    }
    return Changes(*this).unlink(place->parent.number(), place->name.c_str());
}

Status Root::remove_directory(std::string_view path) const {
    if (is_root(path)) {
        return fail(Errc::AccessDenied);
    }
    const Result<ParentAndName> place = open_parent(path);
    if (!place) {
        return fail(place.error());
    }
    if (is_hidden_name(place->name.view())) {
        return fail(Errc::NotFound);
    }
    const Status removed =
        Changes(*this).remove_directory(place->parent.number(), place->name.c_str());
    // POSIX lets a file system say EEXIST for a directory with entries.
    if (!removed && removed.error().code == Errc::AlreadyExists) {
        return fail(Errc::NotEmpty, removed.error().sys_errno);
    }
    return removed;
}

Status Root::rename(std::string_view from, std::string_view to, bool replace) const {
    if (is_root(from) || is_root(to)) {
        return fail(Errc::AccessDenied);
    }
    const Result<ParentAndName> source = open_parent(from);
    if (!source) {
        return fail(source.error());
    }
    if (is_hidden_name(source->name.view())) {
        return fail(Errc::NotFound);
    }
    const Result<ParentAndName> target = open_parent(to);
    if (!target) {
        return fail(target.error());
    }
    if (is_hidden_name(target->name.view())) {
        return fail(Errc::BadName);
    }
    const int source_fd = source->parent.number();
    const int target_fd = target->parent.number();
    const Changes changes(*this);
    const Status renamed =
        replace ? changes.rename(source_fd, source->name.c_str(), target_fd, target->name.c_str())
                : changes.rename_exclusive(source_fd, source->name.c_str(), target_fd,
                                           target->name.c_str());
    // Over a directory with entries the kernel says EEXIST or ENOTEMPTY, as the file system likes.
    if (!renamed && replace && renamed.error().code == Errc::AlreadyExists) {
        return fail(Errc::NotEmpty, renamed.error().sys_errno);
    }
    return renamed;
}

Status Root::change_mode(std::string_view path, std::uint32_t mode) const {
    if ((mode & ~kModeBits) != 0) {
        return fail(Errc::BadArgument);
    }
    const Result<sys::Fd> fd = open_path(path, O_PATH, Lookup::MaySleep);
    if (!fd) {
        return fail(fd.error());
    }
    return Changes(*this).change_mode(fd->number(), path, mode);
}

Status Root::set_modified(std::string_view path, WallTime modified) const {
    const Result<sys::Fd> fd = open_path(path, O_PATH, Lookup::MaySleep);
    if (!fd) {
        return fail(fd.error());
    }
    return Changes(*this).set_modified(fd->number(), path, modified);
}

Status Root::give_created(std::string_view path, WallTime created) const {
    const Result<sys::Fd> fd = open_path(path, O_PATH, Lookup::MaySleep);
    if (!fd) {
        return fail(fd.error());
    }
    return Changes(*this).give_created(fd->number(), path, created);
}

sys::FileStatus Root::with_given_creation(std::string_view path,
                                          const sys::FileStatus& status) const {
    sys::FileStatus completed = status;
    const Result<sys::Fd> fd = open_path(path, O_PATH | O_NOFOLLOW, Lookup::MaySleep);
    if (fd) {
        read_creation_time(kernel_, fd->number(), "", completed);
    }
    return completed;
}

Status Root::change_group(std::string_view path, std::uint32_t group) const {
    const Result<sys::Fd> fd = open_path(path, O_PATH, Lookup::MaySleep);
    if (!fd) {
        return fail(fd.error());
    }
    return Changes(*this).change_group(fd->number(), path, group);
}

}  // namespace sluice::vfs
