// The bytes of one file into an upload, within the kernel and in bounded steps (SITE COPY, COMB).
//
// copy_file_range(2) shares blocks where the file system can (btrfs, XFS: a copy of any size at
// once) and else copies in the page cache without a turn through user space; where it is refused
// (another file system before Linux 5.19, some FUSE ones) this reads and writes.
// Owned by: the command's coroutine. Thread: its shard, and the helper job it waits for.
#pragma once

#include <cstdint>
#include <memory>

#include "sluice/io/task.hpp"
#include "sluice/vfs/file.hpp"
#include "sluice/vfs/tree.hpp"
#include "sluice/vfs/upload_target.hpp"

namespace sluice::vfs {

class FileCopy {
public:
    // One helper job; between two of them the work can be stopped.
    static constexpr std::int64_t kStepBytes = 8 << 20;
    // Between two of these others may have the core.
    static constexpr std::size_t kChunkBytes = 256 * 1024;

    // Both stay open until the last step has ended.
    FileCopy(Tree& tree, const File& from, UploadTarget& to) : tree_(tree), from_(from), to_(to) {}
    FileCopy(const FileCopy&) = delete;
    FileCopy& operator=(const FileCopy&) = delete;

    // True: there is more. The file as long as it was when it was opened: Truncated when it became
    // shorter. NoSpace, QuotaExceeded, InputOutput; the caller abandons the target then.
    io::Task<Result<bool>> step();

    std::int64_t done() const { return done_; }

private:
    Result<bool> step_blocking();
    Result<std::size_t> copy_chunk(std::size_t count);
    Result<std::size_t> read_and_write(std::size_t count);

    Tree& tree_;
    const File& from_;
    UploadTarget& to_;
    std::int64_t done_ = 0;
    std::unique_ptr<std::uint8_t[]> buffer_;  // once the kernel has refused to copy
};

}  // namespace sluice::vfs
