// A directory and all that is below it, in bounded steps: adding its files up (DSIZ) or removing
// it (RMDA, SITE RMDIR).
//
// No link is followed and no other file system is entered: who may remove a folder has not been
// asked about what is mounted in it. Whatever cannot be read or removed ends the work with an
// error, so that a sum is never of a part. Memory is that of one chunk of names per level.
// Owned by: the command's coroutine. Thread: its shard, and the helper job it waits for.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "sluice/io/task.hpp"
#include "sluice/vfs/tree.hpp"

namespace sluice::vfs {

enum class SubtreeWork : std::uint8_t { Measure, Remove };

class Subtree {
public:
    // Levels below the directory; LimitReached beyond. Each holds a descriptor and kRawBytes.
    static constexpr std::size_t kDepthMax = 100;
    static constexpr std::size_t kRawBytes = 8 * 1024;
    // One helper job looks at so many names; between two of them the work can be stopped.
    static constexpr std::size_t kNamesPerStep = 512;

    Subtree(Tree& tree, SubtreeWork work) : tree_(tree), work_(work) {}
    Subtree(const Subtree&) = delete;
    Subtree& operator=(const Subtree&) = delete;

    // NotFound, NotDirectory (a link to a directory is none for Remove), AccessDenied (also for the
    // root, for Remove). The bytes of `path` stay valid until the Task has ended.
    io::Task<Status> begin(std::string_view path);
    // True: there is more to do. After an error there is no going on.
    io::Task<Result<bool>> step();

    // Sizes of the regular files seen so far.
    std::uint64_t bytes() const { return bytes_; }
    std::uint64_t names() const { return names_; }

private:
    struct Level {
        sys::Fd directory;
        FixedString<Root::kNameBytesMax> name;  // in the level above
        std::unique_ptr<std::uint8_t[]> raw;
        std::size_t position = 0;
        std::size_t end = 0;
        bool removed_some = false;  // since its names were read from the start
    };

    Status begin_blocking(std::string_view path);
    Result<bool> step_blocking();
    Status enter(int parent, const char* name);
    // The next name of the deepest level; false: it has no more.
    Result<bool> next_name(const char*& name, std::uint8_t& type);
    Status take(const char* name, std::uint8_t type);
    Status leave();
    int above() const;

    Tree& tree_;
    SubtreeWork work_;
    sys::Fd parent_;  // Remove: where the directory itself stands
    std::vector<Level> levels_;
    std::uint64_t device_ = 0;
    std::uint64_t bytes_ = 0;
    std::uint64_t names_ = 0;
};

}  // namespace sluice::vfs
