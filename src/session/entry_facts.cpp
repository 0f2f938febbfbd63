#include "session/entry_facts.hpp"

namespace sluice::session {

proto::EntryFacts facts_of(const Session& session, std::string_view name,
                           const sys::FileStatus& status, std::string_view link_target) {
    proto::EntryFacts facts;
    facts.name = name;
    facts.link_target = link_target;
    facts.owner = "ftp";
    facts.group = "ftp";
    facts.size = static_cast<std::uint64_t>(status.size);
    facts.modified_seconds = status.modified.seconds;
    facts.device = status.device;
    facts.inode = status.inode;
    facts.mode = status.format | status.mode;
    facts.links = status.links;
    facts.rights.write = session.may_write();
    facts.rights.remove = session.may_write();
    return facts;
}

}  // namespace sluice::session
