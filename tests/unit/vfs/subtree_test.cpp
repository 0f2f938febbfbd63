// A directory and all below it: added up or removed, and never more than that.
#include "sluice/vfs/subtree.hpp"

#include <gtest/gtest.h>

#include <filesystem>

#include "fault_kernel.hpp"
#include "sluice/vfs/hidden_name.hpp"
#include "temp_tree.hpp"
#include "test_loop.hpp"

namespace sluice::vfs {
namespace {

namespace fs = std::filesystem;

class SubtreeTest : public ::testing::Test {
protected:
    SubtreeTest() {
        fs::create_directories(path("d/e/f"));
        files_.write("d/a", "12345");
        files_.write("d/e/b", "123");
        files_.write("d/e/f/c", "1");
        fs::create_directory(path("keep"));
        files_.write("keep/file", "kept");
        fs::create_symlink("../../keep", path("d/e/out"));
        fs::create_symlink("nowhere", path("d/dangling"));
    }
    std::string path(const std::string& name) const { return files_.at(name); }

    Status work(Subtree& subtree, std::string_view at) {
        const Status begun = loop_.run(subtree.begin(at));
        if (!begun) { return begun; }
        while (true) {
            const Result<bool> more = loop_.run(subtree.step());
            if (!more) { return fail(more.error()); }
            if (!*more) { return {}; }
        }
    }
    Errc remove(std::string_view at) {
        Subtree subtree(tree(), SubtreeWork::Remove);
        const Status done = work(subtree, at);
        return done ? Errc::Ok : done.error().code;
    }
    Tree& tree() {
        if (!tree_) {
            root_ = std::move(*Root::open(kernel_, files_.c_str(), RootRules{}));
            tree_ = std::make_unique<Tree>(*root_, loop_.reactor());
        }
        return *tree_;
    }

    FaultKernel kernel_;
    TempTree files_;
    TestLoop loop_{kernel_};
    std::unique_ptr<Root> root_;
    std::unique_ptr<Tree> tree_;
};

TEST_F(SubtreeTest, AddsUpFilesAndFollowsNoLink) {
    Subtree subtree(tree(), SubtreeWork::Measure);
    ASSERT_TRUE(work(subtree, "/d").has_value());
    EXPECT_EQ(subtree.bytes(), 9u);
    Subtree whole(tree(), SubtreeWork::Measure);
    ASSERT_TRUE(work(whole, "/").has_value());
    EXPECT_EQ(whole.bytes(), 13u);
}

TEST_F(SubtreeTest, RemovesAllThatIsInItAndNothingBehindItsLinks) {
    EXPECT_EQ(remove("/d"), Errc::Ok);
    EXPECT_FALSE(fs::exists(path("d")));
    EXPECT_TRUE(fs::exists(path("keep/file")));
    EXPECT_EQ(remove("/d"), Errc::NotFound);
    EXPECT_TRUE(kernel_.open_files.size() <= 2) << "the root and its tree";
}

TEST_F(SubtreeTest, RemovesADirectoryOfMoreNamesThanAStepTakes) {
    fs::create_directory(path("many"));
    for (int i = 0; i < 2000; ++i) {
        files_.write("many/file-with-a-long-name-" + std::to_string(i), "");
    }
    EXPECT_EQ(remove("/many"), Errc::Ok);
    EXPECT_FALSE(fs::exists(path("many")));
}

TEST_F(SubtreeTest, RefusesTheRootFilesAndLinks) {
    EXPECT_EQ(remove("/"), Errc::AccessDenied);
    EXPECT_EQ(remove("/keep/file"), Errc::NotDirectory);
    EXPECT_EQ(remove("/d/e/out"), Errc::NotDirectory);
    EXPECT_TRUE(fs::exists(path("keep/file")));
}

TEST_F(SubtreeTest, GoesOnlySoDeep) {
    std::string deep = "deep";
    for (std::size_t i = 0; i < Subtree::kDepthMax + 2; ++i) { deep += "/x"; }
    fs::create_directories(path(deep));
    Subtree subtree(tree(), SubtreeWork::Measure);
    const Status measured = work(subtree, "/deep");
    ASSERT_FALSE(measured.has_value());
    EXPECT_EQ(measured.error().code, Errc::LimitReached);
    EXPECT_EQ(remove("/deep"), Errc::LimitReached);
    EXPECT_TRUE(fs::exists(path(deep)));
}

TEST_F(SubtreeTest, LeavesARunningUploadAlone) {
    const std::string hidden(make_hidden_name(42).view());
    files_.write("d/e/" + hidden, "half");
    EXPECT_EQ(remove("/d"), Errc::Busy);
    EXPECT_TRUE(fs::exists(path("d/e/" + hidden)));
    Subtree subtree(tree(), SubtreeWork::Measure);
    ASSERT_TRUE(work(subtree, "/d/e").has_value());
}

// Each call that can fail does so once: an error comes back, never a sum of a part, and no
// descriptor stays open.
TEST_F(SubtreeTest, SaysWhatFailed) {
    (void)tree();
    const std::size_t open_before = kernel_.open_files.size();
    for (int at = 0; at < 200; ++at) {
        kernel_.reset();
        kernel_.fail_at = at;
        kernel_.fail_errno = EIO;
        {
            Subtree subtree(tree(), SubtreeWork::Measure);
            const Status measured = work(subtree, "/d");
            if (kernel_.failed_call.empty()) {
                EXPECT_TRUE(measured.has_value());
                EXPECT_GT(at, 5);
                return;
            }
            ASSERT_FALSE(measured.has_value()) << kernel_.failed_call;
            EXPECT_EQ(measured.error().code, Errc::InputOutput);
        }
        EXPECT_EQ(kernel_.open_files.size(), open_before) << kernel_.failed_call;
    }
    FAIL() << "more than 200 calls";
}

}  // namespace
}  // namespace sluice::vfs
