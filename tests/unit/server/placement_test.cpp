// Where a new session goes.
#include "sluice/server/placement.hpp"

#include <gtest/gtest.h>

namespace sluice::server {
namespace {

TEST(Placement, StaysWhereItWasAcceptedWhileTheDifferenceIsSmall) {
    Placement placement(3);
    placement.set_sessions(0, Placement::kLopsidedMin - 1);
    EXPECT_EQ(placement.choose(0), 0u);
    placement.set_sessions(0, 100 + Placement::kLopsidedMin - 1);
    placement.set_sessions(1, 100);
    placement.set_sessions(2, 101);
    EXPECT_EQ(placement.choose(0), 0u);
}

TEST(Placement, GoesToTheEmptiestOfThoseWithClearlyFewer) {
    Placement placement(4);
    placement.set_sessions(0, 50);
    placement.set_sessions(1, 42);
    placement.set_sessions(2, 10);
    placement.set_sessions(3, 20);
    EXPECT_EQ(placement.choose(0), 2u);
    EXPECT_EQ(placement.choose(1), 2u);
    EXPECT_EQ(placement.choose(3), 2u);
    EXPECT_EQ(placement.choose(2), 2u);
}

TEST(Placement, NeverLetsOneMoreInThanTheLimit) {
    Placement placement(2);
    EXPECT_TRUE(placement.enter(2));
    EXPECT_TRUE(placement.enter(2));
    EXPECT_FALSE(placement.enter(2));
    EXPECT_EQ(placement.total(), 2u);
    placement.leave();
    EXPECT_TRUE(placement.enter(2));
    EXPECT_FALSE(placement.enter(2));
}

TEST(Placement, KnowsNoShardUntilItStands) {
    const Placement placement(2);
    EXPECT_EQ(placement.shard(0), nullptr);
    EXPECT_EQ(placement.shard(1), nullptr);
}

}  // namespace
}  // namespace sluice::server
