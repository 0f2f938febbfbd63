// What tls.* names on the disk, read and judged: at start, and for --check-config.
// Thread: main.
#pragma once

#include <optional>
#include <string>

#include "sluice/server/server.hpp"

namespace sluice::app {

// Nothing when something cannot be used; `findings` says what, beside warnings. May sleep.
std::optional<server::TlsFiles> read_tls_files(sys::Kernel& kernel, const config::Snapshot& config,
                                               tls::Findings& findings);

}  // namespace sluice::app
