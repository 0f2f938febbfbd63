// Virtual paths: absolute, normal, bytes.
//
// The normal form begins with '/', has no '.', no '..', no empty component and no trailing slash;
// the root is "/". '..' is lexical: "/a/link/.." is "/a" wherever the link points to, which is the
// meaning users see in their client and keeps '..' out of every system call (RFC 3659 6, TVFS; the
// kernel side is vfs::Root). Backslash and bytes above 0x7F are ordinary bytes. Pure, any thread.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "sluice/base/result.hpp"

namespace sluice::proto {

inline constexpr std::size_t kPathBytesMax = 4095;          // PATH_MAX without its NUL
inline constexpr std::size_t kPathComponentBytesMax = 255;  // NAME_MAX

// The normal form of `argument` seen from `cwd`, which must be a normal form itself. An empty
// argument is `cwd`; '..' at the root stays there. Errc::BadName for NUL, CR or LF;
// Errc::NameTooLong beyond the two bounds.
Result<std::string> normalise(std::string_view cwd, std::string_view argument);

// True for what normalise() returns.
bool is_normal(std::string_view path);

struct SplitPath {
    std::string_view parent;  // normal form
    std::string_view name;    // empty for the root
};
// Parent and last component of a normal path.
SplitPath split_parent(std::string_view path);

// A normal path as seen from a directory descriptor of the root: "a/b", or "." for the root.
std::string_view relative_to_root(std::string_view path);

// `name` may be one component: not empty, not "." or "..", no '/', NUL, CR, LF, not too long.
bool is_component(std::string_view name);

// Appends `"path"` with quotes doubled (RFC 959 appendix II).
void append_quoted(std::string& out, std::string_view path);

}  // namespace sluice::proto
