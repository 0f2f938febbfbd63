// Digests of real files through helpers, on both engines: the whole, parts, files that become
// shorter, stops, and more digests than may be out.
#include <gtest/gtest.h>
#include <unistd.h>

#include <memory>
#include <string>
#include <vector>

#include "../io/loop_fixture.hpp"
#include "../vfs/temp_tree.hpp"
#include "sluice/vfs/root.hpp"
#include "sluice/vfs/tree.hpp"
#include "sluice/xfer/pumps.hpp"

namespace sluice::xfer {
namespace {

using digest::Algorithm;

// One digest and everything it needs.
struct Digestion {
    Digestion(io::Reactor& reactor, BufferPools& buffers)
        : stop(reactor.backend()),
          work{reactor, buffers.digest, stop, bytes},
          hasher(std::move(*digest::Hasher::begin(Algorithm::Crc32))) {}

    io::StopSource stop;
    std::uint64_t bytes = 0;
    DigestWork work;
    vfs::File file;
    digest::Hasher hasher;
    Status outcome;
    io::Task<void> task;
};

io::Task<void> digest_part(vfs::Tree& tree, Digestion& run, std::int64_t offset, std::int64_t end) {
    Result<vfs::File> opened = co_await tree.open_for_reading("/file");
    run.file = std::move(*opened);
    if (end < 0) {
        end = run.file.status.size;
    }
    const Status outcome = co_await digest_file(run.work, run.file, offset, end, run.hasher);
    run.outcome = outcome;
}

std::string crc_of(std::string_view text) {
    digest::Hasher hasher = std::move(*digest::Hasher::begin(Algorithm::Crc32));
    hasher.update(as_bytes(text));
    return hasher.finish()->hex();
}

class DigestPumpTest : public io::LoopTest {
protected:
    void SetUp() override {
        io::LoopTest::SetUp();
        if (IsSkipped()) {
            return;
        }
        auto root = vfs::Root::open(kernel_, files_.c_str(), vfs::RootRules());
        ASSERT_TRUE(root);
        root_ = std::move(*root);
        reactor_ = std::make_unique<io::Reactor>(kernel_, *backend_, ready_, helper_);
        tree_ = std::make_unique<vfs::Tree>(*root_, *reactor_);
    }
    void TearDown() override {
        tree_.reset();
        io::LoopTest::TearDown();
    }
    std::unique_ptr<Digestion> begin(std::int64_t offset = 0, std::int64_t end = -1) {
        auto run = std::make_unique<Digestion>(*reactor_, buffers_);
        run->task = digest_part(*tree_, *run, offset, end);
        run->task.start();
        return run;
    }
    bool finish(Digestion& run) {
        return turn_until([&] { return run.task.done(); });
    }

    // One thread: who has a turn is then the line's decision, and not the machine's.
    io::ThreadHelperPool helper_{1};
    vfs::TempTree files_;
    BufferPools buffers_{4 << 20, 4 << 20};
    std::unique_ptr<vfs::Root> root_;
    std::unique_ptr<vfs::Tree> tree_;
};

TEST_P(DigestPumpTest, ReadsTheWholeAndCountsIt) {
    const std::string content((3 << 20) + 5, 'x');
    files_.write("file", content);
    const std::unique_ptr<Digestion> run = begin();
    ASSERT_TRUE(finish(*run));
    EXPECT_TRUE(run->outcome);
    EXPECT_EQ(run->bytes, content.size());
    EXPECT_EQ(run->hasher.finish()->hex(), crc_of(content));
    EXPECT_EQ(buffers_.digest.out(), 0u);
}

TEST_P(DigestPumpTest, ReadsExactlyThePartThatIsAsked) {
    std::string content;
    for (int i = 0; i < 400'000; ++i) {
        content += static_cast<char>('a' + i % 26);
    }
    files_.write("file", content);
    constexpr std::int64_t kParts[][2] = {
        {0, 0}, {0, 1}, {1, 131'072}, {131'071, 131'073}, {399'999, 400'000}, {17, 400'000}};
    for (const auto& [from, to] : kParts) {
        const std::unique_ptr<Digestion> run = begin(from, to);
        ASSERT_TRUE(finish(*run));
        EXPECT_TRUE(run->outcome);
        const std::string_view part = std::string_view(content).substr(
            static_cast<std::size_t>(from), static_cast<std::size_t>(to - from));
        EXPECT_EQ(run->hasher.finish()->hex(), crc_of(part)) << from << " " << to;
    }
}

TEST_P(DigestPumpTest, AFileThatEndsEarlyHasNoDigest) {
    files_.write("file", std::string(1000, 'x'));
    const std::unique_ptr<Digestion> run = begin(0, 2000);
    ASSERT_TRUE(finish(*run));
    ASSERT_FALSE(run->outcome);
    EXPECT_EQ(run->outcome.error().code, Errc::Truncated);
    EXPECT_EQ(run->bytes, 1000u);
    EXPECT_EQ(buffers_.digest.out(), 0u);
}

TEST_P(DigestPumpTest, AStopEndsItAfterTheRoundThatRuns) {
    files_.write("file", "");
    ASSERT_EQ(::truncate(files_.at("file").c_str(), std::int64_t{1} << 40), 0);
    const std::unique_ptr<Digestion> run = begin();
    ASSERT_TRUE(turn_until([&] { return run->bytes > 0; }));
    run->stop.request(io::StopReason::Abor);
    const std::uint64_t before = run->bytes;
    ASSERT_TRUE(finish(*run));
    ASSERT_FALSE(run->outcome);
    EXPECT_EQ(run->outcome.error().code, Errc::Stopped);
    EXPECT_LE(run->bytes - before, 2u << 20);
}

TEST_P(DigestPumpTest, OnlySoManyRoundsAreOutAndAllTakeTurns) {
    files_.write("file", "");
    ASSERT_EQ(::truncate(files_.at("file").c_str(), std::int64_t{1} << 40), 0);
    constexpr std::size_t kRuns = 3 * BufferPools::kDigestsMax;
    std::vector<std::unique_ptr<Digestion>> runs;
    for (std::size_t i = 0; i < kRuns; ++i) {
        runs.push_back(begin());
    }
    EXPECT_TRUE(turn_until([&] {
        EXPECT_LE(buffers_.digest.out(), BufferPools::kDigestsMax);
        for (const std::unique_ptr<Digestion>& run : runs) {
            if (run->bytes < (3u << 20)) {
                return false;
            }
        }
        return true;
    }));
    std::uint64_t least = UINT64_MAX;
    std::uint64_t most = 0;
    for (const std::unique_ptr<Digestion>& run : runs) {
        least = std::min(least, run->bytes);
        most = std::max(most, run->bytes);
        run->stop.request(io::StopReason::Kill);
    }
    EXPECT_LE(most - least, 4u << 20) << "nobody is far ahead";
    for (const std::unique_ptr<Digestion>& run : runs) {
        EXPECT_TRUE(finish(*run));
    }
    EXPECT_EQ(buffers_.digest.out(), 0u);
}

INSTANTIATE_ON_BOTH_ENGINES(DigestPumpTest);

}  // namespace
}  // namespace sluice::xfer
