// The epoll engine of the floor server: readiness, then the plain system call.
#include <netinet/in.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <vector>

#include "engine.hpp"

namespace sluice::bench {
namespace {

enum class Kind : std::uint64_t { Listener, Control, Data };

constexpr int kEventsPerTurnMax = 256;
constexpr std::size_t kInputBytesMax = 4096;

std::uint64_t pack(Kind kind, SlotId slot) {
    return static_cast<std::uint64_t>(kind) << 56 |
           static_cast<std::uint64_t>(slot.generation & 0xffffffU) << 32 | slot.index;
}

class EpollEngine final : public Engine {
public:
    EpollEngine() : epoll_(epoll_create1(EPOLL_CLOEXEC)) {
        if (epoll_ < 0) {
            std::abort();
        }
    }
    ~EpollEngine() override { close(epoll_); }
    EpollEngine(const EpollEngine&) = delete;
    EpollEngine& operator=(const EpollEngine&) = delete;

    void add_listener(std::uint32_t listener, int fd) override {
        if (listener >= listeners_.size()) {
            listeners_.resize(listener + 1);
        }
        listeners_[listener] = fd;
        add(fd, EPOLLIN, pack(Kind::Listener, {.index = listener, .generation = 0}));
    }

    void add_control(SlotId slot, int fd) override {
        if (slot.index >= controls_.size()) {
            controls_.resize(slot.index + 1);
        }
        controls_[slot.index] = {.fd = fd, .generation = slot.generation};
        add(fd, EPOLLIN, pack(Kind::Control, slot));
    }

    void send_reply(int fd, std::string_view reply) override {
        // A reply of some bytes to a socket that has nothing queued: it always fits.
        (void)::send(fd, reply.data(), reply.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    }

    void wait_data(SlotId slot, int fd, bool writable, bool armed) override {
        // Edge-triggered: one epoll_ctl for a whole transfer, not one for each wait.
        if (!armed) {
            const std::uint32_t events = writable ? EPOLLOUT : EPOLLIN;
            add(fd, events | EPOLLET, pack(Kind::Data, slot));
        }
    }

    void close_control(SlotId slot, int fd) override {
        controls_[slot.index].fd = -1;
        close(fd);
    }

    void close_data(int fd) override { close(fd); }

    bool turn(Handler& handler, bool busy) override {
        std::array<epoll_event, kEventsPerTurnMax> events;
        const int n = epoll_wait(epoll_, events.data(), kEventsPerTurnMax, busy ? 0 : -1);
        if (n < 0) {
            return errno == EINTR;
        }
        for (int i = 0; i < n; ++i) {
            report(handler, events[static_cast<std::size_t>(i)].data.u64);
        }
        return true;
    }

private:
    struct Control {
        int fd = -1;
        std::uint32_t generation = 0;
    };

    void add(int fd, std::uint32_t what, std::uint64_t tag) {
        epoll_event event{};
        event.events = what;
        event.data.u64 = tag;
        (void)epoll_ctl(epoll_, EPOLL_CTL_ADD, fd, &event);
    }

    void report(Handler& handler, std::uint64_t tag) {
        const SlotId slot{.index = static_cast<std::uint32_t>(tag),
                          .generation = static_cast<std::uint32_t>(tag >> 32) & 0xffffffU};
        switch (static_cast<Kind>(tag >> 56)) {
            case Kind::Listener:
                accept_one(handler, slot.index);
                break;
            case Kind::Control:
                read_control(handler, slot);
                break;
            case Kind::Data:
                handler.on_data_ready(slot);
                break;
        }
    }

    // One connection per event: the level-triggered listener reports again when there are more,
    // and a second accept that finds nothing would cost every single connection a system call.
    void accept_one(Handler& handler, std::uint32_t listener) {
        sockaddr_in peer{};
        socklen_t size = sizeof(peer);
        const int fd = accept4(listeners_[listener], reinterpret_cast<sockaddr*>(&peer), &size,
                               SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd >= 0) {
            handler.on_accept(listener, fd, peer.sin_addr.s_addr);
        }
    }

    void read_control(Handler& handler, SlotId slot) {
        const Control& control = controls_[slot.index];
        if (control.fd < 0 || control.generation != slot.generation) {
            return;
        }
        std::array<char, kInputBytesMax> input;
        const ssize_t n = recv(control.fd, input.data(), input.size(), 0);
        if (n < 0 && errno == EAGAIN) {
            return;
        }
        handler.on_control(slot, {input.data(), n > 0 ? static_cast<std::size_t>(n) : 0});
    }

    int epoll_;
    std::vector<int> listeners_;
    std::vector<Control> controls_;
};

}  // namespace

std::unique_ptr<Engine> make_epoll_engine() {
    return std::make_unique<EpollEngine>();
}

}  // namespace sluice::bench
