// One transfer: the owner of everything the kernel may touch while it runs.
//
// The session makes one per RETR, STOR, LIST and so on, runs a coroutine over it and destroys it
// when that has ended. The pumps (pumps.hpp) see nothing else of the session.
// Size: allocated only while a transfer runs, so an idle session does not carry it.
// Owned by: Session. Thread: its shard.
#pragma once

#include <cstdint>
#include <memory>

#include "sluice/config/snapshot.hpp"
#include "sluice/io/reactor.hpp"
#include "sluice/io/stop.hpp"
#include "sluice/io/task.hpp"
#include "sluice/net/socket.hpp"
#include "sluice/tls/connection.hpp"
#include "sluice/xfer/buffer_pool.hpp"
#include "sluice/xfer/data_setup.hpp"

namespace sluice::tls {
class Stream;
}

namespace sluice::xfer {

class Outlet;

// PROT P: how the data connection is to be protected.
struct Protection {
    tls::Context* context = nullptr;           // null: in clear
    const tls::Connection* owner = nullptr;    // the control connection's
    tls::Binding binding = tls::Binding::Prefer;
    bool brings_data = false;  // an upload
    bool strict_end = false;   // a FIN without close_notify breaks an upload
    bool is_client = false;    // the other end is a server (SSCN, CPSV)
    Duration handshake_limit;
};

class Transfer {
public:
    // `hook(context)` is called before the transfer's coroutine may suspend: the session
    // sends the replies it holds back, so that "150" and "226" of a small file leave together.
    using BeforeWait = void (*)(void* context);

    Transfer(io::Reactor& reactor, const config::Snapshot& config, BufferPools& buffers,
             std::unique_ptr<DataSetup> setup, BeforeWait hook, void* context);
    Transfer(const Transfer&) = delete;
    Transfer& operator=(const Transfer&) = delete;
    ~Transfer();

    // Waits for the client's connection, or makes one. TimedOut, ConnectionRefused or Unreachable
    // (reply 425), or Stopped. Consumes the set-up.
    io::Task<Status> open_connection();
    // True when open_connection() would not have to wait.
    bool connection_is_there() const {
        return setup_ != nullptr && setup_->mode == DataSetup::Mode::Passive &&
               setup_->reservation.has_connection();
    }

    // Before open_connection().
    void protect(const Protection& protection) { protection_ = protection; }
    bool is_protected() const { return protection_.context != nullptr; }
    // Of a protected transfer: the handshake, once; the pumps call it before their first byte, and
    // so after the preliminary reply that some clients wait for. TlsHandshake, TlsUnbound, Stopped.
    io::Task<Status> secure();
    // After secure(), before the first byte: true when the kernel encrypts the `bytes` to come, and
    // the socket is sent to as a plain one. Never for few of them.
    bool give_to_kernel(std::int64_t bytes);
    // Not null after secure() of a protected transfer.
    tls::Stream* stream();
    // The client ended an upload with a bare FIN, and that was let pass.
    bool has_ended_bare() const { return ended_bare_; }

    // What a listing is sent through; null: nothing.
    void set_outlet(std::unique_ptr<Outlet> outlet);
    Outlet* outlet() const { return outlet_.get(); }

    // Ends a download: what the outlet still holds, FIN, then waits until the client's TCP has
    // everything, so that 226 is true.
    io::Task<Status> finish_sending();

    io::Reactor& reactor() { return reactor_; }
    sys::Kernel& kernel() { return reactor_.kernel(); }
    const config::Snapshot& config() const { return config_; }
    BufferPools& buffers() { return buffers_; }
    net::Socket& socket() { return socket_; }
    io::StopSource& stop() { return stop_; }
    // Notified when the transfer shall stop, and by what its coroutine waits for.
    io::Event& wake() { return wake_; }

    // The pumps' vocabulary.
    // A buffer of one of buffers(); waits in line when all are out. Stopped.
    io::Task<Result<Buffer>> take_buffer(BufferPool& pool);
    void before_wait() { before_wait_(context_); }
    // What the client sends, decrypted where that is needed; `ciphertext` is room for it then. Also
    // on a helper. As sys::Kernel::receive; TlsBroken, and EndOfStream as Protection wants it.
    Result<std::size_t> receive_now(MutableBytes into, MutableBytes ciphertext);
    // The end of an upload, told to a client that waits for it.
    void end_receiving();
    io::OpAwaiter wait_readable() { return io::poll_in(poll_, socket_.fd(), stop_); }
    io::OpAwaiter wait_writable() { return io::poll_out(poll_, socket_.fd(), stop_); }
    // Bytes have moved: counts them and puts off the stall time-out.
    void count(std::uint64_t bytes) {
        bytes_ += bytes;
        last_progress_ = reactor_.now();
    }
    std::uint64_t bytes() const { return bytes_; }

private:
    struct Secured;

    io::Task<Status> accept_passive();
    io::Task<Status> finish_protected();
    io::Task<Status> drain_kernel();
    io::Task<Status> connect_active();
    Status drain_input();
    // What `error`, which ended the connection after our last byte, means for the transfer.
    Status end_of_lost_connection(const Error& error);
    void on_timer();
    // Ends the stretch when it is over; true when too little was delivered in it.
    bool is_too_slow();
    void on_look_again();

    io::Reactor& reactor_;
    const config::Snapshot& config_;
    BufferPools& buffers_;
    std::unique_ptr<DataSetup> setup_;
    BeforeWait before_wait_;
    void* context_;
    io::StopSource stop_;
    io::Op poll_;
    io::Event wake_;
    io::Timer timer_;
    Instant last_progress_;
    Duration patience_;  // how long without progress: first to connect, then to move bytes
    std::size_t unacknowledged_ = 0;  // when the timer last looked
    // limits.min_rate: what was delivered when the running stretch of stall_timeout began.
    Instant stretch_began_;
    std::uint64_t stretch_bytes_ = 0;
    net::Socket socket_;
    std::unique_ptr<Outlet> outlet_;
    Protection protection_;
    std::unique_ptr<Secured> secured_;  // behind socket_: gone before it
    bool ended_bare_ = false;
    std::uint64_t bytes_ = 0;
};

}  // namespace sluice::xfer
