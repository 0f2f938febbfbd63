// The simulated backend against epoll and io_uring: the same coroutines, on the same io::Reactor,
// must do the same to their clients on all three. Then what the simulated one is for: it must catch
// callers that break the rules of io::Op.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "sim/world.hpp"
#include "sluice/io/reactor.hpp"
#include "sluice/io/select_backend.hpp"
#include "sluice/io/stop.hpp"
#include "sluice/io/task.hpp"
#include "sluice/sys/linux_kernel.hpp"

namespace sluice::sim {
namespace {

// Sends back what it receives, until the client's end. One coroutine per connection.
class EchoServer final : public io::AcceptSink {
public:
    EchoServer(io::Reactor& reactor, int listener) : reactor_(reactor), listener_(listener) {
        accepting_.kind = io::OpKind::Accept;
        accepting_.fd = listener;
        accepting_.sink = this;
        accepting_.batch_max = 2;
        reactor.backend().start(accepting_);
    }
    ~EchoServer() { reactor_.kernel().close(listener_); }

    void on_accept(int socket) override { arrived_.push_back(socket); }
    void on_accept_end(Error error) override {
        ended_ = error.code == Errc::Stopped;
        accept_error_ = error;
    }

    // Starts a coroutine for each arrival and frees those that have ended.
    void reap() {
        for (const int socket : std::exchange(arrived_, {})) {
            connections_.emplace_back(reactor_, socket);
            Connection& connection = connections_.back();
            connection.task = serve(connection);
            connection.task.start();
        }
        connections_.remove_if([](const Connection& c) { return c.task.done(); });
        // Out of descriptors: try again with the next turn, as an Acceptor does after a pause.
        if (accepting_.is_idle() && !ended_) { reactor_.backend().start(accepting_); }
    }
    void stop() {
        reactor_.backend().stop(accepting_);
        for (Connection& connection : connections_) {
            connection.stop.request(io::StopReason::Kill);
        }
    }
    bool is_over() const { return ended_ && arrived_.empty() && connections_.empty(); }
    std::size_t served() const { return served_; }

private:
    struct Connection {
        Connection(io::Reactor& reactor, int fd) : socket(fd), stop(reactor.backend()) {}
        int socket;
        io::Op in;
        io::Op out;
        io::StopSource stop;
        std::vector<std::uint8_t> echo;
        io::Task<> task;
    };

    io::Task<> serve(Connection& c) {
        bool alive = true;
        while (alive) {
            c.in.kind = io::OpKind::ReceiveInput;
            c.in.fd = c.socket;
            const Result<std::uint32_t> got = co_await io::OpAwaiter(c.in, c.stop);
            if (!got || *got == 0) { break; }
            const Bytes bytes = c.in.lent();
            c.echo.assign(bytes.begin(), bytes.end());
            reactor_.backend().return_input(c.in);
            alive = co_await send_all(c);
        }
        ++served_;
        reactor_.backend().forget(c.socket);
        reactor_.kernel().close(c.socket);
    }

    io::Task<bool> send_all(Connection& c) {
        std::size_t sent = 0;
        while (sent < c.echo.size()) {
            const Result<std::size_t> count = reactor_.kernel().send(
                c.socket, Bytes(c.echo.data() + sent, c.echo.size() - sent), false);
            if (count) {
                sent += *count;
                continue;
            }
            if (count.error().code != Errc::WouldBlock) { co_return false; }
            const Result<std::uint32_t> ready = co_await io::poll_out(c.out, c.socket, c.stop);
            if (!ready) { co_return false; }
        }
        co_return true;
    }

    io::Reactor& reactor_;
    int listener_;
    io::Op accepting_;
    std::vector<int> arrived_;
    std::list<Connection> connections_;
    bool ended_ = false;
    Error accept_error_;
    std::size_t served_ = 0;
};

// The client's side of one connection, on either network.
class Peer {
public:
    virtual ~Peer() = default;
    virtual Result<std::size_t> send(Bytes bytes) = 0;
    virtual Result<std::size_t> receive(MutableBytes into) = 0;
    virtual void end_sending() = 0;
};

class RealPeer final : public Peer {
public:
    RealPeer(sys::LinuxKernel& kernel, const sys::SocketAddress& server)
        : kernel_(kernel), fd_(::socket(AF_INET, SOCK_STREAM, 0)) {
        sockaddr_storage native;
        const socklen_t length = server.to_native(native);
        connected_ = ::connect(fd_, reinterpret_cast<sockaddr*>(&native), length) == 0;
    }
    ~RealPeer() override { ::close(fd_); }
    bool is_connected() const { return connected_; }
    Result<std::size_t> send(Bytes bytes) override { return kernel_.send(fd_, bytes, false); }
    Result<std::size_t> receive(MutableBytes into) override { return kernel_.receive(fd_, into); }
    void end_sending() override { (void)kernel_.shutdown_sending(fd_); }

private:
    sys::LinuxKernel& kernel_;
    int fd_;
    bool connected_ = false;
};

class SimPeer final : public Peer {
public:
    SimPeer(Network& network, const sys::SocketAddress& server)
        : network_(network),
          socket_(*network.open(sys::SocketAddress::v4(10, 0, 0, 5, 0), Side::Client, nullptr)) {
        network.connect(socket_, server);
    }
    ~SimPeer() override { network_.close(socket_); }
    Result<std::size_t> send(Bytes bytes) override {
        if (network_.is_connecting(socket_)) { return fail(Errc::WouldBlock); }
        return network_.send(socket_, bytes);
    }
    Result<std::size_t> receive(MutableBytes into) override {
        if (network_.is_connecting(socket_)) { return fail(Errc::WouldBlock); }
        return network_.receive(socket_, into);
    }
    void end_sending() override { (void)network_.shutdown_sending(socket_); }

private:
    Network& network_;
    SocketId socket_;
};

// Sends `text` in random cuts, then its end; collects what comes back.
struct Talk {
    std::unique_ptr<Peer> peer;
    std::string text;
    std::size_t sent = 0;
    std::string heard;
    bool sending_over = false;
    bool over = false;

    void step(Prng& prng) {
        if (sent < text.size()) {
            const std::size_t cut = 1 + prng.below(std::min<std::size_t>(text.size() - sent, 5000));
            const Result<std::size_t> count =
                peer->send(as_bytes(std::string_view(text).substr(sent, cut)));
            if (count) { sent += *count; }
        } else if (!sending_over) {
            peer->end_sending();
            sending_over = true;
        }
        std::uint8_t buffer[3000];
        const Result<std::size_t> got = peer->receive(buffer);
        if (got && *got > 0) { heard += as_text(Bytes(buffer, *got)); }
        if ((got && *got == 0) || (!got && got.error().code != Errc::WouldBlock)) { over = true; }
    }
};

std::string text_for(std::uint64_t seed, std::size_t size) {
    std::string text(size, '\0');
    fill_pattern(seed, 0, MutableBytes(reinterpret_cast<std::uint8_t*>(text.data()), size));
    return text;
}

// Runs talks against an echo server until all are over; then stops it.
void echo_everything(io::Reactor& reactor, EchoServer& server, std::vector<Talk>& talks,
                     Prng& prng) {
    const auto turn = [&] {
        reactor.run_ready();
        server.reap();
        // A client step may be needed before anything else happens: never sleep for long.
        reactor.wait(Duration::milliseconds(1));
    };
    bool over = false;
    for (int i = 0; i < 200'000 && !over; ++i) {
        over = true;
        for (Talk& talk : talks) {
            if (!talk.over) { talk.step(prng); }
            over = over && talk.over;
        }
        turn();
    }
    EXPECT_TRUE(over);
    EXPECT_EQ(server.served(), talks.size());
    server.stop();
    for (int i = 0; i < 1000 && !server.is_over(); ++i) {
        turn();
    }
    EXPECT_TRUE(server.is_over());
    EXPECT_EQ(reactor.backend().in_flight(), 0u);
    for (const Talk& talk : talks) {
        EXPECT_TRUE(talk.heard == talk.text);
    }
}

class EchoOnARealKernel : public testing::TestWithParam<io::EngineKind> {};

TEST_P(EchoOnARealKernel, GivesEachClientItsBytesBack) {
    sys::LinuxKernel kernel;
    io::FramePool frames;
    const io::FramePool::Use use(frames);
    io::ReadyQueue ready;
    Result<std::unique_ptr<io::Backend>> backend = io::make_backend(GetParam(), kernel, ready);
    if (!backend) { GTEST_SKIP() << "engine refused: " << text_of(backend.error()); }
    {
        io::ThreadHelperPool helpers(1);
        io::Reactor reactor(kernel, **backend, ready, helpers);
        const int listener = *kernel.listen(sys::SocketAddress::v4(127, 0, 0, 1, 0), {});
        const sys::SocketAddress address = *kernel.local_address(listener);
        EchoServer server(reactor, listener);
        Prng prng(1);
        std::vector<Talk> talks(6);
        for (std::size_t i = 0; i < talks.size(); ++i) {
            auto peer = std::make_unique<RealPeer>(kernel, address);
            ASSERT_TRUE(peer->is_connected());
            talks[i].peer = std::move(peer);
            talks[i].text = text_for(i, 1 + i * 20'000);
        }
        echo_everything(reactor, server, talks, prng);
    }
    EXPECT_EQ(frames.live(), 0u);
}

INSTANTIATE_TEST_SUITE_P(Engines, EchoOnARealKernel,
                         testing::Values(io::EngineKind::Epoll, io::EngineKind::IoUring),
                         [](const testing::TestParamInfo<io::EngineKind>& tested) {
                             return tested.param == io::EngineKind::Epoll ? "Epoll" : "IoUring";
                         });

// One run of the same in the simulator; the hash of all that happened.
std::uint64_t echo_in_simulator(std::uint64_t seed) {
    World world(seed);
    io::FramePool frames;
    const io::FramePool::Use use(frames);
    Network::Limits limits;
    limits.buffer_bytes_min = 100;
    limits.buffer_bytes_max = 5000;
    world.network.set_limits(limits);
    world.faults.draw();
    // Those that end a connection are for tests that expect it.
    for (const Fault fault : {Fault::ResetConnection, Fault::ConnectRefused,
                              Fault::ConnectUnreachable, Fault::ListenInUse}) {
        world.faults.set(fault, 0);
    }
    {
        io::ReadyQueue ready;
        Backend backend(world.clock, world.prng, world.faults, world.trace, world.kernel, ready,
                        world.make_backend_options());
        io::Reactor reactor(world.kernel, backend, ready, world.helpers);
        const sys::SocketAddress address = sys::SocketAddress::v4(127, 0, 0, 1, 7);
        Result<int> listener = fail(Errc::Other);
        while (!listener) {
            listener = world.kernel.listen(address, {});
        }
        EchoServer server(reactor, *listener);
        std::vector<Talk> talks(4);
        for (std::size_t i = 0; i < talks.size(); ++i) {
            talks[i].peer = std::make_unique<SimPeer>(world.network, address);
            talks[i].text = text_for(seed + i, 1 + world.prng.below(20'000));
        }
        echo_everything(reactor, server, talks, world.prng);
    }
    EXPECT_EQ(frames.live(), 0u);
    EXPECT_EQ(world.kernel.open_descriptors(), 0u);
    EXPECT_EQ(world.network.open_count(Side::Server), 0u);
    return world.trace.hash();
}

TEST(EchoInTheSimulator, GivesEachClientItsBytesBackUnderEveryFault) {
    for (std::uint64_t seed = 1; seed <= 200; ++seed) {
        SCOPED_TRACE("seed " + std::to_string(seed));
        echo_in_simulator(seed);
        if (HasFailure()) { return; }
    }
}

TEST(EchoInTheSimulator, IsTheSameForTheSameSeedAndAnotherForAnother) {
    const std::uint64_t first = echo_in_simulator(42);
    EXPECT_EQ(first, echo_in_simulator(42));
    EXPECT_NE(first, echo_in_simulator(43));
}

// ---- callers that break a rule

struct Loop {
    explicit Loop(std::uint64_t seed = 1)
        : world(seed),
          backend(world.clock, world.prng, world.faults, world.trace, world.kernel, ready, {}),
          reactor(world.kernel, backend, ready, world.helpers) {
        const sys::SocketAddress address = sys::SocketAddress::v4(127, 0, 0, 1, 7);
        listener = *world.kernel.listen(address, {});
        peer.emplace(world.network, address);
        while (!world.clock.is_empty()) {
            world.clock.advance_to(Instant(INT64_MAX));
        }
        socket = *world.kernel.accept(listener);
    }
    ~Loop() {
        peer.reset();
        backend.forget(socket);
        world.kernel.close(socket);
        world.kernel.close(listener);
    }
    void say(std::string_view text) { ASSERT_TRUE(peer->send(as_bytes(text))); }
    void receive(io::Op& op) {
        op.kind = io::OpKind::ReceiveInput;
        op.fd = socket;
        backend.start(op);
    }
    void run(io::Op& op) {
        for (int i = 0; i < 100 && op.in_flight(); ++i) {
            reactor.wait(Duration::milliseconds(1));
        }
    }

    World world;
    io::ReadyQueue ready;
    Backend backend;
    io::Reactor reactor;
    int listener = -1;
    int socket = -1;
    std::optional<SimPeer> peer;
};

TEST(SimBackendDeathTest, CatchesAWriteToALentBufferAfterItsReturn) {
    Loop loop;
    io::Op op;
    loop.say("hello");
    loop.receive(op);
    loop.run(op);
    ASSERT_EQ(*op.take_result(), 5u);
    EXPECT_EQ(as_text(op.lent()), "hello");
    loop.backend.return_input(op);
#ifndef __SANITIZE_ADDRESS__  // which calls the mere look a crime
    EXPECT_NE(as_text(op.lent()), "hello");
#endif
    EXPECT_DEATH(
        {
            // The address is known to be ours; casting const away is the crime under test.
            const_cast<std::uint8_t*>(op.input)[1] = 'x';
            for (int i = 0; i < 100; ++i) {
                loop.say("again");
                loop.receive(op);
                loop.run(op);
                (void)op.take_result();
                loop.backend.return_input(op);
            }
        },
        "written after its return|use-after-poison");
}

TEST(SimBackendDeathTest, CatchesABufferNotGivenBackOrGivenBackTwice) {
    Loop loop;
    io::Op op;
    loop.say("hello");
    loop.receive(op);
    loop.run(op);
    ASSERT_EQ(*op.take_result(), 5u);
    EXPECT_DEATH(loop.receive(op), "still lent");
    loop.backend.return_input(op);
    EXPECT_DEATH(loop.backend.return_input(op), "given back twice");
}

TEST(SimBackendDeathTest, CatchesACloseWithAnOperationInFlightOrBeforeForget) {
    Loop loop;
    io::Op op;
    op.kind = io::OpKind::PollIn;
    op.fd = loop.socket;
    loop.backend.start(op);
    EXPECT_DEATH(loop.world.kernel.close(loop.socket), "in flight on it");
    EXPECT_DEATH(loop.backend.forget(loop.socket), "in flight on it");
    loop.backend.stop(op);
    loop.run(op);
    EXPECT_EQ(op.take_result().error().code, Errc::Stopped);
    EXPECT_DEATH(loop.world.kernel.close(loop.socket), "before forget");
}

TEST(SimBackendDeathTest, CatchesAnOpThatChangesInFlightAndACallOnAClosedDescriptor) {
    Loop loop;
    io::Op op;
    op.kind = io::OpKind::PollOut;
    op.fd = loop.socket;
    loop.backend.start(op);
    EXPECT_DEATH(
        {
            op.kind = io::OpKind::Connect;
            op.kind = io::OpKind::PollIn;
            loop.run(op);
        },
        "changed while in flight");
    loop.run(op);
    EXPECT_TRUE(op.take_result());
    EXPECT_DEATH((void)loop.world.kernel.send(77, as_bytes("x"), false), "not open");
}

TEST(SimBackend, LeavesAPollerForEverWhoPollsAgainWithoutHavingMetWouldBlock) {
    // The rule of edge-triggered epoll, which io_uring would forgive.
    Loop loop;
    io::Op op;
    op.kind = io::OpKind::PollIn;
    op.fd = loop.socket;
    loop.say("unread");
    loop.backend.start(op);
    loop.run(op);
    ASSERT_TRUE(op.take_result());
    loop.backend.start(op);
    loop.run(op);
    EXPECT_TRUE(op.in_flight());
    loop.backend.stop(op);
    loop.run(op);
    EXPECT_FALSE(op.take_result());
}

TEST(SimHelperPool, BringsJobsHomeLateAndOutOfOrder) {
    Loop loop;
    loop.world.faults.set(Fault::SlowHelper, 5000);
    std::vector<int> order;
    struct Job : io::HelperJob {
        std::vector<int>* order = nullptr;
        int number = 0;
    };
    std::list<Job> jobs;
    for (int i = 0; i < 20; ++i) {
        Job& job = jobs.emplace_back();
        job.order = &order;
        job.number = i;
        job.home = &loop.reactor.mailbox();
        job.ready = &loop.reactor.ready();
        job.work = [](io::HelperJob& self) {
            Job& mine = static_cast<Job&>(self);
            mine.order->push_back(mine.number);
        };
        loop.world.helpers.submit(job);
    }
    EXPECT_TRUE(order.empty());
    const Instant began = loop.world.clock.now();
    while (loop.world.helpers.pending() > 0) {
        loop.reactor.run_ready();
        loop.reactor.wait();
    }
    loop.reactor.run_ready();
    for (const Job& job : jobs) {
        EXPECT_TRUE(job.done);
    }
    EXPECT_EQ(order.size(), 20u);
    EXPECT_FALSE(std::is_sorted(order.begin(), order.end()));
    EXPECT_GT((loop.world.clock.now() - began).in_seconds(), 0);
}

TEST(SimBackend, MovesTheClockToTheNextTimerWhenNothingElseHappens) {
    Loop loop;
    bool fired = false;
    io::Timer timer([](void* flag) { *static_cast<bool*>(flag) = true; }, &fired);
    const Instant began = loop.world.clock.now();
    loop.reactor.set_timer(timer, Duration::seconds(300));
    for (int i = 0; i < 10'000 && !fired; ++i) {
        loop.reactor.wait();
        loop.reactor.run_ready();
    }
    EXPECT_TRUE(fired);
    const Duration took = loop.world.clock.now() - began;
    EXPECT_GE(took.in_seconds(), 300);
    EXPECT_LE(took.in_milliseconds(), 300'300);
}

}  // namespace
}  // namespace sluice::sim
