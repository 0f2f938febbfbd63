// One FTP session of the generator, as straight-line coroutines.
//
// Every step is timed into the Tally and bounded by Options::timeout; what goes wrong is counted
// once under its own name. After a failure that leaves the control connection in an unknown state
// it is closed, and the next action opens a new one. A client asked to end (stop()) counts nothing
// more. Owned by: Session. Thread: its worker's. One coroutine at a time.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "alarms.hpp"
#include "content.hpp"
#include "manifest.hpp"
#include "options.hpp"
#include "reply_reader.hpp"
#include "results.hpp"
#include "sluice/io/stop.hpp"
#include "sluice/io/task.hpp"
#include "sluice/tls/connection.hpp"

namespace sluice::load {

// What all clients of a thread share.
struct ClientContext {
    const Options& options;
    io::Reactor& reactor;
    Alarms& alarms;
    Tally& tally;
    const Content& content;
    const Manifest* manifest;  // null: uploads of ours are verified
    sys::SocketAddress server;
    MutableBytes scratch;  // for received bytes that are looked at, never across an await
    std::string banner;    // of the first session that heard one
    tls::ClientContext* tls = nullptr;  // null: in clear
    MutableBytes plaintext = {};        // as scratch: a record
    TlsFacts tls_facts = {};            // of the first session that shook hands
};

// One transfer. `path` lives in the session until the action has ended.
struct Transfer {
    static constexpr std::uint64_t kSizeUnknown = ~std::uint64_t{0};
    const std::string* path = nullptr;
    std::uint64_t size = kSizeUnknown;       // of an upload, or what a download must have
    std::uint64_t slow_rate = 0;             // bytes a second; 0: as fast as they come
    bool abort = false;                      // ABOR after the first bytes
    bool verify = false;                     // look at every byte
    const Manifest::Entry* entry = nullptr;  // with a manifest: what it says of this file
};

class FtpClient {
public:
    enum class State : std::uint8_t { Closed, Connecting, LoggingIn, Ready, Busy, Count };

    FtpClient(ClientContext& context, const sys::SocketAddress& source);
    ~FtpClient();
    FtpClient(const FtpClient&) = delete;
    FtpClient& operator=(const FtpClient&) = delete;

    State state() const { return state_; }
    bool is_open() const { return control_ >= 0; }

    // All of these: true when everything went as it should.
    io::Task<bool> open(bool moves_data);  // connects, logs in, and chooses TYPE I
    io::Task<bool> quit();
    io::Task<bool> noop();
    io::Task<bool> retrieve(Transfer& what);
    io::Task<bool> store(Transfer& what);
    io::Task<bool> list(Transfer& what, bool machine);
    // Silent until `until_ns` (0: until stopped); false when the server ended the session.
    io::Task<bool> idle(std::int64_t until_ns);

    // What SIZE says, or Transfer::kSizeUnknown. False only when the session broke.
    io::Task<bool> ask_size(const std::string& path, std::uint64_t& size);
    io::Task<bool> ask_features(std::string& features);
    // Waits; false when stopped before.
    io::Task<bool> pause(std::int64_t until_ns);

    // Asks the coroutine to end. Drain lets it say good-bye, Kill does not.
    void stop(io::StopReason reason) { stop_.request(reason); }
    bool is_stopped() const { return stop_.requested(); }
    void revive() { stop_.reset(); }  // for the next use of a closed client
    void close();

private:
    // Negative outcomes of await_reply().
    static constexpr int kClosed = -1;
    static constexpr int kTimedOut = -2;
    static constexpr int kMalformed = -3;
    static constexpr int kStopped = -4;
    static constexpr int kBroken = -5;  // no TLS any more
    enum class DataEnd : std::uint8_t { End, First, Reset, TimedOut, Stopped, Cut, Broken };
    enum class Direction : std::uint8_t { Receive, Send };
    // Cut: over TLS, a FIN without close_notify.
    enum class Moved : std::uint8_t { More, Wait, End, Reset, Cut, Broken };

    static void expire(void* self);
    std::int64_t now() { return context_.reactor.kernel().now().ns; }
    void arm() { context_.reactor.set_timer(timer_, context_.options.timeout); }
    void record(Step step, std::int64_t since_ns);

    // ftp_client.cpp: the control connection.
    io::Task<int> await_reply();
    io::Task<int> ask(std::string_view verb, std::string_view argument);
    bool send_command(std::string_view verb, std::string_view argument);
    io::Task<bool> connect_control();
    io::Task<bool> log_in();
    bool count(Trouble trouble);      // the session goes on; always false
    bool break_off(Trouble trouble);  // closes the session; always false
    bool unexpected(int outcome);     // of await_reply(), where another was due; always false

    // data_connection.cpp: from EPSV to a connected socket.
    io::Task<bool> prepare_data(int receive_bytes);
    io::Task<bool> prepare_passive(int receive_bytes);
    io::Task<bool> prepare_active();
    io::Task<bool> connect_data(std::uint16_t port, int receive_bytes);
    io::Task<bool> accept_data(std::int64_t since_ns);
    void close_data();

    // transfers.cpp: the bytes.
    io::Task<bool> download(Transfer& what, std::string_view verb);
    io::Task<bool> begin_transfer(std::string_view verb, std::string_view path);
    io::Task<DataEnd> move_all(Transfer& what, Direction direction);
    io::Task<bool> finish(Transfer& what, DataEnd end);
    io::Task<bool> final_reply();
    io::Task<bool> abort_transfer();
    Moved receive_some(const Transfer& what);
    Moved send_some(const Transfer& what);
    static DataEnd end_of(Moved moved);
    void check(Bytes bytes);
    void count_received(std::size_t count);

    // handshakes.cpp: the beginning of TLS, and the control connection inside it.
    io::Task<bool> begin_tls();
    io::Task<bool> secure_control();
    io::Task<bool> protect_data();
    io::Task<bool> shake_hands(tls::Connection& tls, int fd, Step timed);
    io::Task<int> await_wire(int fd);
    std::unique_ptr<tls::Connection> make_tls(bool resumes);
    Status step_handshake(tls::Connection& tls);
    Status send_output(tls::Connection& tls, int fd);
    void count_handshake(const tls::Connection& tls, Step timed);
    void note_failure(std::string_view words);
    bool fail_handshake(const tls::Connection& tls);  // closes the session; always false
    bool take_secure(Bytes ciphertext);
    bool send_secure_command(Bytes line);
    void say_end(tls::Connection& tls, int fd);

    // secure_data.cpp: the bytes over TLS.
    io::Task<bool> secure_data(bool sends);
    io::Task<DataEnd> part_data();
    Moved receive_secure(const Transfer& what, std::uint64_t wanted);
    Moved decrypt(const Transfer& what);
    Moved send_secure(const Transfer& what);
    void take_unwanted(Bytes ciphertext);
    void drop_data_tls();
    bool protects_data() const {
        return control_tls_ != nullptr && context_.options.tls.protects_data && !final_seen_;
    }

    ClientContext& context_;
    const sys::SocketAddress source_;
    io::StopSource stop_;
    io::Event event_;
    io::Op op_;  // the one thing that this session waits for
    io::Timer timer_;
    Alarm alarm_;
    ReplyReader reader_;
    State state_ = State::Closed;
    bool final_seen_ = false;  // the final reply came where 150 was due
    bool wrong_ = false;       // --verify has found other bytes
    std::uint32_t sum_ = 0;    // CRC32C so far, with a manifest
    int control_ = -1;
    int data_ = -1;
    int listener_ = -1;
    std::int64_t command_ns_ = 0;  // when the command of the transfer was sent
    std::int64_t data_end_ns_ = 0;
    std::uint64_t moved_ = 0;  // bytes of this transfer
    std::uint64_t start_ = 0;  // of the content in the pattern
    // TLS, for sessions that have it: what is resumed outlives the connections that resume it.
    tls::ClientTickets tickets_;
    std::unique_ptr<tls::Connection> control_tls_;
    std::unique_ptr<tls::Connection> data_tls_;
    std::unique_ptr<std::uint8_t[]> send_memory_;  // lent to data_tls_ by an upload
    std::string wire_;             // ciphertext of a handshake, and what came behind its end
    std::uint64_t encrypted_ = 0;  // bytes of the file that wait in send_memory_
    bool has_said_end_ = false;    // close_notify is among them
};

}  // namespace sluice::load
