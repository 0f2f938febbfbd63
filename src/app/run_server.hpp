// Serving with a given configuration, from the first listener to the last session.
#pragma once

#include "sluice/config/snapshot.hpp"

namespace sluice::app {

// Returns the exit code of the process (sysexits(3)). Signals must have been blocked.
int run_server(const config::Snapshot& config);

}  // namespace sluice::app
