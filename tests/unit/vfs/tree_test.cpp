// The coroutine face, on both engines: the same answers as Root's, cached ones without a helper,
// and no frame left.
#include "sluice/vfs/tree.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "fault_kernel.hpp"
#include "temp_tree.hpp"
#include "test_loop.hpp"

namespace sluice::vfs {
namespace {

class TreeTest : public ::testing::TestWithParam<io::EngineKind> {
protected:
    TreeTest() : loop_(kernel_, GetParam()) {
        files_.write("file", "content");
        files_.mkdir("dir");
        root_ = std::move(*Root::open(kernel_, files_.c_str(), RootRules()));
    }
    void SetUp() override {
        if (!loop_.is_usable()) {
            GTEST_SKIP() << "the kernel refuses this engine";
        }
        tree_ = std::make_unique<Tree>(*root_, loop_.reactor());
    }
    void TearDown() override { EXPECT_EQ(loop_.live_frames(), 0u); }

    TempTree files_;
    sys::LinuxKernel kernel_;
    TestLoop loop_;
    std::unique_ptr<Root> root_;
    std::unique_ptr<Tree> tree_;
};

TEST_P(TreeTest, OpensReadsAndCloses) {
    Result<File> file = loop_.run(tree_->open_for_reading("/file"));
    ASSERT_TRUE(file.has_value());
    EXPECT_EQ(file->status.size, 7);
    loop_.run(tree_->close(*file));
    EXPECT_FALSE(file->fd.is_open());
    loop_.run(tree_->close(*file));
    EXPECT_EQ(loop_.run(tree_->open_for_reading("/missing")).error().code, Errc::NotFound);
}

TEST_P(TreeTest, ChangesNamesOnHelpers) {
    EXPECT_TRUE(loop_.run(tree_->make_directory("/new", 0755)).has_value());
    EXPECT_TRUE(loop_.run(tree_->directory_exists("/new")).has_value());
    EXPECT_TRUE(loop_.run(tree_->rename("/file", "/new/file", true)).has_value());
    EXPECT_TRUE(loop_.run(tree_->change_mode("/new/file", 0600)).has_value());
    EXPECT_TRUE(loop_.run(tree_->set_modified("/new/file", WallTime(5))).has_value());
    const Result<sys::FileStatus> status = loop_.run(tree_->status("/new/file"));
    ASSERT_TRUE(status.has_value());
    EXPECT_EQ(status->mode, 0600u);
    EXPECT_EQ(status->modified.seconds, 5);
    EXPECT_EQ(loop_.run(tree_->remove_directory("/new")).error().code, Errc::NotEmpty);
    EXPECT_TRUE(loop_.run(tree_->remove_file("/new/file")).has_value());
    EXPECT_TRUE(loop_.run(tree_->remove_directory("/new")).has_value());
    EXPECT_EQ(files_.names(), std::vector<std::string>{"dir"});
}

TEST_P(TreeTest, TellsALinkFromWhatItPointsAt) {
    files_.link("file", "link");
    EXPECT_TRUE(loop_.run(tree_->status("/link"))->is_regular());
    EXPECT_TRUE(loop_.run(tree_->link_status("/link"))->is_symlink());
    std::uint8_t bytes[64];
    const Result<std::size_t> length = loop_.run(tree_->read_link("/link", bytes));
    ASSERT_TRUE(length.has_value());
    EXPECT_EQ(as_text(Bytes(bytes, *length)), "file");
}

TEST_P(TreeTest, TellsWhatIsFree) {
    const Result<std::int64_t> free = loop_.run(tree_->free_bytes("/"));
    ASSERT_TRUE(free.has_value());
    EXPECT_GT(*free, 0);
}

INSTANTIATE_TEST_SUITE_P(Engines, TreeTest,
                         ::testing::Values(io::EngineKind::Epoll, io::EngineKind::IoUring),
                         [](const auto& tested) {
                             return tested.param == io::EngineKind::Epoll ? "epoll" : "io_uring";
                         });

class TreeHelpersTest : public ::testing::Test {
protected:
    TreeHelpersTest() : loop_(kernel_, io::EngineKind::Epoll, &pool_) {
        files_.write("file", "content");
        files_.mkdir("dir");
    }
    void open() {
        root_ = std::move(*Root::open(kernel_, files_.c_str(), RootRules()));
        tree_ = std::make_unique<Tree>(*root_, loop_.reactor());
    }

    TempTree files_;
    FaultKernel kernel_;
    InlineHelperPool pool_;
    TestLoop loop_;
    std::unique_ptr<Root> root_;
    std::unique_ptr<Tree> tree_;
};

TEST_F(TreeHelpersTest, CachedAnswersNeedNoHelper) {
    open();
    EXPECT_TRUE(loop_.run(tree_->open_for_reading("/file")).has_value());
    EXPECT_TRUE(loop_.run(tree_->status("/file")).has_value());
    EXPECT_TRUE(loop_.run(tree_->link_status("/file")).has_value());
    EXPECT_TRUE(loop_.run(tree_->directory_exists("/dir")).has_value());
    EXPECT_TRUE(loop_.run(tree_->open_directory("/dir", EntryContent::Full)).has_value());
    EXPECT_EQ(pool_.jobs, 0u);
}

TEST_F(TreeHelpersTest, AMissGoesToAHelperOnce) {
    open();
    kernel_.refuse_open = [](const sys::OpenHow& how) {
        return (how.resolve & 0x20) != 0 ? EAGAIN : 0;
    };
    EXPECT_TRUE(loop_.run(tree_->open_for_reading("/file")).has_value());
    EXPECT_TRUE(loop_.run(tree_->status("/file")).has_value());
    EXPECT_TRUE(loop_.run(tree_->link_status("/file")).has_value());
    EXPECT_TRUE(loop_.run(tree_->directory_exists("/dir")).has_value());
    EXPECT_TRUE(loop_.run(tree_->open_directory("/dir", EntryContent::Full)).has_value());
    EXPECT_EQ(pool_.jobs, 5u);
    EXPECT_TRUE(kernel_.open_files.size() == 1);  // the root
}

TEST_F(TreeHelpersTest, ARemoteFileSystemIsNeverAskedInline) {
    kernel_.magic = 0x6969;  // nfs
    open();
    kernel_.refuse_open = [](const sys::OpenHow& how) {
        EXPECT_EQ(how.resolve & 0x20, 0u);
        return 0;
    };
    Result<File> file = loop_.run(tree_->open_for_reading("/file"));
    ASSERT_TRUE(file.has_value());
    EXPECT_EQ(file->fs_class, FsClass::Remote);
    EXPECT_EQ(pool_.jobs, 1u);
    loop_.run(tree_->close(*file));
    EXPECT_EQ(pool_.jobs, 2u);
}

TEST_F(TreeHelpersTest, ADeletedBigFileIsClosedOnAHelper) {
    open();
    files_.write("big", std::string(2 << 20, 'x'));
    Result<File> file = loop_.run(tree_->open_for_reading("/big"));
    ASSERT_TRUE(file.has_value());
    EXPECT_EQ(::unlink(files_.at("big").c_str()), 0);
    EXPECT_EQ(pool_.jobs, 0u);
    loop_.run(tree_->close(*file));
    EXPECT_EQ(pool_.jobs, 1u);
    EXPECT_EQ(kernel_.open_files.size(), 1u);
}

TEST_F(TreeHelpersTest, NoDescriptorIsLeftWhateverFails) {
    open();
    for (int call = 0; call < 8; ++call) {
        kernel_.reset();
        kernel_.fail_at = call;
        kernel_.fail_errno = EIO;
        const Result<File> file = loop_.run(tree_->open_for_reading("/file"));
        const std::string failed = kernel_.failed_call;
        EXPECT_EQ(file.has_value(), failed.empty()) << call << " " << failed;
        if (!file) {
            EXPECT_EQ(file.error().code, Errc::InputOutput);
            EXPECT_EQ(kernel_.open_files.size(), 1u) << failed;
        }
    }
}

}  // namespace
}  // namespace sluice::vfs
