// Every kind of operation on both engines with real sockets: success, nothing there yet, the peer
// closes, stop before, stop after and stop racing. The two engines must not be told apart.
#include "loop_fixture.hpp"
#include "sluice/io/input_buffers.hpp"

#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <vector>

namespace sluice::io {
namespace {

class BackendTest : public LoopTest {
protected:
    void SetUp() override {
        LoopTest::SetUp();
        if (IsSkipped()) { return; }
        make_pair(ours_, theirs_);
    }
    void TearDown() override {
        ours_.close();
        theirs_.close();
        LoopTest::TearDown();
    }
    void send_from_peer(std::string_view text) {
        const Result<std::size_t> sent = kernel_.send(theirs_.fd(), as_bytes(text), false);
        ASSERT_TRUE(sent);
        ASSERT_EQ(*sent, text.size());
    }
    void start_receive(Op& op, Event& event) {
        op.kind = OpKind::ReceiveInput;
        op.fd = ours_.fd();
        op.event = &event;
        backend_->start(op);
    }
    // Starts a receive, waits for its end, returns its bytes and gives the buffer back.
    std::string receive(Op& op, Event& event, std::int32_t& result) {
        if (op.is_idle()) { start_receive(op, event); }
        EXPECT_TRUE(turn_until([&] { return op.is_done(); }));
        result = op.result;
        std::string bytes(as_text(op.lent()));
        backend_->return_input(op);
        (void)op.take_result();
        return bytes;
    }
    // Fills the socket until it takes no more.
    void fill_ours() {
        const std::vector<std::uint8_t> junk(1 << 16, 'x');
        while (kernel_.send(ours_.fd(), junk, false)) {}
    }

    net::Socket ours_;
    net::Socket theirs_;
};

TEST_P(BackendTest, ReceivesWhatIsAlreadyThere) {
    Op op;
    Event event(ready_);
    send_from_peer("NOOP\r\n");
    std::int32_t result = 0;
    EXPECT_EQ(receive(op, event, result), "NOOP\r\n");
    EXPECT_EQ(result, 6);
}

TEST_P(BackendTest, ReceivesWhatComesLater) {
    Op op;
    Event event(ready_);
    start_receive(op, event);
    reactor_->wait(Duration(0));
    EXPECT_TRUE(op.in_flight());
    send_from_peer("x");
    std::int32_t result = 0;
    EXPECT_EQ(receive(op, event, result), "x");
}

TEST_P(BackendTest, ReceivesInOrderAndMoreThanOneBuffer) {
    Op op;
    Event event(ready_);
    std::string sent;
    for (int i = 0; i < 3000; ++i) { sent += std::to_string(i) + "\n"; }
    send_from_peer(sent);
    std::string got;
    while (got.size() < sent.size()) {
        std::int32_t result = 0;
        const std::string part = receive(op, event, result);
        ASSERT_GT(result, 0);
        got += part;
    }
    EXPECT_EQ(got, sent);
}

TEST_P(BackendTest, AReceiveSaysZeroWhenThePeerHasFinished) {
    Op op;
    Event event(ready_);
    send_from_peer("last");
    theirs_.close();
    std::int32_t result = 0;
    EXPECT_EQ(receive(op, event, result), "last");
    EXPECT_EQ(receive(op, event, result), "");
    EXPECT_EQ(result, 0);
}

TEST_P(BackendTest, AReceiveFailsWhenThePeerResets) {
    Op op;
    Event event(ready_);
    theirs_.close_abortively();
    std::int32_t result = 0;
    receive(op, event, result);
    EXPECT_EQ(result, -ECONNRESET);
}

TEST_P(BackendTest, AReceiveOnWhatTheKernelWillNotWatchFailsInsteadOfHanging) {
    // A file is refused by epoll_ctl like a socket is when there are no watches left.
    const int file = ::memfd_create("file", MFD_CLOEXEC);
    ASSERT_GE(file, 0);
    Op op;
    Event event(ready_);
    op.kind = OpKind::ReceiveInput;
    op.fd = file;
    op.event = &event;
    backend_->start(op);
    EXPECT_TRUE(turn_until([&] { return op.is_done(); }));
    EXPECT_LT(op.result, 0);
    (void)op.take_result();
    backend_->forget(file);
    ::close(file);
}

TEST_P(BackendTest, AStoppedReceiveEndsOnceAndNothingIsLost) {
    Op op;
    Event event(ready_);
    start_receive(op, event);
    reactor_->wait(Duration(0));
    backend_->stop(op);
    backend_->stop(op);  // a second request changes nothing
    ASSERT_TRUE(turn_until([&] { return op.is_done(); }));
    EXPECT_EQ(op.result, -ECANCELED);
    (void)op.take_result();
    send_from_peer("after");
    std::int32_t result = 0;
    EXPECT_EQ(receive(op, event, result), "after");
}

TEST_P(BackendTest, AStopThatRacesWithDataEndsOnceEitherWay) {
    for (int round = 0; round < 200; ++round) {
        Op op;
        Event event(ready_);
        start_receive(op, event);
        if (round % 3 != 0) { reactor_->wait(Duration(0)); }
        send_from_peer("abc");
        if (round % 2 == 0) { reactor_->wait(Duration(0)); }
        backend_->stop(op);
        ASSERT_TRUE(turn_until([&] { return op.is_done(); }));
        std::string got(as_text(op.lent()));
        const std::int32_t result = op.result;
        backend_->return_input(op);
        (void)op.take_result();
        ASSERT_TRUE(result == 3 || result == -ECANCELED) << result;
        if (result < 0) {
            std::int32_t again = 0;
            got = receive(op, event, again);
        }
        ASSERT_EQ(got, "abc") << "round " << round;
    }
}

TEST_P(BackendTest, MoreReceiversThanBuffersAllGetTheirBytes) {
    // One more than the buffers there are; each holds its buffer until all have been served.
    constexpr std::size_t kPairs = 300;
    std::vector<net::Socket> ours(kPairs);
    std::vector<net::Socket> theirs(kPairs);
    for (std::size_t i = 0; i < kPairs; ++i) { make_pair(ours[i], theirs[i]); }
    std::vector<std::unique_ptr<Op>> ops;
    Event event(ready_);
    for (std::size_t i = 0; i < kPairs; ++i) {
        ops.push_back(std::make_unique<Op>());
        ops[i]->kind = OpKind::ReceiveInput;
        ops[i]->fd = ours[i].fd();
        ops[i]->event = &event;
        backend_->start(*ops[i]);
        ASSERT_TRUE(kernel_.send(theirs[i].fd(), as_bytes("hello"), false));
    }
    const auto done = [&] {
        std::size_t count = 0;
        for (const std::unique_ptr<Op>& op : ops) { count += op->is_done() ? 1u : 0u; }
        return count;
    };
    ASSERT_TRUE(turn_until([&] { return done() >= 256; }));
    EXPECT_LT(done(), kPairs);
    std::size_t served = 0;
    ASSERT_TRUE(turn_until([&] {
        for (const std::unique_ptr<Op>& op : ops) {
            if (!op->is_done()) { continue; }
            EXPECT_EQ(as_text(op->lent()), "hello");
            backend_->return_input(*op);
            (void)op->take_result();
            ++served;
        }
        return served == kPairs;
    }));
}

TEST_P(BackendTest, AStarvedReceiveCanBeStopped) {
    constexpr std::size_t kPairs = 260;
    std::vector<net::Socket> ours(kPairs);
    std::vector<net::Socket> theirs(kPairs);
    std::vector<std::unique_ptr<Op>> ops;
    Event event(ready_);
    for (std::size_t i = 0; i < kPairs; ++i) {
        make_pair(ours[i], theirs[i]);
        ops.push_back(std::make_unique<Op>());
        ops[i]->kind = OpKind::ReceiveInput;
        ops[i]->fd = ours[i].fd();
        ops[i]->event = &event;
        backend_->start(*ops[i]);
        ASSERT_TRUE(kernel_.send(theirs[i].fd(), as_bytes("x"), false));
    }
    for (int i = 0; i < 20; ++i) { reactor_->wait(Duration(0)); }
    for (const std::unique_ptr<Op>& op : ops) { backend_->stop(*op); }
    ASSERT_TRUE(turn_until([&] { return backend_->in_flight() == 0; }));
    for (const std::unique_ptr<Op>& op : ops) {
        backend_->return_input(*op);
        (void)op->take_result();
    }
}

// Those that waited for a buffer and then need none must not be the end of the line.
TEST_P(BackendTest, EndsOfStreamsBehindTheLastBufferAreAllHeard) {
    constexpr std::size_t kHolding = InputBuffers::kCount;
    constexpr std::size_t kPairs = kHolding + 64;
    std::vector<net::Socket> ours(kPairs);
    std::vector<net::Socket> theirs(kPairs);
    std::vector<std::unique_ptr<Op>> ops;
    Event event(ready_);
    const auto start = [&](std::size_t i) {
        ops.push_back(std::make_unique<Op>());
        ops[i]->kind = OpKind::ReceiveInput;
        ops[i]->fd = ours[i].fd();
        ops[i]->event = &event;
        backend_->start(*ops[i]);
    };
    const auto done = [&] {
        std::size_t count = 0;
        for (const std::unique_ptr<Op>& op : ops) { count += op->is_done() ? 1u : 0u; }
        return count;
    };
    for (std::size_t i = 0; i < kPairs; ++i) { make_pair(ours[i], theirs[i]); }
    for (std::size_t i = 0; i < kHolding; ++i) {
        start(i);
        ASSERT_TRUE(kernel_.send(theirs[i].fd(), as_bytes("x"), false));
    }
    ASSERT_TRUE(turn_until([&] { return done() == kHolding; }));
    for (std::size_t i = kHolding; i < kPairs; ++i) {
        theirs[i].close();
        start(i);
    }
    for (int i = 0; i < 20; ++i) { reactor_->wait(Duration(0)); }
    backend_->return_input(*ops[0]);  // one buffer for all of them
    (void)ops[0]->take_result();
    EXPECT_TRUE(turn_until([&] { return done() == kPairs - 1; }));
    for (std::size_t i = 1; i < kPairs; ++i) {
        if (ops[i]->in_flight()) { backend_->stop(*ops[i]); }
    }
    ASSERT_TRUE(turn_until([&] { return backend_->in_flight() == 0; }));
    for (std::size_t i = 1; i < kPairs; ++i) {
        backend_->return_input(*ops[i]);
        (void)ops[i]->take_result();
    }
}

Task<void> wait_once(OpAwaiter awaiter, Result<std::uint32_t>& outcome) {
    outcome = co_await awaiter;
}

TEST_P(BackendTest, PollOutWaitsForRoom) {
    fill_ours();
    Op op;
    StopSource stop(*backend_);
    Result<std::uint32_t> outcome = fail(Errc::Other);
    Task<void> task = wait_once(poll_out(op, ours_.fd(), stop), outcome);
    task.start();
    for (int i = 0; i < 5 && !task.done(); ++i) {
        reactor_->run_ready();
        reactor_->wait(Duration(0));
    }
    // An engine may wake once too often; then the socket must still be full.
    if (task.done()) { GTEST_SUCCEED(); }
    std::vector<std::uint8_t> sink(1 << 20);
    std::size_t drained = 0;
    ASSERT_TRUE(turn_until([&] {
        const Result<std::size_t> got = kernel_.receive(theirs_.fd(), sink);
        drained += got ? *got : 0;
        return task.done();
    }));
    EXPECT_TRUE(outcome);
    EXPECT_GT(drained, 0u);
}

TEST_P(BackendTest, AStopSourceEndsAWaitAndLaterOnesAtOnce) {
    Op op;
    StopSource stop(*backend_);
    Result<std::uint32_t> outcome = fail(Errc::Other);
    Task<void> task = wait_once(poll_in(op, ours_.fd(), stop), outcome);
    task.start();
    EXPECT_FALSE(task.done());
    reactor_->wait(Duration(0));
    stop.request(StopReason::Abor);
    stop.request(StopReason::Kill);  // the first reason stays
    ASSERT_TRUE(turn_until([&] { return task.done(); }));
    EXPECT_EQ(outcome.error().code, Errc::Stopped);
    EXPECT_EQ(stop.reason(), StopReason::Abor);
    Task<void> later = wait_once(poll_in(op, ours_.fd(), stop), outcome);
    later.start();
    EXPECT_TRUE(later.done());
    EXPECT_EQ(outcome.error().code, Errc::Stopped);
}

TEST_P(BackendTest, PollInSeesTheEndOfThePeer) {
    Op op;
    StopSource stop(*backend_);
    Result<std::uint32_t> outcome = fail(Errc::Other);
    Task<void> task = wait_once(poll_in(op, ours_.fd(), stop), outcome);
    task.start();
    reactor_->wait(Duration(0));
    theirs_.close();
    ASSERT_TRUE(turn_until([&] { return task.done(); }));
    EXPECT_TRUE(outcome);
}

TEST_P(BackendTest, ConnectToAClosedPortIsRefused) {
    sys::SocketAddress address;
    {
        const net::Socket closed(*reactor_, listen_somewhere(address));
    }
    net::Socket socket(*reactor_,
                       *kernel_.connecting_socket(sys::SocketAddress::v4(127, 0, 0, 1, 0)));
    Op op;
    StopSource stop(*backend_);
    Result<std::uint32_t> outcome = fail(Errc::Other);
    Task<void> task = connect_to(op, socket.fd(), address, stop, outcome);
    task.start();
    ASSERT_TRUE(turn_until([&] { return task.done(); }));
    EXPECT_EQ(outcome.error().code, Errc::ConnectionRefused);
}

TEST_P(BackendTest, OneAcceptTakesManyConnectionsUntilStopped) {
    sys::SocketAddress address;
    net::Socket listener(*reactor_, listen_somewhere(address));
    CollectingSink sink;
    Op op;
    op.kind = OpKind::Accept;
    op.fd = listener.fd();
    op.sink = &sink;
    op.batch_max = 3;
    backend_->start(op);
    std::vector<net::Socket> clients;
    constexpr std::size_t kClients = 20;
    for (std::size_t i = 0; i < kClients; ++i) {
        clients.emplace_back(
            *reactor_, *kernel_.connecting_socket(sys::SocketAddress::v4(127, 0, 0, 1, 0)));
        sockaddr_storage native;
        const socklen_t length = address.to_native(native);
        ::connect(clients.back().fd(), reinterpret_cast<sockaddr*>(&native), length);
    }
    EXPECT_TRUE(turn_until([&] { return sink.sockets.size() == kClients; }));
    EXPECT_FALSE(sink.ended);
    backend_->stop(op);
    EXPECT_TRUE(turn_until([&] { return sink.ended; }));
    EXPECT_EQ(sink.end_error.code, Errc::Stopped);
    EXPECT_TRUE(op.is_idle());
    for (const int socket : sink.sockets) { kernel_.close(socket); }
}

TEST_P(BackendTest, ADescriptorNumberUsedAgainStartsAfresh) {
    for (int round = 0; round < 50; ++round) {
        Op op;
        Event event(ready_);
        send_from_peer("old");
        std::int32_t result = 0;
        EXPECT_EQ(receive(op, event, result), "old");
        send_from_peer("left unread");
        ours_.close();
        theirs_.close();
        make_pair(ours_, theirs_);
        start_receive(op, event);
        reactor_->wait(Duration(0));
        ASSERT_TRUE(op.in_flight()) << "an event of the former socket";
        send_from_peer("new");
        ASSERT_EQ(receive(op, event, result), "new");
    }
}

TEST_P(BackendTest, WakeEndsASleepFromAnotherThread) {
    std::thread other([this] { backend_->wake(); });
    backend_->wait(Duration(-1));  // would never end otherwise
    other.join();
}

TEST_P(BackendTest, AWaitEndsAtItsTimeOut) {
    // It may return early for what making the pair has left, but not go on doing so.
    const Instant end = kernel_.now() + Duration::milliseconds(30);
    int waits = 0;
    while (kernel_.now() < end && waits < 10) {
        backend_->wait(end - kernel_.now());
        ++waits;
    }
    EXPECT_LT(waits, 10);
}

INSTANTIATE_ON_BOTH_ENGINES(BackendTest);

}  // namespace
}  // namespace sluice::io
