// What a transcript acts on: one FTP server, seen from its clients and from its administrator.
//
// The runner is written against this interface only, so the same transcripts drive the real server
// over sockets (SocketWorld), another vendor's server for comparison, and a simulated one. Every
// call is synchronous: it returns when the thing asked for has happened, or when the World decides
// that it will not. How long that may take is the World's business alone; a simulator runs its
// event loop until nothing is left to do, a socket waits on a deadline. No call may throw.
// Owned by: whoever runs transcripts. Thread: one.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "sluice/base/result.hpp"
#include "tree.hpp"

namespace sluice::conform {

// A byte stream between a client and the server, control or data. Never reused within one World.
enum class ChannelId : std::uint32_t {};
// A client's listening socket for PORT and EPRT.
enum class ListenerId : std::uint32_t {};

enum class Family : std::uint8_t { Ipv4, Ipv6 };

// Numeric, without brackets.
struct Endpoint {
    std::string host;
    std::uint16_t port = 0;
};

struct DialOptions {
    Endpoint target;
    std::string source_host;  // "" = whatever the system picks
    bool narrow = false;      // smallest receive buffer: the peer soon has to wait
};

// What a TLS handshake brings along.
struct TlsOptions {
    std::optional<ChannelId> resumes;  // with the TLS session of that channel
    std::string shows;                 // a certificate for this common name; "" none
    bool is_stranger = false;          // nobody whom the server knows vouches for it
    bool serves = false;               // as its server: the FTP server is the client
};

enum class ReadEnd : std::uint8_t {
    Bytes,     // something was appended
    Closed,    // the server closed its side in order
    Reset,     // the connection broke
    TimedOut,  // nothing happened until the World gave up
};

class World {
public:
    World() = default;
    World(const World&) = delete;
    World& operator=(const World&) = delete;
    virtual ~World() = default;

    // The network. Errors: ConnectionRefused, TimedOut, NotSupported (no such family here).
    virtual Result<Endpoint> control_endpoint(Family family) = 0;
    virtual Result<ChannelId> dial(const DialOptions& options) = 0;
    // The client's own address of a channel: PORT needs it.
    virtual Endpoint local_endpoint(ChannelId channel) = 0;
    virtual Result<ListenerId> listen(const std::string& host) = 0;
    virtual Endpoint listener_endpoint(ListenerId listener) = 0;
    virtual Result<ChannelId> accept(ListenerId listener, bool narrow) = 0;  // waits
    virtual bool has_pending(ListenerId listener) = 0;                       // does not wait
    virtual void close_listener(ListenerId listener) = 0;

    // Sends all of `bytes`; with `urgent` the last byte goes as TCP urgent data. While it waits for
    // room it keeps receiving on the same channel, as a client that pipelines must.
    virtual Status send(ChannelId channel, std::string_view bytes, bool urgent) = 0;
    // Appends at least one and at most `bytes_max` bytes to `out`, waiting for them.
    virtual ReadEnd read(ChannelId channel, std::string& out, std::size_t bytes_max) = 0;
    // As read(), but what has not arrived by now is TimedOut.
    virtual ReadEnd read_now(ChannelId channel, std::string& out, std::size_t bytes_max) = 0;
    // A TLS handshake; from then on all calls mean what is inside. close() and finish_sending()
    // then say close_notify first, and a server that ends its side without it has reset the
    // channel.
    virtual Status begin_tls(ChannelId, const TlsOptions&) { return fail(Errc::NotSupported); }
    // Says close_notify and waits for the server's; from then on in clear again.
    virtual Status end_tls(ChannelId) { return fail(Errc::NotSupported); }
    virtual void finish_sending(ChannelId channel) = 0;  // FIN, still receiving
    virtual void close(ChannelId channel) = 0;
    virtual void reset(ChannelId channel) = 0;  // RST

    // The tree, by the hand of a local administrator.
    virtual Tree& tree() = 0;

    // Lets a moment pass while a check waits to become true; false when the World's patience for
    // the current step is spent. begin_patience() starts that step.
    virtual void begin_patience() = 0;
    virtual bool pass_moment() = 0;

    // "root", "ipv6", "tls" and whatever else a transcript may require.
    virtual bool provides(std::string_view ability) = 0;
};

}  // namespace sluice::conform
