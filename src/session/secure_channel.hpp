// The TLS of a control connection: a session has one from AUTH on, or from its beginning.
//
//     Handshake -> Open -> Leaving -> Clear       (CCC, REIN)
//     any of the first three -> Broken
//
// It stays when it is over, because data connections go on to belong to it.
// Owned by: Session. Thread: its shard; the handshake perhaps a helper.
#pragma once

#include <string>

#include "sluice/session/session.hpp"
#include "sluice/tls/connection.hpp"

namespace sluice::session {

struct Session::SecureChannel {
    enum class Phase : std::uint8_t {
        Handshake,
        Open,
        Leaving,  // our close_notify is out; the client's may come, or a command in clear
        Clear,
        Broken,
    };

    SecureChannel(tls::Context& context, Instant now) : connection(context), began(now) {}

    tls::Connection connection;
    Instant began;
    Phase phase = Phase::Handshake;
    bool hears_records = false;  // Leaving: the client still sends them
    std::string wire;            // what came for the handshake
};

}  // namespace sluice::session
