// The simulated network against what TCP promises: any cut, delay and small buffer gives the same
// bytes in the same order; resets and half-closes look as on Linux.
#include <gtest/gtest.h>

#include <cerrno>
#include <string>

#include "sim/world.hpp"

namespace sluice::sim {
namespace {

struct Pair {
    SocketId client = 0;
    SocketId server = 0;
    SocketId listener = 0;
};

void settle(World& world) {
    for (int i = 0; i < 10'000 && !world.clock.is_empty(); ++i) {
        world.clock.advance_to(Instant(INT64_MAX));
    }
}

Pair connect(World& world) {
    Pair pair;
    const sys::SocketAddress server = sys::SocketAddress::v4(127, 0, 0, 1, 21);
    pair.listener = *world.network.listen(server, {}, Side::Server, nullptr);
    pair.client =
        *world.network.open(sys::SocketAddress::v4(10, 0, 0, 7, 0), Side::Client, nullptr);
    world.network.connect(pair.client, server);
    settle(world);
    pair.server = *world.network.accept(pair.listener);
    return pair;
}

std::string read_all(World& world, SocketId socket) {
    std::string text;
    std::uint8_t buffer[100];
    while (true) {
        const Result<std::size_t> got = world.network.receive(socket, buffer);
        if (!got || *got == 0) { return text; }
        text += as_text(Bytes(buffer, *got));
    }
}

TEST(Network, BringsAllBytesInOrderWhateverTheCutsAndBuffers) {
    for (std::uint64_t seed = 1; seed <= 50; ++seed) {
        SCOPED_TRACE(seed);
        World world(seed);
        Network::Limits limits;
        limits.buffer_bytes_min = 1;
        limits.buffer_bytes_max = 3000;
        world.network.set_limits(limits);
        const Pair pair = connect(world);
        for (const Fault fault : {Fault::SplitSegments, Fault::ShortSend, Fault::ShortReceive,
                                  Fault::SpuriousWouldBlock, Fault::SlowNetwork}) {
            if (world.prng.chance(1, 2)) { world.faults.set(fault, 5000); }
        }
        std::string sent(20'000, '\0');
        fill_pattern(seed, 0,
                     MutableBytes(reinterpret_cast<std::uint8_t*>(sent.data()), sent.size()));
        std::string got;
        std::size_t done = 0;
        for (int round = 0; round < 1'000'000 && got.size() < sent.size(); ++round) {
            const Result<std::size_t> count =
                world.network.send(pair.client, as_bytes(std::string_view(sent).substr(done)));
            if (count) { done += *count; }
            got += read_all(world, pair.server);
            world.clock.advance_to(world.clock.now() + Duration::milliseconds(50));
        }
        EXPECT_EQ(got, sent);
        EXPECT_EQ(*world.network.unacknowledged(pair.client), 0u);
    }
}

TEST(Network, HasTheAddressesOfBothEnds) {
    World world(1);
    const Pair pair = connect(world);
    EXPECT_EQ(world.network.peer_address(pair.server)->host_text(), "10.0.0.7");
    EXPECT_EQ(world.network.local_address(pair.server)->text(), "127.0.0.1:21");
    EXPECT_EQ(*world.network.peer_address(pair.server), *world.network.local_address(pair.client));
}

TEST(Network, GivesWhatCameBeforeAFinAndThenTheEnd) {
    World world(2);
    const Pair pair = connect(world);
    ASSERT_TRUE(world.network.send(pair.client, as_bytes("last words")));
    ASSERT_TRUE(world.network.shutdown_sending(pair.client));
    EXPECT_EQ(world.network.send(pair.client, as_bytes("x")).error().sys_errno, EPIPE);
    settle(world);
    EXPECT_TRUE(world.network.is_hung_up(pair.server));
    EXPECT_EQ(read_all(world, pair.server), "last words");
    std::uint8_t byte[1];
    EXPECT_EQ(*world.network.receive(pair.server, byte), 0u);
    // The other direction still lives.
    ASSERT_TRUE(world.network.send(pair.server, as_bytes("answer")));
    settle(world);
    EXPECT_EQ(read_all(world, pair.client), "answer");
}

TEST(Network, AnswersDataForAClosedSocketWithAReset) {
    World world(3);
    const Pair pair = connect(world);
    world.network.close(pair.client);
    settle(world);
    ASSERT_TRUE(world.network.send(pair.server, as_bytes("too late")));
    settle(world);
    EXPECT_EQ(world.network.send(pair.server, as_bytes("x")).error().sys_errno, ECONNRESET);
    EXPECT_EQ(world.network.send(pair.server, as_bytes("x")).error().sys_errno, EPIPE);
    world.network.close(pair.server);
    settle(world);
    EXPECT_EQ(world.network.open_count(Side::Server), 1u);  // the listener
    EXPECT_EQ(world.network.open_count(Side::Client), 0u);
}

TEST(Network, ClosingWithUnreadDataIsAReset) {
    World world(4);
    const Pair pair = connect(world);
    ASSERT_TRUE(world.network.send(pair.server, as_bytes("unread")));
    settle(world);
    world.network.close(pair.client);
    settle(world);
    std::uint8_t byte[1];
    EXPECT_EQ(world.network.receive(pair.server, byte).error().sys_errno, ECONNRESET);
    EXPECT_EQ(*world.network.receive(pair.server, byte), 0u);
}

TEST(Network, RefusesWhereNobodyListensAndTellsItBySocketError) {
    World world(5);
    const SocketId socket =
        *world.network.open(sys::SocketAddress::v4(127, 0, 0, 1, 0), Side::Server, nullptr);
    world.network.connect(socket, sys::SocketAddress::v4(10, 0, 0, 7, 4000));
    EXPECT_TRUE(world.network.is_connecting(socket));
    settle(world);
    EXPECT_FALSE(world.network.is_connecting(socket));
    EXPECT_EQ(world.network.take_error(socket).error().sys_errno, ECONNREFUSED);
    EXPECT_TRUE(world.network.take_error(socket));
}

TEST(Network, AFullAcceptQueueDelaysAClientAndRefusesNone) {
    World world(6);
    const sys::SocketAddress server = sys::SocketAddress::v4(127, 0, 0, 1, 50'000);
    sys::ListenOptions options;
    options.backlog = 1;
    const SocketId listener = *world.network.listen(server, options, Side::Server, nullptr);
    const sys::SocketAddress host = sys::SocketAddress::v4(10, 0, 0, 7, 0);
    const SocketId first = *world.network.open(host, Side::Client, nullptr);
    const SocketId second = *world.network.open(host, Side::Client, nullptr);
    world.network.connect(first, server);
    world.clock.advance_to(world.clock.now() + Duration::milliseconds(1));
    world.clock.advance_to(world.clock.now() + Duration::milliseconds(1));
    world.network.connect(second, server);
    const Instant soon = world.clock.now() + Duration::milliseconds(500);
    while (world.clock.now() < soon) {
        world.clock.advance_to(soon);
    }
    EXPECT_TRUE(world.network.is_connecting(second));
    ASSERT_TRUE(world.network.accept(listener));
    settle(world);
    EXPECT_FALSE(world.network.is_connecting(second));
    ASSERT_TRUE(world.network.accept(listener));
}

TEST(Network, SharesAPortOnlyAmongThoseWhoAskedFor) {
    World world(7);
    sys::ListenOptions shared;
    shared.reuse_port = true;
    const sys::SocketAddress any = sys::SocketAddress::v4(0, 0, 0, 0, 21);
    ASSERT_TRUE(world.network.listen(any, shared, Side::Server, nullptr));
    ASSERT_TRUE(world.network.listen(any, shared, Side::Server, nullptr));
    const Result<SocketId> alone = world.network.listen(any, {}, Side::Server, nullptr);
    EXPECT_EQ(alone.error().sys_errno, EADDRINUSE);
    const sys::SocketAddress foreign = sys::SocketAddress::v4(10, 9, 9, 9, 22);
    EXPECT_EQ(world.network.listen(foreign, {}, Side::Server, nullptr).error().sys_errno,
              EADDRNOTAVAIL);
}

}  // namespace
}  // namespace sluice::sim
