// The type of tls.rules: "LEVEL [for USERS] [from NETWORK] [to ADDRESS]". Pure; any thread.
#pragma once

#include "config/value_addresses.hpp"

namespace sluice::config {

// None, one or many; a comma separates them outside of a TOML list.
Parsed parse_tls_rules(const Field& field, const RawValue& raw);

}  // namespace sluice::config
