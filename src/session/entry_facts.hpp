// From what the file system says of a name to what LIST and MLSx say of it to this session.
#pragma once

#include "sluice/proto/entry.hpp"
#include "sluice/session/session.hpp"
#include "sluice/sys/kernel.hpp"

namespace sluice::session {

// The views in the result are those given. Owners are shown as "ftp": accounts of this machine are
// nobody's business (SECURITY.md).
proto::EntryFacts facts_of(const Session& session, std::string_view name,
                           const sys::FileStatus& status, std::string_view link_target = {});

}  // namespace sluice::session
