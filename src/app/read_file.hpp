// Reads a whole small file: the configuration, certificates and keys. Nothing is served from here, and a path of
// a client never gets here; what clients name goes through vfs::Root.
#pragma once

#include <cstddef>
#include <string>

#include "sluice/base/result.hpp"
#include "sluice/sys/kernel.hpp"

namespace sluice::app {

// FileTooBig above `bytes_max`, also when the file grows meanwhile; NotRegularFile for anything
// that may never end, such as a pipe. May sleep.
Result<std::string> read_file(sys::Kernel& kernel, const std::string& path, std::size_t bytes_max);

}  // namespace sluice::app
