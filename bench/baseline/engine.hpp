// How the floor server waits: one small interface with two engines behind it.
//
// The floor server answers "what does this path cost when nothing but the work is done?", so an
// engine here offers exactly what that work needs and handles no error it can leave to the end of
// the session. It is a measuring tool, not a model for the server's own io::Backend.
// Owned by: main. Thread: the only one.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

namespace sluice::bench {

// Names a session. The generation changes when a slot is used again, so that an event of the
// former session is told from one of the present.
struct SlotId {
    std::uint32_t index = 0;
    std::uint32_t generation = 0;  // 24 bits used
};

// What an engine reports. Listener 0 is the control port, the others are the passive ports.
class Handler {
public:
    virtual ~Handler() = default;
    virtual void on_accept(std::uint32_t listener, int fd, std::uint32_t peer_ip) = 0;
    // Input of the control connection; an empty view says that the peer has gone.
    virtual void on_control(SlotId slot, std::string_view input) = 0;
    virtual void on_data_ready(SlotId slot) = 0;
};

class Engine {
public:
    virtual ~Engine() = default;
    virtual void add_listener(std::uint32_t listener, int fd) = 0;
    virtual void add_control(SlotId slot, int fd) = 0;
    // `reply` must outlive the engine: the ring sends it later.
    virtual void send_reply(int fd, std::string_view reply) = 0;
    // Calls on_data_ready once the data socket can move bytes. `armed` says that the engine has
    // been asked for this socket before.
    virtual void wait_data(SlotId slot, int fd, bool writable, bool armed) = 0;
    virtual void close_control(SlotId slot, int fd) = 0;
    virtual void close_data(int fd) = 0;
    // Waits (unless `busy`) and reports what happened. False when the kernel refuses to wait.
    virtual bool turn(Handler& handler, bool busy) = 0;
};

std::unique_ptr<Engine> make_epoll_engine();
std::unique_ptr<Engine> make_uring_engine();

}  // namespace sluice::bench
