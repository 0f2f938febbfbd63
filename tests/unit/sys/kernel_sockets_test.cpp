// LinuxKernel on real sockets: nothing blocks, nothing is inherited, every end has its own result.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>

#include <string>
#include <vector>

#include "sluice/sys/fd.hpp"
#include "sluice/sys/linux_kernel.hpp"
#include "temp_folder.hpp"

namespace sluice::sys {
namespace {

class KernelSockets : public testing::Test {
protected:
    static constexpr int kPatienceMs = 10'000;

    Fd listen(const char* host, const ListenOptions& options = ListenOptions()) {
        const Result<int> fd = kernel_.listen(*SocketAddress::parse(host, 0), options);
        return fd ? Fd(kernel_, *fd) : Fd();
    }
    static bool wait_for(const Fd& fd, short events) {
        pollfd entry = {fd.number(), events, 0};
        return ::poll(&entry, 1, kPatienceMs) == 1;
    }
    // Two connected sockets, both non-blocking.
    void connect_pair(Fd& accepted, Fd& connected) {
        const Fd listener = listen("127.0.0.1");
        ASSERT_TRUE(listener.is_open());
        connected = Fd(kernel_, *kernel_.connecting_socket(SocketAddress::v4(127, 0, 0, 1, 0)));
        sockaddr_storage native;
        const socklen_t length = kernel_.local_address(listener.number())->to_native(native);
        const int started =
            ::connect(connected.number(), reinterpret_cast<const sockaddr*>(&native), length);
        ASSERT_TRUE(started == 0 || errno == EINPROGRESS);
        ASSERT_TRUE(wait_for(connected, POLLOUT));
        ASSERT_TRUE(kernel_.socket_error(connected.number()));
        ASSERT_TRUE(wait_for(listener, POLLIN));
        const Result<int> fd = kernel_.accept(listener.number());
        ASSERT_TRUE(fd);
        accepted = Fd(kernel_, *fd);
    }

    LinuxKernel kernel_;
    std::vector<std::uint8_t> buffer_ = std::vector<std::uint8_t>(4096);
};

TEST_F(KernelSockets, AcceptsNothingFromNobodyWithoutWaiting) {
    const Fd listener = listen("127.0.0.1");
    ASSERT_TRUE(listener.is_open());
    EXPECT_EQ(kernel_.accept(listener.number()).error().code, Errc::WouldBlock);
}

TEST_F(KernelSockets, MakesOnlySocketsThatDoNotBlockAndEndAtExec) {
    const Fd listener = listen("127.0.0.1");
    Fd accepted;
    Fd connected;
    connect_pair(accepted, connected);
    for (const int fd : {listener.number(), accepted.number(), connected.number()}) {
        EXPECT_NE(::fcntl(fd, F_GETFL) & O_NONBLOCK, 0);
        EXPECT_NE(::fcntl(fd, F_GETFD) & FD_CLOEXEC, 0);
    }
}

TEST_F(KernelSockets, SharesAPortAmongListenersOnlyWhenAllOfThemAsk) {
    ListenOptions shared;
    shared.reuse_port = true;
    const Fd first = listen("127.0.0.1", shared);
    ASSERT_TRUE(first.is_open());
    const SocketAddress address = *kernel_.local_address(first.number());
    const Result<int> second = kernel_.listen(address, shared);
    ASSERT_TRUE(second);
    kernel_.close(*second);
    const Result<int> alone = kernel_.listen(address, ListenOptions());
    ASSERT_FALSE(alone);
    EXPECT_EQ(alone.error().code, Errc::AddressInUse);
}

TEST_F(KernelSockets, LeavesIpv4AloneWhenAnIpv6ListenerIsToBeOnlyThat) {
    ListenOptions only;
    only.v6_only = true;
    const Fd v6 = listen("::", only);
    if (!v6.is_open()) {
        GTEST_SKIP() << "this machine has no IPv6";
    }
    const std::uint16_t port = kernel_.local_address(v6.number())->port();
    // Another program may hold the port on IPv4, but not because of us: then any is as good.
    const Result<int> v4 = kernel_.listen(SocketAddress::v4(127, 0, 0, 1, port), ListenOptions());
    if (!v4) {
        GTEST_SKIP() << "the port is taken on IPv4";
    }
    kernel_.close(*v4);
}

TEST_F(KernelSockets, TellsTheEndOfTheStreamFromNothingYet) {
    Fd ours;
    Fd theirs;
    connect_pair(ours, theirs);
    EXPECT_EQ(kernel_.receive(ours.number(), buffer_).error().code, Errc::WouldBlock);
    ASSERT_EQ(*kernel_.send(theirs.number(), as_bytes("bye"), false), 3u);
    ASSERT_TRUE(kernel_.shutdown_sending(theirs.number()));
    ASSERT_TRUE(wait_for(ours, POLLIN));
    EXPECT_EQ(*kernel_.receive(ours.number(), buffer_), 3u);
    ASSERT_TRUE(wait_for(ours, POLLIN));
    EXPECT_EQ(*kernel_.receive(ours.number(), buffer_), 0u);
}

TEST_F(KernelSockets, ResetsThePeerWhenTheCloseIsAbortive) {
    Fd ours;
    Fd theirs;
    connect_pair(ours, theirs);
    ASSERT_TRUE(kernel_.set_option(ours.number(), SocketOption::AbortiveClose, 1));
    ours.reset();
    ASSERT_TRUE(wait_for(theirs, POLLIN));
    EXPECT_EQ(kernel_.receive(theirs.number(), buffer_).error().code, Errc::ConnectionReset);
    // And a send into the void is an error, not a signal that ends the process.
    EXPECT_FALSE(kernel_.send(theirs.number(), as_bytes("x"), false));
}

TEST_F(KernelSockets, StopsTakingBytesWhenThePeerDoesNotRead) {
    Fd ours;
    Fd theirs;
    connect_pair(ours, theirs);
    constexpr std::size_t kSentMax = 256u << 20;  // far above any socket buffer
    std::size_t sent = 0;
    Errc end = Errc::Ok;
    const std::vector<std::uint8_t> block(1 << 20, 'x');
    while (end == Errc::Ok && sent < kSentMax) {
        const Result<std::size_t> step = kernel_.send(ours.number(), block, false);
        if (step) {
            sent += *step;
        } else {
            end = step.error().code;
        }
    }
    EXPECT_EQ(end, Errc::WouldBlock);
    const Result<std::size_t> pending = kernel_.unacknowledged(ours.number());
    ASSERT_TRUE(pending);
    EXPECT_GT(*pending, 0u);
    EXPECT_LE(*pending, sent);
    const Result<std::size_t> unsent = kernel_.unsent(ours.number());
    ASSERT_TRUE(unsent);
    EXPECT_GT(*unsent, 0u);
    EXPECT_LE(*unsent, *pending);

    // A reset changes nothing of what was never on the wire.
    ASSERT_TRUE(kernel_.set_option(theirs.number(), SocketOption::AbortiveClose, 1));
    theirs.reset();
    ASSERT_TRUE(wait_for(ours, POLLHUP));
    EXPECT_EQ(*kernel_.unsent(ours.number()), *unsent);
}

TEST_F(KernelSockets, KnowsAfterAResetThatEverythingHadBeenSent) {
    Fd ours;
    Fd theirs;
    connect_pair(ours, theirs);
    ASSERT_EQ(*kernel_.send(ours.number(), as_bytes("0123456789"), false), 10u);
    ASSERT_TRUE(wait_for(theirs, POLLIN));
    ASSERT_TRUE(kernel_.set_option(theirs.number(), SocketOption::AbortiveClose, 1));
    theirs.reset();
    ASSERT_TRUE(wait_for(ours, POLLHUP));
    EXPECT_EQ(*kernel_.unsent(ours.number()), 0u);
    EXPECT_EQ(kernel_.socket_error(ours.number()).error().code, Errc::ConnectionReset);
}

TEST_F(KernelSockets, SendsAFileFromTheOffsetAndSaysWhereItEnded) {
    const TempFolder folder;
    folder.write("file", "0123456789");
    OpenHow how;
    how.flags = O_RDONLY;
    const Fd file(kernel_, *kernel_.open(AT_FDCWD, (folder / "file").c_str(), how));
    Fd ours;
    Fd theirs;
    connect_pair(ours, theirs);
    std::int64_t offset = 4;
    ASSERT_EQ(*kernel_.send_file(ours.number(), file.number(), offset, 1000), 6u);
    EXPECT_EQ(offset, 10);
    ASSERT_EQ(*kernel_.send_file(ours.number(), file.number(), offset, 1000), 0u);
    EXPECT_EQ(offset, 10);
    ASSERT_TRUE(wait_for(theirs, POLLIN));
    ASSERT_EQ(*kernel_.receive(theirs.number(), buffer_), 6u);
    EXPECT_EQ(as_text(Bytes(buffer_).first(6)), "456789");
}

TEST_F(KernelSockets, NamesBothEnds) {
    Fd ours;
    Fd theirs;
    connect_pair(ours, theirs);
    EXPECT_EQ(kernel_.local_address(ours.number())->text(),
              kernel_.peer_address(theirs.number())->text());
    EXPECT_EQ(kernel_.peer_address(ours.number())->text(),
              kernel_.local_address(theirs.number())->text());
}

TEST_F(KernelSockets, TakesEveryOptionItKnows) {
    Fd ours;
    Fd theirs;
    connect_pair(ours, theirs);
    int value = 0;
    socklen_t length = sizeof value;
    ASSERT_TRUE(kernel_.set_option(ours.number(), SocketOption::NoDelay, 1));
    ASSERT_TRUE(kernel_.set_option(ours.number(), SocketOption::NotSentLowat, 65'536));
    ASSERT_TRUE(kernel_.set_option(ours.number(), SocketOption::UrgentInline, 1));
    ASSERT_TRUE(kernel_.set_option(ours.number(), SocketOption::KeepAlive, 60));
    ASSERT_EQ(::getsockopt(ours.number(), SOL_SOCKET, SO_KEEPALIVE, &value, &length), 0);
    EXPECT_NE(value, 0);
    ASSERT_TRUE(kernel_.set_option(ours.number(), SocketOption::KeepAlive, 0));
    ASSERT_EQ(::getsockopt(ours.number(), SOL_SOCKET, SO_KEEPALIVE, &value, &length), 0);
    EXPECT_EQ(value, 0);
    EXPECT_FALSE(kernel_.set_congestion(ours.number(), "no-such-algorithm"));
}

TEST_F(KernelSockets, ClockRunsForwardAndEntropyDiffers) {
    const Instant before = kernel_.now();
    EXPECT_LE(before, kernel_.now());
    EXPECT_GT(kernel_.wall_time().seconds, 1'500'000'000);
    EXPECT_NE(kernel_.entropy(), kernel_.entropy());
}

}  // namespace
}  // namespace sluice::sys
