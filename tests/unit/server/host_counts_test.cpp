// Sessions per client address.
#include "sluice/server/host_counts.hpp"

#include <gtest/gtest.h>

namespace sluice::server {
namespace {

sys::SocketAddress host(std::uint8_t last, std::uint16_t port) {
    return sys::SocketAddress::v4(192, 0, 2, last, port);
}

TEST(HostCounts, RefusesOneHostAboveItsLimitAndNoOther) {
    HostCounts counts(2);
    EXPECT_TRUE(counts.enter(host(1, 1000)));
    EXPECT_TRUE(counts.enter(host(1, 1001)));
    EXPECT_FALSE(counts.enter(host(1, 1002)));
    EXPECT_TRUE(counts.enter(host(2, 1000)));
}

TEST(HostCounts, APlaceThatIsLeftIsFreeAgain) {
    HostCounts counts(1);
    EXPECT_TRUE(counts.enter(host(1, 1000)));
    counts.leave(host(1, 1000));
    EXPECT_TRUE(counts.enter(host(1, 2000)));
    EXPECT_FALSE(counts.enter(host(1, 3000)));
    counts.leave(host(1, 3000));  // the port does not matter
    EXPECT_TRUE(counts.enter(host(1, 4000)));
}

TEST(HostCounts, WithoutALimitEverybodyEnters) {
    HostCounts counts(0);
    for (std::uint16_t port = 1; port < 1000; ++port) { EXPECT_TRUE(counts.enter(host(1, port))); }
}

TEST(HostCounts, LeavingWithoutHavingEnteredIsHarmless) {
    HostCounts counts(1);
    counts.leave(host(1, 1));
    EXPECT_TRUE(counts.enter(host(1, 1)));
}

}  // namespace
}  // namespace sluice::server
