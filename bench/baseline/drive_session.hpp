// One FTP session of ftp_drive: sends commands, reads replies, moves data, checks the byte count.
//
// Works with any server: EPSV, with PASV where a server knows only that; multi-line replies; the
// data connection comes from the same source address as the control connection, because servers
// refuse strangers. Owned by: Driver. Thread: the only one.
#pragma once

#include <sys/types.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "drive_options.hpp"

namespace sluice::bench {

class Session;

// What a session reports to the one who drives it.
class SessionOwner {
public:
    virtual ~SessionOwner() = default;
    // Logged in and prepared: Session::begin may be called.
    virtual void on_ready(Session& session) = 0;
    virtual void on_operation(Session& session) = 0;
    virtual void on_bytes(std::uint64_t bytes) = 0;
    // The session is closed; `what` is a name to count it under.
    virtual void on_error(Session& session, const std::string& what) = 0;
    // For Login: the session has ended as it should.
    virtual void on_closed(Session& session) = 0;
};

class Session {
public:
    Session() = default;
    Session(const Session&) = delete;
    Session& operator=(const Session&) = delete;
    ~Session();

    // Connects from `source_ip` and logs in. `epoll` reports with `index * 2` for the control
    // connection and `index * 2 + 1` for the data connection.
    void open(const DriveOptions& options, SessionOwner& owner, int epoll, std::uint32_t index,
              std::uint32_t source_ip);
    // Starts one operation: a NOOP, or a transfer.
    void begin();
    void on_control_event();
    void on_data_event();
    void close_all();

    [[nodiscard]] std::uint32_t index() const { return index_; }
    // When the kernel received the last piece of a reply (CLOCK_REALTIME), for Latency.
    [[nodiscard]] std::int64_t arrived_ns() const { return arrived_ns_; }

private:
    enum class Step : std::uint8_t {
        Banner,
        User,
        Password,
        Type,
        Size,
        Ready,
        Noop,
        Passive,
        Transfer,
        Quit
    };

    [[nodiscard]] ssize_t receive_control();
    void on_reply(int code, std::string_view line);
    void logged_in();
    void connect_data(std::uint16_t port);
    void on_transfer_reply(int code, std::string_view line);
    void receive_data();
    void send_data();
    void data_finished();
    void transfer_step_finished();
    void command(std::string_view text, Step step);
    void fail(const std::string& what);
    [[nodiscard]] std::string path() const;
    [[nodiscard]] int connect_to(std::uint16_t port, std::uint32_t tag, std::uint32_t events);

    const DriveOptions* options_ = nullptr;
    SessionOwner* owner_ = nullptr;
    int epoll_ = -1;
    int control_ = -1;
    int data_ = -1;
    std::uint32_t index_ = 0;
    std::uint32_t source_ip_ = 0;
    Step step_ = Step::Banner;
    bool plain_passive_ = false;  // the server does not know EPSV
    bool may_send_ = false;       // the upload has its 150
    bool data_done_ = false;
    bool reply_done_ = false;
    std::uint16_t input_size_ = 0;
    std::int64_t arrived_ns_ = 0;
    std::uint64_t expected_ = 0;
    std::uint64_t moved_ = 0;
    std::array<char, 1024> input_;
};

}  // namespace sluice::bench
