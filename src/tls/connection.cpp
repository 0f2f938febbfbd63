#include "sluice/tls/connection.hpp"

#include <openssl/rand.h>

#include <algorithm>

#include "sluice/base/assert.hpp"
#include "tls/callbacks.hpp"
#include "tls/client_name.hpp"
#include "tls/handles.hpp"
#include "tls/record_sealer.hpp"
#include "tls/ticket_mark.hpp"
#include "tls/words.hpp"

namespace sluice::tls {
namespace {

// A client that uses each ticket once has one for now, and one for a connection that opens before
// the next ticket comes. Each transfer brings two: one with its data connection, and one over the
// control connection (Session::note_protection). With four, a login took 8 % more CPU (262 us, not
// 243); with two for a data connection instead of none, a small file took 5 to 17 % more.
constexpr std::size_t kControlTickets = 2;
constexpr std::size_t kDataTickets = 1;

}  // namespace

Connection::Connection(Context& context, Channel channel, ssl_ctx_st* from)
    : context_(&context), channel_(channel) {
    attach(from, context.wires_);
    SSL_set_accept_state(ssl_);
    ++context.users_;
}

void Connection::attach(ssl_ctx_st* context, bio_method_st* wires) {
    ssl_ = SSL_new(context);
    BIO* bio = BIO_new(wires);
    // Out of memory, which ends the process wherever it is met.
    SLUICE_ASSERT(ssl_ != nullptr && bio != nullptr);
    BIO_set_data(bio, this);
    BIO_set_init(bio, 1);
    SSL_set_bio(ssl_, bio, bio);
    SSL_set_app_data(ssl_, this);
    SSL_set_msg_callback(ssl_, Callbacks::watch_message);
}

Connection::Connection(Context& context) : Connection(context, Channel::Control, context.main()) {
    const bool made = RAND_bytes(mark_.data(), static_cast<int>(mark_.size())) == 1;
    SLUICE_ASSERT(made);
    SSL_set_num_tickets(ssl_, kControlTickets);
    ask_for_certificate();
}

Connection::Connection(Context& context, const DataRole& role)
    : Connection(context, Channel::Data, role.is_client ? context.client_ : context.main()) {
    mark_ = role.owner.mark_;
    if (role.is_client) {
        SSL_set_connect_state(ssl_);
        return;
    }
    binding_ = role.binding;
    // A client that only sends may close without having read, and then its TCP throws away what it
    // has not sent yet (RFC 2525 section 2.17): nothing must wait for it there.
    SSL_set_num_tickets(ssl_, role.brings_data ? 0 : kDataTickets);
    if (!role.brings_data) {
        send_keys_ = std::make_unique<SendKeys>();
        SSL_set_options(ssl_, SSL_OP_ENABLE_KTLS);
    }
    if (context.clients_wanted_ == ClientCertificates::Required) {
        owner_certificate_ = SSL_get1_peer_certificate(role.owner.ssl_);
    }
    ask_for_certificate();
}

// A login by certificate asks for it each time: a ticket of yesterday must not open the door to
// whom a list of today has revoked. So sessions are resumed only by the data connections of the
// control connection that they are of, which carries the identity.
void Connection::ask_for_certificate() {
    if (context_->clients_wanted_ == ClientCertificates::Off) {
        return;
    }
    SSL_set_session_id_context(ssl_, mark_.data(), static_cast<unsigned>(mark_.size()));
    const bool must = context_->clients_wanted_ == ClientCertificates::Required;
    // Where it is optional, whose data connection it is does not hang on it.
    if (must || channel_ == Channel::Control) {
        const int how = SSL_VERIFY_PEER | (must ? SSL_VERIFY_FAIL_IF_NO_PEER_CERT : 0);
        SSL_set_verify(ssl_, how, nullptr);
    }
}

// A data connection is its session's if it has resumed that one's, or shows the same certificate.
void Connection::note_client() {
    if (owner_certificate_ == nullptr) {
        return;
    }
    X509* shown = SSL_get0_peer_certificate(ssl_);
    is_same_client_ = is_bound_ || (shown != nullptr && X509_cmp(shown, owner_certificate_) == 0);
}

bool Connection::has_client_certificate() const {
    return established_ && SSL_get0_peer_certificate(ssl_) != nullptr &&
           SSL_get_verify_result(ssl_) == X509_V_OK;
}

bool Connection::is_client_named(ClientName kind, std::string_view name) const {
    return has_client_certificate() && is_named(SSL_get0_peer_certificate(ssl_), kind, name);
}

std::string Connection::client_subject() const {
    if (!has_client_certificate()) {
        return {};
    }
    return name_of(X509_get_subject_name(SSL_get0_peer_certificate(ssl_)));
}

Connection::~Connection() {
    // Otherwise OpenSSL forgets the session of a connection that ended without close_notify, and
    // with it those of all data connections to come.
    if (established_) { SSL_set_shutdown(ssl_, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN); }
    SSL_free(ssl_);
    X509_free(owner_certificate_);
    if (context_ != nullptr) {
        --context_->users_;
    }
}

void Connection::feed(Bytes ciphertext) {
    SLUICE_ASSERT(input_.empty());
    input_ = ciphertext;
}

// Turns what an OpenSSL call returned into an error of ours.
Status Connection::failed(int outcome) {
    const int kind = SSL_get_error(ssl_, outcome);
    switch (kind) {
        case SSL_ERROR_WANT_READ:
        case SSL_ERROR_WANT_WRITE:
            ERR_clear_error();
            return fail(Errc::WouldBlock);
        case SSL_ERROR_ZERO_RETURN:
            ERR_clear_error();
            return fail(Errc::EndOfStream);
        default:
            break;
    }
    const long verdict = SSL_get_verify_result(ssl_);
    std::string_view why = last_failure();
    if (!refusal_.empty()) {
        why = refusal_;
    } else if (verdict != X509_V_OK) {
        why = X509_verify_cert_error_string(verdict);
    }
    ERR_clear_error();
    return break_off(why);
}

Status Connection::break_off(std::string_view why) {
    broken_ = true;
    failure_ = why;
    return fail(Errc::Protocol);
}

Status Connection::handshake() {
    if (established_) {
        return {};
    }
    if (broken_) {
        return fail(Errc::Protocol);
    }
    ERR_clear_error();
    const int outcome = SSL_do_handshake(ssl_);
    if (outcome != 1) {
        const Status status = failed(outcome);
        if (status.error().code != Errc::EndOfStream) {
            return status;
        }
        return break_off("the peer closed during the handshake");  // by close_notify
    }
    established_ = true;
    note_resumption();
    note_client();
    // The OCSP response has gone out; an idle connection need not keep it.
    SSL_ctrl(ssl_, SSL_CTRL_SET_TLSEXT_STATUS_REQ_OCSP_RESP, 0, nullptr);
    return {};
}

// Not where a ticket is opened: a client may offer several, somebody else's among them, and only
// the one that it has the secret of is resumed.
void Connection::note_resumption() {
    if (SSL_session_reused(ssl_) != 1) {
        return;
    }
    const std::optional<Mark> mark = mark_of(SSL_get_session(ssl_));
    if (!mark) {
        return;
    }
    if (channel_ == Channel::Data) {
        is_bound_ = *mark == mark_;
        return;
    }
    // The client of that session is this one: its two control connections may serve each other's
    // data connections. Clients that keep one cache of tickets for a host rely on that.
    mark_ = *mark;
}

Result<std::size_t> Connection::read(MutableBytes into) {
    if (broken_) {
        return fail(Errc::Protocol);
    }
    if (peer_closed_) {
        return 0;
    }
    ERR_clear_error();
    std::size_t count = 0;
    const int outcome = SSL_read_ex(ssl_, into.data(), into.size(), &count);
    if (outcome == 1) {
        idle_messages_ = 0;
        return count;
    }
    // What OpenSSL owes the peer (an answer to KeyUpdate) finds no room: then it stops reading in
    // the middle of the input, and the caller could not tell.
    if (SSL_get_error(ssl_, outcome) == SSL_ERROR_WANT_WRITE) {
        ERR_clear_error();
        const Status stuck = break_off("the peer asks for answers and does not read them");
        return fail(stuck.error());
    }
    const Status status = failed(outcome);
    if (status.error().code == Errc::EndOfStream) {
        peer_closed_ = true;
        return 0;
    }
    return fail(status.error());
}

Result<std::size_t> Connection::write(Bytes plaintext) {
    SLUICE_ASSERT(established_);
    if (broken_ || closed_ || kernel_sends_) {
        return fail(Errc::Protocol);
    }
    if (plaintext.empty()) {
        return 0;
    }
    if (sealer_ != nullptr) {
        const std::size_t sealed = seal(plaintext);
        if (sealed == 0) { return fail(Errc::WouldBlock); }
        return sealed;
    }
    const std::size_t offered =
        retried_bytes_ > 0 ? retried_bytes_ : std::min(plaintext.size(), plaintext_room());
    if (offered == 0) {
        return fail(Errc::WouldBlock);
    }
    SLUICE_ASSERT(offered <= plaintext.size());
    ERR_clear_error();
    std::size_t count = 0;
    const int outcome = SSL_write_ex(ssl_, plaintext.data(), offered, &count);
    if (outcome == 1) {
        idle_messages_ = 0;
        retried_bytes_ = 0;
        return count;
    }
    const Status status = failed(outcome);
    // The reserve did not suffice; OpenSSL wants exactly the same again.
    if (status.error().code == Errc::WouldBlock) {
        retried_bytes_ = offered;
    }
    return fail(status.error());
}

Status Connection::close() {
    if (!established_ || broken_ || kernel_sends_) {
        return fail(Errc::Protocol);
    }
    if (closed_) {
        return {};
    }
    if (sealer_ != nullptr) {
        const std::size_t size = RecordSealer::kCloseNotifyBytes + sealer_->overhead();
        if (!reserve_output(size)) { return fail(Errc::WouldBlock); }
        sealer_->seal_close_notify(output_data_ + output_end_);
        output_end_ += size;
        closed_ = true;
        return {};
    }
    ERR_clear_error();
    const int outcome = SSL_shutdown(ssl_);
    if (outcome < 0) {
        const Status status = failed(outcome);
        return fail(status.error());
    }
    closed_ = true;
    return {};
}

// OpenSSL is between two records, and owes the peer nothing.
bool Connection::may_take_over() const {
    return established_ && !broken_ && !closed_ && !is_out_of_openssl() && retried_bytes_ == 0 &&
           SSL_get_key_update_type(ssl_) == SSL_KEY_UPDATE_NONE;
}

void Connection::seal_here() {
    if (send_keys_ == nullptr || !may_take_over()) {
        return;
    }
    sealer_ = RecordSealer::make(*send_keys_);
    if (sealer_ != nullptr) {
        send_keys_.reset();
    }
}

// As much as there is room for, in records of full size but the last.
std::size_t Connection::seal(Bytes plaintext) {
    const Bytes taken = plaintext.first(std::min(plaintext.size(), plaintext_room()));
    const std::size_t records = (taken.size() + kRecordBytesMax - 1) / kRecordBytesMax;
    if (!reserve_output(taken.size() + records * sealer_->overhead())) {
        return 0;
    }
    for (Bytes rest = taken; !rest.empty();) {
        const Bytes record = rest.first(std::min(rest.size(), kRecordBytesMax));
        sealer_->seal_data(record, output_data_ + output_end_);
        output_end_ += record.size() + sealer_->overhead();
        rest = rest.subspan(record.size());
    }
    return taken.size();
}

void Connection::give_to_kernel(KernelSender& sender) {
    if (send_keys_ == nullptr || !send_keys_->is_among(context_->kernel_ciphers_)) {
        return;
    }
    if (has_output() || !may_take_over()) {
        return;
    }
    kernel_sends_ = sender.begin(*send_keys_).has_value();
    send_keys_.reset();
}

void Connection::issue_ticket() {
    if (!established_ || broken_ || closed_ || is_out_of_openssl() ||
        SSL_version(ssl_) != TLS1_3_VERSION) {
        return;
    }
    // Fails only where the handshake is not over; then the client has its tickets yet to come.
    if (SSL_new_session_ticket(ssl_) != 1) {
        ERR_clear_error();
    }
}

std::string_view Connection::version() const {
    return SSL_get_version(ssl_);
}

std::string_view Connection::cipher() const {
    return SSL_get_cipher_name(ssl_);
}

bool Connection::was_resumed() const {
    return SSL_session_reused(ssl_) == 1;
}

std::string_view Connection::server_name() const {
    const char* name = SSL_get_servername(ssl_, TLSEXT_NAMETYPE_host_name);
    return name == nullptr ? std::string_view() : std::string_view(name);
}

}  // namespace sluice::tls
