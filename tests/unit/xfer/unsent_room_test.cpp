#include "sluice/xfer/unsent_room.hpp"

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <optional>

#include "sluice/sys/linux_kernel.hpp"

namespace sluice::xfer {
namespace {

constexpr std::int64_t kWide = UnsentRoom::kWideBytes;

class UnsentRoomTest : public ::testing::Test {
protected:
    void SetUp() override {
        socket_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        ASSERT_GE(socket_, 0);
        net::tune_data_socket(kernel_, socket_, "");
    }
    void TearDown() override { ::close(socket_); }
    std::int64_t unsent_max() const {
        int value = 0;
        socklen_t length = sizeof value;
        EXPECT_EQ(::getsockopt(socket_, IPPROTO_TCP, TCP_NOTSENT_LOWAT, &value, &length), 0);
        return value;
    }

    sys::LinuxKernel kernel_;
    int socket_ = -1;
};

TEST_F(UnsentRoomTest, WidensASocketOnce) {
    UnsentRoom room;
    UnsentRoom::Share share(room);
    EXPECT_EQ(unsent_max(), net::kNotSentLowatBytes);
    EXPECT_TRUE(share.widen(kernel_, socket_, kWide));
    EXPECT_EQ(unsent_max(), kWide);
    EXPECT_FALSE(share.widen(kernel_, socket_, kWide));
}

TEST_F(UnsentRoomTest, LeavesAShortRestAsItIs) {
    UnsentRoom room;
    UnsentRoom::Share share(room);
    EXPECT_FALSE(share.widen(kernel_, socket_, kWide - 1));
    EXPECT_EQ(unsent_max(), net::kNotSentLowatBytes);
}

TEST_F(UnsentRoomTest, GivesNoMoreThanThereIsAndTakesItBack) {
    UnsentRoom room(2 * kWide - 1);
    std::optional<UnsentRoom::Share> first(std::in_place, room);
    UnsentRoom::Share second(room);
    UnsentRoom::Share third(room);
    EXPECT_TRUE(first->widen(kernel_, socket_, kWide));
    EXPECT_TRUE(second.widen(kernel_, socket_, kWide));
    EXPECT_FALSE(third.widen(kernel_, socket_, kWide));
    first.reset();
    EXPECT_TRUE(third.widen(kernel_, socket_, kWide));
}

}  // namespace
}  // namespace sluice::xfer
