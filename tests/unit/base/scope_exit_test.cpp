// Method: scopes are entered and left, and the calls are counted.
#include "sluice/base/scope_exit.hpp"

#include <gtest/gtest.h>

#include <string>

namespace sluice {
namespace {

TEST(ScopeExit, RunsOnceWhenTheScopeIsLeft) {
    int calls = 0;
    {
        const ScopeExit count([&calls] { calls += 1; });
        EXPECT_EQ(calls, 0);
    }
    EXPECT_EQ(calls, 1);
}

TEST(ScopeExit, DoesNothingOnceDismissed) {
    int calls = 0;
    {
        ScopeExit count([&calls] { calls += 1; });
        count.dismiss();
    }
    EXPECT_EQ(calls, 0);
}

TEST(ScopeExit, RunsOnAnEarlyReturnAndInReverseOrder) {
    std::string order;
    const auto leave_early = [&order](bool early) {
        const ScopeExit first([&order] { order += 'a'; });
        const ScopeExit second([&order] { order += 'b'; });
        if (early) {
            return;
        }
        order += 'c';
    };
    leave_early(true);
    EXPECT_EQ(order, "ba");
    leave_early(false);
    EXPECT_EQ(order, "bacba");
}

}  // namespace
}  // namespace sluice
