// Puts the lines of a listing in order: -t, -S, -r.
//
// Lines are kept in blocks and sorted a run of kRunLines at a time, as soon as a run is full; what
// comes out is the merge of the runs. So no step takes longer than sorting one run, however large
// the folder, and a stop is heard at any line. The memory is charged to a Share: at its bound add()
// fails with LimitReached, and the listing with it, since a part of a sorted list is no sorted
// list.
// Owned by: Listing. Thread: the helper job that fills.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "sluice/base/result.hpp"
#include "sluice/vfs/memory_budget.hpp"

namespace sluice::session {

class LineSorter {
public:
    // About 0.1 ms to sort; a million lines make a thousand runs, ten comparisons for each line out
    static constexpr std::size_t kRunLines = 1024;
    // Room for the longest line and its name.
    static constexpr std::size_t kBlockBytes = 32 * 1024;

    struct Key {
        std::int64_t first = 0;   // larger ones come first: newest, biggest
        std::int32_t second = 0;  // nanoseconds

        Key() = default;
        Key(std::int64_t f, std::int32_t s) : first(f), second(s) {}
    };
    struct Line {
        std::string_view text;
        std::string_view name;
        bool is_folder = false;
    };

    LineSorter(vfs::MemoryBudget::Share& share, bool reverse) : share_(share), reverse_(reverse) {}
    LineSorter(const LineSorter&) = delete;
    LineSorter& operator=(const LineSorter&) = delete;
    ~LineSorter() { clear(); }

    // Copies the line. Equal keys are in the order of their names, byte by byte.
    Status add(Key key, const Line& line);
    // No more to come: begins the merge.
    void finish();
    // The next line in order, and false at the end; valid until clear().
    bool next(Line& line);
    // Empty and without memory, for the next folder.
    void clear();

private:
    struct Row {
        Key key;
        const char* text;
        std::uint16_t text_bytes;
        std::uint16_t name_bytes;  // behind the text
        bool is_folder;
    };
    struct Run {
        std::unique_ptr<Row[]> rows;
        std::size_t count = 0;
        std::size_t next = 0;
    };
    struct Block {
        std::unique_ptr<char[]> bytes;
        std::size_t used = 0;
    };

    bool comes_before(const Row& a, const Row& b) const;
    const Row& head(std::uint32_t run) const { return runs_[run].rows[runs_[run].next]; }
    void sort_last_run();

    vfs::MemoryBudget::Share& share_;
    bool reverse_;
    std::vector<Run> runs_;
    std::vector<Block> blocks_;
    std::vector<std::uint32_t> heap_;  // runs with lines left, the one with the next line first
    std::uint64_t charged_ = 0;
};

}  // namespace sluice::session
