// One TLS connection as an engine between two ends: plaintext on ours, ciphertext on the wire's.
//
// It does no I/O. Who owns it receives ciphertext wherever that is best (a buffer lent by the ring,
// a pooled one on a helper) and feeds it; what is to be sent gathers in one piece, so that 256 KiB
// leave in one send, and not in 16 records. So the control loop, the pumps and the helpers all use
// the same engine, and every test can cut its input at every byte.
//
//     feed(received) -> handshake() until it is not WouldBlock -> read() / write() -> close()
//     after each of them: send output(), then consume_output()
//
// The calls behave like a non-blocking socket: WouldBlock means that everything fed was taken and
// more is needed, or that output() must be sent first. Any other error is the end: what is in
// output() then (an alert) should still be sent.
// Memory: an idle connection holds no buffer of ours or of OpenSSL (unit test: <= 20 KiB in all).
// Owned by: Session, Transfer. Thread: one at a time, the shard or a helper that it waits for.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "sluice/base/bytes.hpp"
#include "sluice/base/result.hpp"
#include "sluice/tls/announcement_guard.hpp"
#include "sluice/tls/client_context.hpp"
#include "sluice/tls/context.hpp"
#include "sluice/tls/kernel_tls.hpp"

namespace sluice::tls {

// What of a client's certificate is its name.
enum class ClientName : std::uint8_t { CommonName, Email, Uri, Host };

enum class Channel : std::uint8_t { Control, Data };

// Whether a data connection must show that it belongs to its control connection, by resuming a TLS
// session that only the client of that one can have. What it shows is a ticket with our mark in it.
enum class Binding : std::uint8_t {
    Off,      // not looked at
    Prefer,   // looked at and logged: clients that make a full handshake each time are served
    Require,  // and those are not
};

// Of a control connection, in all tickets that came by it and by the data connections that resumed
// one of those. Never in those of a data connection that showed nothing: whoever is first at a data
// port gets that far.
using Mark = std::array<std::uint8_t, 16>;

class RecordSealer;

class Connection {
public:
    static constexpr std::size_t kRecordBytesMax = 16 * 1024;  // of plaintext
    // What a record may add: header, explicit nonce, MAC, padding (SSL3_RT_MAX_ENCRYPTED_OVERHEAD
    // and its header).
    static constexpr std::size_t kRecordOverheadMax = 5 + 256 + 64;
    // Handshake messages and alerts of an established connection without plaintext between them;
    // one more breaks it.
    static constexpr std::uint32_t kIdleMessagesMax = 64;
    // For what OpenSSL may put before our records: tickets, an answer to KeyUpdate.
    static constexpr std::size_t kReserveBytes = 8 * 1024;
    // What output in memory of our own grows to; lent memory has its own size, and what is kept of
    // it may be as much.
    static constexpr std::size_t kOwnOutputMax = 64 * 1024;
    // Room that makes one send of 256 KiB of plaintext.
    static constexpr std::size_t kGatherBytes =
        16 * (kRecordBytesMax + kRecordOverheadMax) + kReserveBytes;

    // The control connection of a session.
    explicit Connection(Context& context);
    // A data connection of the session whose control connection is `owner`, which must outlive its
    // handshake. `brings_data`: the client will send and perhaps never read, so it gets its tickets
    // over the control connection (see issue_ticket()).
    struct DataRole {
        const Connection& owner;
        Binding binding = Binding::Prefer;
        bool brings_data = false;
        // The other end is a server, too, and we are its client: nothing binds such a connection.
        // Needs Settings::also_client.
        bool is_client = false;
    };
    Connection(Context& context, const DataRole& role);
    // The client's end, of a tool or a test. What the server gives to resume goes to `tickets`, if
    // there are any, which outlive the connection; `resumes`: takes the newest of them.
    struct ClientRole {
        ClientTickets* tickets = nullptr;
        bool resumes = false;
    };
    Connection(ClientContext& context, const ClientRole& role);
    Connection(const Connection&) = delete;
    Connection& operator=(const Connection&) = delete;
    ~Connection();

    // Ciphertext that has come. It is read in place by the calls below, and must stay until they
    // have said WouldBlock; nothing may be left of an earlier piece.
    void feed(Bytes ciphertext);
    // What of it was not needed yet, and belongs to what follows; who takes it feeds it again.
    Bytes take_unread() { return std::exchange(input_, Bytes()); }

    // Ciphertext to be sent.
    Bytes output() const {
        return Bytes(output_data_ + output_begin_, output_end_ - output_begin_);
    }
    bool has_output() const { return output_begin_ < output_end_; }
    void consume_output(std::size_t count);
    // Output gathers here from now on; nothing: in memory of our own again. Only while there is no
    // output.
    void lend_output(MutableBytes memory);
    // What is left of the output moves into memory of our own, of its size, and the lent memory is
    // its lender's again: for a peer that does not take it now.
    void keep_output();
    // Forgets output and lent memory, at the end of a connection that broke.
    void drop_output();

    Status handshake();
    bool is_established() const { return established_; }
    // Why not, or why it broke: OpenSSL's words, for the log.
    std::string_view failure() const { return failure_; }
    // A data connection that resumed a session of its owner.
    bool is_bound() const { return is_bound_; }
    // Known only after the handshake: the client hears of it in words over the control connection.
    bool is_acceptable() const {
        return is_same_client_ && (binding_ != Binding::Require || is_bound_);
    }

    // The client has shown a certificate, and it was good.
    bool has_client_certificate() const;
    // It names exactly this one.
    bool is_client_named(ClientName kind, std::string_view name) const;
    // "CN=alice,O=Example" for logs; "" when there is none.
    std::string client_subject() const;

    // Plaintext; 0 is the client's close_notify.
    Result<std::size_t> read(MutableBytes into);
    // How much write() would take now.
    std::size_t write_room() const {
        return retried_bytes_ > 0 ? retried_bytes_ : plaintext_room();
    }
    // Takes what output has room for; the rest is offered again when that was sent.
    Result<std::size_t> write(Bytes plaintext);
    // close_notify; once, and then nothing more is written. What the peer sends can still be read.
    Status close();
    bool has_peer_closed() const { return peer_closed_; }
    // Has the kernel encrypt what is sent from here on, where it can and OpenSSL lets it: then
    // `sender` is on, and this sends nothing any more. Otherwise all is as before.
    void give_to_kernel(KernelSender& sender);
    // Makes the records from here on itself, which is faster than OpenSSL, where the cipher is
    // AES-GCM; otherwise all is as before. After the handshake of a data connection, as often as
    // one likes; what is read stays with OpenSSL, which sends nothing any more.
    void seal_here();
    // A fresh ticket goes out with the next write(), where the client can use one (TLS 1.3).
    void issue_ticket();

    // Of an established connection; the texts are static or live as long as it.
    std::string_view version() const;
    std::string_view cipher() const;
    bool was_resumed() const;
    std::string_view server_name() const;  // "" when the client named none
    // Of a server's end; it stays as long as this.
    Context& context() const { return *context_; }
    // Of a client that checks: why the server's certificate is not good. "" when it is.
    std::string_view peer_problem() const;

private:
    friend struct Callbacks;
    friend class ClientContext;

    Connection(Context& context, Channel channel, ssl_ctx_st* from);
    void attach(ssl_ctx_st* context, bio_method_st* wires);
    Status failed(int outcome);
    Status break_off(std::string_view why);
    void note_resumption();
    void ask_for_certificate();
    void note_client();
    bool reserve_output(std::size_t count);
    std::size_t own_room() const;
    std::size_t plaintext_room() const;
    void adopt_output(std::size_t capacity);
    bool may_take_over() const;
    bool is_out_of_openssl() const { return kernel_sends_ || sealer_ != nullptr; }
    std::size_t seal(Bytes plaintext);
    void release_if_empty();

    Context* context_ = nullptr;        // of a server's end
    ClientTickets* tickets_ = nullptr;  // of a client's
    ssl_st* ssl_ = nullptr;
    Bytes input_;
    // Either of our own, on the heap while there is something, or lent.
    std::unique_ptr<std::uint8_t[]> own_output_;
    std::uint8_t* output_data_ = nullptr;
    std::size_t output_capacity_ = 0;
    std::size_t output_begin_ = 0;
    std::size_t output_end_ = 0;
    std::size_t retried_bytes_ = 0;  // a write() that must be repeated as it was
    std::string_view failure_;
    std::unique_ptr<SendKeys> send_keys_;  // of downloads, as long as OpenSSL sends
    std::unique_ptr<RecordSealer> sealer_;
    // Where clients must have certificates: that of the owner of a data connection.
    x509_st* owner_certificate_ = nullptr;
    Mark mark_ = {};
    std::uint32_t idle_messages_ = 0;
    AnnouncementGuard announcements_;
    std::string_view refusal_;  // why OpenSSL gets nothing more to read
    Channel channel_;
    Binding binding_ = Binding::Off;
    bool lent_ = false;
    bool established_ = false;
    bool is_bound_ = false;
    bool is_same_client_ = true;
    bool closed_ = false;  // close_notify is out
    bool peer_closed_ = false;
    bool broken_ = false;
    bool kernel_sends_ = false;
};

}  // namespace sluice::tls
