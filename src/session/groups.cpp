#include "session/groups.hpp"

#include "sluice/sys/groups.hpp"

namespace sluice::session {

io::Task<Status> change_group(Session& session, std::string_view path, std::string_view group) {
    // Names are looked up in files or over the network: on a helper.
    auto look_up = [group] { return sys::find_own_group(group); };
    const Result<std::uint32_t> number = co_await session.reactor().on_helper(look_up);
    if (!number) { co_return fail(number.error()); }
    const Status changed = co_await session.tree().change_group(path, *number);
    if (changed) { session.log_change(obs::EventKind::ChangeGroup, path); }
    co_return changed;
}

}  // namespace sluice::session
