// What other handlers need of HASH: its options, its form behind SITE, its place in FEAT.
#pragma once

#include <string_view>

#include "sluice/io/task.hpp"
#include "sluice/proto/command_table.hpp"
#include "sluice/session/session.hpp"

namespace sluice::session {

// HASH, MD5, XCRC and their kin: what `limits.hash_at_once = 0` switches off.
proto::CommandSet digest_commands();

// OPTS HASH [algorithm]: draft-bryan-ftpext-hash-02 section 3.2.
void set_hash_option(Session& session, std::string_view value);

io::Task<void> site_hash(Session& session, std::string_view argument);

}  // namespace sluice::session
