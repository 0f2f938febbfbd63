// One control connection from its banner to its end.
//
// Two coroutines: the control loop (control_loop.cpp) reads commands and answers them in order; a
// transfer runs beside it, so that ABOR, STAT and the end of the connection are seen meanwhile.
// Both wake through one Event and look at the state of the world when they do.
//
// An idle session owns no buffer: input is lent by the Backend, what is left of it lives in a
// string that is freed when empty, and so do the replies. Its whole memory is this object and one
// coroutine frame (measured by bench and by session_test).
// Owned by: Shard (slab). Thread: its shard.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "sluice/io/reactor.hpp"
#include "sluice/io/stop.hpp"
#include "sluice/io/task.hpp"
#include "sluice/net/passive_ports.hpp"
#include "sluice/net/socket.hpp"
#include "sluice/proto/command.hpp"
#include "sluice/proto/command_table.hpp"
#include "sluice/proto/reply.hpp"
#include "sluice/proto/telnet.hpp"
#include "sluice/session/services.hpp"
#include "sluice/session/state.hpp"
#include "sluice/xfer/data_setup.hpp"
#include "sluice/xfer/encoding.hpp"
#include "sluice/xfer/transfer.hpp"

namespace sluice::session {

struct Quirks;

class Session {
public:
    // What a client may have sent ahead before we stop reading: two lines of the longest kind.
    static constexpr std::size_t kInputBytesMax = 2 * 8194;

    // How the connection begins: with a banner, or with a TLS handshake and then the banner.
    enum class Opening : std::uint8_t { Clear, Tls };
    Session(const Services& services, net::PassivePorts& ports, net::Socket control,
            const sys::SocketAddress& peer, const sys::SocketAddress& local, std::uint64_t id,
            Opening opening = Opening::Clear);
    Session(const Session&) = delete;
    Session& operator=(const Session&) = delete;
    ~Session();

    // Sends the banner and begins to listen to the client.
    void start();
    // Asks the session to end: `Drain` lets a transfer finish first, everything else ends it.
    void request_end(io::StopReason reason);
    // 221, unless it has been said.
    void say_goodbye();

    std::uint64_t id() const { return id_; }
    const sys::SocketAddress& peer() const { return peer_; }
    bool has_transfer() const { return transfer_ != nullptr; }
    bool has_job() const { return job_ != nullptr; }
    // Something runs beside the control loop: only ABOR, STAT, NOOP and QUIT are looked at.
    bool is_busy() const { return has_transfer() || has_job(); }

    // ---- for the handlers -------------------------------------------------------------------
    const Services& services() const { return services_; }
    io::Reactor& reactor() { return services_.reactor; }
    const config::Snapshot& config() const { return services_.config; }
    vfs::Tree& tree() { return services_.tree; }
    State& state() { return state_; }
    const State& state() const { return state_; }
    const sys::SocketAddress& local() const { return local_; }
    net::PassivePorts& passive_ports() { return ports_; }

    void reply(proto::ReplyCode code, std::string_view text) {
        proto::append_reply(output_, code, text);
    }
    void reply(proto::ReplyCode code, std::initializer_list<std::string_view> text) {
        proto::append_reply(output_, code, text);
    }
    proto::ReplyBuffer& output() { return output_; }
    // Sends what the socket takes of the output now. `closes_next`: the caller closes the socket at
    // once, so the last bytes wait for the FIN and share a segment with it.
    void flush(bool closes_next = false);
    // Waits until the client has taken enough of the output for another long reply. False when it
    // will not: the session ends.
    io::Task<bool> make_room();

    // The virtual path an argument means from the current directory.
    Result<std::string> resolve(std::string_view argument) const;
    // The client speaks server.charset and has not said OPTS UTF8 ON.
    bool speaks_charset() const { return services_.charset != nullptr && !state_.utf8; }
    // TYPE A, and the configuration has not said that it means binary.
    bool uses_ascii() const {
        return state_.type == proto::TransferType::Ascii && !config().transfer.ascii_is_binary;
    }
    // What TYPE, STRU, MODE and OPTS say now: a transfer takes it along when it begins.
    xfer::Encoding encoding() const;
    // What this client's profile overrides (session/quirks.hpp).
    const Quirks& quirks() const;
    // MODE Z is there, for this client.
    bool offers_mode_z() const;
    // Replies that nobody asked to be long are one line.
    bool is_single_line() const;
    bool may_write() const { return config().anonymous.writable; }
    // Permission bits of new files and folders: SITE UMASK, else the configuration.
    std::uint32_t new_file_mode() const {
        return state_.umask == kNoUmask ? config().upload.file_mode : 0666u & ~state_.umask;
    }
    std::uint32_t new_directory_mode() const {
        return state_.umask == kNoUmask ? config().upload.directory_mode : 0777u & ~state_.umask;
    }
    // How long the client may be silent; 0: for ever.
    Duration idle_limit() const {
        return state_.idle_seconds == 0 ? config().limits.idle_timeout
                                        : Duration::seconds(state_.idle_seconds);
    }

    // What PASV and its kin left; the next transfer takes it.
    // A passive one that the client does not connect to is dropped after the connect time-out.
    void set_data_setup(std::unique_ptr<xfer::DataSetup> setup);
    void drop_data_setup() { data_setup_.reset(); }
    bool has_data_setup() const { return data_setup_ != nullptr; }
    xfer::DataSetup& data_setup() { return *data_setup_; }
    // The next protected transfer leads to another server, and we are the TLS client there.
    bool is_tls_client() const {
        return state_.is_tls_client || (has_data_setup() && data_setup_->is_tls_client);
    }
    // The address that 227 names.
    const sys::SocketAddress& passive_host() const {
        return services_.public_address.is_set() ? services_.public_address : local_;
    }
    // ---- TLS of the control connection (secure_channel.cpp)
    // Commands and replies are encrypted now.
    bool is_secure() const;
    bool has_tls() const { return services_.tls != nullptr; }
    bool is_implicit() const { return opening_ == Opening::Tls; }
    // The host that the client has named in the handshake (SNI); "" when there was none.
    std::string_view tls_host() const;
    // The client's certificate names exactly this user, in the way of tls.client_user.
    bool is_certified_as(std::string_view user) const;
    // "CN=alice,O=Example"; "" without a certificate.
    std::string certificate_subject() const;
    // The client has sent more than the command that runs.
    bool has_further_input() const {
        return input_.size() > deferred_ + line_bytes_ || telnet_.is_inside_command();
    }
    // When all replies so far have left: TLS begins, or ends.
    void begin_tls_later() { tls_step_ = TlsStep::Begin; }
    void leave_tls_later() { tls_step_ = TlsStep::Leave; }

    bool is_ending() const { return end_reason_ != io::StopReason::None; }

    // Begins a transfer over the data set-up: makes transfer(), to be run by `run_transfer`.
    xfer::Transfer& begin_transfer(std::string_view command);
    // Starts the coroutine that serves transfer(); it calls end_transfer as its last act.
    void run_transfer(io::Task<void> task);
    xfer::Transfer& transfer() { return *transfer_; }
    // What the log says of the transfer that runs.
    struct TransferNote {
        std::string path;
        std::string_view command;
        obs::Direction direction = obs::Direction::None;
        std::uint64_t offset = 0;
        Instant began;
        std::string digests;  // of what was stored: "SHA-256=<hex> CRC32=<hex>"
    };
    TransferNote& transfer_note() { return *transfer_note_; }
    // The final reply of a transfer, its line in the log, and its sockets: closed as a success or
    // reset, so that the peer cannot take a part for the whole.
    void end_transfer(Status outcome, proto::ReplyCode code,
                      std::initializer_list<std::string_view> text);

    // A long command without a data connection (SITE COPY, COMB, RMDA, DSIZ, HASH). It runs beside
    // the control loop as a transfer does: STAT shows how far it is, ABOR and the end of the
    // session stop it at its next step.
    struct Job {
        explicit Job(io::Backend& backend) : stop(backend) {}
        io::StopSource stop;
        std::string_view command;
        std::string path;
        std::string_view unit;    // of done and total: "bytes"
        std::uint64_t done = 0;
        std::uint64_t total = 0;  // 0: not known
    };
    Job& begin_job(std::string_view command, std::string_view path, std::string_view unit);
    // Starts the coroutine that does the work; it calls end_job as its last act.
    void run_job(io::Task<void> task);
    Job& job() { return *job_; }
    void end_job(proto::ReplyCode code, std::initializer_list<std::string_view> text);
    // The error of a job; 426 when it was told to stop.
    void end_job(Error error);

    // ABOR: ends what runs. Its own 226 follows the final reply.
    void abort();

    // What a session has done since its login. Made when there is something to remember: most idle
    // sessions have done nothing.
    struct History {
        // Whole transfers, for the good-bye.
        std::uint64_t downloaded_bytes = 0;
        std::uint64_t uploaded_bytes = 0;
        std::uint32_t downloads = 0;
        std::uint32_t uploads = 0;
        std::vector<std::uint64_t> seen_messages;  // inodes of the folders' messages shown
    };
    History& history() {
        if (history_ == nullptr) { history_ = std::make_unique<History>(); }
        return *history_;
    }

    // USER's name until PASS, then the one logged in; and what an anonymous user gave as password.
    std::string& user() { return user_; }
    const std::string& user() const { return user_; }
    std::string& password() { return password_; }
    // Looks at the clock again: what limits the session has changed.
    void watch_deadline();
    // REIN (RFC 959 4.1.1): everything as after the banner.
    void reinitialise();
    void log_login(bool accepted, std::string_view reason = {});
    void log_change(obs::EventKind kind, std::string_view path, std::string_view target = {});

private:
    friend struct SessionTestAccess;

    // What begin_line() leaves to do: a coroutine to await, or nothing.
    struct Step {
        io::Task<void> (*handler)(Session&, const proto::Command&) = nullptr;
        proto::Command command;
        bool needs_data = false;
    };

    // secure_channel.cpp
    struct SecureChannel;
    enum class TlsStep : std::uint8_t { None, Begin, Leave };
    bool is_shaking_hands() const;
    bool has_unsent() const;
    void change_tls();
    void begin_tls();
    io::Task<void> shake_hands();
    void end_handshake(const Status& step);
    bool take_secure_input(Bytes received);
    bool decrypt(Bytes received);
    void flush_secure();
    void close_tls();
    void drop_secure_output();
    bool sends_secure() const;
    Instant handshake_began() const;
    void protect_transfer(std::string_view command, bool is_client);
    void note_protection();

    // control_loop.cpp
    void stop_running(io::StopReason reason);
    io::Task<void> control_loop();
    void take_input();
    void filter_input(std::size_t from);
    bool next_line(std::string_view& line);
    bool is_binary_greeting() const;
    bool may_pass(std::string_view line);
    std::string_view in_utf8(std::string_view line);
    void consume_line();
    Step begin_line(std::string_view line);
    void drop_refused_data();
    void join_running();
    bool takes_lines() const;
    io::Task<void> recall_input();
    bool must_end();
    void arm();
    bool wait_for_room();
    bool ends_in_order() const;
    io::Task<void> send_rest();
    io::Task<void> tear_down();
    io::Task<void> linger();
    // session.cpp
    bool stops_now() const;
    void flush_for_transfer();
    void lose_client();
    void count_transfer();
    void encode_output();
    std::string_view farewell() const;
    // session_log.cpp
    bool wants(obs::EventKind kind, obs::Level level) const {
        return services_.log.wants(kind, level);
    }
    obs::Event event(obs::EventKind kind, obs::Level level) const;
    void log_begin();
    void log_transfer(const Status& outcome, proto::ReplyCode code);
    void log_abuse(std::string_view what);
    void log_end();

    const Services& services_;
    net::PassivePorts& ports_;
    net::Socket control_;
    io::Op input_op_;
    io::Op output_op_;
    io::Event wake_;
    io::Timer deadline_;
    Instant began_;         // the connection, or the last REIN
    Instant last_command_;  // or the end of the last transfer
    sys::SocketAddress peer_;
    sys::SocketAddress local_;
    std::uint64_t id_;
    State state_;
    std::string user_;
    std::string password_;
    std::string input_;        // bytes received and not yet consumed
    // Of input_: the first `deferred_` bytes are whole lines that wait for the transfer to end, the
    // next `line_bytes_` are the line that runs, and `scanned_` behind them hold no end of line.
    std::uint32_t deferred_ = 0;
    std::uint32_t line_bytes_ = 0;
    std::uint32_t scanned_ = 0;
    std::unique_ptr<std::string> line_in_utf8_;  // the line that runs, where it was converted
    proto::ReplyBuffer output_;
    std::unique_ptr<SecureChannel> secure_;
    std::uint32_t encoded_ = 0;  // so many bytes of output_ are in the client's character set
    std::unique_ptr<xfer::DataSetup> data_setup_;
    std::unique_ptr<xfer::Transfer> transfer_;
    std::unique_ptr<TransferNote> transfer_note_;
    std::unique_ptr<Job> job_;
    io::Task<void> running_;  // of transfer_ or job_
    io::Task<void> loop_;
    std::uint32_t abor_replies_ = 0;  // ABORs to answer when the transfer has ended
    std::unique_ptr<History> history_;
    proto::TelnetFilter telnet_;
    io::StopReason end_reason_ = io::StopReason::None;
    Opening opening_;
    TlsStep tls_step_ = TlsStep::None;
    bool is_greeted_ = false;        // where TLS comes first: once, behind its first handshake
    bool client_gone_ = false;       // nothing can be sent any more
    bool input_ended_ = false;       // the client closed its side
    bool lingering_ = false;         // at its end: only waits for the client, for a bounded time
    bool goodbye_said_ = false;      // 221, once
    bool quit_seen_ = false;         // QUIT waits behind a transfer: the end of input is no abort
};

}  // namespace sluice::session
