// The sweep: old hidden names go, and nothing else does. The clock is the test's.
#include "sluice/vfs/upload_sweep.hpp"

#include <gtest/gtest.h>
#include <sys/file.h>

#include <memory>
#include <string>

#include "fault_kernel.hpp"
#include "sluice/vfs/hidden_name.hpp"
#include "temp_tree.hpp"

namespace sluice::vfs {
namespace {

class UploadSweepTest : public ::testing::Test {
protected:
    UploadSweepTest() {
        files_.mkdir("canary");
        files_.write("canary/" + hidden(1), "outside");
        files_.mkdir("root");
        files_.mkdir("root/a");
        files_.mkdir("root/a/b");
        files_.link(files_.at("canary"), "root/link");
        files_.link("../canary", "root/climbing");
        files_.write("root/file", "a user's");
        files_.write("root/.in.mine", "a user's");
        files_.write("root/" + hidden(2), "half");
        files_.write("root/a/b/" + hidden(3), "half");
        root_ = std::move(*Root::open(kernel_, files_.at("root").c_str(), RootRules()));
    }
    ~UploadSweepTest() override {
        EXPECT_TRUE(files_.exists("canary/" + hidden(1)));
        EXPECT_TRUE(files_.exists("root/file"));
        EXPECT_TRUE(files_.exists("root/.in.mine"));
        EXPECT_EQ(kernel_.open_files.size(), 1u);
    }
    static std::string hidden(std::uint64_t n) { return std::string(make_hidden_name(n).view()); }

    TempTree files_;
    FaultKernel kernel_;
    std::unique_ptr<Root> root_;
};

TEST_F(UploadSweepTest, RemovesOldHiddenNamesEverywhereInTheTree) {
    kernel_.clock_ahead_seconds = 86'400 + 60;
    const SweepReport report = sweep_stale_uploads(*root_);
    EXPECT_EQ(report.removed, 2u);
    EXPECT_EQ(report.directories, 3u);
    EXPECT_EQ(report.kept, 0u);
    EXPECT_EQ(report.failed, 0u);
    EXPECT_TRUE(report.complete);
    EXPECT_FALSE(files_.exists("root/" + hidden(2)));
    EXPECT_FALSE(files_.exists("root/a/b/" + hidden(3)));
}

TEST_F(UploadSweepTest, KeepsYoungOnes) {
    kernel_.clock_ahead_seconds = 86'400 - 60;
    const SweepReport report = sweep_stale_uploads(*root_);
    EXPECT_EQ(report.removed, 0u);
    EXPECT_EQ(report.kept, 2u);
    EXPECT_TRUE(files_.exists("root/" + hidden(2)));
}

TEST_F(UploadSweepTest, KeepsLockedOnes) {
    kernel_.clock_ahead_seconds = 86'400 * 2;
    const int lock = ::open(files_.at("root/" + hidden(2)).c_str(), O_RDWR | O_CLOEXEC);
    ASSERT_EQ(::flock(lock, LOCK_EX | LOCK_NB), 0);
    const SweepReport report = sweep_stale_uploads(*root_);
    EXPECT_EQ(report.removed, 1u);
    EXPECT_EQ(report.kept, 1u);
    EXPECT_TRUE(files_.exists("root/" + hidden(2)));
    ::close(lock);
}

TEST_F(UploadSweepTest, ARecentLinkMakesAnOldFileYoung) {
    // As an upload that took two days and is just being renamed: its data are old, its name is new.
    const timespec old[2] = {{1'000'000'000, 0}, {1'000'000'000, 0}};
    ASSERT_EQ(::utimensat(AT_FDCWD, files_.at("root/" + hidden(2)).c_str(), old, 0), 0);
    const SweepReport report = sweep_stale_uploads(*root_);
    EXPECT_EQ(report.kept, 2u);
    EXPECT_EQ(report.removed, 0u);
}

TEST_F(UploadSweepTest, CountsWhatItCouldNotDoAndGoesOn) {
    kernel_.clock_ahead_seconds = 86'400 * 2;
    for (int call = 0; call < 40; ++call) {
        kernel_.fail_at = static_cast<int>(kernel_.calls.size()) + call;
        kernel_.fail_errno = EIO;
        kernel_.failed_call.clear();
        const SweepReport report = sweep_stale_uploads(*root_);
        if (kernel_.failed_call.empty()) {
            return;
        }  // past the last call
        // A lock that fails keeps the name.
        EXPECT_GE(report.failed + report.kept, 1u) << kernel_.failed_call;
        files_.write("root/" + hidden(2), "half");
        files_.write("root/a/b/" + hidden(3), "half");
    }
    FAIL() << "the sweep makes more calls than expected";
}

}  // namespace
}  // namespace sluice::vfs
