// Method: the protocol step by step on one thread; then producers that push and wake through a real
// eventfd while the consumer sleeps on it, for a bounded number of messages. A lost wake-up shows
// as a poll that runs into its limit. Every order of few steps is tests/model/mpsc_model.cpp.
#include "sluice/base/mpsc_queue.hpp"

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <array>
#include <cstdint>
#include <memory>
#include <thread>
#include <utility>
#include <vector>

namespace sluice {
namespace {

struct Message : MpscNode {
    int producer = 0;
    int number = 0;
};

TEST(MpscQueue, PopsAllInTheOrderOfThePushes) {
    MpscQueue<Message> queue;
    std::array<Message, 5> messages;
    EXPECT_TRUE(queue.pop_all().is_empty());
    for (Message& message : messages) {
        EXPECT_FALSE(queue.push(message));
    }
    auto chain = queue.pop_all();
    EXPECT_TRUE(queue.pop_all().is_empty()) << "one pop takes all";
    for (Message& message : messages) {
        EXPECT_TRUE(message.is_queued());
        EXPECT_EQ(chain.pop_front(), &message);
        EXPECT_FALSE(message.is_queued());
    }
    EXPECT_EQ(chain.pop_front(), nullptr);
    EXPECT_TRUE(chain.is_empty());
}

TEST(MpscQueue, AMessageCanBePushedAgainWhileItsChainIsHandled) {
    MpscQueue<Message> queue;
    Message first;
    Message second;
    EXPECT_FALSE(queue.push(first));
    EXPECT_FALSE(queue.push(second));
    auto chain = queue.pop_all();
    EXPECT_EQ(chain.pop_front(), &first);
    EXPECT_FALSE(queue.push(first));
    EXPECT_EQ(chain.pop_front(), &second);
    EXPECT_EQ(chain.pop_front(), nullptr);
    chain = queue.pop_all();
    EXPECT_EQ(chain.pop_front(), &first);
}

TEST(MpscQueue, AChainMovesAndLeavesNothingBehind) {
    MpscQueue<Message> queue;
    Message message;
    EXPECT_FALSE(queue.push(message));
    auto chain = queue.pop_all();
    auto other = std::move(chain);
    EXPECT_EQ(other.pop_front(), &message);
}

TEST(MpscQueue, OnlyTheFirstPushAfterTheAnnouncementMustWake) {
    MpscQueue<Message> queue;
    Message first;
    Message second;
    ASSERT_TRUE(queue.prepare_sleep());
    EXPECT_TRUE(queue.push(first));
    EXPECT_FALSE(queue.push(second));
    queue.awake();
    auto chain = queue.pop_all();
    EXPECT_EQ(chain.pop_front(), &first);
    EXPECT_EQ(chain.pop_front(), &second);
    EXPECT_EQ(chain.pop_front(), nullptr);
    ASSERT_TRUE(queue.prepare_sleep());
    EXPECT_TRUE(queue.push(first)) << "each announcement counts anew";
    EXPECT_EQ(queue.pop_all().pop_front(), &first);
}

TEST(MpscQueue, RefusesSleepWhenAMessageWaits) {
    MpscQueue<Message> queue;
    Message message;
    EXPECT_FALSE(queue.push(message));
    EXPECT_FALSE(queue.prepare_sleep());
    EXPECT_EQ(queue.pop_all().pop_front(), &message);
    EXPECT_TRUE(queue.prepare_sleep());
    queue.awake();
}

TEST(MpscQueue, AConsumerThatWokeForAnotherReasonNeedsNoWakeUp) {
    MpscQueue<Message> queue;
    Message message;
    ASSERT_TRUE(queue.prepare_sleep());
    queue.awake();
    EXPECT_FALSE(queue.push(message));
    EXPECT_EQ(queue.pop_all().pop_front(), &message);
    ASSERT_TRUE(queue.prepare_sleep());
    EXPECT_TRUE(queue.pop_all().is_empty()) << "a pop ends the announced sleep too";
    EXPECT_FALSE(queue.push(message));
    EXPECT_EQ(queue.pop_all().pop_front(), &message);
}

TEST(MpscQueue, EndsWhileAsleep) {
    MpscQueue<Message> queue;
    EXPECT_TRUE(queue.prepare_sleep());
}

TEST(MpscQueue, LosesNoMessageAndNoWakeUpBetweenThreads) {
    constexpr int kProducers = 3;
    constexpr int kMessages = 5'000;  // of each
    constexpr int kLostAfterMs = 20'000;
    const int wake_fd = eventfd(0, EFD_CLOEXEC);
    ASSERT_GE(wake_fd, 0);

    MpscQueue<Message> queue;
    std::vector<std::unique_ptr<Message[]>> messages;
    std::vector<std::thread> producers;
    for (int producer = 0; producer < kProducers; ++producer) {
        messages.push_back(std::make_unique<Message[]>(kMessages));
        producers.emplace_back([&queue, wake_fd, producer, mine = messages.back().get()] {
            for (int number = 0; number < kMessages; ++number) {
                mine[number].producer = producer;
                mine[number].number = number;
                if (queue.push(mine[number])) {
                    const std::uint64_t one = 1;
                    ASSERT_EQ(write(wake_fd, &one, sizeof one), 8);
                }
                // Now and then the consumer shall find nothing and sleep.
                if (number % 64 == 0) {
                    std::this_thread::yield();
                }
            }
        });
    }

    std::array<int, kProducers> next{};
    int received = 0;
    int slept = 0;
    bool lost = false;
    while (received < kProducers * kMessages && !lost) {
        auto chain = queue.pop_all();
        while (Message* message = chain.pop_front()) {
            auto& expected = next[static_cast<std::size_t>(message->producer)];
            EXPECT_EQ(message->number, expected);
            expected += 1;
            received += 1;
        }
        if (received < kProducers * kMessages && queue.prepare_sleep()) {
            pollfd wait{wake_fd, POLLIN, 0};
            lost = poll(&wait, 1, kLostAfterMs) != 1;
            std::uint64_t count = 0;
            if (!lost) {
                ASSERT_EQ(read(wake_fd, &count, sizeof count), 8);
            }
            queue.awake();
            slept += 1;
        }
    }
    for (std::thread& thread : producers) {
        thread.join();
    }
    EXPECT_FALSE(lost) << "the consumer slept with a message in the queue";
    EXPECT_EQ(received, kProducers * kMessages);
    RecordProperty("slept", slept);
    auto rest = queue.pop_all();
    while (rest.pop_front() != nullptr) {
    }
    close(wake_fd);
}

TEST(MpscQueueDeath, PushingTwiceIsAProgrammingError) {
    MpscQueue<Message> queue;
    Message message;
    EXPECT_FALSE(queue.push(message));
    EXPECT_DEATH((void)queue.push(message), "assertion failed");
    EXPECT_EQ(queue.pop_all().pop_front(), &message);
}

TEST(MpscQueueDeath, EndingWithAMessageInsideIsAProgrammingError) {
    EXPECT_DEATH(
        {
            Message message;
            MpscQueue<Message> queue;
            (void)queue.push(message);
        },
        "assertion failed");
}

}  // namespace
}  // namespace sluice
