// What RANG means for RETR and STOR. draft-bryan-ftp-range-08 section 4.
#pragma once

#include <cstdint>

#include "sluice/proto/byte_range.hpp"
#include "sluice/session/session.hpp"

namespace sluice::session {

// The range; a transfer command or HASH of any outcome uses it up, like the restart offset.
proto::ByteRange take_range(Session& session);

// Whether RETR or STOR can serve the range: not together with REST (550), and only where positions
// of the file are positions of the data, in TYPE I (551). False when it was answered.
bool can_use_range(Session& session, proto::ByteRange range, std::int64_t restart_offset);

}  // namespace sluice::session
