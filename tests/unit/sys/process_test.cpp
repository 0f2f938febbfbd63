// What belongs to the whole process; each test puts back what it changed.
#include "sluice/sys/process.hpp"

#include <gtest/gtest.h>
#include <pthread.h>
#include <sched.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <string>
#include <thread>

namespace sluice::sys {
namespace {

TEST(Process, RaisesTheSoftLimitOfOpenFilesToTheHardOne) {
    rlimit before = {};
    ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &before), 0);
    rlimit lowered = before;
    lowered.rlim_cur = std::min<rlim_t>(before.rlim_max, 64);
    ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &lowered), 0);
    EXPECT_EQ(raise_open_files_limit(), before.rlim_max);
    rlimit after = {};
    ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &after), 0);
    EXPECT_EQ(after.rlim_cur, before.rlim_max);
    EXPECT_EQ(after.rlim_max, before.rlim_max);
    ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &before), 0);
}

TEST(Process, PinsAThreadToACoreItMayUse) {
    const std::vector<int> cpus = allowed_cpus();
    ASSERT_FALSE(cpus.empty());
    EXPECT_TRUE(std::is_sorted(cpus.begin(), cpus.end()));
    std::thread pinned([&cpus] {
        EXPECT_TRUE(pin_this_thread(cpus.back()));
        EXPECT_EQ(sched_getcpu(), cpus.back());
        EXPECT_EQ(allowed_cpus(), std::vector<int>{cpus.back()});
    });
    pinned.join();
    EXPECT_EQ(allowed_cpus(), cpus);
}

TEST(Process, NamesAThread) {
    std::thread named([] {
        name_this_thread("shard-7");
        char name[16] = {};
        ASSERT_EQ(pthread_getname_np(pthread_self(), name, sizeof name), 0);
        EXPECT_STREQ(name, "shard-7");
    });
    named.join();
}

// In a thread of its own: the signals stay unblocked for the other tests. A signal sent to the
// thread is pending from then on, so nothing is waited for in vain.
TEST(Process, WaitsForASignalThatItBlockedBefore) {
    std::thread waiting([] {
        block_signals();
        EXPECT_EQ(wait_for_signal(Duration(0)), 0);
        for (const int signal : {SIGTERM, SIGHUP, SIGUSR1}) {
            ASSERT_EQ(pthread_kill(pthread_self(), signal), 0);
            EXPECT_EQ(wait_for_signal(Duration::seconds(10)), signal);
        }
        ASSERT_EQ(pthread_kill(pthread_self(), SIGUSR2), 0);
        EXPECT_EQ(wait_for_signal(Duration(-1)), SIGUSR2);
        ASSERT_EQ(pthread_kill(pthread_self(), SIGPIPE), 0);  // ignored: we are still here
    });
    waiting.join();
}

}  // namespace
}  // namespace sluice::sys
