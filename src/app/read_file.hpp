// The administrator's files: the configuration, and the certificates and keys that it names.
//
// Nothing is served from here, and a path of a client never gets here; what clients name goes
// through vfs::Root. All calls may sleep.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "sluice/base/result.hpp"
#include "sluice/sys/kernel.hpp"

namespace sluice::app {

// Reads a whole small file. FileTooBig above `bytes_max`, also when the file grows meanwhile;
// NotRegularFile for anything that may never end, such as a pipe. No second copy of the text stays
// in memory.
Result<std::string> read_file(sys::Kernel& kernel, const std::string& path, std::size_t bytes_max);

// What stands at a path, links followed, whether or not it may be read.
Result<sys::FileStatus> status_of(sys::Kernel& kernel, const std::string& path);

// The names in a folder, without "." and "..", sorted. LimitReached when there are more.
Result<std::vector<std::string>> names_in(const std::string& folder, std::size_t count_max);

}  // namespace sluice::app
