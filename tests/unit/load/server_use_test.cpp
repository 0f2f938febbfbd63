#include "server_use.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <string>

#include "text_file.hpp"

namespace sluice::load {
namespace {

namespace fs = std::filesystem;

class ServerUseTest : public testing::Test {
protected:
    void SetUp() override {
        std::string name = fs::temp_directory_path() / "sluice-load-XXXXXX";
        ASSERT_NE(mkdtemp(name.data()), nullptr);
        root_ = name;
        fs::create_directories(root_ / "proc");
        fs::create_directories(root_ / "cgroup");
    }
    void TearDown() override { fs::remove_all(root_); }

    void put(const std::string& path, const std::string& text) {
        fs::create_directories((root_ / path).parent_path());
        ASSERT_TRUE(write_text_file(root_ / path, text));
    }

    // Times in ticks: user, system, and those of ended children.
    void put_process(int pid, int parent, int user, int children, int switches) {
        const std::string folder = "proc/" + std::to_string(pid);
        put(folder + "/stat", std::to_string(pid) + " (an (odd) name) S " + std::to_string(parent) +
                                  " 0 0 0 -1 0 0 0 0 0 " + std::to_string(user) + " 10 " +
                                  std::to_string(children) + " 0 20 0 1 0 777 0 0\n");
        put(folder + "/status", "Name:\tx\nVmRSS:\t   1000 kB\n");
        put(folder + "/smaps_rollup", "00-ff ---p\nRss:  1000 kB\nPss:   400 kB\nPss_Anon: 9 kB\n");
        put(folder + "/task/" + std::to_string(pid) + "/status",
            "Name:\tx\nvoluntary_ctxt_switches:\t" + std::to_string(switches) +
                "\nnonvoluntary_ctxt_switches:\t5\n");
        put(folder + "/fd/0", "");
        put(folder + "/fd/1", "");
    }

    ServerSampler sampler() {
        return ServerSampler(
            ServerSampler::Roots{(root_ / "proc").string(), (root_ / "cgroup").string()});
    }

    fs::path root_;
};

TEST_F(ServerUseTest, CountsAProcessAndItsChildren) {
    const auto ticks = static_cast<int>(sysconf(_SC_CLK_TCK));
    put_process(10, 1, 0, 0, 100);
    put_process(99, 1, 1000, 0, 100);
    ServerSampler server = sampler();
    ASSERT_TRUE(server.begin_process(10));
    // One child lives, with a child of its own; another one has ended and left its time.
    put_process(10, 1, ticks, 2 * ticks, 150);
    put_process(11, 10, 3 * ticks, 0, 7);
    put_process(12, 11, 4 * ticks, 0, 8);
    put_process(99, 1, 900 * ticks, 0, 1000);
    const ServerUse use = server.end(0);
    EXPECT_TRUE(use.known);
    EXPECT_NEAR(use.cpu_seconds, 10 + 20.0 / ticks, 1e-9) << "the stranger's time is not counted";
    EXPECT_EQ(use.resident_before, 1'024'000u);
    EXPECT_EQ(use.resident_bytes, 3 * 1'024'000u);
    EXPECT_EQ(use.proportional_bytes, 3u * 400 * 1024);
    EXPECT_EQ(use.descriptors, 6u);
    EXPECT_EQ(use.context_switches, 50u + (7 + 5) + (8 + 5));
}

TEST_F(ServerUseTest, LeavesTheWarmUpOutOfTimeAndSwitchesAndKeepsTheMemoryBeforeIt) {
    const auto ticks = static_cast<int>(sysconf(_SC_CLK_TCK));
    put_process(10, 1, ticks, 0, 100);
    ServerSampler server = sampler();
    ASSERT_TRUE(server.begin_process(10));
    put_process(10, 1, 5 * ticks, 0, 900);
    put_process(11, 10, 3 * ticks, 0, 50);
    server.begin_measuring();
    put_process(10, 1, 6 * ticks, 0, 907);
    put_process(11, 10, 3 * ticks, 0, 55);
    put_process(12, 10, ticks, 0, 9);
    const ServerUse use = server.end(2);
    EXPECT_NEAR(use.cpu_seconds, 2 + 10.0 / ticks, 1e-9);
    EXPECT_EQ(use.context_switches, 7u + 5 + (9 + 5)) << "the third came in the measured time";
    EXPECT_EQ(use.resident_before, 1'024'000u) << "of one process, before the first session";
    EXPECT_EQ(use.proportional_before, 400u * 1024);
    EXPECT_EQ(use.sessions, 2u);
    EXPECT_DOUBLE_EQ(use.bytes_per_session(), 2 * 400 * 1024 / 2.0);
}

TEST(ServerUse, SharesItsGrowthAmongTheSessionsThatStood) {
    ServerUse use;
    use.resident_bytes = 5000;
    use.resident_before = 1000;
    EXPECT_EQ(use.bytes_per_session(), 0) << "nobody stood";
    use.sessions = 4;
    EXPECT_EQ(use.bytes_per_session(), 1000);
    use.proportional_bytes = 900;
    use.proportional_before = 500;
    EXPECT_EQ(use.bytes_per_session(), 100) << "PSS counts what is shared once";
    use.proportional_bytes = 400;
    EXPECT_EQ(use.bytes_per_session(), 0);
}

TEST_F(ServerUseTest, KeepsTheSwitchesOfAProcessThatWasSeenAndEnded) {
    put_process(10, 1, 0, 0, 100);
    ServerSampler server = sampler();
    ASSERT_TRUE(server.begin_process(10));
    put_process(11, 10, 0, 0, 40);
    server.sample();
    fs::remove_all(root_ / "proc/11");
    EXPECT_EQ(server.end(0).context_switches, 45u);
}

TEST_F(ServerUseTest, ReadsControlGroupsOfBothVersions) {
    put_process(10, 1, 0, 0, 1);
    put("cgroup/system.slice/ftp.service/cpu.stat", "usage_usec 1000000\nuser_usec 1\n");
    put("cgroup/system.slice/ftp.service/cgroup.procs", "");
    put("cgroup/system.slice/ftp.service/inner/cgroup.procs", "10\n");
    ServerSampler second = sampler();
    ASSERT_TRUE(second.begin_group("system.slice/ftp.service"));
    put("cgroup/system.slice/ftp.service/cpu.stat", "usage_usec 3500000\nuser_usec 1\n");
    const ServerUse use = second.end(0);
    EXPECT_TRUE(use.known);
    EXPECT_DOUBLE_EQ(use.cpu_seconds, 2.5);
    EXPECT_EQ(use.resident_bytes, 1'024'000u) << "processes of folders below count";

    put("cgroup/cpuacct/old/cpuacct.usage", "500000000\n");
    put("cgroup/cpuacct/old/cgroup.procs", "10\n");
    ServerSampler first = sampler();
    ASSERT_TRUE(first.begin_group("old"));
    put("cgroup/cpuacct/old/cpuacct.usage", "2000000000\n");
    EXPECT_DOUBLE_EQ(first.end(0).cpu_seconds, 1.5);
}

TEST_F(ServerUseTest, RefusesWhatIsNotThere) {
    const Parsed<int> process = sampler().begin_process(4242);
    ASSERT_FALSE(process);
    EXPECT_EQ(process.error(), "--server-pid: there is no process 4242");
    const Parsed<int> group = sampler().begin_group("nobody");
    ASSERT_FALSE(group);
    EXPECT_NE(group.error().find("'nobody' is no control group"), std::string::npos);
    EXPECT_FALSE(sampler().end(0).known);
}

TEST_F(ServerUseTest, IsUnknownWhenTheServerHasEnded) {
    put_process(10, 1, 0, 0, 100);
    ServerSampler server = sampler();
    ASSERT_TRUE(server.begin_process(10));
    fs::remove_all(root_ / "proc/10");
    EXPECT_FALSE(server.end(0).known);
}

TEST(ServerUse, SeesThisVeryProcess) {
    ServerSampler server;
    ASSERT_TRUE(server.begin_process(static_cast<std::uint32_t>(getpid())));
    const ServerUse use = server.end(0);
    EXPECT_TRUE(use.known);
    EXPECT_GT(use.resident_bytes, 1'000'000u);
    EXPECT_GE(use.descriptors, 3u);
}

}  // namespace
}  // namespace sluice::load
