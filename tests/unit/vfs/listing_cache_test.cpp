// Method: one thread plays the sessions, with real mailboxes for those who wait; then threads that
// read and make the same few texts at once, under a bound that forces texts out.
#include "sluice/vfs/listing_cache.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <limits>
#include <string>
#include <thread>
#include <vector>

#include "test_loop.hpp"

namespace sluice::vfs {
namespace {

using Part = ListingCache::Part;

constexpr std::uint64_t kBytes = 64 << 10;
constexpr Duration kLife = Duration::seconds(1);
const Instant kNow(1'000'000'000);

FolderStamp stamp(std::uint64_t inode, std::int64_t modified = 1) {
    FolderStamp made;
    made.inode = inode;
    made.modified = WallTime(modified);
    return made;
}

void make(ListingCache& cache, ListingCache::Answer& answer, std::string_view text) {
    ASSERT_EQ(answer.part, Part::Make);
    ASSERT_TRUE(cache.add(answer.ref, as_bytes(text)));
    cache.complete(answer.ref);
}

std::string text_of(const ListingCache& cache, const ListingCache::Ref& ref) {
    std::string text;
    for (std::size_t i = 0; i < cache.pieces(ref); ++i) {
        const Bytes piece = cache.piece(ref, i);
        text.append(reinterpret_cast<const char*>(piece.data()), piece.size());
    }
    return text;
}

TEST(ListingCache, GivesWhatWasMadeUntilItsTimeIsOver) {
    ListingCache cache(kBytes, kLife);
    ListingCache::Answer first = cache.ask("k", stamp(1), kNow);
    make(cache, first, "a\r\n");
    const ListingCache::Answer again = cache.ask("k", stamp(1), kNow + kLife);
    ASSERT_EQ(again.part, Part::Read);
    EXPECT_EQ(text_of(cache, again.ref), "a\r\n");
    EXPECT_EQ(cache.ask("other", stamp(1), kNow).part, Part::Make);
    EXPECT_EQ(cache.ask("k", stamp(1), kNow + kLife + Duration(1)).part, Part::Make);
}

TEST(ListingCache, ForgetsATextWhenItsFolderIsAnotherOne) {
    ListingCache cache(kBytes, kLife);
    FolderStamp other_marks = stamp(1);
    other_marks.marks.folder = 7;
    FolderStamp other_change = stamp(1);
    other_change.changed = WallTime(5);
    for (const FolderStamp& now : {stamp(1, 2), stamp(2), other_marks, other_change}) {
        ListingCache::Answer first = cache.ask("k", stamp(1), kNow);
        make(cache, first, "a");
        EXPECT_EQ(cache.ask("k", now, kNow).part, Part::Make);
    }
}

TEST(ListingCache, IsAloneWhenItIsOff) {
    ListingCache cache(0, kLife);
    EXPECT_EQ(cache.ask("k", stamp(1), kNow).part, Part::Alone);
}

TEST(ListingCache, KeepsWhatAReaderHoldsAfterItWasReplaced) {
    ListingCache cache(kBytes, kLife);
    ListingCache::Answer old_text = cache.ask("k", stamp(1), kNow);
    make(cache, old_text, "old");
    ListingCache::Answer new_text = cache.ask("k", stamp(1, 2), kNow);
    make(cache, new_text, "new");
    EXPECT_EQ(text_of(cache, old_text.ref), "old");
    const std::uint64_t both = cache.bytes();
    old_text.ref.release();
    EXPECT_LT(cache.bytes(), both);
    EXPECT_EQ(text_of(cache, cache.ask("k", stamp(1, 2), kNow).ref), "new");
}

// Counted, so that it stays bounded however many keys clients think of.
TEST(ListingCache, NeverHoldsMoreThanItsBound) {
    ListingCache cache(kBytes, kLife);
    const std::string text(3000, 'x');
    for (int i = 0; i < 1000; ++i) {
        ListingCache::Answer answer = cache.ask("k" + std::to_string(i), stamp(1), kNow);
        make(cache, answer, text);
        EXPECT_LE(cache.bytes(), kBytes);
    }
    EXPECT_EQ(cache.ask("k999", stamp(1), kNow).part, Part::Read);
    EXPECT_EQ(cache.ask("k0", stamp(1), kNow).part, Part::Make);
}

TEST(ListingCache, RemembersATextThatIsTooLarge) {
    ListingCache cache(kBytes, kLife);
    {
        ListingCache::Answer answer = cache.ask("k", stamp(1), kNow);
        const std::string piece(16 << 10, 'x');
        ASSERT_TRUE(cache.add(answer.ref, as_bytes(piece)));
        EXPECT_FALSE(cache.add(answer.ref, as_bytes(piece)));
        // What was taken is still to be sent.
        EXPECT_EQ(text_of(cache, answer.ref), piece);
        EXPECT_EQ(cache.ask("k", stamp(1), kNow).part, Part::Alone);
    }
    EXPECT_LT(cache.bytes(), 2048u);
    EXPECT_EQ(cache.ask("k", stamp(1, 2), kNow).part, Part::Make);
}

class Waiting : public ::testing::Test {
protected:
    Waiting() : loop_(kernel_), event_(loop_.reactor().ready()) {}
    void turn() { loop_.reactor().run_ready(); }
    sys::LinuxKernel kernel_;
    TestLoop loop_;
    io::Event event_;
    ListingCache cache_{kBytes, kLife};
};

TEST_F(Waiting, OneReadsForAllWhoAskMeanwhile) {
    ListingCache::Answer maker = cache_.ask("k", stamp(1), kNow);
    ListingCache::Answer second = cache_.ask("k", stamp(1), kNow + Duration::seconds(60));
    ASSERT_EQ(second.part, Part::Wait);
    ListingCache::Wait wait(loop_.reactor().mailbox(), event_);
    ASSERT_TRUE(cache_.wait_for(second.ref, wait));
    turn();
    EXPECT_FALSE(wait.has_come());
    make(cache_, maker, "text");
    turn();
    EXPECT_TRUE(wait.has_come());
    ASSERT_TRUE(cache_.is_complete(second.ref));
    EXPECT_EQ(text_of(cache_, second.ref), "text");
    // Who comes after the end has nothing to wait for.
    ListingCache::Wait late(loop_.reactor().mailbox(), event_);
    EXPECT_FALSE(cache_.wait_for(second.ref, late));
}

TEST_F(Waiting, TheNextOneMakesWhatTheFirstGaveUp) {
    ListingCache::Answer maker = cache_.ask("k", stamp(1), kNow);
    ListingCache::Answer second = cache_.ask("k", stamp(1), kNow);
    ListingCache::Wait wait(loop_.reactor().mailbox(), event_);
    ASSERT_TRUE(cache_.wait_for(second.ref, wait));
    maker.ref.release();
    turn();
    EXPECT_TRUE(wait.has_come());
    EXPECT_FALSE(cache_.is_complete(second.ref));
    EXPECT_EQ(cache_.ask("k", stamp(1), kNow).part, Part::Make);
}

TEST_F(Waiting, OneWhoStopsIsForgottenOrIsToldSoon) {
    ListingCache::Answer maker = cache_.ask("k", stamp(1), kNow);
    ListingCache::Answer second = cache_.ask("k", stamp(1), kNow);
    {
        ListingCache::Wait wait(loop_.reactor().mailbox(), event_);
        ASSERT_TRUE(cache_.wait_for(second.ref, wait));
        EXPECT_TRUE(cache_.give_up(wait));
    }
    ListingCache::Wait wait(loop_.reactor().mailbox(), event_);
    ASSERT_TRUE(cache_.wait_for(second.ref, wait));
    make(cache_, maker, "x");
    EXPECT_FALSE(cache_.give_up(wait));  // on its way
    turn();
    EXPECT_TRUE(wait.has_come());
}

TEST_F(Waiting, AChangeMeanwhileMakesANewReading) {
    ListingCache::Answer maker = cache_.ask("k", stamp(1, 1), kNow);
    ListingCache::Answer later = cache_.ask("k", stamp(1, 2), kNow);
    EXPECT_EQ(later.part, Part::Make);
    make(cache_, maker, "before");
    make(cache_, later, "after");
    EXPECT_EQ(text_of(cache_, cache_.ask("k", stamp(1, 2), kNow).ref), "after");
}

TEST(ListingCacheThreads, HandOutWholeTextsOnly) {
    ListingCache cache(kBytes, kLife);
    std::vector<std::thread> threads;
    std::atomic<int> wrong{0};
    for (int t = 0; t < 4; ++t) {
        threads.emplace_back([&cache, &wrong, t] {
            for (int i = 0; i < 5000; ++i) {
                const std::string key = "k" + std::to_string((i * 7 + t) % 12);
                const std::string text(4000, key.back());
                ListingCache::Answer answer = cache.ask(key, stamp(1, i / 50), kNow);
                if (answer.part == Part::Make) {
                    if (i % 5 == 0) { continue; }  // gives up
                    if (cache.add(answer.ref, as_bytes(text))) { cache.complete(answer.ref); }
                }
                if (answer.part == Part::Read && text_of(cache, answer.ref) != text) { ++wrong; }
            }
        });
    }
    for (std::thread& thread : threads) { thread.join(); }
    EXPECT_EQ(wrong, 0);
    EXPECT_LE(cache.bytes(), kBytes);
    EXPECT_GT(cache.counts().reads, 0u);
}

TEST(MemoryBudget, BoundsEachAndAll) {
    MemoryBudget budget(100);
    MemoryBudget::Share first(budget, 60);
    EXPECT_TRUE(first.take(60));
    EXPECT_FALSE(first.take(1));
    {
        MemoryBudget::Share second(budget, 60);
        EXPECT_FALSE(second.take(41));
        EXPECT_TRUE(second.take(40));
        first.give_back(10);
        EXPECT_TRUE(second.take(10));
        EXPECT_EQ(budget.used(), 100u);
    }
    EXPECT_EQ(budget.used(), 50u);
}

// A change within the same tick of the clock would leave the times as they are.
TEST(FolderStamp, IsOfUseOnlyWhenTheFolderWasLeftAlone) {
    FolderStamp at = stamp(1);
    at.changed = WallTime(100, 999'000'000);
    EXPECT_FALSE(at.is_settled(WallTime(100, 999'000'000)));
    EXPECT_FALSE(at.is_settled(WallTime(101, 18'999'999)));
    EXPECT_TRUE(at.is_settled(WallTime(101, 19'000'000)));
    EXPECT_FALSE(at.is_settled(WallTime(99, 0))) << "the clock was set back";
    at.changed = WallTime(100, 0);
    EXPECT_FALSE(at.is_settled(WallTime(102, 0))) << "a file system that counts in seconds";
    EXPECT_TRUE(at.is_settled(WallTime(102, 20'000'000)));
    at.changed = WallTime(std::numeric_limits<std::int64_t>::min(), 0);
    EXPECT_TRUE(at.is_settled(WallTime(100, 0)));
    at.changed = WallTime(std::numeric_limits<std::int64_t>::max(), 0);
    EXPECT_FALSE(at.is_settled(WallTime(100, 0)));
}

}  // namespace
}  // namespace sluice::vfs
