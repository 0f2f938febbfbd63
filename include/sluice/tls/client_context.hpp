// The client's side, for tools that load a server and for tests: what their connections share, and
// what they can resume. The server makes none of these.
//
// One per thread, like a Context, and for the same reason. Must outlive its Connections.
#pragma once

#include <array>
#include <cstddef>
#include <memory>
#include <string>

#include "sluice/tls/context.hpp"

struct ssl_session_st;

namespace sluice::tls {

struct ClientSettings {
    Version version_min = Version::Tls12;
    Version version_max = Version::Tls13;
    // In OpenSSL's language; "" is its own choice. `ciphers` is for TLS 1.2, `suites` for 1.3.
    std::string ciphers;
    std::string suites;
    // PEM of those who may vouch for the server; "": nothing is checked.
    std::string authorities;
    // Who the server should be: a name, which it is told (SNI), or an address.
    std::string host;
};

// The newest sessions of one server that a client can resume. A ticket of TLS 1.3 is used once (RFC
// 8446 section C.4) as long as there is another; a session of TLS 1.2 again and again.
class ClientTickets {
public:
    // A server sends two or four at once; older ones are worth nothing.
    static constexpr std::size_t kKeptMax = 4;

    ClientTickets() = default;
    ClientTickets(const ClientTickets&) = delete;
    ClientTickets& operator=(const ClientTickets&) = delete;
    ~ClientTickets() { clear(); }

    bool is_empty() const { return count_ == 0; }
    std::size_t count() const { return count_; }
    void clear();

private:
    friend class Connection;
    friend class ClientContext;
    void keep(ssl_session_st* session);
    // Null when there is none; else the caller's to free.
    ssl_session_st* take();

    std::array<ssl_session_st*, kKeptMax> kept_ = {};  // the newest last
    std::size_t count_ = 0;
};

class ClientContext {
public:
    // Nothing when something cannot be used; then `refusal` says what.
    static std::unique_ptr<ClientContext> make(const ClientSettings& settings,
                                               std::string& refusal);
    ClientContext(const ClientContext&) = delete;
    ClientContext& operator=(const ClientContext&) = delete;
    ~ClientContext();

    // Whether a step may run in the turn that began at `turn`, and how long one took. No helpers
    // here: what finds no time waits for a turn.
    bool has_time(Instant turn) { return time_.has_time(turn); }
    void spend(Duration time) { time_.spend(time); }

private:
    friend class Connection;
    ClientContext() = default;
    bool set_up(const ClientSettings& settings, std::string& refusal);
    static int keep_session(ssl_st* ssl, ssl_session_st* session);

    ssl_ctx_st* context_ = nullptr;
    bio_method_st* wires_ = nullptr;
    std::string host_;
    bool is_address_ = false;
    bool checks_ = false;
    TurnTime time_;
};

}  // namespace sluice::tls
