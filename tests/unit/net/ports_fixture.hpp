// For the tests of passive ports: real listeners on both engines, clients from several loopback
// hosts, and a record of the strangers.
#pragma once

#include <poll.h>
#include <sys/socket.h>

#include <cerrno>
#include <vector>

#include "../io/loop_fixture.hpp"
#include "sluice/base/prng.hpp"
#include "sluice/net/passive_ports.hpp"

namespace sluice::net {

using io::engine_name;
using io::EngineKind;

inline sys::SocketAddress host(std::uint8_t last) {
    return sys::SocketAddress::v4(127, 0, 0, last, 0);
}

inline io::Task<void> wait_once(io::Event& event, bool& woken) {
    co_await event.wait();
    woken = true;
}

class PortsTest : public io::LoopTest, public StrangerSink {
public:
    struct Stranger {
        sys::SocketAddress who;
        std::uint16_t port;
        sys::SocketAddress owner;
    };
    void on_stranger(const sys::SocketAddress& stranger, std::uint16_t port,
                     const sys::SocketAddress& owner) override {
        strangers_.push_back({stranger, port, owner});
    }

    // Ends `ports` as a shard does: reservations are gone, then stop, then the last Op.
    template <class Ports>
    void end(Ports& ports) {
        EXPECT_EQ(ports.pending(), 0u);
        ports.stop();
        EXPECT_TRUE(turn_until([&] { return ports.is_stopped(); }));
    }

protected:
    static constexpr int kPatienceMs = 10'000;
    static constexpr int kRangesTried = 200;

    // The first of `count` free neighbouring ports, below those the kernel gives to clients
    // (32768 and up), so that no connection of another test takes one meanwhile.
    std::uint16_t free_range(std::uint16_t count) {
        Prng random(kernel_.entropy());
        for (int tried = 0; tried < kRangesTried; ++tried) {
            const auto first = static_cast<std::uint16_t>(20'000 + random.below(12'000));
            std::vector<int> held;
            for (std::uint16_t i = 0; i < count; ++i) {
                const Result<int> fd = kernel_.listen(
                    host(1).with_port(static_cast<std::uint16_t>(first + i)), sys::ListenOptions());
                if (!fd) {
                    break;
                }
                held.push_back(*fd);
            }
            for (const int fd : held) {
                kernel_.close(fd);
            }
            if (held.size() == count) {
                return first;
            }
        }
        ADD_FAILURE() << "no " << count << " free neighbouring ports";
        return 0;
    }

    // A client's connection to 127.0.0.1:port; not open when it was refused. The kernel finishes
    // it without the server's help.
    Socket connect_from(const sys::SocketAddress& from, std::uint16_t port) {
        Socket client(*reactor_, *kernel_.connecting_socket(from));
        sockaddr_storage native;
        const socklen_t length = host(1).with_port(port).to_native(native);
        const int started =
            ::connect(client.fd(), reinterpret_cast<const sockaddr*>(&native), length);
        if (started < 0 && errno != EINPROGRESS) {
            return {};
        }
        pollfd entry = {client.fd(), POLLOUT, 0};
        EXPECT_EQ(::poll(&entry, 1, kPatienceMs), 1);
        if (!kernel_.socket_error(client.fd())) {
            return {};
        }
        return client;
    }
    // The server ends `client` without having sent a byte.
    bool is_cut_off(const Socket& client) {
        bool got_bytes = false;
        const bool ended = turn_until([&] {
            std::uint8_t byte = 0;
            const Result<std::size_t> got = kernel_.receive(client.fd(), MutableBytes(&byte, 1));
            got_bytes = got_bytes || (got && *got > 0);
            return got ? *got == 0 : got.error().code != Errc::WouldBlock;
        });
        return ended && !got_bytes;
    }
    bool is_fulfilled(const Reservation& reservation) {
        return turn_until([&] { return reservation.has_connection(); });
    }
    // Some turns, for what must not happen.
    void turn(int turns) {
        for (int i = 0; i < turns; ++i) {
            reactor_->run_ready();
            reactor_->wait(Duration::milliseconds(1));
        }
    }
    // The connection of `reservation` is that of `client`.
    void expect_same(Reservation& reservation, const Socket& client) {
        const Socket taken = reservation.take_connection();
        EXPECT_EQ(kernel_.peer_address(taken.fd())->text(),
                  kernel_.local_address(client.fd())->text());
    }

    std::vector<Stranger> strangers_;
};

}  // namespace sluice::net
