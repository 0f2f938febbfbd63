// What a session remembers between commands, and what forgets it.
//
// RFC 959 section 5.1 gives the defaults; REIN goes back to them. What forgets what (held by the
// transcripts transfers/defaults_and_resets and transfers/allo_*): a transfer command of any
// outcome drops the restart offset, one that stores what ALLO announced, too; any command but RNTO
// drops the name of RNFR, and any but SITE CPTO that of SITE CPFR; HASH and the transfer commands
// drop the range.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "sluice/digest/algorithm.hpp"
#include "sluice/proto/byte_range.hpp"
#include "sluice/proto/facts.hpp"
#include "sluice/proto/type_mode.hpp"

namespace sluice::session {

enum class LoginState : std::uint8_t { None, UserGiven, LoggedIn };

inline constexpr std::uint16_t kNoUmask = 0xFFFF;  // the modes of the configuration

struct State {
    std::string cwd = "/";
    std::string source;               // set between RNFR and RNTO, or SITE CPFR and SITE CPTO
    std::int64_t restart_offset = 0;  // REST, for the next transfer command
    // ALLO, for the next STOR, APPE or STOU of any outcome; -1: not said.
    std::int64_t allocated = -1;
    proto::ByteRange range;           // RANG, for the next transfer command or HASH
    LoginState login = LoginState::None;
    proto::TransferType type = proto::TransferType::Ascii;
    proto::TransferMode mode = proto::TransferMode::Stream;
    proto::FileStructure structure = proto::FileStructure::File;
    // OPTS MODE Z LEVEL; -1: what transfer.mode_z_level says.
    std::int8_t deflate_level = -1;
    proto::FactSet facts = proto::FactSet::initial();
    digest::Algorithm hash = digest::Algorithm::Sha256;    // OPTS HASH
    std::optional<digest::AlgorithmSet> stored_hash;       // OPTS STOR HASH; else upload.digest
    bool epsv_all = false;            // RFC 2428 section 4: only EPSV from now on
    bool utf8 = false;                // OPTS UTF8 ON; asked only where there is a character set
    bool protection_sized = false;    // PBSZ
    bool protects_data = false;       // PROT P
    bool certified = false;           // logged in by certificate
    bool is_tls_client = false;       // SSCN ON
    bool copies_source = false;       // `source` is of SITE CPFR
    std::uint16_t umask = kNoUmask;   // SITE UMASK
    std::uint32_t idle_seconds = 0;   // SITE IDLE; 0: as configured
    std::uint8_t login_failures = 0;
    std::uint8_t profile = 0;         // of the client, session/quirks.hpp; 0: not recognised

    bool is_logged_in() const { return login == LoginState::LoggedIn; }
};

}  // namespace sluice::session
