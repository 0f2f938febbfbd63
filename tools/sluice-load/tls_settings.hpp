// From what the command line says of TLS to what its connections need. Called before a run.
#pragma once

#include <string>

#include "options.hpp"
#include "sluice/tls/client_context.hpp"

namespace sluice::load {

// A file of certificates: that of a whole system is 250 KiB.
inline constexpr std::size_t kAuthoritiesBytesMax = 4u << 20;

// "" or what cannot be used, by the name of its option. Reads the file of --tls-ca, and tries it
// all.
std::string read_tls_settings(const Options& options, tls::ClientSettings& settings);

}  // namespace sluice::load
