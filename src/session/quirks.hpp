// Client profiles: which program or device a session talks to, and what it does for it otherwise.
//
// One table (quirks.cpp) holds who is recognised by what, and the overrides with their reasons. A
// profile is a name for people (STAT, SITE WHO, the log) unless it overrides something, and it does
// that only where a client has a fault that no answer right for all clients works around; most rows
// say that nothing is needed, and tests/conform/clients plays their conversations. Handlers ask
// Session::quirks() by name; nobody else compares a client's name.
//
// What a client says of itself proves nothing, so no profile may allow what is refused otherwise.
// Recognition happens in the handlers of CLNT, CSID, PASS, FEAT and OPTS; others pay nothing.
// Pure but for the Session, which keeps one byte; its shard's thread.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "sluice/config/snapshot.hpp"

namespace sluice::session {

class Session;

// How a client gave itself away. What comes later in this list is believed before what comes
// earlier: CLNT is said on purpose, an opening may be anybody's.
enum class Sign : std::uint8_t {
    None,
    Opening,     // its first command, before USER
    Password,    // what it says for an anonymous user who gave nothing
    Announced,   // CLNT, or the Name of CSID
    Configured,  // clients.single_line
};

struct Quirks {
    bool no_mode_z = false;    // MODE Z is not offered, whatever transfer.mode_z says
    bool single_line = false;  // as messages.single_line, from the login on
};

struct ClientProfile {
    std::string_view name;
    Sign sign = Sign::None;
    std::string_view prefix;  // of what the sign says, in any case
    Quirks quirks;
    std::string_view why;  // the fault and its source, or what its conversation shows
};

// The first is who is not known; a session keeps an index into this.
std::span<const ClientProfile> client_profiles();

// The index after `said`, for a session that had `known` before.
std::uint8_t recognised(std::uint8_t known, Sign sign, std::string_view said,
                        const config::ClientsSection& clients);

// What the index overrides: nothing where clients.profiles is off, but for clients.single_line,
// which an operator asked for by name.
const Quirks& quirks_of(std::uint8_t profile, const config::ClientsSection& clients);

// A session has heard something that may tell who its client is.
void recognise_client(Session& session, Sign sign, std::string_view said);
const ClientProfile& profile_of(const Session& session);
// "CLNT or CSID": how it was recognised, for STAT.
std::string_view text_of(Sign sign);

// The value of Name in the argument of CSID, "Name=X;Version=Y;"; empty where there is none.
std::string_view name_in_csid(std::string_view argument);

}  // namespace sluice::session
