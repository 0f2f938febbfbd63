// Folders that a listing has seen and not read yet: of -R, and of patterns that span folders.
//
// Depth first, as `ls -R` goes: the folders found last are read next, so that what waits is one row
// of siblings for each level. A name is kept without the path to it: whoever takes an item is still
// inside the folder where it was found, or below. The memory is charged to a Share; at its bound
// push() fails with LimitReached. Owned by: Listing. Thread: the helper job that fills.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "sluice/vfs/memory_budget.hpp"

namespace sluice::session {

class FolderStack {
public:
    struct Item {
        std::string name;              // below the folder it was found in; may have several parts
        std::uint32_t path_bytes = 0;  // of that folder's path
        std::uint16_t level = 0;       // part of the pattern that its names must match
        std::uint16_t depth = 0;       // folders between the first one and it
    };

    explicit FolderStack(vfs::MemoryBudget::Share& share) : share_(share) {}
    FolderStack(const FolderStack&) = delete;
    FolderStack& operator=(const FolderStack&) = delete;

    bool is_empty() const { return items_.empty(); }
    Status push(Item&& item) {
        const Status room = share_.take(cost_of(item));
        if (room) { items_.push_back(std::move(item)); }
        return room;
    }
    Item pop() {
        Item item = std::move(items_.back());
        items_.pop_back();
        share_.give_back(cost_of(item));
        return item;
    }
    // What was pushed since the last call will be popped in the order in which it was pushed.
    void turn_last() {
        std::reverse(items_.begin() + static_cast<std::ptrdiff_t>(turned_), items_.end());
        turned_ = items_.size();
    }
    // To be called when an item was popped, before its folder's are pushed.
    void begin_row() { turned_ = items_.size(); }

private:
    // A string of more than 15 bytes has a block of its own; vectors grow by doubling.
    static std::uint64_t cost_of(const Item& item) { return 2 * sizeof(Item) + item.name.size(); }

    vfs::MemoryBudget::Share& share_;
    std::vector<Item> items_;
    std::size_t turned_ = 0;
};

}  // namespace sluice::session
