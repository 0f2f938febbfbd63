#include "sluice/sys/process.hpp"

#include <pthread.h>
#include <sched.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <cerrno>

namespace sluice::sys {
namespace {

sigset_t handled_signals() {
    sigset_t set;
    sigemptyset(&set);
    for (const int signal : {SIGTERM, SIGINT, SIGQUIT, SIGHUP, SIGUSR1, SIGUSR2}) {
        sigaddset(&set, signal);
    }
    return set;
}

}  // namespace

std::vector<int> allowed_cpus() {
    std::vector<int> cpus;
    cpu_set_t set;
    CPU_ZERO(&set);
    if (sched_getaffinity(0, sizeof set, &set) == 0) {
        for (std::size_t cpu = 0; cpu < CPU_SETSIZE; ++cpu) {
            if (CPU_ISSET(cpu, &set)) { cpus.push_back(static_cast<int>(cpu)); }
        }
    }
    if (cpus.empty()) { cpus.push_back(0); }
    return cpus;
}

Status pin_this_thread(int cpu) {
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET(static_cast<std::size_t>(cpu), &set);
    if (sched_setaffinity(0, sizeof set, &set) < 0) { return fail_errno(errno); }
    return {};
}

// nice(2) is about the calling thread on Linux, whatever POSIX says.
void step_back_this_thread() {
    constexpr int kStepsBack = 10;
    [[maybe_unused]] const int now = ::nice(kStepsBack);
}

void let_others_run() { ::sched_yield(); }

void name_this_thread(const char* name) { pthread_setname_np(pthread_self(), name); }

std::uint64_t raise_open_files_limit() {
    rlimit limit = {};
    if (getrlimit(RLIMIT_NOFILE, &limit) < 0) { return 0; }
    if (limit.rlim_cur < limit.rlim_max) {
        limit.rlim_cur = limit.rlim_max;
        if (setrlimit(RLIMIT_NOFILE, &limit) < 0) { getrlimit(RLIMIT_NOFILE, &limit); }
    }
    return limit.rlim_cur;
}

void block_signals() {
    const sigset_t set = handled_signals();
    pthread_sigmask(SIG_BLOCK, &set, nullptr);
    std::signal(SIGPIPE, SIG_IGN);
}

int wait_for_signal(Duration timeout) {
    const sigset_t set = handled_signals();
    if (timeout.ns < 0) {
        int signal = 0;
        return sigwait(&set, &signal) == 0 ? signal : 0;
    }
    timespec limit = {};
    limit.tv_sec = timeout.ns / 1'000'000'000;
    limit.tv_nsec = timeout.ns % 1'000'000'000;
    const int signal = sigtimedwait(&set, nullptr, &limit);
    return signal > 0 ? signal : 0;
}

void clear_umask() { ::umask(0); }

}  // namespace sluice::sys
