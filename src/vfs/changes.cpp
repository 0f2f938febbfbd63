#include "vfs/changes.hpp"

#include "sluice/vfs/creation_time.hpp"

namespace sluice::vfs {

Status Changes::make_directory(int parent, const char* name, std::uint32_t mode) const {
    const Status made = kernel_.make_directory(parent, name, mode);
    if (made) { count_in(parent); }
    return made;
}

Status Changes::make_symlink(const char* target, int parent, const char* name) const {
    const Status made = kernel_.make_symlink(target, parent, name);
    if (made) { count_in(parent); }
    return made;
}

Status Changes::link_unnamed(int file, int parent, const char* name) const {
    const Status linked = kernel_.link_unnamed(file, parent, name);
    if (linked) { count_in(parent); }
    return linked;
}

Status Changes::unlink(int parent, const char* name) const {
    const bool is_elsewhere = has_more_names(parent, name);
    const Status removed = kernel_.unlink(parent, name);
    if (removed) { count_in(parent); }
    if (removed && is_elsewhere) { root_.marks().count_anywhere(); }
    return removed;
}

Status Changes::remove_directory(int parent, const char* name) const {
    const Status removed = kernel_.remove_directory(parent, name);
    if (removed) { count_in(parent); }
    return removed;
}

Status Changes::rename(int from_parent, const char* from, int to_parent, const char* to) const {
    const bool is_elsewhere = has_more_names(to_parent, to);
    const Status renamed = kernel_.rename(from_parent, from, to_parent, to, true);
    if (renamed) {
        count_in(from_parent);
        if (to_parent != from_parent) { count_in(to_parent); }
    }
    if (renamed && is_elsewhere) { root_.marks().count_anywhere(); }
    return renamed;
}

Status Changes::rename_exclusive(int from_parent, const char* from, int to_parent,
                                 const char* to) const {
    const Status renamed = kernel_.rename(from_parent, from, to_parent, to, false);
    if (renamed) {
        count_in(from_parent);
        if (to_parent != from_parent) { count_in(to_parent); }
        return {};
    }
    const Errc code = renamed.error().code;
    if (code != Errc::BadArgument && code != Errc::NotSupported) { return renamed; }
    const Result<sys::FileStatus> there = kernel_.status_at(to_parent, to);
    if (there) { return fail(Errc::AlreadyExists); }
    if (there.error().code != Errc::NotFound) { return fail(there.error()); }
    return rename(from_parent, from, to_parent, to);
}

Status Changes::change_mode(int fd, std::string_view path, std::uint32_t mode) const {
    const Status changed = kernel_.change_mode(fd, mode);
    if (changed) { count_attributes(path); }
    return changed;
}

Status Changes::set_modified(int fd, std::string_view path, WallTime modified) const {
    const Status changed = kernel_.set_modified(fd, modified);
    if (changed) { count_attributes(path); }
    return changed;
}

Status Changes::change_group(int fd, std::string_view path, std::uint32_t group) const {
    const Status changed = kernel_.change_group(fd, group);
    if (changed) { count_attributes(path); }
    return changed;
}

Status Changes::give_created(int fd, std::string_view path, WallTime created) const {
    const Status changed = give_creation_time(kernel_, fd, created);
    if (changed) { count_attributes(path); }
    return changed;
}

void Changes::note_written(int file, int parent) const {
    if (!root_.marks().are_on()) { return; }
    const Result<sys::FileStatus> status = kernel_.status(file);
    if (!status || status->links > 1) {
        root_.marks().count_anywhere();
        return;
    }
    count_in(parent);
}

// Other folders show the file, too, with the number of its names.
bool Changes::has_more_names(int parent, const char* name) const {
    if (!root_.marks().are_on()) { return false; }
    const Result<sys::FileStatus> status = kernel_.status_at(parent, name);
    return status && !status->is_directory() && status->links > 1;
}

// A folder's own line stands in the listing of the folder above it, with the time that every change
// in it sets: so both count.
void Changes::count_in(int parent) const {
    ChangeMarks& marks = root_.marks();
    if (!marks.are_on()) { return; }
    const Result<sys::FileStatus> folder = kernel_.full_status_at(parent, "");
    if (!folder) {
        marks.count_anywhere();
        return;
    }
    marks.count_folder(folder->device, folder->inode);
    if (root_.is_top(*folder)) { return; }
    const Result<sys::FileStatus> above = kernel_.status_at(parent, "..");
    if (!above) {
        marks.count_anywhere();
        return;
    }
    marks.count_folder(above->device, above->inode);
}

// A file of one name stands in the listing of its folder and nowhere else. What a link leads to may
// be anywhere, a file of several names is in several folders, and what may be done in a folder is
// said in its own listing and in those right below it.
void Changes::count_attributes(std::string_view path) const {
    if (!root_.marks().are_on()) { return; }
    const Result<ParentAndName> place = root_.open_parent(path);
    const Result<sys::FileStatus> named =
        place ? kernel_.status_at(place->parent.number(), place->name.c_str())
              : Result<sys::FileStatus>(fail(place.error()));
    if (!named || !named->is_regular() || named->links > 1) {
        root_.marks().count_anywhere();
        return;
    }
    count_in(place->parent.number());
}

}  // namespace sluice::vfs
