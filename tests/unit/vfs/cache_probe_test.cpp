// Hot or cold, asked of a real disk; the fill is proved by the probe.
#include "sluice/vfs/cache_probe.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "fault_kernel.hpp"
#include "sluice/vfs/root.hpp"
#include "temp_tree.hpp"

namespace sluice::vfs {
namespace {

constexpr std::int64_t kFileBytes = 3 << 20;

class CacheProbeTest : public ::testing::Test {
protected:
    CacheProbeTest() {
        files_.write("file", std::string(kFileBytes, 'x'));
        fd_ = ::open(files_.at("file").c_str(), O_RDWR | O_CLOEXEC);
        EXPECT_GE(fd_, 0);
    }
    ~CacheProbeTest() override { ::close(fd_); }

    // False where the kernel cannot say, or the file system drops nothing (tmpfs).
    bool make_cold() {
        EXPECT_EQ(::fsync(fd_), 0);
        EXPECT_TRUE(kernel_.advise(fd_, 0, 0, sys::Advice::DontNeed).has_value());
        const Result<std::uint64_t> cached = kernel_.cached_pages(fd_, 0, kFileBytes);
        return cached && *cached == 0;
    }
    // Fills the file and looks at [0, length). A machine short of memory may take pages away at any
    // moment, so a few times.
    CacheState fill_and_probe(std::int64_t length) {
        for (int attempt = 0; attempt < 5; ++attempt) {
            const Result<std::int64_t> filled = fill_window(kernel_, fd_, 0, kFileBytes);
            EXPECT_TRUE(filled && *filled == kFileBytes);
            if (probe(0, length) == CacheState::Cached) { return CacheState::Cached; }
        }
        return probe(0, length);
    }
    CacheState probe(std::int64_t offset, std::int64_t length) {
        return probe_window(kernel_, fd_, offset, length, FsClass::LocalDisk);
    }

    TempTree files_;
    FaultKernel kernel_;
    int fd_ = -1;
};

TEST_F(CacheProbeTest, AFilledWindowIsCachedAndOthersAreNot) {
    if (!make_cold()) {
        GTEST_SKIP() << "no cachestat(2), or a file system in memory";
    }
    EXPECT_EQ(probe(0, kFileBytes), CacheState::NotCached);
    EXPECT_EQ(probe(0, 1), CacheState::NotCached);
    EXPECT_EQ(fill_and_probe(kFileBytes), CacheState::Cached);
    EXPECT_EQ(probe(4095, 2), CacheState::Cached);
}

TEST_F(CacheProbeTest, OneMissingPageMakesAWindowCold) {
    if (!make_cold()) {
        GTEST_SKIP() << "no cachestat(2), or a file system in memory";
    }
    ASSERT_TRUE(fill_window(kernel_, fd_, 0, kFileBytes).has_value());
    // Only whole pages inside the range are dropped.
    ASSERT_TRUE(kernel_.advise(fd_, 1 << 20, 64 << 10, sys::Advice::DontNeed).has_value());
    const Result<std::uint64_t> cached = kernel_.cached_pages(fd_, 1 << 20, 64 << 10);
    ASSERT_TRUE(cached.has_value());
    if (*cached == 16) {
        GTEST_SKIP() << "a large folio kept the pages";
    }
    EXPECT_EQ(probe(0, kFileBytes), CacheState::NotCached);
    EXPECT_EQ(probe(0, 1 << 20), CacheState::Cached);
}

TEST_F(CacheProbeTest, TheClassDecidesWhereTheKernelNeedNotBeAsked) {
    kernel_.calls.clear();
    EXPECT_EQ(probe_window(kernel_, fd_, 0, kFileBytes, FsClass::Memory), CacheState::Cached);
    EXPECT_EQ(probe_window(kernel_, fd_, 0, kFileBytes, FsClass::Remote), CacheState::NotCached);
    EXPECT_EQ(probe(0, 0), CacheState::Cached);
    EXPECT_TRUE(kernel_.calls.empty());
}

TEST_F(CacheProbeTest, WithoutCachestatSamplesAnswer) {
    ASSERT_TRUE(fill_window(kernel_, fd_, 0, kFileBytes).has_value());
    kernel_.fail_name = "cached_pages";
    kernel_.fail_name_errno = ENOSYS;
    EXPECT_EQ(probe(0, kFileBytes), CacheState::Cached);
    EXPECT_EQ(probe(kFileBytes - 1, 1), CacheState::Cached);
    // Behind the end nothing is cached and nothing is known.
    EXPECT_EQ(probe(kFileBytes, 1), CacheState::Unknown);
}

TEST_F(CacheProbeTest, FillingTellsWhereTheFileEnds) {
    const Result<std::int64_t> across = fill_window(kernel_, fd_, kFileBytes - 1000, 1 << 20);
    ASSERT_TRUE(across.has_value());
    EXPECT_EQ(*across, 1000);
    const Result<std::int64_t> behind = fill_window(kernel_, fd_, kFileBytes, 1 << 20);
    ASSERT_TRUE(behind.has_value());
    EXPECT_EQ(*behind, 0);
}

TEST_F(CacheProbeTest, FillingReturnsReadErrorsAndIgnoresAdviceErrors) {
    kernel_.fail_name = "advise";
    kernel_.fail_name_errno = EINVAL;
    EXPECT_TRUE(fill_window(kernel_, fd_, 0, 1 << 20).has_value());
    kernel_.fail_name = "load";
    kernel_.fail_name_errno = EIO;
    const Result<std::int64_t> filled = fill_window(kernel_, fd_, 0, 1 << 20);
    ASSERT_FALSE(filled.has_value());
    EXPECT_EQ(filled.error().code, Errc::InputOutput);
}

}  // namespace
}  // namespace sluice::vfs
