// Commands that walk a whole directory: begun here, done beside the control loop.
#pragma once

#include <string>

#include "sluice/proto/reply_codes.hpp"
#include "sluice/session/session.hpp"

namespace sluice::session {

// Removes the directory with all that is in it, then answers `done`. What could not be removed ends
// it with an error; what was removed before is gone.
void begin_removal(Session& session, std::string_view command, std::string path,
                   proto::ReplyCode done);

// Adds up the files in and below the directory and answers 213 with the sum.
void begin_measuring(Session& session, std::string_view command, std::string path);

}  // namespace sluice::session
