#include "sluice/net/pooled_ports.hpp"

#include "sluice/net/socket_tuning.hpp"

namespace sluice::net {
namespace {

// After EMFILE: long enough not to spin, short enough that a client only waits.
constexpr Duration kRetryTime = Duration::milliseconds(200);

}  // namespace

PooledPorts::PooledPorts(io::Reactor& reactor, StrangerSink& strangers, std::uint64_t seed,
                         std::string_view congestion)
    : reactor_(reactor),
      strangers_(strangers),
      random_(seed),
      congestion_(congestion),
      retry_([](void* self) { static_cast<PooledPorts*>(self)->restart_exhausted(); }, this) {
    quarantine_.reserve(kQuarantineMax);
}

PooledPorts::~PooledPorts() {
    SLUICE_ASSERT(pending_ == 0);
    SLUICE_ASSERT(is_stopped());
}

Status PooledPorts::listen(const sys::SocketAddress& host, std::uint16_t first,
                           std::uint16_t last, std::uint32_t shard, std::uint32_t shards) {
    Error refusal;
    for (std::uint32_t number = first; number <= last; ++number) {
        if (number % shards != shard) { continue; }
        sys::ListenOptions options;
        options.v6_only = true;  // "[::]" and "0.0.0.0" are two listeners, whoever asks for both
        const Result<int> listener = reactor_.kernel().listen(
            host.with_port(static_cast<std::uint16_t>(number)), options);
        if (!listener) {
            refusal = listener.error();
            continue;
        }
        tune_data_socket(reactor_.kernel(), *listener, congestion_);
        std::unique_ptr<Port> port = std::make_unique<Port>();
        port->pool = this;
        port->listener = Socket(reactor_, *listener);
        port->number = static_cast<std::uint16_t>(number);
        start_accepting(*port);
        ports_.push_back(std::move(port));
    }
    if (ports_.empty()) { return fail(refusal); }
    return {};
}

void PooledPorts::start_accepting(Port& port) {
    port.accepting.kind = io::OpKind::Accept;
    port.accepting.fd = port.listener.fd();
    port.accepting.sink = &port;
    port.accepting.batch_max = 1;  // mostly exactly one comes: no second call to hear EAGAIN
    reactor_.backend().start(port.accepting);
}

bool PooledPorts::is_promised_to(Port& port, const sys::SocketAddress& host) {
    for (Reservation* r = port.reservations.front(); r != nullptr; r = port.reservations.next(*r)) {
        if (r->peer().same_host(host)) { return true; }
    }
    return false;
}

// Null: not at all.
const PooledPorts::Quarantined* PooledPorts::quarantined(std::uint16_t port,
                                                         const sys::SocketAddress& host) const {
    for (const Quarantined& entry : quarantine_) {
        if (entry.port == port && entry.until > reactor_.now() && entry.host.same_host(host)) {
            return &entry;
        }
    }
    return nullptr;
}

Status PooledPorts::reserve(Reservation& reservation, const sys::SocketAddress& peer) {
    SLUICE_ASSERT(!reservation.is_pending());
    const std::size_t count = ports_.size();
    if (stopping_ || count == 0) { return fail(Errc::LimitReached); }
    const std::size_t start = static_cast<std::size_t>(random_.below(count));
    Port* last_resort = nullptr;
    Port* chosen = nullptr;
    for (std::size_t i = 0; i < count && chosen == nullptr; ++i) {
        Port& port = *ports_[(start + i) % count];
        if (is_promised_to(port, peer)) { continue; }
        // Out of descriptors: what is queued there was dialled for an earlier transfer.
        const bool is_paused = port.accepting.is_idle();
        if (is_paused || quarantined(port.number, peer) != nullptr) {
            last_resort = &port;  // better than a 425
        } else {
            chosen = &port;
        }
    }
    if (chosen == nullptr) { chosen = last_resort; }
    if (chosen == nullptr) { return fail(Errc::LimitReached); }
    reservation.begin(*this, peer, chosen->number, 0);
    chosen->reservations.push_back(reservation);
    ++pending_;
    return {};
}

void PooledPorts::match(Port& port, int socket) {
    Socket connection(reactor_, socket);
    const Result<sys::SocketAddress> peer = reactor_.kernel().peer_address(socket);
    if (!peer) { return; }  // already gone
    for (Reservation* r = port.reservations.front(); r != nullptr; r = port.reservations.next(*r)) {
        if (r->peer().same_host(*peer)) {
            --pending_;
            r->fulfil(std::move(connection));
            wake_one_waiter_of(*peer);
            return;
        }
    }
    Reservation* owner = port.reservations.front();
    if (owner != nullptr) { strangers_.on_stranger(*peer, port.number, owner->peer()); }
    const Quarantined* const former = quarantined(port.number, *peer);
    if (former != nullptr && former->refuses_tls) {
        connection.close_with(kTlsRefusal);
    } else {
        connection.close_abortively();
    }
}

void PooledPorts::give_back(Reservation& reservation) {
    --pending_;
    const Quarantined entry = {reservation.peer(), reservation.port(),
                               reactor_.now() + kQuarantineTime, reservation.refuses_tls_};
    if (quarantine_.size() < kQuarantineMax) {
        quarantine_.push_back(entry);
    } else {
        quarantine_[quarantine_next_] = entry;
        quarantine_next_ = (quarantine_next_ + 1) % kQuarantineMax;
    }
    wake_one_waiter_of(reservation.peer());
}

void PooledPorts::on_accept_end(Port&, Error) {
    if (!stopping_ && !retry_.is_set()) { reactor_.set_timer(retry_, kRetryTime); }
}

void PooledPorts::restart_exhausted() {
    for (std::unique_ptr<Port>& port : ports_) {
        if (port->accepting.is_idle() && !stopping_) { start_accepting(*port); }
    }
}

void PooledPorts::stop() {
    stopping_ = true;
    retry_.drop();
    for (std::unique_ptr<Port>& port : ports_) { reactor_.backend().stop(port->accepting); }
}

bool PooledPorts::is_stopped() const {
    for (const std::unique_ptr<Port>& port : ports_) {
        if (!port->accepting.is_idle()) { return false; }
    }
    return true;
}

}  // namespace sluice::net
