// From what went wrong to what the client hears: one table (RFC 959 section 5.4, SECURITY.md).
#pragma once

#include <string>
#include <string_view>

#include "sluice/base/error.hpp"
#include "sluice/base/result.hpp"
#include "sluice/proto/reply_codes.hpp"

namespace sluice::session {

class Session;

// RFC 959's lists for STOR, STOU and RNTO have no 550; bad names are 553 for those and APPE. What
// is missing on the way to a name is 550 for all.
enum class PathUse : std::uint8_t {
    Existing,  // everything else
    NewName,   // STOR, STOU, RNTO
    Append,    // APPE
};

proto::ReplyCode code_for(Errc code, PathUse use);

// A transfer that ended badly after its 150: 426 for the connection, 451 and 452 for the file.
proto::ReplyCode code_for_broken_transfer(Errc code);

// "Not found" of "not found".
std::string capitalised(std::string_view words);

// Answers "code: words of the error".
void reply_error(Session& session, Error error, PathUse use = PathUse::Existing);

// True when `outcome` is an error: it has been answered, and the command is over.
template <class T>
[[nodiscard]] bool refused(Session& session, const Result<T>& outcome,
                           PathUse use = PathUse::Existing) {
    if (outcome) { return false; }
    reply_error(session, outcome.error(), use);
    return true;
}

}  // namespace sluice::session
