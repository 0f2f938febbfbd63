// What all transfer commands answer alike: before the data connection, without one, and at the end.
#pragma once

#include <cstdint>

#include "session/reply_for_error.hpp"
#include "sluice/session/session.hpp"

namespace sluice::session {

// The restart offset; a transfer command of any outcome uses it up (RFC 3659 section 5.3), and the
// range of RANG with it: who wants that takes it first (handlers_range.hpp).
std::int64_t take_restart_offset(Session& session);

// Without PASV or PORT before it: 425 at once, since the default data port of RFC 959 passes no
// firewall. False when it was answered.
bool require_data_setup(Session& session);

// Refused before 150: that was no transfer, so the data set-up stays for the next command, as
// clients of vsftpd expect.
void refuse_transfer(Session& session, Error error, PathUse use = PathUse::Existing);

// No data connection came about: 425; an ABOR meanwhile is 426.
void end_unopened(Session& session, Error error);

// After 150: 226, or why not. `note` goes into the 226 ("Transfer complete"), `tail` behind it.
void end_opened(Session& session, const Status& outcome, std::string_view note = {},
                std::string_view tail = {});

}  // namespace sluice::session
