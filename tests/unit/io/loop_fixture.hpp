// A whole loop over a real engine, for tests: kernel, backend, helper threads, reactor. Each test
// that touches a socket runs on both engines (INSTANTIATE_ON_BOTH_ENGINES); where the machine
// refuses io_uring the test is skipped and says why.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "sluice/io/frame_pool.hpp"
#include "sluice/io/reactor.hpp"
#include "sluice/io/select_backend.hpp"
#include "sluice/io/stop.hpp"
#include "sluice/io/task.hpp"
#include "sluice/net/socket.hpp"
#include "sluice/sys/linux_kernel.hpp"

namespace sluice::io {

inline std::string engine_name(const testing::TestParamInfo<EngineKind>& info) {
    return info.param == EngineKind::IoUring ? "IoUring" : "Epoll";
}
#define INSTANTIATE_ON_BOTH_ENGINES(fixture)                                              \
    INSTANTIATE_TEST_SUITE_P(Engines, fixture,                                            \
                             testing::Values(::sluice::io::EngineKind::IoUring,             \
                                             ::sluice::io::EngineKind::Epoll),              \
                             ::sluice::io::engine_name)

class LoopTest : public testing::TestWithParam<EngineKind> {
protected:
    static constexpr int kTurnsMax = 20'000;

    void SetUp() override {
        Result<std::unique_ptr<Backend>> made = make_backend(GetParam(), kernel_, ready_);
        if (!made && GetParam() == EngineKind::IoUring) {
            std::string refusal;
            (void)probe_io_uring(kernel_, refusal);
            GTEST_SKIP() << refusal;
        }
        ASSERT_TRUE(made);
        backend_ = std::move(*made);
        reactor_ = std::make_unique<Reactor>(kernel_, *backend_, ready_, helpers_);
    }
    void TearDown() override {
        if (backend_ != nullptr) { EXPECT_EQ(backend_->in_flight(), 0u); }
        reactor_.reset();
        backend_.reset();
        EXPECT_EQ(frames_.live(), 0u);
    }

    // Turns the loop until `done()`; false when it does not come about.
    template <class Done>
    bool turn_until(Done done) {
        for (int turn = 0; turn < kTurnsMax; ++turn) {
            if (done()) { return true; }
            reactor_->run_ready();
            if (done()) { return true; }
            reactor_->wait(Duration::milliseconds(5));
        }
        return false;
    }

    // A listener on a free loopback port, and a connected pair through it.
    int listen_somewhere(sys::SocketAddress& address) {
        const Result<int> fd =
            kernel_.listen(sys::SocketAddress::v4(127, 0, 0, 1, 0), sys::ListenOptions());
        EXPECT_TRUE(fd);
        address = *kernel_.local_address(*fd);
        return *fd;
    }
    void make_pair(net::Socket& ours, net::Socket& theirs);

    sys::LinuxKernel kernel_;
    FramePool frames_;
    FramePool::Use use_frames_{frames_};
    ReadyQueue ready_;
    ThreadHelperPool helpers_{2};
    std::unique_ptr<Backend> backend_;
    std::unique_ptr<Reactor> reactor_;
};

// Counts what it is given; keeps the sockets.
struct CollectingSink final : AcceptSink {
    std::vector<int> sockets;
    bool ended = false;
    Error end_error;
    void on_accept(int socket) override { sockets.push_back(socket); }
    void on_accept_end(Error error) override {
        ended = true;
        end_error = error;
    }
};

inline Task<void> connect_to(Op& op, int fd, const sys::SocketAddress& peer, StopSource& stop,
                             Result<std::uint32_t>& outcome) {
    outcome = co_await connect(op, fd, peer, stop);
}

inline void LoopTest::make_pair(net::Socket& ours, net::Socket& theirs) {
    sys::SocketAddress address;
    net::Socket listener(*reactor_, listen_somewhere(address));
    CollectingSink sink;
    Op accepting;
    accepting.kind = OpKind::Accept;
    accepting.fd = listener.fd();
    accepting.sink = &sink;
    accepting.batch_max = 4;
    backend_->start(accepting);
    theirs = net::Socket(*reactor_,
                         *kernel_.connecting_socket(sys::SocketAddress::v4(127, 0, 0, 1, 0)));
    Op connecting;
    StopSource stop(*backend_);
    Result<std::uint32_t> connected = fail(Errc::WouldBlock);
    Task<void> task = connect_to(connecting, theirs.fd(), address, stop, connected);
    task.start();
    ASSERT_TRUE(turn_until([&] { return task.done() && sink.sockets.size() == 1; }));
    ASSERT_TRUE(connected);
    ours = net::Socket(*reactor_, sink.sockets[0]);
    backend_->stop(accepting);
    ASSERT_TRUE(turn_until([&] { return sink.ended; }));
}

}  // namespace sluice::io
