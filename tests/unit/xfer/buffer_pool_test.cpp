// The bound, the line of those who wait, and that one buffer can always be out. The coroutines are
// resumed by the test itself.
#include "sluice/xfer/buffer_pool.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <vector>

#include "sluice/io/task.hpp"

namespace sluice::xfer {
namespace {

constexpr std::size_t kLarge = BufferPool::kLargeBytes;
constexpr std::size_t kSmall = BufferPool::kSmallBytes;

// One that asks for a buffer and keeps it.
struct Taker {
    Buffer buffer;
    io::Task<void> task;
};

io::Task<void> take_one(BufferPool& pool, std::size_t size, Buffer& into) {
    into = co_await pool.take(size);
}

class BufferPoolTest : public testing::Test {
protected:
    void make(std::uint64_t bytes_max) { pool_ = std::make_unique<BufferPool>(ready_, bytes_max); }
    Taker& take(std::size_t size) {
        takers_.push_back(std::make_unique<Taker>());
        Taker& taker = *takers_.back();
        taker.task = take_one(*pool_, size, taker.buffer);
        taker.task.start();
        return taker;
    }
    void run_ready() {
        IntrusiveList<io::Waiter> batch;
        ready_.take_all(batch);
        while (io::Waiter* waiter = batch.pop_front()) { waiter->handle.resume(); }
    }

    io::ReadyQueue ready_;
    std::unique_ptr<BufferPool> pool_;
    std::vector<std::unique_ptr<Taker>> takers_;
};

TEST_F(BufferPoolTest, HandsOutUpToItsBoundAndThenWaits) {
    make(2 * kLarge);
    Taker& first = take(kLarge);
    Taker& second = take(kLarge);
    Taker& third = take(kLarge);
    EXPECT_TRUE(first.buffer.is_set());
    EXPECT_TRUE(second.buffer.is_set());
    EXPECT_FALSE(third.task.done());
    EXPECT_EQ(pool_->bytes_out(), 2 * kLarge);
    first.buffer.release();
    run_ready();
    EXPECT_TRUE(third.buffer.is_set());
    EXPECT_EQ(pool_->bytes_out(), 2 * kLarge);
}

TEST_F(BufferPoolTest, OneBufferIsAlwaysPossible) {
    make(0);
    Taker& first = take(kLarge);
    EXPECT_TRUE(first.buffer.is_set());
    Taker& second = take(kSmall);
    EXPECT_FALSE(second.task.done());
    first.buffer.release();
    run_ready();
    EXPECT_TRUE(second.buffer.is_set());
}

TEST_F(BufferPoolTest, ServesInOrderOfArrival) {
    make(kLarge);
    Taker& holder = take(kLarge);
    Taker& large = take(kLarge);
    Taker& small = take(kSmall);
    EXPECT_FALSE(pool_->try_take(kSmall).is_set());
    holder.buffer.release();
    run_ready();
    EXPECT_TRUE(large.buffer.is_set());
    EXPECT_FALSE(small.task.done()) << "there is no room behind the large one";
    large.buffer.release();
    run_ready();
    EXPECT_TRUE(small.buffer.is_set());
}

TEST_F(BufferPoolTest, ASmallBufferComingBackMakesNoRoomForALargeOne) {
    make(kLarge + kSmall);
    Taker& first = take(kLarge);
    Taker& small = take(kSmall);
    Taker& large = take(kLarge);
    small.buffer.release();
    run_ready();
    EXPECT_FALSE(large.task.done());
    EXPECT_LE(pool_->bytes_out(), kLarge + kSmall);
    first.buffer.release();
    run_ready();
    EXPECT_TRUE(large.buffer.is_set());
}

TEST_F(BufferPoolTest, ALargeBufferComingBackServesAllSmallOnesThatFit) {
    make(kLarge);
    Taker& large = take(kLarge);
    std::vector<Taker*> small;
    for (int i = 0; i < 10; ++i) { small.push_back(&take(kSmall)); }
    large.buffer.release();
    run_ready();
    std::size_t served = 0;
    for (Taker* taker : small) { served += taker->task.done() ? 1u : 0u; }
    EXPECT_EQ(served, kLarge / kSmall);
    for (Taker* taker : small) { taker->buffer.release(); }
    run_ready();
    EXPECT_TRUE(small.back()->task.done());
    small[8]->buffer.release();
    small[9]->buffer.release();
}

TEST_F(BufferPoolTest, NobodyTakesWhatAWaiterWasWokenFor) {
    make(kLarge);
    Taker& first = take(kLarge);
    Taker& waiting = take(kLarge);
    first.buffer.release();  // `waiting` is woken and has not run yet
    EXPECT_FALSE(pool_->try_take(kSmall).is_set());
    run_ready();
    EXPECT_TRUE(waiting.buffer.is_set());
    EXPECT_EQ(pool_->bytes_out(), kLarge);
}

}  // namespace
}  // namespace sluice::xfer
