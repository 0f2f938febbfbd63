// The calls of the kernel that change names and attributes of the served tree, each with what it
// means for cached listings: when one has succeeded it is counted in Root's ChangeMarks, so before
// any reply.
//
// Nothing else in vfs or above makes these calls (tests/lint/check_changes.py): a new command that
// changes something cannot forget to count it. Which folders show a change is looked up only while
// a cache is on, for some microseconds; where that cannot be said, all cached listings are
// forgotten. A value that refers to its Root. Thread: any; all of it may sleep.
#pragma once

#include <cstdint>
#include <string_view>

#include "sluice/base/result.hpp"
#include "sluice/vfs/root.hpp"

namespace sluice::vfs {

class Changes {
public:
    explicit Changes(const Root& root) : root_(root), kernel_(root.kernel()) {}

    // ---- one name of an open directory; no link is followed
    Status make_directory(int parent, const char* name, std::uint32_t mode) const;
    Status make_symlink(const char* target, int parent, const char* name) const;
    Status link_unnamed(int file, int parent, const char* name) const;
    Status unlink(int parent, const char* name) const;
    Status remove_directory(int parent, const char* name) const;
    // Replaces what has the name.
    Status rename(int from_parent, const char* from, int to_parent, const char* to) const;
    // Replaces nothing, also where the file system has no RENAME_NOREPLACE (NFS, vfat and some FUSE
    // answer EINVAL): there it is a look and a rename, with a gap between the two that such a file
    // system leaves to everybody.
    Status rename_exclusive(int from_parent, const char* from, int to_parent, const char* to) const;

    // ---- what `path` means in the end, which `fd` has open
    Status change_mode(int fd, std::string_view path, std::uint32_t mode) const;
    Status set_modified(int fd, std::string_view path, WallTime modified) const;
    Status change_group(int fd, std::string_view path, std::uint32_t group) const;
    Status give_created(int fd, std::string_view path, WallTime created) const;

    // A file of the folder was written in place; the writing itself is xfer's.
    void note_written(int file, int parent) const;

private:
    bool has_more_names(int parent, const char* name) const;
    void count_in(int parent) const;
    void count_attributes(std::string_view path) const;

    const Root& root_;
    sys::Kernel& kernel_;
};

}  // namespace sluice::vfs
