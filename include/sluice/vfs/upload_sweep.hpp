// Removing what uploads of a killed process left behind.
//
// Unnamed files vanish with their process. A hidden name stays behind only where the file system
// knows no unnamed files, or when the process died between link and rename. The sweep removes
// hidden names that nobody has locked and nobody has touched for a day. Thread: a helper or main,
// before or while serving: it may sleep, and for long.
#pragma once

#include <cstdint>

#include "sluice/base/time.hpp"
#include "sluice/vfs/root.hpp"

namespace sluice::vfs {

struct SweepReport {
    std::uint64_t directories = 0;  // read
    std::uint64_t removed = 0;
    std::uint64_t kept = 0;    // hidden names that are locked or young
    std::uint64_t failed = 0;  // directories and names that could not be read or removed
    bool complete = true;      // false: the bound below was hit
};

inline constexpr std::uint64_t kSweepDirectoriesMax = 100'000;
inline constexpr Duration kSweepAge = Duration::seconds(86'400);

// Walks the tree without following links and without crossing into other file systems.
SweepReport sweep_stale_uploads(const Root& root);

}  // namespace sluice::vfs
