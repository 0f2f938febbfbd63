// Method: one thread at every fill level and across the end of the ring; then one producer and one
// consumer thread over a bounded number of values, each checked against its position.
#include "sluice/base/spsc_queue.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cstdint>
#include <thread>

namespace sluice {
namespace {

TEST(SpscQueue, PopsInTheOrderOfThePushes) {
    SpscQueue<int> queue(8);
    for (int i = 0; i < 5; ++i) {
        ASSERT_TRUE(queue.try_push(i));
    }
    EXPECT_EQ(queue.size_approximate(), 5u);
    int value = -1;
    for (int i = 0; i < 5; ++i) {
        ASSERT_TRUE(queue.try_pop(value));
        EXPECT_EQ(value, i);
    }
    EXPECT_EQ(queue.size_approximate(), 0u);
}

TEST(SpscQueue, RefusesWhenFullAndStoresNothing) {
    for (const std::size_t capacity : {1u, 2u, 4u, 64u}) {
        SpscQueue<std::size_t> queue(capacity);
        EXPECT_EQ(queue.capacity(), capacity);
        for (std::size_t i = 0; i < capacity; ++i) {
            ASSERT_TRUE(queue.try_push(i));
        }
        EXPECT_FALSE(queue.try_push(999));
        EXPECT_FALSE(queue.try_push(999));
        EXPECT_EQ(queue.size_approximate(), capacity);
        std::size_t value = 0;
        ASSERT_TRUE(queue.try_pop(value));
        EXPECT_EQ(value, 0u);
        EXPECT_TRUE(queue.try_push(capacity));
        for (std::size_t i = 1; i <= capacity; ++i) {
            ASSERT_TRUE(queue.try_pop(value));
            EXPECT_EQ(value, i);
        }
        EXPECT_FALSE(queue.try_pop(value));
    }
}

TEST(SpscQueue, AnEmptyPopLeavesTheValueAlone) {
    SpscQueue<int> queue(2);
    int value = 17;
    EXPECT_FALSE(queue.try_pop(value));
    EXPECT_EQ(value, 17);
}

TEST(SpscQueue, GoesRoundTheRingAtEveryFillLevel) {
    constexpr std::uint64_t kCapacity = 8;
    for (std::uint64_t level = 0; level < kCapacity; ++level) {
        SpscQueue<std::uint64_t> queue(kCapacity);
        for (std::uint64_t i = 0; i < level; ++i) {
            ASSERT_TRUE(queue.try_push(i));
        }
        for (std::uint64_t i = 0; i < 3 * kCapacity; ++i) {
            ASSERT_TRUE(queue.try_push(level + i));
            std::uint64_t value = 0;
            ASSERT_TRUE(queue.try_pop(value));
            ASSERT_EQ(value, i);
        }
    }
}

TEST(SpscQueue, CarriesEveryValueBetweenTwoThreads) {
    // Larger than a word, so that a torn hand-over shows as fields that disagree.
    struct Record {
        std::uint64_t number = 0;
        std::array<std::uint64_t, 7> copies{};
    };
    constexpr std::uint64_t kRecords = 40'000;
    SpscQueue<Record> queue(16);
    std::thread producer([&queue] {
        for (std::uint64_t number = 0; number < kRecords; ++number) {
            Record record;
            record.number = number;
            record.copies.fill(number * 3);
            while (!queue.try_push(record)) {
                std::this_thread::yield();
            }
        }
    });
    std::uint64_t wrong = 0;
    for (std::uint64_t number = 0; number < kRecords; ++number) {
        Record record;
        while (!queue.try_pop(record)) {
            std::this_thread::yield();
        }
        wrong += record.number == number ? 0 : 1;
        for (const std::uint64_t copy : record.copies) {
            wrong += copy == number * 3 ? 0 : 1;
        }
    }
    producer.join();
    EXPECT_EQ(wrong, 0u);
    EXPECT_EQ(queue.size_approximate(), 0u);
}

TEST(SpscQueueDeath, ACapacityThatIsNoPowerOfTwoIsAProgrammingError) {
    EXPECT_DEATH(SpscQueue<int>(3), "assertion failed");
}

}  // namespace
}  // namespace sluice
