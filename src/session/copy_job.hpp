// Copies that the server makes by itself, beside the control loop.
#pragma once

#include <string>
#include <vector>

#include "sluice/proto/reply_codes.hpp"
#include "sluice/session/session.hpp"

namespace sluice::session {

struct CopyPlan {
    std::string_view command;           // for STAT: "SITE COPY"
    std::vector<std::string> sources;   // virtual paths, one behind the other
    std::string target;                 // virtual path
    bool joins = false;                 // COMB: behind what the target has, and the sources go
    proto::ReplyCode done = proto::ReplyCode::FileActionOkay;
};

// Copies and answers: `done`, or the error. A target that is new, or is replaced, becomes visible
// as a whole or not at all (vfs::UploadTarget).
void begin_copy(Session& session, CopyPlan plan);

}  // namespace sluice::session
