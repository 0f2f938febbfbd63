#include "sim/transcript_world.hpp"

#include <algorithm>

#include "sim/checks.hpp"

namespace sluice::sim {

using conform::ChannelId;
using conform::Endpoint;
using conform::ListenerId;
using conform::ReadEnd;

namespace {

constexpr std::uint16_t kControlPort = 2121;
constexpr std::size_t kNarrowBytes = 4096;
constexpr Duration kMoment = Duration::milliseconds(10);
constexpr int kEndTurnsMax = 1'000'000;

// What may happen to any client without its doing wrong, and without the server's being in need.
constexpr Fault kHarmless[] = {
    Fault::SplitSegments, Fault::ShortSend,    Fault::ShortReceive, Fault::SpuriousWouldBlock,
    Fault::DelayCompletion, Fault::LostStop,   Fault::SpuriousPoll, Fault::StarveInput,
    Fault::CacheMiss,     Fault::RetryLookup,  Fault::ShortRead,    Fault::ShortWrite,
    Fault::NoUnnamedFiles, Fault::NoCacheStat,
};

sys::SocketAddress address_of(const Endpoint& endpoint) {
    const Result<sys::SocketAddress> parsed =
        sys::SocketAddress::parse(endpoint.host, endpoint.port);
    if (!parsed) { panic("a transcript names no address: %s", endpoint.host.c_str()); }
    return *parsed;
}

Endpoint endpoint_of(const sys::SocketAddress& address) {
    return {address.host_text(), address.port()};
}

}  // namespace

TranscriptWorld::TranscriptWorld(std::uint64_t seed, const config::Snapshot& config, bool faults,
                                 const char* replay)
    : world_(seed, replay), tree_(world_) {
    config::Snapshot served = config;
    served.server.root = TranscriptTree::kRoot;
    served.server.listen = {config::ListenAddress("127.0.0.1", kControlPort),
                            config::ListenAddress("::1", kControlPort)};
    // Sessions that are to fight for a port must be on one shard.
    const bool few_ports = served.server.passive_ports.count() < 8;
    const std::uint32_t shards = !few_ports && world_.prng.chance(1, 2) ? 2 : 1;
    server_ = std::make_unique<Server>(world_, served, TranscriptTree::kRoot, shards);
    if (!faults) { return; }
    world_.faults.draw();
    for (std::size_t i = 0; i < kFaultCount; ++i) {
        const Fault fault = static_cast<Fault>(i);
        const bool harmless =
            std::find(std::begin(kHarmless), std::end(kHarmless), fault) != std::end(kHarmless);
        if (!harmless) { world_.faults.set(fault, 0); }
    }
}

void TranscriptWorld::finish() {
    world_.faults.stop();
    for (const auto& [id, channel] : channels_) { world_.network.close(channel.socket); }
    for (const auto& [id, listener] : listeners_) { world_.network.close(listener); }
    channels_.clear();
    listeners_.clear();
    server_->drain();
    server_->kill();
    for (int i = 0; !server_->has_ended(); ++i) {
        if (i > kEndTurnsMax) { panic("the server does not stop after a transcript"); }
        server_->step();
    }
    while (!world_.clock.is_empty()) { world_.clock.advance_to(Instant(INT64_MAX)); }
    check_stopped(world_, *server_);
    server_.reset();
    if (world_.kernel.open_descriptors() != 0 || world_.files.open_total() != 0) {
        panic("%zu descriptors are left after a transcript", world_.kernel.open_descriptors());
    }
}

template <class Condition>
bool TranscriptWorld::run_until(Condition happened, Duration patience) {
    const Instant limit = world_.clock.now() + patience;
    while (!happened()) {
        if (world_.clock.now() >= limit) { return false; }
        server_->step(limit);
    }
    return true;
}

Result<Endpoint> TranscriptWorld::control_endpoint(conform::Family family) {
    return Endpoint{family == conform::Family::Ipv4 ? "127.0.0.1" : "::1", kControlPort};
}

ChannelId TranscriptWorld::keep(SocketId socket) {
    const ChannelId id{next_id_++};
    channels_[id].socket = socket;
    return id;
}

Result<ChannelId> TranscriptWorld::dial(const conform::DialOptions& options) {
    const sys::SocketAddress target = address_of(options.target);
    Endpoint source{target.is_v6() ? "::1" : "127.0.0.1", 0};
    if (!options.source_host.empty()) { source.host = options.source_host; }
    const Result<SocketId> socket =
        world_.network.open(address_of(source), Side::Client, nullptr);
    if (!socket) { return fail(socket.error()); }
    if (options.narrow) { world_.network.set_receive_capacity(*socket, kNarrowBytes); }
    world_.network.connect(*socket, target);
    const bool ended = run_until([&] { return !world_.network.is_connecting(*socket); });
    const Status connected = ended ? world_.network.take_error(*socket) : fail(Errc::TimedOut);
    if (!connected && connected.error().code != Errc::ConnectionReset) {
        world_.network.close(*socket);
        return fail(connected.error());
    }
    return keep(*socket);
}

Endpoint TranscriptWorld::local_endpoint(ChannelId id) {
    return endpoint_of(*world_.network.local_address(channel(id).socket));
}

Result<ListenerId> TranscriptWorld::listen(const std::string& host) {
    const Result<SocketId> socket =
        world_.network.listen(address_of({host, 0}), {}, Side::Client, nullptr);
    if (!socket) { return fail(socket.error()); }
    const ListenerId id{next_id_++};
    listeners_[id] = *socket;
    return id;
}

Endpoint TranscriptWorld::listener_endpoint(ListenerId id) {
    return endpoint_of(*world_.network.local_address(listeners_.at(id)));
}

Result<ChannelId> TranscriptWorld::accept(ListenerId id, bool narrow) {
    const SocketId listener = listeners_.at(id);
    if (narrow) { world_.network.set_receive_capacity(listener, kNarrowBytes); }
    if (!run_until([&] { return world_.network.is_readable(listener); })) {
        return fail(Errc::TimedOut);
    }
    const Result<SocketId> socket = world_.network.accept(listener);
    if (!socket) { return fail(socket.error()); }
    return keep(*socket);
}

bool TranscriptWorld::has_pending(ListenerId id) {
    return world_.network.is_readable(listeners_.at(id));
}

void TranscriptWorld::close_listener(ListenerId id) {
    world_.network.close(listeners_.at(id));
    listeners_.erase(id);
}

// The urgent byte stays in the stream: the server asks for that (SO_OOBINLINE).
Status TranscriptWorld::send(ChannelId id, std::string_view bytes, bool) {
    Channel& c = channel(id);
    while (!bytes.empty()) {
        const Result<std::size_t> sent = world_.network.send(c.socket, as_bytes(bytes));
        if (sent) {
            bytes.remove_prefix(*sent);
            continue;
        }
        if (sent.error().code != Errc::WouldBlock) { return fail(sent.error()); }
        const bool moves = run_until([&] {
            std::uint8_t piece[4096];
            const Result<std::size_t> got = world_.network.receive(c.socket, piece);
            if (got) { c.early.append(as_text(Bytes(piece, *got))); }
            return world_.network.is_writable(c.socket);
        });
        if (!moves) { return fail(Errc::TimedOut); }
    }
    // No person types the next line before the server has seen this one. Some transcripts are about
    // a server that does not read; they go on after a moment.
    run_until([&] { return world_.network.is_consumed(c.socket); }, kMoment);
    return {};
}

ReadEnd TranscriptWorld::take(ChannelId id, std::string& out, std::size_t bytes_max) {
    Channel& c = channel(id);
    if (!c.early.empty()) {
        const std::size_t count = std::min(bytes_max, c.early.size());
        out.append(c.early, 0, count);
        c.early.erase(0, count);
        return ReadEnd::Bytes;
    }
    std::string piece(bytes_max, '\0');
    const Result<std::size_t> got = world_.network.receive(
        c.socket, MutableBytes(reinterpret_cast<std::uint8_t*>(piece.data()), piece.size()));
    if (!got) {
        return got.error().code == Errc::WouldBlock ? ReadEnd::TimedOut : ReadEnd::Reset;
    }
    out.append(piece, 0, *got);
    return *got == 0 ? ReadEnd::Closed : ReadEnd::Bytes;
}

ReadEnd TranscriptWorld::read(ChannelId id, std::string& out, std::size_t bytes_max) {
    ReadEnd end = ReadEnd::TimedOut;
    run_until([&] {
        end = take(id, out, bytes_max);
        return end != ReadEnd::TimedOut;
    });
    return end;
}

ReadEnd TranscriptWorld::read_now(ChannelId id, std::string& out, std::size_t bytes_max) {
    return take(id, out, bytes_max);
}

void TranscriptWorld::finish_sending(ChannelId id) {
    (void)world_.network.shutdown_sending(channel(id).socket);  // the peer may be gone already
}

void TranscriptWorld::close(ChannelId id) {
    world_.network.close(channel(id).socket);
    channels_.erase(id);
}

void TranscriptWorld::reset(ChannelId id) {
    world_.network.close(channel(id).socket, true);
    channels_.erase(id);
}

void TranscriptWorld::begin_patience() { patience_end_ = world_.clock.now() + kPatience; }

bool TranscriptWorld::pass_moment() {
    if (world_.clock.now() >= patience_end_) { return false; }
    const Instant limit = world_.clock.now() + kMoment;
    while (world_.clock.now() < limit) { server_->step(limit); }
    return true;
}

}  // namespace sluice::sim
