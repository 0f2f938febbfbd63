// What all sessions of a shard share, handed down from the Shard. No global, no singleton.
#pragma once

#include <cstdint>

#include "sluice/config/snapshot.hpp"
#include "sluice/digest/shared.hpp"
#include "sluice/io/reactor.hpp"
#include "sluice/net/peer_rules.hpp"
#include "sluice/obs/event.hpp"
#include "sluice/proto/charset.hpp"
#include "sluice/sys/socket_address.hpp"
#include "sluice/tls/context.hpp"
#include "sluice/vfs/listing_cache.hpp"
#include "sluice/vfs/tree.hpp"
#include "sluice/xfer/buffer_pool.hpp"

namespace sluice::session {

class Session;

// Told once when a session has ended: nothing of it is in flight, its sockets are closed. The
// Session may be destroyed as soon as the caller has returned to the loop.
class SessionOwner {
public:
    virtual void on_session_end(Session& session) = 0;
    // Sessions of the whole server, for SITE WHO.
    virtual std::uint32_t server_sessions() const = 0;

protected:
    ~SessionOwner() = default;
};

struct Services {
    io::Reactor& reactor;
    const config::Snapshot& config;
    vfs::Tree& tree;
    xfer::BufferPools& buffers;
    vfs::ListingMemory& listings;
    const net::PeerRules& peer_rules;
    sys::SocketAddress public_address;  // server.public_address; not set: the one dialled
    proto::Charset* charset;            // server.charset; null: names are bytes
    obs::Log& log;
    SessionOwner& owner;
    digest::Shared& digests;
    tls::Context* tls = nullptr;  // null: nobody speaks TLS here
};

}  // namespace sluice::session
