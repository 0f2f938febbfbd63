// One shard's listener on one control address. Accepts until stopped; when descriptors run out it
// pauses instead of spinning, and the clients wait in the kernel's queue.
// Owned by: Shard. Thread: its shard.
#pragma once

#include "sluice/io/reactor.hpp"
#include "sluice/net/socket.hpp"
#include "sluice/sys/socket_address.hpp"

namespace sluice::server {

// Takes the accepted connections.
class ConnectionSink {
public:
    // `place` is what the listener was made with: which set of passive ports belongs to it.
    virtual void on_connection(net::Socket socket, std::uint32_t place) = 0;

protected:
    ~ConnectionSink() = default;
};

class ControlListener final : public io::AcceptSink {
public:
    ControlListener(io::Reactor& reactor, ConnectionSink& sink, std::uint32_t place);

    // Port 0 takes a free one; address() tells which.
    Status listen(const sys::SocketAddress& address, bool shared);
    const sys::SocketAddress& address() const { return address_; }
    int fd() const { return socket_.fd(); }
    void stop();
    bool is_stopped() const { return accepting_.is_idle(); }

    void on_accept(int socket) override;
    void on_accept_end(Error error) override;

private:
    // Connections taken per readiness on epoll; the rest fires again.
    static constexpr std::uint32_t kBatchMax = 64;
    static constexpr Duration kPause = Duration::milliseconds(200);
    void start();

    io::Reactor& reactor_;
    ConnectionSink& sink_;
    std::uint32_t place_;
    sys::SocketAddress address_;
    net::Socket socket_;
    io::Op accepting_;
    io::Timer resume_;
    bool stopping_ = false;
};

}  // namespace sluice::server
