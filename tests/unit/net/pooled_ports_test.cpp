// Ports that listen all the time, on both engines with real connections: who gets which, who is
// turned away, and what happens when none is left (O-DAT-5, 8, 10, 11).
#include "sluice/net/pooled_ports.hpp"

#include <sys/resource.h>
#include <unistd.h>

#include <set>

#include "ports_fixture.hpp"

namespace sluice::net {
namespace {

class PooledPortsTest : public PortsTest {
protected:
    // A pool that is stopped at the end of its test, whatever came of it.
    struct Pool {
        Pool(PooledPortsTest& fixture, std::uint16_t count)
            : test(fixture),
              first(fixture.free_range(count)),
              ports(*fixture.reactor_, fixture, 42, "") {
            EXPECT_TRUE(
                ports.listen(host(1), first, static_cast<std::uint16_t>(first + count - 1), 0, 1));
            EXPECT_EQ(ports.count(), count);
        }
        ~Pool() { test.end(ports); }
        PooledPortsTest& test;
        std::uint16_t first;
        PooledPorts ports;
    };
};

TEST_P(PooledPortsTest, GivesTheConnectionToTheHostThatThePortWasPromisedTo) {
    Pool pool(*this, 4);
    io::Event arrived(ready_);
    bool woken = false;
    io::Task<void> waiting = wait_once(arrived, woken);
    waiting.start();
    Reservation reservation;
    reservation.notify(&arrived);
    ASSERT_TRUE(pool.ports.reserve(reservation, host(1)));
    EXPECT_TRUE(reservation.is_pending());
    EXPECT_EQ(pool.ports.pending(), 1u);
    const Socket client = connect_from(host(1), reservation.port());
    ASSERT_TRUE(client.is_open());
    ASSERT_TRUE(turn_until([&] { return woken; }));
    EXPECT_TRUE(reservation.has_connection());
    EXPECT_FALSE(reservation.is_pending());
    EXPECT_EQ(pool.ports.pending(), 0u);
    expect_same(reservation, client);
    EXPECT_TRUE(strangers_.empty());
}

TEST_P(PooledPortsTest, TurnsAStrangerAwayAndServesTheOwnerAfterwards) {
    Pool pool(*this, 4);
    Reservation reservation;
    ASSERT_TRUE(pool.ports.reserve(reservation, host(1)));
    for (int i = 0; i < 20; ++i) {
        const Socket stranger = connect_from(host(9), reservation.port());
        ASSERT_TRUE(stranger.is_open());
        EXPECT_TRUE(is_cut_off(stranger));
    }
    EXPECT_FALSE(reservation.has_connection());
    const Socket owner = connect_from(host(1), reservation.port());
    ASSERT_TRUE(is_fulfilled(reservation));
    ASSERT_EQ(strangers_.size(), 20u);
    EXPECT_TRUE(strangers_[0].who.same_host(host(9)));
    EXPECT_TRUE(strangers_[0].owner.same_host(host(1)));
    EXPECT_EQ(strangers_[0].port, reservation.port());
    expect_same(reservation, owner);
}

TEST_P(PooledPortsTest, NeverPromisesOnePortTwiceToOneHost) {
    constexpr std::uint16_t kPorts = 16;
    Pool pool(*this, kPorts);
    std::vector<std::unique_ptr<Reservation>> reservations;
    std::set<std::uint16_t> numbers;
    for (int i = 0; i < kPorts; ++i) {
        reservations.push_back(std::make_unique<Reservation>());
        ASSERT_TRUE(pool.ports.reserve(*reservations.back(), host(1)));
        numbers.insert(reservations.back()->port());
    }
    EXPECT_EQ(numbers.size(), kPorts);
    EXPECT_EQ(*numbers.begin(), pool.first);
    Reservation one_more;
    const Status refused = pool.ports.reserve(one_more, host(1));
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, Errc::LimitReached);
    EXPECT_FALSE(one_more.is_pending());
    // Another host can still have every one of them.
    EXPECT_TRUE(pool.ports.reserve(one_more, host(2)));
}

TEST_P(PooledPortsTest, SharesOnePortAmongHostsAndKeepsThemApart) {
    Pool pool(*this, 1);
    Reservation first;
    Reservation second;
    ASSERT_TRUE(pool.ports.reserve(first, host(1)));
    ASSERT_TRUE(pool.ports.reserve(second, host(2)));
    ASSERT_EQ(first.port(), second.port());
    const Socket of_second = connect_from(host(2), second.port());
    ASSERT_TRUE(is_fulfilled(second));
    EXPECT_FALSE(first.has_connection());
    const Socket of_first = connect_from(host(1), first.port());
    ASSERT_TRUE(is_fulfilled(first));
    expect_same(first, of_first);
    expect_same(second, of_second);
}

TEST_P(PooledPortsTest, WakesWhoWaitsWhenAPortComesFree) {
    Pool pool(*this, 2);
    Reservation first;
    Reservation second;
    Reservation third;
    ASSERT_TRUE(pool.ports.reserve(first, host(1)));
    ASSERT_TRUE(pool.ports.reserve(second, host(1)));
    ASSERT_FALSE(pool.ports.reserve(third, host(1)));
    io::Event freed(ready_);
    bool woken = false;
    io::Task<void> waiting = wait_once(freed, woken);
    waiting.start();
    PortWaiter waiter;
    waiter.event = &freed;
    waiter.peer = host(1);
    pool.ports.wait_for_port(waiter);
    turn(5);
    EXPECT_FALSE(woken);
    const std::uint16_t port = second.port();
    const Socket client = connect_from(host(1), port);  // fulfilled: the port is free again
    ASSERT_TRUE(turn_until([&] { return woken; }));
    ASSERT_TRUE(pool.ports.reserve(third, host(1)));
    EXPECT_EQ(third.port(), port);
}

// A port that one host gave up is no use to another that holds it already.
TEST_P(PooledPortsTest, WakesTheWaiterOfTheHostThatGotAPortBack) {
    Pool pool(*this, 1);
    Reservation first;
    Reservation second;
    ASSERT_TRUE(pool.ports.reserve(first, host(1)));
    ASSERT_TRUE(pool.ports.reserve(second, host(2)));
    io::Event freed_first(ready_);
    io::Event freed_second(ready_);
    bool first_woken = false;
    bool second_woken = false;
    io::Task<void> first_waits = wait_once(freed_first, first_woken);
    io::Task<void> second_waits = wait_once(freed_second, second_woken);
    first_waits.start();
    second_waits.start();
    PortWaiter of_second;
    of_second.event = &freed_second;
    of_second.peer = host(2);
    pool.ports.wait_for_port(of_second);
    PortWaiter of_first;
    of_first.event = &freed_first;
    of_first.peer = host(1);
    pool.ports.wait_for_port(of_first);
    first.cancel();
    turn(5);
    EXPECT_TRUE(first_woken);
    EXPECT_FALSE(second_woken);
    second.cancel();
    turn(5);
    EXPECT_TRUE(second_woken);
    freed_first.notify();  // lets both coroutines end whatever failed above
    freed_second.notify();
    EXPECT_TRUE(turn_until([&] { return first_waits.done() && second_waits.done(); }));
}

TEST_P(PooledPortsTest, AvoidsPairsThatWereGivenUpUnused) {
    constexpr std::uint16_t kPorts = 8;
    Pool pool(*this, kPorts);
    std::set<std::uint16_t> numbers;
    for (int i = 0; i < kPorts; ++i) {
        Reservation reservation;
        ASSERT_TRUE(pool.ports.reserve(reservation, host(1)));
        numbers.insert(reservation.port());
    }
    EXPECT_EQ(numbers.size(), kPorts);  // no port came back while another was left
    // With all of them avoided, one of them is still better than none.
    Reservation reservation;
    EXPECT_TRUE(pool.ports.reserve(reservation, host(1)));
}

TEST_P(PooledPortsTest, ForgetsTheOldestPairWhenTooManyAreAvoided) {
    Pool pool(*this, 2);
    for (int i = 0; i < 300; ++i) {
        Reservation reservation;
        ASSERT_TRUE(pool.ports.reserve(reservation, host(static_cast<std::uint8_t>(1 + i % 200))));
    }
    EXPECT_EQ(pool.ports.pending(), 0u);
}

TEST_P(PooledPortsTest, TurnsAwayALateConnectionOfAReservationThatWasGivenUp) {
    Pool pool(*this, 1);
    Reservation reservation;
    ASSERT_TRUE(pool.ports.reserve(reservation, host(1)));
    const std::uint16_t port = reservation.port();
    reservation.cancel();
    const Socket late = connect_from(host(1), port);
    ASSERT_TRUE(late.is_open());
    EXPECT_TRUE(is_cut_off(late));
    EXPECT_TRUE(strangers_.empty());  // nobody's port: not a theft
}

// Sent before the client has said anything, and it ends in order: no write of the client's meets a
// reset that it has not been told of.
TEST_P(PooledPortsTest, TellsAClientThatWouldBeginTlsByAnAlert) {
    Pool pool(*this, 1);
    Reservation early;
    ASSERT_TRUE(pool.ports.reserve(early, host(1)));
    const std::uint16_t port = early.port();
    const Socket fulfilled = connect_from(host(1), port);
    ASSERT_TRUE(is_fulfilled(early));
    early.refuse_tls();
    Reservation none_yet;
    ASSERT_TRUE(pool.ports.reserve(none_yet, host(1)));
    none_yet.refuse_tls();
    const Socket late = connect_from(host(1), port);
    ASSERT_TRUE(late.is_open());
    for (const Socket* client : {&fulfilled, &late}) {
        std::vector<std::uint8_t> said;
        Error end = Errc::Ok;
        ASSERT_TRUE(turn_until([&] {
            std::uint8_t bytes[64];
            const Result<std::size_t> got = kernel_.receive(client->fd(), bytes);
            if (got) { said.insert(said.end(), bytes, bytes + *got); }
            if (!got) { end = got.error(); }
            return got ? *got == 0 : end.code != Errc::WouldBlock;
        }));
        EXPECT_EQ(said, (std::vector<std::uint8_t>{21, 3, 3, 0, 2, 2, 40}));
        EXPECT_TRUE(end.code == Errc::Ok || end.code == Errc::WouldBlock);
    }
    EXPECT_TRUE(strangers_.empty());
}

TEST_P(PooledPortsTest, KeepsTheBytesThatComeBeforeTheConnectionIsFetched) {
    Pool pool(*this, 1);
    Reservation reservation;
    ASSERT_TRUE(pool.ports.reserve(reservation, host(1)));
    const Socket client = connect_from(host(1), reservation.port());
    ASSERT_EQ(*kernel_.send(client.fd(), as_bytes("early"), false), 5u);
    ASSERT_TRUE(is_fulfilled(reservation));
    const Socket taken = reservation.take_connection();
    std::uint8_t bytes[16] = {};
    ASSERT_EQ(*kernel_.receive(taken.fd(), bytes), 5u);
    EXPECT_EQ(as_text(Bytes(bytes).first(5)), "early");
}

TEST_P(PooledPortsTest, TakesOneOfTwoConnectionsAndClosesTheOther) {
    Pool pool(*this, 1);
    Reservation reservation;
    ASSERT_TRUE(pool.ports.reserve(reservation, host(1)));
    const Socket one = connect_from(host(1), reservation.port());
    const Socket two = connect_from(host(1), reservation.port());
    ASSERT_TRUE(one.is_open());
    ASSERT_TRUE(two.is_open());
    ASSERT_TRUE(is_fulfilled(reservation));
    EXPECT_TRUE(is_cut_off(two));
    expect_same(reservation, one);
}

TEST_P(PooledPortsTest, ClosesAConnectionThatNobodyFetched) {
    Pool pool(*this, 1);
    Socket client;
    {
        Reservation reservation;
        ASSERT_TRUE(pool.ports.reserve(reservation, host(1)));
        client = connect_from(host(1), reservation.port());
        ASSERT_TRUE(is_fulfilled(reservation));
    }
    EXPECT_TRUE(is_cut_off(client));
}

TEST_P(PooledPortsTest, LeavesOutPortsThatAnotherProgramHolds) {
    const std::uint16_t first = free_range(3);
    const auto middle = static_cast<std::uint16_t>(first + 1);
    const Socket other(*reactor_, *kernel_.listen(host(1).with_port(middle), sys::ListenOptions()));
    PooledPorts ports(*reactor_, *this, 42, "");
    EXPECT_TRUE(ports.listen(host(1), first, static_cast<std::uint16_t>(first + 2), 0, 1));
    EXPECT_EQ(ports.count(), 2u);
    PooledPorts none(*reactor_, *this, 42, "");
    const Status refused = none.listen(host(1), middle, middle, 0, 1);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, Errc::AddressInUse);
    Reservation reservation;
    EXPECT_EQ(none.reserve(reservation, host(1)).error().code, Errc::LimitReached);
    end(none);
    end(ports);
}

TEST_P(PooledPortsTest, DividesTheRangeAmongTheShards) {
    const std::uint16_t first = free_range(10);
    const auto last = static_cast<std::uint16_t>(first + 9);
    PooledPorts even(*reactor_, *this, 1, "");
    PooledPorts odd(*reactor_, *this, 2, "");
    ASSERT_TRUE(even.listen(host(1), first, last, 0, 2));
    ASSERT_TRUE(odd.listen(host(1), first, last, 1, 2));
    EXPECT_EQ(even.count(), 5u);
    EXPECT_EQ(odd.count(), 5u);
    {
        Reservation reservation;
        ASSERT_TRUE(odd.reserve(reservation, host(1)));
        EXPECT_EQ(reservation.port() % 2, 1);
    }
    end(even);
    end(odd);
}

// Accepting ends for want of descriptors and comes back by itself.
TEST_P(PooledPortsTest, AcceptsAgainWhenDescriptorsAreToBeHadAgain) {
    Pool pool(*this, 2);
    Reservation reservation;
    ASSERT_TRUE(pool.ports.reserve(reservation, host(1)));
    const Socket client = connect_from(host(1), reservation.port());
    ASSERT_TRUE(client.is_open());
    const int lowest_free = ::dup(client.fd());
    ASSERT_GE(lowest_free, 0);
    kernel_.close(lowest_free);
    rlimit before = {};
    ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &before), 0);
    rlimit none_left = before;
    none_left.rlim_cur = static_cast<rlim_t>(lowest_free);
    ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &none_left), 0);
    turn(20);
    EXPECT_FALSE(reservation.has_connection());
    ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &before), 0);
    EXPECT_TRUE(is_fulfilled(reservation));
}

TEST_P(PooledPortsTest, PromisesAndAcceptsNothingAfterItsEnd) {
    std::uint16_t port = 0;
    {
        const std::uint16_t first = free_range(1);
        PooledPorts ports(*reactor_, *this, 42, "");
        ASSERT_TRUE(ports.listen(host(1), first, first, 0, 1));
        port = first;
        EXPECT_FALSE(ports.is_stopped());
        end(ports);
        Reservation reservation;
        EXPECT_EQ(ports.reserve(reservation, host(1)).error().code, Errc::LimitReached);
        EXPECT_EQ(backend_->in_flight(), 0u);
    }
    EXPECT_FALSE(connect_from(host(1), port).is_open());
}

INSTANTIATE_ON_BOTH_ENGINES(PooledPortsTest);

}  // namespace
}  // namespace sluice::net
