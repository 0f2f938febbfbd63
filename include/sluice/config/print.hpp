// Configurations as TOML, written from the schema table.
//
// All three forms parse back to the same values (as long as texts are UTF-8, which TOML demands and
// paths from the command line need not be). Pure; any thread.
#pragma once

#include <string>

#include "sluice/config/loader.hpp"
#include "sluice/config/snapshot.hpp"

namespace sluice::config {

// Every key with its value.
std::string print_config(const Snapshot& snapshot);

// Every key with its default, below a comment that says what it means and what it takes.
std::string print_default_config();

// Every key with its effective value, and where that came from in a comment behind it.
std::string print_config_with_places(const Loaded& loaded);

}  // namespace sluice::config
