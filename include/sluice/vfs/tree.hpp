// The file tree as the coroutines of one shard see it.
//
// Each call first asks the kernel's caches inline (1-2 us) and goes to a helper thread only when
// the answer is not there; whatever changes names goes to a helper at once, because renames,
// unlinks and mkdirs always may sleep. So a shard never waits for a disk. The bytes of a path
// belong to the caller and stay as they are until the Task has ended (rule C7). Owned by: Shard.
// Thread: its shard.
#pragma once

#include <string_view>

#include "sluice/io/reactor.hpp"
#include "sluice/io/task.hpp"
#include "sluice/vfs/directory.hpp"
#include "sluice/vfs/file.hpp"
#include "sluice/vfs/root.hpp"

namespace sluice::vfs {

class Tree {
public:
    // Both outlive the Tree, and everything that was opened through it.
    Tree(const Root& root, io::Reactor& reactor) : root_(root), reactor_(reactor) {}
    Tree(const Tree&) = delete;
    Tree& operator=(const Tree&) = delete;

    const Root& root() const { return root_; }
    io::Reactor& reactor() { return reactor_; }
    sys::Kernel& kernel() { return reactor_.kernel(); }

    // The meaning of each call and its errors: root.hpp.
    io::Task<Result<File>> open_for_reading(std::string_view path);
    io::Task<Result<sys::FileStatus>> status(std::string_view path);
    io::Task<Result<sys::FileStatus>> link_status(std::string_view path);
    io::Task<Status> directory_exists(std::string_view path);
    // `content` says whether the listing needs more than names.
    io::Task<Result<Directory>> open_directory(std::string_view path, EntryContent content);
    // Into `into`, which the caller owns; the length of the target.
    io::Task<Result<std::size_t>> read_link(std::string_view path, MutableBytes into);

    io::Task<Status> make_directory(std::string_view path, std::uint32_t mode);
    io::Task<Status> make_symlink(std::string_view target, std::string_view path);
    io::Task<Status> remove_file(std::string_view path);
    io::Task<Status> remove_directory(std::string_view path);
    io::Task<Status> rename(std::string_view from, std::string_view to, bool replace);
    io::Task<Status> change_mode(std::string_view path, std::uint32_t mode);
    io::Task<Status> set_modified(std::string_view path, WallTime modified);
    io::Task<Status> give_created(std::string_view path, WallTime created);
    io::Task<Status> change_group(std::string_view path, std::uint32_t group);

    // Bytes that an upload may still use on the file system of the directory `path` (ALLO, AVBL).
    io::Task<Result<std::int64_t>> free_bytes(std::string_view path);

    // Closes where it cannot hurt: inline as a rule, on a helper when this close may free the
    // blocks of a deleted file or wait for a server.
    io::Task<> close(File& file);

private:
    const Root& root_;
    io::Reactor& reactor_;
};

}  // namespace sluice::vfs
