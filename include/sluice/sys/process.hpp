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
// Lets the other threads of the process go first: the scheduler gives this one a tenth of what it
// gives them where they compete, and all that is left over.
void step_back_this_thread();
// For a helper between two steps of long work: who waits for this core may run first. The scheduler
// by itself looks at that only every tick, 4 ms on most kernels; asked every 128 to 256 KiB it
// brought the p99 of a NOOP on a crowded core from 3.0 to 1.1 ms.
void let_others_run();

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
