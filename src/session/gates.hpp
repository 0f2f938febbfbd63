// The checks between a parsed command and its handler, in order: logged in? is the tree writable?
// does EPSV ALL forbid it? One place for all commands; a handler may rely on them.
#pragma once

#include "sluice/proto/command_table.hpp"
#include "sluice/session/session.hpp"

namespace sluice::session {

// True when the command may run. Otherwise the refusal has been answered.
bool pass_gates(Session& session, const proto::CommandRow& row);

}  // namespace sluice::session
