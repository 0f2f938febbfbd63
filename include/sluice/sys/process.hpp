// What belongs to the process as a whole: cores, limits, signals. Used by main and the Server.
#pragma once

#include <csignal>
#include <cstdint>
#include <vector>

#include "sluice/base/result.hpp"
#include "sluice/base/time.hpp"

namespace sluice::sys {

// The cores this process may run on (taskset, cgroup cpuset), in order; never empty.
std::vector<int> allowed_cpus();
// Binds the calling thread to one core.
Status pin_this_thread(int cpu);
void name_this_thread(const char* name);

// Raises the soft limit of open files to the hard one; returns what holds now.
std::uint64_t raise_open_files_limit();

// Blocks TERM, INT, QUIT, HUP, USR1 and USR2 for this thread and those it will start, and ignores
// PIPE. Must run before the first thread exists.
void block_signals();
// Waits for one of the blocked signals, at most `timeout` (negative: for ever). 0: none came.
int wait_for_signal(Duration timeout);

// Files get exactly the modes they are made with.
void clear_umask();

}  // namespace sluice::sys
