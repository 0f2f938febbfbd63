// Edit distances against values worked out by hand, and the choice among known words.
#include "sluice/config/near_miss.hpp"

#include <gtest/gtest.h>

#include <string>

namespace sluice::config {
namespace {

TEST(EditDistance, CountsInsertionsDeletionsReplacementsAndSwaps) {
    EXPECT_EQ(edit_distance("root", "root", 3), 0u);
    EXPECT_EQ(edit_distance("rot", "root", 3), 1u);
    EXPECT_EQ(edit_distance("roots", "root", 3), 1u);
    EXPECT_EQ(edit_distance("boot", "root", 3), 1u);
    EXPECT_EQ(edit_distance("orot", "root", 3), 1u);
    EXPECT_EQ(edit_distance("kitten", "sitting", 5), 3u);
    EXPECT_EQ(edit_distance("", "abc", 5), 3u);
    EXPECT_EQ(edit_distance("", "", 5), 0u);
}

TEST(EditDistance, TakesCasesAndDashesAlike) {
    EXPECT_EQ(edit_distance("Passive-Ports", "passive_ports", 3), 0u);
}

TEST(EditDistance, StopsAtTheBound) {
    EXPECT_EQ(edit_distance("abcdef", "uvwxyz", 3), 4u);
    EXPECT_EQ(edit_distance("a", "abcdefgh", 3), 4u);
}

TEST(EditDistance, RefusesWordsBeyondTheLimit) {
    const std::string longest(kNearMissBytesMax, 'a');
    EXPECT_EQ(edit_distance(longest, longest, 3), 0u);
    EXPECT_EQ(edit_distance(longest + "a", longest, 3), 4u);
    EXPECT_EQ(edit_distance(longest + "a", longest + "a", 3), 4u);
}

TEST(NearMiss, FindsTheClosestWordAndTheFirstOfEquals) {
    const std::string_view known[] = {"passive_mode", "passive_ports", "passive_wait"};
    EXPECT_EQ(near_miss("pasive_ports", known), "passive_ports");
    EXPECT_EQ(near_miss("passive_port", known), "passive_ports");
    EXPECT_EQ(near_miss("passive_xxxx", known), "");
    const std::string_view twins[] = {"bat", "cat"};
    EXPECT_EQ(near_miss("hat", twins), "bat");
}

TEST(NearMiss, SuggestsNothingForAStranger) {
    const std::string_view known[] = {"server", "log", ""};
    EXPECT_EQ(near_miss("certificates", known), "");
    EXPECT_EQ(near_miss("x", known), "");
    EXPECT_EQ(near_miss("", known), "");
    EXPECT_EQ(near_miss("lgo", known), "log");
}

}  // namespace
}  // namespace sluice::config
