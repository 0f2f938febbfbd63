// Groups of this machine, by name. May sleep: the name service may be a network.
#pragma once

#include <cstdint>
#include <string_view>

#include "sluice/base/result.hpp"

namespace sluice::sys {

// The number of a group that this process is in, given by its name or number. NotFound for a name
// nobody knows, AccessDenied for a group we are not in.
Result<std::uint32_t> find_own_group(std::string_view name);

}  // namespace sluice::sys
