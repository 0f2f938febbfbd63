// From what the file system says of a name to what LIST and MLSx say of it to this session.
#pragma once

#include "sluice/proto/entry.hpp"
#include "sluice/session/session.hpp"
#include "sluice/sys/kernel.hpp"
#include "sluice/vfs/folder_rights.hpp"

namespace sluice::session {

// What of a session decides how it sees entries, copied out of it so that a helper may use it.
struct Viewer {
    bool may_write = false;
    bool sees_owners = false;  // listing.owners: else all belong to "ftp" (SECURITY.md)
    const sys::Credentials* who = nullptr;

    Viewer() = default;
    explicit Viewer(Session& session);
};

// The views in the result are those given. `around` is the folder that holds the name. The rights
// are what the kernel would grant this process by owner, mode and capabilities; access lists of the
// entry itself count only in so far as they show in its mode.
proto::EntryFacts facts_of(const Viewer& viewer, const vfs::FolderRights& around,
                           std::string_view name, const sys::FileStatus& status,
                           std::string_view link_target = {});

}  // namespace sluice::session
