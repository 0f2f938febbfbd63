// One operation from its start to its end on each engine, over a loopback connection whose other
// end lives in the same thread: the peer's send is in every figure, and `op_send_and_recv` is what
// the two system calls cost alone.
#include <benchmark/benchmark.h>
#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <memory>
#include <string>

#include "sluice/io/reactor.hpp"
#include "sluice/io/select_backend.hpp"
#include "sluice/net/socket.hpp"
#include "sluice/sys/linux_kernel.hpp"

namespace sluice::io {
namespace {

constexpr std::string_view kCommand = "NOOP\r\n";

// A loop with one connected pair of sockets.
class Loop {
public:
    Loop(benchmark::State& state, EngineKind kind) {
        Result<std::unique_ptr<Backend>> made = make_backend(kind, kernel_, ready_);
        if (!made) {
            state.SkipWithError("the machine refuses this engine");
            return;
        }
        backend_ = std::move(*made);
        reactor_ = std::make_unique<Reactor>(kernel_, *backend_, ready_, helpers_);
        if (!connect()) {
            state.SkipWithError("no loopback connection");
        }
    }
    bool is_ready() const { return ours.is_open(); }
    bool send() {
        const Result<std::size_t> sent = kernel_.send(theirs.fd(), as_bytes(kCommand), false);
        return sent && *sent == kCommand.size();
    }
    Backend& backend() { return *backend_; }
    sys::LinuxKernel& kernel() { return kernel_; }
    ReadyQueue& ready() { return ready_; }

private:
    bool connect() {
        const Result<int> listening =
            kernel_.listen(sys::SocketAddress::v4(127, 0, 0, 1, 0), sys::ListenOptions());
        if (!listening) {
            return false;
        }
        const net::Socket listener(*reactor_, *listening);
        sockaddr_storage native;
        const socklen_t length = kernel_.local_address(listener.fd())->to_native(native);
        theirs = net::Socket(*reactor_,
                             *kernel_.connecting_socket(sys::SocketAddress::v4(127, 0, 0, 1, 0)));
        const int started =
            ::connect(theirs.fd(), reinterpret_cast<const sockaddr*>(&native), length);
        if (started < 0 && errno != EINPROGRESS) {
            return false;
        }
        pollfd entry = {listener.fd(), POLLIN, 0};
        if (::poll(&entry, 1, 10'000) != 1) {
            return false;
        }
        const Result<int> accepted = kernel_.accept(listener.fd());
        if (!accepted) {
            return false;
        }
        ours = net::Socket(*reactor_, *accepted);
        return kernel_.set_option(theirs.fd(), sys::SocketOption::NoDelay, 1).has_value();
    }

    sys::LinuxKernel kernel_;
    ReadyQueue ready_;
    ThreadHelperPool helpers_{1};
    std::unique_ptr<Backend> backend_;
    std::unique_ptr<Reactor> reactor_;

public:
    net::Socket ours;
    net::Socket theirs;
};

void op_send_and_recv(benchmark::State& state) {
    Loop loop(state, EngineKind::Epoll);
    std::array<std::uint8_t, 64> bytes;
    for (auto _ : state) {
        if (!loop.send() || !loop.kernel().receive(loop.ours.fd(), bytes)) {
            state.SkipWithError("a call failed");
            break;
        }
    }
    state.SetItemsProcessed(state.iterations());
}
BENCHMARK(op_send_and_recv);

// The control loop's way: a receive that waits, and then a command.
void op_receive(benchmark::State& state, EngineKind kind) {
    Loop loop(state, kind);
    if (!loop.is_ready()) {
        return;
    }
    Event event(loop.ready());
    Op op;
    op.kind = OpKind::ReceiveInput;
    op.fd = loop.ours.fd();
    op.event = &event;
    for (auto _ : state) {
        loop.backend().start(op);
        loop.backend().wait(Duration(0));
        if (!loop.send()) {
            state.SkipWithError("a send failed");
            break;
        }
        while (!op.is_done()) {
            loop.backend().wait(Duration(-1));
        }
        loop.backend().return_input(op);
        if (!op.take_result()) {
            state.SkipWithError("a receive failed");
            break;
        }
    }
    if (op.in_flight()) {
        loop.backend().stop(op);
        while (op.in_flight()) {
            loop.backend().wait(Duration(-1));
        }
    }
    state.SetItemsProcessed(state.iterations());
}
BENCHMARK_CAPTURE(op_receive, io_uring, EngineKind::IoUring);
BENCHMARK_CAPTURE(op_receive, epoll, EngineKind::Epoll);

// A receive whose bytes are there when it starts, as with pipelined commands.
void op_receive_at_once(benchmark::State& state, EngineKind kind) {
    Loop loop(state, kind);
    if (!loop.is_ready()) {
        return;
    }
    Event event(loop.ready());
    Op op;
    op.kind = OpKind::ReceiveInput;
    op.fd = loop.ours.fd();
    op.event = &event;
    for (auto _ : state) {
        if (!loop.send()) {
            state.SkipWithError("a send failed");
            break;
        }
        loop.backend().start(op);
        while (!op.is_done()) {
            loop.backend().wait(Duration(-1));
        }
        loop.backend().return_input(op);
        if (!op.take_result()) {
            state.SkipWithError("a receive failed");
            break;
        }
    }
    state.SetItemsProcessed(state.iterations());
}
BENCHMARK_CAPTURE(op_receive_at_once, io_uring, EngineKind::IoUring);
BENCHMARK_CAPTURE(op_receive_at_once, epoll, EngineKind::Epoll);

// The bulk path's way: poll, then a direct call.
void op_poll_in_and_recv(benchmark::State& state, EngineKind kind) {
    Loop loop(state, kind);
    if (!loop.is_ready()) {
        return;
    }
    Event event(loop.ready());
    Op op;
    op.kind = OpKind::PollIn;
    op.fd = loop.ours.fd();
    op.event = &event;
    std::array<std::uint8_t, 64> bytes;
    for (auto _ : state) {
        if (!loop.send()) {
            state.SkipWithError("a send failed");
            break;
        }
        loop.backend().start(op);
        while (!op.is_done()) {
            loop.backend().wait(Duration(-1));
        }
        if (!op.take_result() || !loop.kernel().receive(loop.ours.fd(), bytes)) {
            state.SkipWithError("a receive failed");
            break;
        }
    }
    state.SetItemsProcessed(state.iterations());
}
BENCHMARK_CAPTURE(op_poll_in_and_recv, io_uring, EngineKind::IoUring);
BENCHMARK_CAPTURE(op_poll_in_and_recv, epoll, EngineKind::Epoll);

// A wait that finds nothing: the price of looking at the kernel once a turn.
void op_empty_wait(benchmark::State& state, EngineKind kind) {
    Loop loop(state, kind);
    if (!loop.is_ready()) {
        return;
    }
    for (auto _ : state) {
        loop.backend().wait(Duration(0));
    }
    state.SetItemsProcessed(state.iterations());
}
BENCHMARK_CAPTURE(op_empty_wait, io_uring, EngineKind::IoUring);
BENCHMARK_CAPTURE(op_empty_wait, epoll, EngineKind::Epoll);

}  // namespace
}  // namespace sluice::io
