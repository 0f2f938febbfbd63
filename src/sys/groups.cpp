#include "sluice/sys/groups.hpp"

#include <grp.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <string>
#include <vector>

#include "sluice/base/parse_number.hpp"

namespace sluice::sys {
namespace {

Result<std::uint32_t> number_of(std::string_view name) {
    const Result<std::uint32_t> number = parse_decimal<std::uint32_t>(name);
    if (number) { return *number; }
    // A group with thousands of members needs room for their names.
    constexpr std::size_t kBytesMax = 1u << 20;
    const std::string terminated(name);
    for (std::vector<char> room(4096);; room.resize(room.size() * 4)) {
        group entry = {};
        group* found = nullptr;
        const int error =
            ::getgrnam_r(terminated.c_str(), &entry, room.data(), room.size(), &found);
        if (found != nullptr) { return static_cast<std::uint32_t>(entry.gr_gid); }
        if (error != ERANGE || room.size() >= kBytesMax) { return fail(Errc::NotFound); }
    }
}

}  // namespace

Result<std::uint32_t> find_own_group(std::string_view name) {
    const Result<std::uint32_t> number = number_of(name);
    if (!number) { return fail(number.error()); }
    if (*number == ::getegid()) { return *number; }
    std::vector<gid_t> groups(static_cast<std::size_t>(std::max(::getgroups(0, nullptr), 0)));
    const int count = ::getgroups(static_cast<int>(groups.size()), groups.data());
    groups.resize(static_cast<std::size_t>(std::max(count, 0)));
    if (std::find(groups.begin(), groups.end(), *number) != groups.end()) { return *number; }
    return fail(Errc::AccessDenied);
}

}  // namespace sluice::sys
