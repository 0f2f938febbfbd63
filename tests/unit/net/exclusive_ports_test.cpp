// A port bound for one PASV, on both engines with real connections; numbers shared by several
// owners through one bitmap.
#include "sluice/net/exclusive_ports.hpp"

#include <set>

#include "ports_fixture.hpp"

namespace sluice::net {
namespace {

class ExclusivePortsTest : public PortsTest {
protected:
    struct Ports {
        Ports(ExclusivePortsTest& fixture, AtomicBitmap& slots, std::uint16_t first,
              bool allow_foreign = false)
            : test(fixture),
              ports(*fixture.reactor_, fixture, slots, 42, options(first, allow_foreign)) {}
        ~Ports() { test.end(ports); }
        static ExclusivePorts::Options options(std::uint16_t first, bool allow_foreign) {
            ExclusivePorts::Options options;
            options.host = host(1);
            options.first = first;
            options.allow_foreign = allow_foreign;
            return options;
        }
        ExclusivePorts* operator->() { return &ports; }
        ExclusivePortsTest& test;
        ExclusivePorts ports;
    };
    bool all_free(const AtomicBitmap& slots) {
        return turn_until([&] { return slots.free_count_approximate() == slots.slot_count(); });
    }
};

TEST_P(ExclusivePortsTest, BindsAPortForOneConnectionAndGivesItBack) {
    AtomicBitmap slots(4);
    Ports ports(*this, slots, free_range(4));
    Reservation reservation;
    ASSERT_TRUE(ports->reserve(reservation, host(1)));
    EXPECT_EQ(slots.free_count_approximate(), 3u);
    const std::uint16_t port = reservation.port();
    const Socket client = connect_from(host(1), port);
    ASSERT_TRUE(client.is_open());
    ASSERT_TRUE(is_fulfilled(reservation));
    EXPECT_EQ(ports->pending(), 0u);
    expect_same(reservation, client);
    EXPECT_TRUE(all_free(slots));
    EXPECT_FALSE(connect_from(host(1), port).is_open());
}

TEST_P(ExclusivePortsTest, TurnsAStrangerAwayAndServesTheOwnerAfterwards) {
    AtomicBitmap slots(4);
    Ports ports(*this, slots, free_range(4));
    Reservation reservation;
    ASSERT_TRUE(ports->reserve(reservation, host(1)));
    const Socket stranger = connect_from(host(9), reservation.port());
    ASSERT_TRUE(stranger.is_open());
    EXPECT_TRUE(is_cut_off(stranger));
    EXPECT_FALSE(reservation.has_connection());
    ASSERT_EQ(strangers_.size(), 1u);
    EXPECT_TRUE(strangers_[0].who.same_host(host(9)));
    EXPECT_TRUE(strangers_[0].owner.same_host(host(1)));
    const Socket owner = connect_from(host(1), reservation.port());
    ASSERT_TRUE(is_fulfilled(reservation));
    expect_same(reservation, owner);
}

TEST_P(ExclusivePortsTest, TakesWhoeverComesWhenForeignHostsAreAllowed) {
    AtomicBitmap slots(4);
    Ports ports(*this, slots, free_range(4), true);
    Reservation reservation;
    ASSERT_TRUE(ports->reserve(reservation, host(1)));
    const Socket foreigner = connect_from(host(9), reservation.port());
    ASSERT_TRUE(is_fulfilled(reservation));
    EXPECT_TRUE(strangers_.empty());
    expect_same(reservation, foreigner);
}

TEST_P(ExclusivePortsTest, TakesOneOfTwoConnectionsAndClosesTheOther) {
    AtomicBitmap slots(1);
    Ports ports(*this, slots, free_range(1));
    Reservation reservation;
    ASSERT_TRUE(ports->reserve(reservation, host(1)));
    const Socket one = connect_from(host(1), reservation.port());
    const Socket two = connect_from(host(1), reservation.port());
    ASSERT_TRUE(one.is_open());
    ASSERT_TRUE(two.is_open());
    ASSERT_TRUE(is_fulfilled(reservation));
    EXPECT_TRUE(is_cut_off(two));
    expect_same(reservation, one);
    EXPECT_TRUE(all_free(slots));
}

TEST_P(ExclusivePortsTest, SkipsPortsThatAnotherProgramHolds) {
    constexpr std::uint16_t kPorts = 4;
    const std::uint16_t first = free_range(kPorts);
    std::vector<Socket> others;
    for (std::uint16_t i = 0; i + 1 < kPorts; ++i) {
        const Result<int> fd = kernel_.listen(
            host(1).with_port(static_cast<std::uint16_t>(first + i)), sys::ListenOptions());
        ASSERT_TRUE(fd);
        others.emplace_back(*reactor_, *fd);
    }
    AtomicBitmap slots(kPorts);
    Ports ports(*this, slots, first);
    Reservation reservation;
    ASSERT_TRUE(ports->reserve(reservation, host(1)));
    EXPECT_EQ(reservation.port(), first + kPorts - 1);
    Reservation one_more;
    const Status refused = ports->reserve(one_more, host(1));
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, Errc::LimitReached);
    EXPECT_EQ(slots.free_count_approximate(), kPorts - 1u);  // what was tried is not kept
    others.clear();
    EXPECT_TRUE(ports->reserve(one_more, host(1)));
}

TEST_P(ExclusivePortsTest, SharesTheNumbersWithTheOtherShards) {
    constexpr std::uint16_t kPorts = 4;
    AtomicBitmap slots(kPorts);
    const std::uint16_t first = free_range(kPorts);
    Ports here(*this, slots, first);
    Ports there(*this, slots, first);
    std::vector<std::unique_ptr<Reservation>> reservations;
    std::set<std::uint16_t> numbers;
    for (int i = 0; i < kPorts; ++i) {
        reservations.push_back(std::make_unique<Reservation>());
        ASSERT_TRUE((i % 2 == 0 ? here : there)->reserve(*reservations.back(), host(1)));
        numbers.insert(reservations.back()->port());
    }
    EXPECT_EQ(numbers.size(), kPorts);
    Reservation waited_for;
    EXPECT_EQ(here->reserve(waited_for, host(2)).error().code, Errc::LimitReached);
    // The other shard frees one and tells nobody: who waits here looks again by itself.
    io::Event freed(ready_);
    bool woken = false;
    io::Task<void> waiting = wait_once(freed, woken);
    waiting.start();
    PortWaiter waiter;
    waiter.event = &freed;
    waiter.peer = host(2);
    here->wait_for_port(waiter);
    reservations[1].reset();
    EXPECT_TRUE(turn_until([&] { return woken; }));
    EXPECT_TRUE(turn_until([&] { return here->reserve(waited_for, host(2)).has_value(); }));
    freed.notify();
    EXPECT_TRUE(turn_until([&] { return waiting.done(); }));
}

TEST_P(ExclusivePortsTest, ClosesThePortOfAReservationThatWasGivenUp) {
    AtomicBitmap slots(1);
    Ports ports(*this, slots, free_range(1));
    Reservation reservation;
    for (int i = 0; i < 3; ++i) {
        ASSERT_TRUE(turn_until([&] { return ports->reserve(reservation, host(1)).has_value(); }));
        const std::uint16_t port = reservation.port();
        reservation.cancel();
        EXPECT_EQ(ports->pending(), 0u);
        ASSERT_TRUE(all_free(slots));
        ASSERT_FALSE(connect_from(host(1), port).is_open());
    }
}

TEST_P(ExclusivePortsTest, IsStoppedOnlyWhenItsLastListenerHasEnded) {
    AtomicBitmap slots(2);
    Ports ports(*this, slots, free_range(2));
    Reservation reservation;
    ASSERT_TRUE(ports->reserve(reservation, host(1)));
    ports->stop();
    EXPECT_FALSE(ports->is_stopped());
    Reservation late;
    EXPECT_EQ(ports->reserve(late, host(1)).error().code, Errc::LimitReached);
    reservation.cancel();
    ASSERT_TRUE(turn_until([&] { return ports->is_stopped(); }));
    EXPECT_EQ(slots.free_count_approximate(), 2u);
    EXPECT_EQ(backend_->in_flight(), 0u);
}

INSTANTIATE_ON_BOTH_ENGINES(ExclusivePortsTest);

}  // namespace
}  // namespace sluice::net
