#include "session/entry_facts.hpp"

#include <algorithm>

namespace sluice::session {
namespace {

// The three bits of the mode that hold for this process.
unsigned bits_for(const sys::Credentials& who, const sys::FileStatus& status) {
    if (who.uid == status.uid) { return (status.mode >> 6) & 7u; }
    const auto groups_end = who.groups.begin() + static_cast<std::ptrdiff_t>(who.group_count);
    const bool is_of_group = who.gid == status.gid ||
                             std::find(who.groups.begin(), groups_end, status.gid) != groups_end;
    return (is_of_group ? status.mode >> 3 : status.mode) & 7u;
}

proto::EntryRights rights_of(const Viewer& viewer, const vfs::FolderRights& around,
                             const sys::FileStatus& status) {
    const sys::Credentials& who = *viewer.who;
    const unsigned bits = who.overrides_modes ? 7u : bits_for(who, status);
    const bool may_read = (bits & sys::kMayRead) != 0;
    const bool may_search = (bits & sys::kMaySearch) != 0;
    const bool changes = viewer.may_write && !status.is_fixed && !around.is_read_only;
    const bool writes = changes && (bits & sys::kMayWrite) != 0;
    const bool owns = who.overrides_owners || who.uid == status.uid || who.uid == around.owner;
    proto::EntryRights rights;
    rights.remove = changes && around.may_change && (owns || !around.is_sticky);
    if (status.is_directory()) {
        rights.enter = may_search;
        // Reading the names alone is no listing: each is looked at.
        rights.read = may_read && may_search;
        rights.write = writes && may_search;
        return rights;
    }
    // A link is what it leads to, which is not looked at here; a device or a FIFO is never sent.
    const bool has_content = status.is_regular() || status.is_symlink();
    rights.read = has_content && may_read;
    rights.append = has_content && writes;
    // STOR puts a new file in the place of the old one, which stays if it is protected.
    rights.write = rights.append && rights.remove;
    return rights;
}

}  // namespace

Viewer::Viewer(Session& session)
    : may_write(session.may_write()),
      sees_owners(session.config().listing.owners == config::ListedOwners::Numbers),
      who(&session.tree().root().credentials()) {}

proto::EntryFacts facts_of(const Viewer& viewer, const vfs::FolderRights& around,
                           std::string_view name, const sys::FileStatus& status,
                           std::string_view link_target) {
    proto::EntryFacts facts;
    facts.name = name;
    facts.link_target = link_target;
    if (!viewer.sees_owners) { facts.owner = facts.group = "ftp"; }
    facts.uid = status.uid;
    facts.gid = status.gid;
    facts.size = static_cast<std::uint64_t>(status.size);
    facts.modified_seconds = status.modified.seconds;
    facts.created_seconds = status.created.seconds;
    facts.has_created = status.has_created;
    facts.device = status.device;
    facts.inode = status.inode;
    facts.mode = status.format | status.mode;
    facts.links = status.links;
    facts.rights = rights_of(viewer, around, status);
    return facts;
}

}  // namespace sluice::session
