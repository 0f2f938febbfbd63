// A file system in memory, with the answers of Linux.
//
// Directories, regular files, symbolic links and things that are none of these; unnamed files that
// get a name later; openat2's ways of resolving a path; modes. Everything the server does to a tree
// has the result, and the errno, that a real one would give: tests/sim/files_test.cpp runs the same
// calls on both.
//
// Two things only a simulated one can do. It knows which part of it is served: a call that starts
// inside the root and reaches anything outside ends the test (invariant I4). And it can lose power:
// crash() leaves what was synced, each other change kept or lost by the seed, directory changes in
// order (a journal), data pages in any order.
// Owned by: World. Thread: the one of the simulation.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "sim/clock.hpp"
#include "sim/file_data.hpp"
#include "sluice/base/bytes.hpp"
#include "sluice/base/result.hpp"
#include "sluice/sys/kernel.hpp"

namespace sluice::sim {

using InodeId = std::uint64_t;

struct Inode {
    sys::FileStatus status;  // size is kept in `data`
    FileData data;
    std::string target;  // Symlink
    InodeId parent = 0;  // Directory
    std::map<std::string, InodeId> children;
    std::map<std::uint64_t, std::string> order;  // Directory: position -> name, as a hash tree does
    std::map<std::string, std::string> attributes;  // user.*
    std::uint32_t open_count = 0;
    bool may_be_linked = false;  // made by O_TMPFILE without O_EXCL
    bool sync_lost = false;      // a sync has failed: later ones lie
};

class Files {
public:
    static constexpr InodeId kRoot = 1;  // "/" of the machine
    static constexpr std::size_t kNameBytesMax = 255;
    static constexpr std::size_t kPathBytesMax = 4095;
    static constexpr int kLinksMax = 40;  // followed in one path (path_resolution(7))

    Files(Clock& clock, Prng& prng);

    // ---- for the server, by inode. Names must be single components.
    // Opens as openat2(2) does. The inode is held open until released.
    Result<InodeId> open(InodeId directory, const char* path, const sys::OpenHow& how);
    void hold(InodeId inode) { ++get(inode).open_count; }
    void release(InodeId inode);
    Result<InodeId> child(InodeId directory, const char* name);
    sys::FileStatus status_of(InodeId inode);
    Status make_directory(InodeId directory, const char* name, std::uint32_t mode);
    Status make_symlink(const char* target, InodeId directory, const char* name);
    Status unlink(InodeId directory, const char* name);
    Status remove_directory(InodeId directory, const char* name);
    Status rename(InodeId from_directory, const char* from, InodeId to_directory, const char* to,
                  bool replace);
    Status link_unnamed(InodeId file, InodeId directory, const char* name);
    // getdents64 records from `position` on; moves `position`.
    Result<std::size_t> read_entries(InodeId directory, std::uint64_t& position, MutableBytes into);
    void changed(InodeId inode);  // its contents: modification time
    Inode& get(InodeId inode);

    // ---- for scenarios: as a local administrator, by absolute path. Parents must exist.
    InodeId add_directory(std::string_view path, std::uint32_t mode = 0755);
    InodeId add_file(std::string_view path, std::uint64_t seed, std::int64_t size);
    InodeId add_symlink(std::string_view path, std::string_view target);
    InodeId add_special(std::string_view path);  // a FIFO
    void remove(std::string_view path);
    void move(std::string_view from, std::string_view to);
    // 0 when there is none; links are not followed.
    InodeId find(std::string_view path);
    // Absolute paths of all regular files below `path`, sorted.
    std::vector<std::string> all_files(std::string_view path);

    // ---- confinement
    // From here on a call that starts below `path` must stay there.
    void guard(std::string_view path) { guarded_ = find(path); }
    bool is_below(InodeId directory, InodeId ancestor);

    // ---- power cuts
    // From now on old states are kept; what exists counts as on disk.
    void track_crashes();
    void sync_directory(InodeId directory);
    // Every open descriptor is void afterwards.
    void crash();

    std::size_t inode_count() const { return inodes_.size(); }
    std::uint64_t open_total() const;
    std::uint64_t used_bytes() const;

private:
    struct Walk {
        InodeId parent = 0;  // where the last component was looked up
        std::string name;    // empty when the path ends in `.` or `..`, or is the start itself
        InodeId inode = 0;   // 0: there is none
        bool slash = false;  // a trailing slash: must be a directory
    };
    struct WalkHow {
        bool follow_last = false;
        bool creates = false;    // O_CREAT: a trailing slash is an error
        std::uint64_t resolve = 0;
    };
    struct Change {  // one directory entry, as it was before
        InodeId directory;
        std::string name;
        InodeId before;
        std::uint64_t transaction;
    };

    InodeId make(sys::FileStatus::Type type, std::uint32_t mode);
    Result<Walk> walk(InodeId start, const char* path, const WalkHow& how);
    Result<InodeId> create(const Walk& at, std::uint32_t mode);
    Result<InodeId> open_unnamed(InodeId directory, const sys::OpenHow& how);
    static Status check_how(const char* path, const sys::OpenHow& how);
    Status check_found(const Walk& at, const sys::OpenHow& how);
    // Puts or removes (0) an entry, keeping counts, order and the log.
    void set_entry(InodeId directory, const std::string& name, InodeId inode);
    void drop_if_unused(InodeId inode);
    void check_name(const char* name) const;
    void check_confined(InodeId start, const Walk& reached);
    std::uint64_t position_of(const std::string& name) const;
    void collect(InodeId directory, const std::string& path, std::vector<std::string>& into);
    std::pair<InodeId, std::string> parent_of(std::string_view path);
    void recount();

    Clock& clock_;
    Prng& prng_;
    std::map<InodeId, Inode> inodes_;
    InodeId last_ = 0;
    InodeId guarded_ = 0;
    std::uint64_t order_salt_;
    bool tracking_ = false;
    std::vector<Change> log_;
    std::size_t durable_ = 0;  // entries of log_ that are on disk
    std::uint64_t transaction_ = 0;
};

}  // namespace sluice::sim
