// What a session remembers between commands, and what forgets it.
//
// RFC 959 section 5.1 gives the defaults; REIN goes back to them. A test (state_test) reads the
// table of resets: a transfer command of any outcome drops the restart offset and the data set-up,
// any command but RNTO drops the name of RNFR.
#pragma once

#include <cstdint>
#include <string>

#include "sluice/proto/facts.hpp"
#include "sluice/proto/type_mode.hpp"

namespace sluice::session {

enum class LoginState : std::uint8_t { None, UserGiven, LoggedIn };

struct State {
    std::string cwd = "/";
    std::string rename_from;          // set between RNFR and RNTO
    std::int64_t restart_offset = 0;  // REST, for the next transfer command
    std::int64_t allocated = -1;      // ALLO, for the next STOR; -1: not said
    LoginState login = LoginState::None;
    proto::TransferType type = proto::TransferType::Ascii;
    proto::FactSet facts = proto::FactSet::initial();
    bool epsv_all = false;            // RFC 2428 section 4: only EPSV from now on
    std::uint8_t login_failures = 0;

    bool is_logged_in() const { return login == LoginState::LoggedIn; }
};

}  // namespace sluice::session
