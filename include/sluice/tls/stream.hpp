// A Connection over a socket: handshakes, bytes and the end, as coroutines and as calls that do not
// wait.
//
// The coroutines are for what may have to wait for the peer. What moves bulk calls send_now() and
// receive_now() itself, within its turn and its budget, or on a helper, and waits as plain
// transfers do. All waits go through the owner's Op and StopSource, so a stop ends them like any
// other. Owned by: Transfer. Thread: its shard; the calls that do not wait also on a helper that
// the owner waits for.
#pragma once

#include <cstdint>
#include <vector>

#include "sluice/io/reactor.hpp"
#include "sluice/io/stop.hpp"
#include "sluice/io/task.hpp"
#include "sluice/tls/connection.hpp"

namespace sluice::tls {

// How the peer ended its side.
enum class Ending : std::uint8_t {
    Notified,  // with close_notify: what came is all there was
    Bare,      // with a FIN alone: whoever is on the way could have sent that
    Open,      // not yet, or with more than anybody reads
};

class Stream {
public:
    // Hears what a wait or a move of bytes means to it.
    class Owner {
    public:
        virtual void before_wait() = 0;
        virtual void on_progress() = 0;

    protected:
        ~Owner() = default;
    };
    // Where the stream waits, all of it the owner's.
    struct Wires {
        io::Reactor& reactor;
        int fd;
        io::Op& poll;
        io::StopSource& stop;
        Owner& owner;
    };

    static constexpr std::size_t kCallBytesMax = 256 * 1024;

    Stream(const Wires& wires, Context& context, const Connection::DataRole& role);
    Stream(const Stream&) = delete;
    Stream& operator=(const Stream&) = delete;

    Connection& connection() { return connection_; }
    const Connection& connection() const { return connection_; }

    // TimedOut after `limit`; EndOfStream when the peer goes; Protocol, and then
    // connection().failure() says why. A step runs on a helper, or a turn later, when this turn
    // has had its share of them (Context::find_room).
    io::Task<Status> handshake(Duration limit);
    // All of `plaintext`, which stays where it is until this has ended.
    io::Task<Status> write(Bytes plaintext);
    // All of connection().output(), within the shard's budget.
    io::Task<Status> flush();
    // The same as far as the socket takes it now; false: some is left, and flush() would wait.
    io::Task<Result<bool>> flush_now();
    // Has the kernel encrypt from here on, if it can; true: what is sent on the socket is plaintext
    // now, and that by sendfile(2), too. Before the first byte, after the handshake.
    bool give_to_kernel();
    bool is_in_kernel() const { return sender_.is_on(); }
    // Before a wait for room on such a socket (KernelSender::push).
    void push() {
        if (sender_.is_on()) { sender_.push(); }
    }
    // close_notify, by whoever encrypts.
    io::Task<Status> notify_close();
    // After that: whether all of it may be followed by a FIN, when the kernel was given `plaintext`
    // bytes.
    Result<bool> is_drained(std::uint64_t plaintext);
    // close_notify, FIN, and then up to `limit` for the peer's end. Bytes that still come are read
    // away.
    io::Task<Result<Ending>> close(Duration limit);

    // What the socket takes of the output. WouldBlock when something is left.
    Status send_now();
    // Receives into `ciphertext` and decrypts into `plaintext` until that is full or nothing more
    // is there. 0: close_notify. EndOfStream: FIN without it. What was received before an error is
    // returned first. A call takes kCallBytesMax of ciphertext at most,
    // whatever that decrypts to: a record may hold a byte.
    Result<std::size_t> receive_now(MutableBytes plaintext, MutableBytes ciphertext);

private:
    Status step_now();
    Status feed_more(MutableBytes ciphertext);
    void stash_unread();
    void on_deadline();
    Status outcome_of_wait(const Result<std::uint32_t>& polled) const;
    Result<Ending> discard_now();

    Wires wires_;
    Context& context_;
    Connection connection_;
    KernelSender sender_;
    io::Timer deadline_;
    // What came with the end of the handshake and belongs to what follows; at most one receive.
    std::vector<std::uint8_t> stash_;
    std::size_t discarded_ = 0;
    std::size_t fed_ = 0;  // bytes, by the call of receive_now() that runs
    Errc socket_error_ = Errc::Ok;  // once it broke, and the kernel has forgotten it
    bool timed_out_ = false;
    bool fin_seen_ = false;
};

}  // namespace sluice::tls
