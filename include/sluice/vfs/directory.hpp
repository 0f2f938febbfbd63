// The entries of one directory, streamed in batches in constant memory.
//
// A directory of a million names costs a listing what one of a thousand costs: one buffer of raw
// records here, one EntryBatch at the reader. The order is the file system's. A batch is filled by
// one helper job, because reading directories and inodes may sleep. Skipped are "." and "..", names
// under which uploads hide, and names that vanish between reading the directory and looking at
// them; every other error is returned, so that a listing fails loudly and never just stops early.
// Owned by: Transfer. Thread: its shard, and the helper job it waits for.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "sluice/base/bytes.hpp"
#include "sluice/base/result.hpp"
#include "sluice/io/reactor.hpp"
#include "sluice/io/task.hpp"
#include "sluice/sys/fd.hpp"
#include "sluice/sys/kernel.hpp"

namespace sluice::vfs {

enum class EntryContent : std::uint8_t {
    Full,       // status of each name, target of each link
    NamesOnly,  // NLST: no call per name; `status` holds only the type, where the kernel told it
};

struct Entry {
    std::string_view name;
    sys::FileStatus status;        // of the name itself: a link is not followed
    std::string_view link_target;  // of a symlink, where it could be read
};

// The entries that one call brought. The views are valid until the next one. Storage is reused.
class EntryBatch {
public:
    static constexpr std::size_t kEntriesMax = 512;
    // Names and link targets of a batch. It ends early when the next entry might not fit.
    static constexpr std::size_t kTextBytesMax = 64 * 1024;

    bool is_empty() const { return entries_.empty(); }
    std::size_t size() const { return entries_.size(); }
    auto begin() const { return entries_.begin(); }
    auto end() const { return entries_.end(); }
    const Entry& operator[](std::size_t index) const { return entries_[index]; }

    // For the filler. `clear` allocates at first use.
    void clear();
    bool has_room() const;
    std::string_view keep_text(std::string_view text);
    void add(const Entry& entry) { entries_.push_back(entry); }

private:
    std::vector<Entry> entries_;
    std::unique_ptr<std::uint8_t[]> text_;
    std::size_t text_used_ = 0;
};

class Directory {
public:
    // One getdents64 call; about 2,000 names of usual length.
    static constexpr std::size_t kRawBytes = 64 * 1024;

    Directory(io::Reactor& reactor, sys::Fd&& fd, EntryContent content)
        : reactor_(&reactor), fd_(std::move(fd)), content_(content) {}
    Directory(Directory&&) = default;  // between batches only: Tree::open_directory hands it out
    Directory& operator=(Directory&&) = default;

    // Fills `batch` with the next entries. True: there is at least one, and perhaps more behind it.
    // False: the end. After an error there is no going on.
    io::Task<Result<bool>> next_batch(EntryBatch& batch);

    // One entry at a time, on a helper thread: both may sleep.
    // The next name, with inode and type where the kernel told them (`format` is 0 where not), and
    // nothing looked up yet: a lister asks no more of names it does not show. `entry` is a new one.
    // False: the end.
    Result<bool> next_name(Entry& entry);
    // Status and link target of the entry that next_name() brought last; `full` with what only
    // statx knows. False: it has vanished. The views are valid until the next call of either.
    Result<bool> look(Entry& entry, bool full);

    int fd() const { return fd_.number(); }

private:
    Result<bool> fill(EntryBatch& batch);

    io::Reactor* reactor_;
    sys::Fd fd_;
    EntryContent content_;
    std::unique_ptr<std::uint8_t[]> raw_;
    std::unique_ptr<std::uint8_t[]> target_;
    std::size_t raw_position_ = 0;
    std::size_t raw_end_ = 0;
};

}  // namespace sluice::vfs
