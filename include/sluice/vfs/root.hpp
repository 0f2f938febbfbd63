// A confined directory tree: THE ONLY OPENER OF THE PROGRAM.
//
// Every file of a served tree is opened here, by openat2(2) relative to one O_PATH descriptor, so
// that the kernel and not our string handling decides what lies inside. Paths are virtual: absolute
// normal byte strings ("/a/b"; "/" is the root) as proto::normalise makes them; a NUL, CR or LF is
// refused here again. By default links have their chroot meaning (RESOLVE_IN_ROOT), which mirror
// trees rely on: "/x" as the target of a link is the x of this root.
//
// These are the plain calls. Each says with its Lookup whether it may sleep: `CachedOnly` answers
// from the kernel's caches or with Errc::WouldBlock and is for shards, `MaySleep` is for helper
// threads. What takes no Lookup may sleep. Sessions use vfs::Tree, which chooses between the two.
//
// The process runs with umask 0: the modes given here are what a new file gets.
// Owned by: main. Thread: any; immutable but for atomics: one learned fact and the change marks.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string_view>

#include "sluice/base/bytes.hpp"
#include "sluice/base/fixed_string.hpp"
#include "sluice/base/result.hpp"
#include "sluice/config/snapshot.hpp"
#include "sluice/sys/fd.hpp"
#include "sluice/sys/kernel.hpp"
#include "sluice/vfs/change_marks.hpp"
#include "sluice/vfs/file.hpp"
#include "sluice/vfs/folder_rights.hpp"
#include "sluice/vfs/fs_class.hpp"

namespace sluice::vfs {

struct RootRules {
    config::SymlinkPolicy symlinks = config::SymlinkPolicy::InRoot;
};

enum class Lookup : std::uint8_t { CachedOnly, MaySleep };

// The directory of a path, open, and the last component: never followed by who uses it.
struct ParentAndName;

class Root {
public:
    // Longest path the kernel takes, without its NUL (PATH_MAX is 4096).
    static constexpr std::size_t kPathBytesMax = 4095;
    static constexpr std::size_t kNameBytesMax = 255;  // NAME_MAX
    // RESOLVE_IN_ROOT and RESOLVE_BENEATH give up with EAGAIN when a rename anywhere on the machine
    // raced with a "..". This many tries, then Errc::Busy: only an attacker's loop gets that far.
    static constexpr int kResolveTriesMax = 64;

    // Opens the directory at `system_path`, a path of the machine, for serving.
    static Result<std::unique_ptr<Root>> open(sys::Kernel& kernel, const char* system_path,
                                              const RootRules& rules);

    sys::Kernel& kernel() const { return kernel_; }
    const RootRules& rules() const { return rules_; }
    // Of the root directory itself; other file systems may be mounted below.
    FsClass fs_class() const { return fs_class_; }
    // An answer from the caches can be had at all: a local file system, and Linux 5.12.
    bool can_look_up_cached() const { return may_read_cached_inline(fs_class_) && cached_lookup_; }

    // ---- reading
    // Regular files only: IsDirectory, NotRegularFile for the rest, without waiting for a FIFO.
    Result<File> open_for_reading(std::string_view path, Lookup lookup) const;
    // Of what the path means in the end, links followed.
    Result<sys::FileStatus> status(std::string_view path, Lookup lookup) const;
    // Of the name: a final link is not followed.
    Result<sys::FileStatus> link_status(std::string_view path, Lookup lookup) const;
    // Ok when CWD may go there: a directory, and searchable.
    Status directory_exists(std::string_view path, Lookup lookup) const;
    // A directory for reading its entries.
    Result<sys::Fd> open_directory(std::string_view path, Lookup lookup) const;
    // The same, but the last component is no link: for walks, which could otherwise be led in
    // circles. May sleep.
    Result<sys::Fd> open_directory_itself(std::string_view path) const;
    // The link_status() of `path` with the time that give_created() left, if it did. May sleep.
    sys::FileStatus with_given_creation(std::string_view path,
                                        const sys::FileStatus& status) const;
    // Rights in the folder that holds `path`: none for "/". May sleep.
    FolderRights rights_around(std::string_view path) const;
    // Of this process, when the Root was opened.
    const sys::Credentials& credentials() const { return credentials_; }
    // Where the link at `path` points, byte for byte; into `into`, at least kPathBytesMax long for
    // a whole answer. BadArgument when it is no link.
    Result<std::size_t> read_link(std::string_view path, MutableBytes into) const;

    // ---- changing names: the last component is never followed
    Status make_directory(std::string_view path, std::uint32_t mode) const;
    // A link that holds `target` byte for byte; where it leads is seen when somebody follows it.
    Status make_symlink(std::string_view target, std::string_view path) const;
    Status remove_file(std::string_view path) const;
    // AccessDenied for the root itself.
    Status remove_directory(std::string_view path) const;
    // A file at `to` is replaced at once if `replace`, else AlreadyExists; a directory with entries
    // never is.
    Status rename(std::string_view from, std::string_view to, bool replace) const;

    // ---- changing what the path means in the end
    // The nine permission bits; others are BadArgument (set-uid on an uploaded file is a hole).
    Status change_mode(std::string_view path, std::uint32_t mode) const;
    Status set_modified(std::string_view path, WallTime modified) const;
    Status change_group(std::string_view path, std::uint32_t group) const;
    // vfs/creation_time.hpp.
    Status give_created(std::string_view path, WallTime created) const;

    // Bytes this process may still write on the file system of a directory. May sleep.
    Result<std::int64_t> free_bytes(std::string_view path) const;

    // ---- for the other parts of vfs
    // Opens `path`, which need not be normal: the target of a link with its ".." is resolved by the
    // kernel under the rules of the root. `flags` are O_*.
    Result<sys::Fd> open_path(std::string_view path, std::uint64_t flags, Lookup lookup) const;
    // Opens one name in an open directory. No link is followed.
    Result<sys::Fd> open_name(int directory, const char* name, std::uint64_t flags,
                              std::uint32_t mode) const;
    // Path need not be normal either, but must end in a name: IsDirectory for "/", "a/" and "a/..".
    Result<ParentAndName> open_parent(std::string_view path) const;
    // The directory that is "/" to clients.
    bool is_top(const sys::FileStatus& status) const {
        return status.device == device_ && status.inode == inode_;
    }
    // The class of the file system of an open file. NotRegularFile for /proc, /sys and their kin:
    // what stands there looks like files and is the machine's inside.
    Result<FsClass> class_of(int fd, const sys::FileStatus& status) const;

    // What this server has changed, for cached listings. Counted by vfs/changes.hpp alone.
    ChangeMarks& marks() const { return marks_; }

    // Whether an unnamed file can be given a name in this process, learned at the first upload.
    enum class UnnamedLinks : std::uint8_t { Unknown, Work, Fail };
    UnnamedLinks unnamed_links() const { return unnamed_links_.load(std::memory_order_relaxed); }
    void learn_unnamed_links(UnnamedLinks what) const {
        unnamed_links_.store(what, std::memory_order_relaxed);
    }

private:
    Root(sys::Kernel& kernel, sys::Fd&& directory, const RootRules& rules);
    // One openat2 with its retries and our names for its errors.
    Result<sys::Fd> resolve(int directory, const char* path, std::uint64_t flags,
                            std::uint32_t mode, std::uint64_t resolve_bits) const;

    sys::Kernel& kernel_;
    sys::Fd directory_;
    RootRules rules_;
    FsClass fs_class_ = FsClass::Remote;
    std::uint64_t device_ = 0;
    std::uint64_t inode_ = 0;
    std::uint64_t resolve_bits_ = 0;
    bool cached_lookup_ = false;
    sys::Credentials credentials_;
    mutable ChangeMarks marks_;
    mutable std::atomic<UnnamedLinks> unnamed_links_{UnnamedLinks::Unknown};
};

struct ParentAndName {
    sys::Fd parent;  // O_PATH
    FixedString<Root::kNameBytesMax> name;
};

}  // namespace sluice::vfs
