// The checks that need more than one key: ranges that collide, limits that contradict each other.
// What one key alone can get wrong is value.cpp's. Pure; any thread.
#pragma once

#include <vector>

#include "sluice/config/diagnostic.hpp"
#include "sluice/config/snapshot.hpp"

namespace sluice::config {

// `places` says where each field of the schema got its value, so that a message points at a line
// somebody wrote rather than at a default.
void validate(const Snapshot& snapshot, const std::vector<Place>& places, Diagnostics& diagnostics);

}  // namespace sluice::config
