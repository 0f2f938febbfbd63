// Changing the group of a file, for SITE CHGRP and MFF.
#pragma once

#include <string_view>

#include "sluice/io/task.hpp"
#include "sluice/session/session.hpp"

namespace sluice::session {

// `group` is a name or a number. Only groups that the server's own process is in, whatever rights
// it has: a server that runs as root must not hand files to any group a client names. NotFound for
// an unknown name, AccessDenied for another group. What succeeds is logged.
io::Task<Status> change_group(Session& session, std::string_view path, std::string_view group);

}  // namespace sluice::session
