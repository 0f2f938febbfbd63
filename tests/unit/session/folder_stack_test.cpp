// Method: a tree walked by hand in the order of `ls -R`, and a stack that is filled to its bound.
#include "session/folder_stack.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace sluice::session {
namespace {

FolderStack::Item item(std::string name, std::uint16_t depth = 1) {
    FolderStack::Item made;
    made.name = std::move(name);
    made.depth = depth;
    return made;
}

TEST(FolderStack, GivesWhatIsBelowAFolderBeforeItsNeighbours) {
    vfs::MemoryBudget budget(1 << 20);
    vfs::MemoryBudget::Share share(budget, 1 << 20);
    FolderStack stack(share);
    const auto push_row = [&stack](const std::vector<std::string>& names) {
        for (const std::string& name : names) { ASSERT_TRUE(stack.push(item(name))); }
        stack.turn_last();
    };
    std::vector<std::string> order;
    push_row({"a", "b", "c"});
    while (!stack.is_empty()) {
        const std::string name = stack.pop().name;
        stack.begin_row();
        order.push_back(name);
        if (name == "a") { push_row({"a1", "a2"}); }
        if (name == "a1") { push_row({"a1x"}); }
        if (name == "c") { push_row({}); }
    }
    EXPECT_EQ(order, (std::vector<std::string>{"a", "a1", "a1x", "a2", "b", "c"}));
}

TEST(FolderStack, RefusesWhatItsShareDoesNotHoldAndGivesBackWhatIsTaken) {
    vfs::MemoryBudget budget(4096);
    vfs::MemoryBudget::Share share(budget, 4096);
    FolderStack stack(share);
    std::size_t pushed = 0;
    Status room;
    while ((room = stack.push(item(std::string(100, 'x'))))) { ++pushed; }
    EXPECT_EQ(room.error().code, Errc::LimitReached);
    EXPECT_GT(pushed, 4u);
    EXPECT_LE(pushed, 40u) << "a name of 100 bytes costs at least that";
    EXPECT_LE(share.used(), 4096u);
    (void)stack.pop();  // makes room for one
    EXPECT_TRUE(stack.push(item(std::string(100, 'x'))));
    while (!stack.is_empty()) { (void)stack.pop(); }
    EXPECT_EQ(share.used(), 0u);
}

}  // namespace
}  // namespace sluice::session
