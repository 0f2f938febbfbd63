// The bound, the line of those who wait, and leaving the line. The coroutines' Events are looked at
// by the test itself.
#include "sluice/xfer/buffer_pool.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <optional>

namespace sluice::xfer {
namespace {

constexpr std::size_t kBytes = 4096;

// One that waits in line.
struct Waiting {
    Waiting(BufferPool& pool, io::ReadyQueue& ready)
        : turn(ready), place(std::in_place, pool, turn) {}
    bool has_come() const { return place->has_come(); }
    io::Event turn;
    std::optional<BufferPool::Place> place;
};

class BufferPoolTest : public testing::Test {
protected:
    io::ReadyQueue ready_;
};

TEST_F(BufferPoolTest, HandsOutUpToItsBound) {
    BufferPool pool(kBytes, 2 * kBytes + kBytes / 2);
    const Buffer first = pool.try_take();
    const Buffer second = pool.try_take();
    EXPECT_TRUE(first.is_set());
    EXPECT_TRUE(second.is_set());
    EXPECT_EQ(first.size(), kBytes);
    EXPECT_FALSE(pool.try_take().is_set());
    EXPECT_EQ(pool.out(), 2u);
}

TEST_F(BufferPoolTest, OneBufferIsAlwaysPossible) {
    BufferPool pool(kBytes, 0);
    const Buffer first = pool.try_take();
    EXPECT_TRUE(first.is_set());
    EXPECT_FALSE(pool.try_take().is_set());
}

TEST_F(BufferPoolTest, ABufferThatComesBackIsTheNextToGo) {
    BufferPool pool(kBytes, 4 * kBytes);
    const Buffer kept = pool.try_take();
    Buffer hot = pool.try_take();
    const std::uint8_t* data = hot.data();
    hot.release();
    EXPECT_EQ(pool.try_take().data(), data);
}

TEST_F(BufferPoolTest, APlaceIsServedAtOnceWhenThereIsRoom) {
    BufferPool pool(kBytes, kBytes);
    Waiting waiting(pool, ready_);
    ASSERT_TRUE(waiting.has_come());
    EXPECT_FALSE(pool.try_take().is_set());
    EXPECT_TRUE(waiting.place->take().is_set());
    EXPECT_EQ(pool.out(), 0u);
}

TEST_F(BufferPoolTest, ServesInOrderOfArrival) {
    BufferPool pool(kBytes, kBytes);
    Buffer holder = pool.try_take();
    Waiting first(pool, ready_);
    Waiting second(pool, ready_);
    EXPECT_FALSE(first.has_come());
    holder.release();
    EXPECT_TRUE(first.has_come());
    EXPECT_TRUE(first.turn.wait().await_ready()) << "its Event was notified";
    EXPECT_FALSE(second.has_come());
    Buffer buffer = first.place->take();
    buffer.release();
    EXPECT_TRUE(second.has_come());
}

TEST_F(BufferPoolTest, NobodyTakesWhatAWaiterWasWokenFor) {
    BufferPool pool(kBytes, kBytes);
    Buffer holder = pool.try_take();
    Waiting waiting(pool, ready_);
    holder.release();
    EXPECT_FALSE(pool.try_take().is_set());
    EXPECT_TRUE(waiting.place->take().is_set());
}

TEST_F(BufferPoolTest, WhoGivesUpLeavesTheLine) {
    BufferPool pool(kBytes, kBytes);
    Buffer holder = pool.try_take();
    Waiting first(pool, ready_);
    Waiting second(pool, ready_);
    first.place.reset();
    holder.release();
    EXPECT_TRUE(second.has_come());
}

TEST_F(BufferPoolTest, WhoGivesUpAfterItsTurnCameLeavesTheBufferToTheNext) {
    BufferPool pool(kBytes, kBytes);
    Buffer holder = pool.try_take();
    Waiting first(pool, ready_);
    Waiting second(pool, ready_);
    holder.release();
    ASSERT_TRUE(first.has_come());
    first.place.reset();
    EXPECT_TRUE(second.has_come());
    second.place.reset();
    EXPECT_EQ(pool.out(), 0u);
    EXPECT_TRUE(pool.try_take().is_set());
}

TEST_F(BufferPoolTest, EachKindOfTransferHasMemoryOfItsOwn) {
    BufferPools pools(8 * BufferPools::kUploadBytes, 0);
    const auto drain = [](BufferPool& pool) {
        std::vector<Buffer> taken;
        for (Buffer one = pool.try_take(); one.is_set(); one = pool.try_take()) {
            taken.push_back(std::move(one));
        }
        return taken;
    };
    const std::vector<Buffer> listings = drain(pools.listing);
    EXPECT_EQ(listings.size() * BufferPools::kListingBytes, BufferPools::kUploadBytes);
    const std::vector<Buffer> texts = drain(pools.text);
    EXPECT_EQ(texts.size() * BufferPools::kTextBytes, BufferPools::kUploadBytes);
    EXPECT_EQ(drain(pools.upload).size(), 6u);
}

}  // namespace
}  // namespace sluice::xfer
