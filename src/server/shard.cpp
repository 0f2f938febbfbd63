#include "sluice/server/shard.hpp"

#include <algorithm>

#include "sluice/net/exclusive_ports.hpp"
#include "sluice/net/pooled_ports.hpp"
#include "sluice/server/server.hpp"

namespace sluice::server {
namespace {

// Session numbers carry their shard, so that two shards never give the same one.
constexpr std::uint64_t kShardShift = 48;

sys::SocketAddress parse_public_address(const config::Snapshot& config) {
    const Result<sys::SocketAddress> parsed =
        sys::SocketAddress::parse(config.server.public_address, 0);
    return parsed ? *parsed : sys::SocketAddress();
}

// That it can be opened has been seen before the server began (app/check_world.cpp).
std::unique_ptr<proto::Charset> open_charset(const config::Snapshot& config) {
    if (config.server.charset.empty()) { return nullptr; }
    Result<std::unique_ptr<proto::Charset>> opened = proto::Charset::open(config.server.charset);
    return opened ? std::move(*opened) : nullptr;
}

}  // namespace

struct Shard::Handover : io::Message {
    Shard* target;
    int socket;
    std::uint32_t place;

    Handover(Shard* to, int fd, std::uint32_t where)
        : Message(&Handover::arrive), target(to), socket(fd), place(where) {}
    static void arrive(io::Message& message) {
        const std::unique_ptr<Handover> self(static_cast<Handover*>(&message));
        self->target->admit(net::Socket(self->target->reactor_, self->socket), self->place);
    }
};

struct Shard::NewTls : io::Message {
    Shard* target;
    std::unique_ptr<tls::Context> context;

    NewTls(Shard* to, std::unique_ptr<tls::Context> made)
        : Message(&NewTls::arrive), target(to), context(std::move(made)) {}
    static void arrive(io::Message& message) {
        const std::unique_ptr<NewTls> self(static_cast<NewTls*>(&message));
        self->target->take_tls(std::move(self->context));
    }
};

// A former Context. Freeing one with 100 certificates takes 0.6 ms, and 2 ms when its clients have
// filled the session cache; with large revocation lists more. So a helper frees it.
struct Shard::FormerTls : io::HelperJob {
    std::unique_ptr<tls::Context> context;
    bool is_leaving = false;

    explicit FormerTls(std::unique_ptr<tls::Context> former) : context(std::move(former)) {}
    void leave(io::Reactor& reactor) {
        is_leaving = true;
        home = &reactor.mailbox();
        ready = &reactor.ready();
        work = [](io::HelperJob& job) { static_cast<FormerTls&>(job).context.reset(); };
        reactor.helpers().submit(*this);
    }
};

Shard::Shard(const Surroundings& surroundings)
    : around_(surroundings),
      reactor_(around_.kernel, around_.backend, around_.ready, around_.helpers),
      tree_(around_.root, reactor_),
      buffers_(around_.config.limits.transfer_buffer_memory / around_.placement.shards(),
               around_.config.limits.mode_z_memory / around_.placement.shards()),
      charset_(open_charset(around_.config)),
      services_{reactor_,    around_.config,
                tree_,       buffers_,
                around_.listings,
                peer_rules_, parse_public_address(around_.config),
                charset_.get(), around_.log, *this,
                around_.digests},
      sessions_(around_.config.limits.max_sessions),
      drain_([](io::Message& m) { static_cast<Order&>(m).shard->drain(); }, this),
      kill_([](io::Message& m) { static_cast<Order&>(m).shard->kill(); }, this) {
    reactor_.set_turn_budget(around_.config.transfer.turn_budget);
    peer_rules_.allow_foreign = around_.config.transfer.allow_foreign_data;
    peer_rules_.passive_first = around_.config.server.passive_ports.first;
    peer_rules_.passive_last = around_.config.server.passive_ports.last;
}

Shard::~Shard() {
    SLUICE_ASSERT(sessions_.live_count() == 0);
    SLUICE_ASSERT(reactor_.backend().in_flight() == 0);
    // Frees the reactor's last references before the frame pool counts its frames.
    SLUICE_ASSERT(frames_.live() == 0);
}

void Shard::take_tls(std::unique_ptr<tls::Context> made) {
    if (tls_ != nullptr) { former_tls_.push_back(std::make_unique<FormerTls>(std::move(tls_))); }
    tls_ = std::move(made);
    tls_->use(handshakes_);
    services_.tls = tls_.get();
}

void Shard::post_tls(std::unique_ptr<tls::Context> made) {
    auto message = std::make_unique<NewTls>(this, std::move(made));
    reactor_.mailbox().post(*message.release());
}

// Not at the end of the shard, whose destructor frees what is left: a job must come home.
void Shard::drop_former_tls() {
    for (const std::unique_ptr<FormerTls>& each : former_tls_) {
        if (!each->is_leaving && !each->context->is_used() && !ports_stopping_) {
            each->leave(reactor_);
        }
    }
    const auto is_gone = [](const std::unique_ptr<FormerTls>& each) { return each->done; };
    former_tls_.erase(std::remove_if(former_tls_.begin(), former_tls_.end(), is_gone),
                      former_tls_.end());
}

bool Shard::listen(const std::vector<sys::SocketAddress>& control, Refusal& refusal) {
    const io::FramePool::Use frames(frames_);
    for (const sys::SocketAddress& address : control) {
        const std::uint32_t place = static_cast<std::uint32_t>(listeners_.size());
        ConnectionSink& connections = *this;
        auto listener = std::make_unique<ControlListener>(reactor_, connections, place);
        const Status listening = listener->listen(address, around_.placement.shards() > 1);
        if (!listening) {
            refusal.address = address;
            refusal.error = listening.error();
            return false;
        }
        if (!around_.config.transfer.congestion.empty()) {
            (void)around_.kernel.set_congestion(listener->fd(),
                                                around_.config.transfer.congestion.c_str());
        }
        peer_rules_.own_listeners.push_back(listener->address());
        net::PassivePorts* const shared = ports_of_host(address);
        listeners_.push_back(std::move(listener));
        if (shared == nullptr && !make_ports(address, refusal)) { return false; }
        ports_of_listener_.push_back(shared == nullptr ? ports_.back().get() : shared);
    }
    return true;
}

// The ports of an earlier listener on the same host (port 21 and the implicit 990), or null.
net::PassivePorts* Shard::ports_of_host(const sys::SocketAddress& host) const {
    for (std::size_t i = 0; i < listeners_.size(); ++i) {
        if (listeners_[i]->address().same_host(host)) { return ports_of_listener_[i]; }
    }
    return nullptr;
}

// Data connections come to the address that the control connection came to, so each host listened
// on has a set of ports of its own.
bool Shard::make_ports(const sys::SocketAddress& host, Refusal& refusal) {
    const config::PortRange range = around_.config.server.passive_ports;
    if (uses_exclusive_ports()) {
        net::StrangerSink& strangers = *this;
        net::ExclusivePorts::Options options;
        options.host = host;
        options.first = range.first;
        options.allow_foreign = around_.config.transfer.allow_foreign_data;
        options.congestion = around_.config.transfer.congestion;
        ports_.push_back(std::make_unique<net::ExclusivePorts>(
            reactor_, strangers, around_.passive_slots, around_.kernel.entropy(), options));
        return true;
    }
    net::StrangerSink& strangers = *this;
    auto pooled = std::make_unique<net::PooledPorts>(reactor_, strangers, around_.kernel.entropy(),
                                                     around_.config.transfer.congestion);
    const Status listening = pooled->listen(host, range.first, range.last, around_.index,
                                            around_.placement.shards());
    ports_.push_back(std::move(pooled));
    if (!listening) {
        refusal.address = host;
        refusal.is_passive = true;
        refusal.error = listening.error();
    }
    return listening.has_value();
}

// Pooled unless it cannot be: too few ports to give each shard one, or connections that only their
// port can be told apart by.
bool Shard::uses_exclusive_ports() const {
    const config::ServerSection& server = around_.config.server;
    if (server.passive_mode != config::PassiveMode::Auto) {
        return server.passive_mode == config::PassiveMode::Exclusive;
    }
    return server.passive_ports.count() < around_.placement.shards() ||
           around_.config.transfer.allow_foreign_data;
}

std::vector<sys::SocketAddress> Shard::control_addresses() const {
    std::vector<sys::SocketAddress> addresses;
    for (const std::unique_ptr<ControlListener>& listener : listeners_) {
        addresses.push_back(listener->address());
    }
    return addresses;
}

void Shard::turn(Duration sleep_max) {
    run_ready();
    wait(sleep_max);
}

void Shard::run_ready() {
    const io::FramePool::Use frames(frames_);
    reactor_.run_ready();
    admit_arrived();
    reap();
    stop_ports_when_idle();
}

void Shard::wait(Duration sleep_max) {
    const io::FramePool::Use frames(frames_);
    // What ended in this turn may have been the last: then nothing would wake us again.
    reactor_.wait(has_ended() ? Duration(0) : sleep_max);
}

void Shard::reap() {
    for (session::Session* session : ended_) {
        around_.hosts.leave(session->peer());
        around_.placement.leave();
        sessions_.destroy(session);
    }
    if (!ended_.empty()) {
        ended_.clear();
        around_.placement.set_sessions(around_.index, sessions_.live_count());
    }
    if (!former_tls_.empty()) { drop_former_tls(); }
}

void Shard::on_session_end(session::Session& session) { ended_.push_back(&session); }

void Shard::on_connection(net::Socket socket, std::uint32_t place) {
    arrived_.push_back({std::move(socket), place});
}

void Shard::admit_arrived() {
    for (Arrived& each : arrived_) { place_connection(std::move(each.socket), each.place); }
    arrived_.clear();
}

void Shard::place_connection(net::Socket socket, std::uint32_t place) {
    const std::uint32_t best = around_.placement.choose(around_.index);
    Shard* target = around_.placement.shard(best);
    if (best == around_.index || target == nullptr) {
        admit(std::move(socket), place);
        return;
    }
    target->reactor_.mailbox().post(*new Handover(target, socket.release(), place));
}

// What the client dialled: the listener's address, unless that stands for all of the machine's.
Result<sys::SocketAddress> Shard::local_address_of(const net::Socket& socket,
                                                   std::uint32_t place) {
    if (place < listeners_.size() && !listeners_[place]->address().is_wildcard()) {
        return listeners_[place]->address();
    }
    return around_.kernel.local_address(socket.fd());
}

void Shard::admit(net::Socket socket, std::uint32_t place) {
    const Result<sys::SocketAddress> peer = around_.kernel.peer_address(socket.fd());
    const Result<sys::SocketAddress> local = local_address_of(socket, place);
    if (!peer || !local) { return; }  // gone before we looked
    // A shard that could not listen everywhere is handed connections until it is told to end.
    if (draining_ || place >= ports_of_listener_.size()) {
        refuse(socket, place, *peer, "The server is shutting down, try again later.");
        return;
    }
    if (!around_.placement.enter(around_.config.limits.max_sessions)) {
        refuse(socket, place, *peer, "Too many connections, try again later.");
        return;
    }
    if (!around_.hosts.enter(*peer)) {
        around_.placement.leave();
        refuse(socket, place, *peer, "Too many connections from your address, try again later.");
        return;
    }
    const std::uint64_t id =
        (static_cast<std::uint64_t>(around_.index) << kShardShift) | ++sessions_begun_;
    session::Session* session =
        sessions_.create(services_, *ports_of_listener_[place], std::move(socket), *peer, *local,
                         id, opening_of(place));
    SLUICE_ASSERT(session != nullptr);
    around_.placement.set_sessions(around_.index, sessions_.live_count());
    session->start();
}

session::Session::Opening Shard::opening_of(std::uint32_t place) const {
    const std::size_t implicit = count_addresses(around_.config.tls.listen);
    return tls_ != nullptr && place + implicit >= listeners_.size()
               ? session::Session::Opening::Tls
               : session::Session::Opening::Clear;
}

// One short reply into an empty socket buffer: it fits, or the client is gone. None to a client
// that begins with TLS and would take it for garbage.
void Shard::refuse(net::Socket& socket, std::uint32_t place, const sys::SocketAddress& peer,
                   std::string_view why) {
    if (opening_of(place) == session::Session::Opening::Clear) {
        std::string reply = "421 ";
        reply.append(why);
        reply.append("\r\n");
        (void)around_.kernel.send(socket.fd(), as_bytes(reply), false);
    }
    socket.close();
    if (around_.log.wants(obs::EventKind::Refuse, obs::Level::Warn)) {
        const std::string ip = peer.host_text();
        obs::Event refused(obs::EventKind::Refuse, obs::Level::Warn);
        refused.when = around_.kernel.wall_time();
        refused.ip = ip;
        refused.port = peer.port();
        refused.reason = why;
        around_.log.emit(refused);
    }
}

void Shard::on_stranger(const sys::SocketAddress& stranger, std::uint16_t port,
                        const sys::SocketAddress& owner) {
    if (!around_.log.wants(obs::EventKind::Abuse, obs::Level::Warn)) { return; }
    const std::string ip = stranger.host_text();
    const std::string owner_ip = owner.host_text();
    const std::string reason = "stranger at passive port " + std::to_string(port);
    obs::Event abuse(obs::EventKind::Abuse, obs::Level::Warn);
    abuse.when = around_.kernel.wall_time();
    abuse.ip = ip;
    abuse.port = stranger.port();
    abuse.target = owner_ip;
    abuse.reason = reason;
    around_.log.emit(abuse);
}

void Shard::drain() {
    if (draining_) { return; }
    draining_ = true;
    for (std::unique_ptr<ControlListener>& listener : listeners_) { listener->stop(); }
    sessions_.for_each([](session::Session& s) { s.request_end(io::StopReason::Drain); });
}

void Shard::kill() {
    drain();
    sessions_.for_each([](session::Session& s) { s.request_end(io::StopReason::Kill); });
}

// Passive ports live as long as a session may still need one.
void Shard::stop_ports_when_idle() {
    if (!draining_ || ports_stopping_ || sessions_.live_count() > 0) { return; }
    ports_stopping_ = true;
    for (std::unique_ptr<net::PassivePorts>& ports : ports_) { ports->stop(); }
}

bool Shard::has_ended() const {
    if (!ports_stopping_ || sessions_.live_count() > 0 || !arrived_.empty()) { return false; }
    for (const std::unique_ptr<ControlListener>& listener : listeners_) {
        if (!listener->is_stopped()) { return false; }
    }
    for (const std::unique_ptr<net::PassivePorts>& ports : ports_) {
        if (!ports->is_stopped()) { return false; }
    }
    for (const std::unique_ptr<FormerTls>& each : former_tls_) {
        if (each->is_leaving && !each->done) { return false; }
    }
    return true;
}

}  // namespace sluice::server
