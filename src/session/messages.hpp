// Texts for people beside the replies: greeting, welcome, the message of a folder, good-bye. All
// are bounded (proto::kReplyTextBytesMax), and messages.single_line, or a client's profile, leaves
// one line of each reply.
#pragma once

#include <string_view>

#include "sluice/io/task.hpp"
#include "sluice/session/session.hpp"

namespace sluice::session {

// 220 with server.banner.
void append_greeting(Session& session);
// 230 or 232 with messages.welcome and the message of "/"; 250 with the message of the folder
// entered. Both end in `words`.
io::Task<void> append_welcome(Session& session, proto::ReplyCode code, std::string_view words);
io::Task<void> append_entered(Session& session, std::string_view words);
// 221 with messages.goodbye and what was moved.
void append_goodbye(Session& session);

}  // namespace sluice::session
