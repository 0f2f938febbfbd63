// Method: states that differ in one member each, and far more files than the bound.
#include "sluice/digest/cache.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace sluice::digest {
namespace {

FileState some_file(std::uint64_t inode = 7) {
    FileState file;
    file.device = 1;
    file.inode = inode;
    file.size = 100;
    file.modified = WallTime(1000, 5);
    file.changed = WallTime(2000, 6);
    return file;
}

Value value_of(std::uint8_t byte) {
    const std::uint8_t bytes[] = {byte};
    return Value(bytes);
}

TEST(DigestCache, GivesBackWhatWasAdded) {
    Cache cache(100);
    EXPECT_FALSE(cache.find(some_file(), Algorithm::Md5));
    cache.add(some_file(), Algorithm::Md5, value_of(1));
    EXPECT_EQ(cache.find(some_file(), Algorithm::Md5), value_of(1));
    EXPECT_FALSE(cache.find(some_file(), Algorithm::Sha1));
    cache.add(some_file(), Algorithm::Md5, value_of(2));
    EXPECT_EQ(cache.find(some_file(), Algorithm::Md5), value_of(2));
}

TEST(DigestCache, TellsFilesApartByEveryMember) {
    Cache cache(1000);
    cache.add(some_file(), Algorithm::Md5, value_of(1));
    std::vector<FileState> others(7, some_file());
    others[0].device = 2;
    others[1].inode = 8;
    others[2].size = 101;
    others[3].modified.seconds = 1001;
    others[4].modified.nanoseconds = 4;
    others[5].changed.seconds = 1999;
    others[6].changed.nanoseconds = 7;
    for (const FileState& other : others) {
        EXPECT_FALSE(cache.find(other, Algorithm::Md5));
    }
}

TEST(DigestCache, StaysWithinItsBoundAndKeepsWhatIsAskedFor) {
    for (const std::uint32_t bound : {1u, 2u, 3u, 4u, 5u, 64u, 100u}) {
        Cache cache(bound);
        ASSERT_LE(cache.capacity(), bound);
        ASSERT_GE(cache.capacity(), 1u);
        for (std::uint64_t inode = 1; inode <= 2000; ++inode) {
            cache.add(some_file(inode), Algorithm::Sha256, value_of(1));
            EXPECT_TRUE(cache.find(some_file(inode), Algorithm::Sha256)) << "the newest is there";
        }
        std::size_t found = 0;
        for (std::uint64_t inode = 1; inode <= 2000; ++inode) {
            if (cache.find(some_file(inode), Algorithm::Sha256)) {
                ++found;
            }
        }
        EXPECT_LE(found, cache.capacity());
        EXPECT_GE(found, cache.capacity() / 2) << "most places are in use";
    }
}

TEST(DigestCache, ForgetsFirstWhatWasAskedForLongestAgo) {
    Cache cache(4);  // one set of four
    for (std::uint64_t inode = 1; inode <= 4; ++inode) {
        cache.add(some_file(inode), Algorithm::Md5, value_of(1));
    }
    EXPECT_TRUE(cache.find(some_file(1), Algorithm::Md5));
    cache.add(some_file(5), Algorithm::Md5, value_of(1));
    EXPECT_TRUE(cache.find(some_file(1), Algorithm::Md5));
    EXPECT_FALSE(cache.find(some_file(2), Algorithm::Md5));
    EXPECT_TRUE(cache.find(some_file(3), Algorithm::Md5));
}

TEST(DigestCache, ForgetsAllDigestsOfAFile) {
    Cache cache(1000);
    for (const Algorithm algorithm : kAlgorithms) {
        cache.add(some_file(1), algorithm, value_of(1));
        cache.add(some_file(2), algorithm, value_of(1));
    }
    cache.forget(some_file(1));
    for (const Algorithm algorithm : kAlgorithms) {
        EXPECT_FALSE(cache.find(some_file(1), algorithm));
        EXPECT_TRUE(cache.find(some_file(2), algorithm));
    }
}

TEST(DigestCache, OfNoEntriesRemembersNothing) {
    Cache cache(0);
    cache.add(some_file(), Algorithm::Md5, value_of(1));
    EXPECT_FALSE(cache.find(some_file(), Algorithm::Md5));
    cache.forget(some_file());
}

TEST(IsSettled, TakesTwoTicksOfRest) {
    FileState file = some_file();
    file.changed = WallTime(100, 990'000'000);
    EXPECT_FALSE(is_settled(file, WallTime(100, 990'000'000)));
    EXPECT_FALSE(is_settled(file, WallTime(101, 9'999'999)));
    EXPECT_TRUE(is_settled(file, WallTime(101, 10'000'000)));
    EXPECT_TRUE(is_settled(file, WallTime(5000)));
    EXPECT_TRUE(is_settled(file, WallTime(INT64_MAX)));
    EXPECT_FALSE(is_settled(file, WallTime(100)));  // the clock was put back
    EXPECT_FALSE(is_settled(file, WallTime(99, 999'999'999)));
}

}  // namespace
}  // namespace sluice::digest
