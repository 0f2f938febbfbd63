// Copies within the server: the same bytes whichever way the kernel lets them go, and honest ends.
#include "sluice/vfs/file_copy.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "fault_kernel.hpp"
#include "temp_tree.hpp"
#include "test_loop.hpp"

namespace sluice::vfs {
namespace {

class FileCopyTest : public ::testing::Test {
protected:
    FileCopyTest() {
        root_ = std::move(*Root::open(kernel_, files_.c_str(), RootRules()));
        tree_ = std::make_unique<Tree>(*root_, loop_.reactor());
        for (std::size_t i = 0; i < FileCopy::kStepBytes + 12345; ++i) {
            bytes_.push_back(static_cast<char>(i * 7 + i / 251));
        }
        files_.write("from", bytes_);
    }

    // Copies /from to /to; what the copy said.
    Status copy() {
        Result<File> from = loop_.run(tree_->open_for_reading("/from"));
        EXPECT_TRUE(from.has_value());
        UploadTarget to(*tree_);
        UploadRequest request;
        request.path = "/to";
        EXPECT_TRUE(loop_.run(to.begin(request)).has_value());
        if (before_copy_) { before_copy_(); }
        FileCopy copy(*tree_, *from, to);
        Result<bool> more = true;
        while (more && *more) { more = loop_.run(copy.step()); }
        loop_.run(tree_->close(*from));
        if (!more) {
            (void)loop_.run(to.abandon());
            return fail(more.error());
        }
        EXPECT_EQ(copy.done(), static_cast<std::int64_t>(bytes_.size()));
        return loop_.run(to.commit());
    }

    FaultKernel kernel_;
    TempTree files_;
    InlineHelperPool helpers_;
    TestLoop loop_{kernel_, io::EngineKind::Epoll, &helpers_};
    std::unique_ptr<Root> root_;
    std::unique_ptr<Tree> tree_;
    std::string bytes_;
    std::function<void()> before_copy_;
};

TEST_F(FileCopyTest, CopiesWithinTheKernel) {
    ASSERT_TRUE(copy().has_value());
    EXPECT_EQ(files_.read("to"), bytes_);
}

TEST_F(FileCopyTest, ReadsAndWritesWhereTheKernelRefuses) {
    for (const int refusal : {EXDEV, EOPNOTSUPP, ENOSYS, EINVAL}) {
        kernel_.reset();
        kernel_.fail_name = "copy_range";
        kernel_.fail_name_errno = refusal;
        ASSERT_TRUE(copy().has_value()) << refusal;
        EXPECT_EQ(files_.read("to"), bytes_);
    }
}

TEST_F(FileCopyTest, LeavesNothingOfACopyThatFailed) {
    for (const int error : {ENOSPC, EIO}) {
        kernel_.reset();
        kernel_.fail_name = "copy_range";
        kernel_.fail_name_errno = error;
        EXPECT_FALSE(copy().has_value());
        // What UploadTarget::abandon keeps is its own business and tested there; nothing was
        // written here, so nothing is left.
        EXPECT_FALSE(files_.exists("to"));
    }
}

TEST_F(FileCopyTest, AFileThatBecameShorterIsNoWholeCopy) {
    before_copy_ = [this] { EXPECT_EQ(::truncate(files_.at("from").c_str(), 1000), 0); };
    const Status copied = copy();
    ASSERT_FALSE(copied.has_value());
    EXPECT_EQ(copied.error().code, Errc::Truncated);
}

}  // namespace
}  // namespace sluice::vfs
