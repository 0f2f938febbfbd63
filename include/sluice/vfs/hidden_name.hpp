// The names under which an upload may stand in a directory before it has its own.
//
// ".in." + 16 hexadecimal digits of random + 8 of a check sum over them. Such a name is never
// listed, read, written, removed or given by a client, and the sweep deletes old ones; the check
// sum makes sure that no file of a user is ever taken for one by accident. Pure, any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "sluice/base/fixed_string.hpp"

namespace sluice::vfs {

inline constexpr std::string_view kHiddenPrefix = ".in.";
inline constexpr std::size_t kHiddenNameBytes = 4 + 16 + 8;
using HiddenName = FixedString<kHiddenNameBytes>;

HiddenName make_hidden_name(std::uint64_t random);
bool is_hidden_name(std::string_view name);
// Whether any component of the path is one.
bool has_hidden_component(std::string_view path);

}  // namespace sluice::vfs
