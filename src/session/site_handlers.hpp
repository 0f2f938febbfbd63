// The handlers behind SITE, one declaration each; handlers_site.cpp pairs them with the rows of
// proto::kSiteTable. As in handlers.hpp: exactly one reply each.
#pragma once

#include <string_view>

#include "sluice/io/task.hpp"
#include "sluice/session/session.hpp"

namespace sluice::session {

// site_files.cpp
io::Task<void> site_chgrp(Session& session, std::string_view argument);
io::Task<void> site_chmod(Session& session, std::string_view argument);
io::Task<void> site_utime(Session& session, std::string_view argument);
// site_tree.cpp
io::Task<void> site_mkdir(Session& session, std::string_view argument);
void site_rmdir(Session& session, std::string_view argument);
io::Task<void> site_symlink(Session& session, std::string_view argument);
// site_copy.cpp
void site_copy(Session& session, std::string_view argument);
io::Task<void> site_cpfr(Session& session, std::string_view argument);
void site_cpto(Session& session, std::string_view argument);
// site_session.cpp
void site_help(Session& session, std::string_view argument);
void site_idle(Session& session, std::string_view argument);
io::Task<void> site_quota(Session& session, std::string_view argument);
void site_umask(Session& session, std::string_view argument);
void site_who(Session& session, std::string_view argument);

}  // namespace sluice::session
