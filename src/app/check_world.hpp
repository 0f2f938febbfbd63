// What --check-config asks of the machine, once the configuration itself is right: would a start
// succeed here and now?
#pragma once

#include <string>

#include "sluice/config/snapshot.hpp"
#include "sluice/sys/kernel.hpp"

namespace sluice::app {

struct WorldReport {
    int errors = 0;
    std::string text;  // a line for each error and each warning; "" when all is well
};

// Opens the served folder, listens on each address for a moment, tries the engine that was asked
// for, and looks whether the logs could be written. Changes nothing. An address that is in use is a
// warning: mostly it is the running sluiced whose new configuration is being checked. So is a log
// without its folder, which systemd makes just before a start (LogsDirectory=).
WorldReport check_world(sys::Kernel& kernel, const config::Snapshot& config);

// Why `transfer.congestion` will have no effect; "" when it will, or is not set. A server starts
// all the same: its connections have the system's.
std::string congestion_doubt(sys::Kernel& kernel, const config::Snapshot& config);

}  // namespace sluice::app
