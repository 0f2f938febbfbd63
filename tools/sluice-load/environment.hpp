// The machine that a run was measured on, as far as it says so itself. Read once, by main.
#pragma once

#include "report.hpp"

namespace sluice::load {

// `host` is that of the URL.
Environment this_environment(const std::string& host);

}  // namespace sluice::load
