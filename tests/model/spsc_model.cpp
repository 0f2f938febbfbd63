// Method: SpscQueue, the very code of the product, under every order of few operations; then
// mutants of it, each with one mistake, which must all be caught.
#include <gtest/gtest.h>

#include <array>
#include <cstdint>

#include "expect_verdict.hpp"
#include "explorer.hpp"
#include "sluice/base/spsc_queue.hpp"

namespace sluice::model {
namespace {

using Queue = SpscQueue<int, ExploredAtomics>;

constexpr const char* kOrder = "values come out in the order of the pushes, none twice";
constexpr const char* kLost = "every value that was accepted comes out";
constexpr const char* kRefused = "a push is refused only when the ring is full";
constexpr const char* kMissed = "a value whose push is known of can be popped";

enum class Mistake {
    None,          // the control
    RelaxedPush,   // the position is published without the value
    RelaxedPop,    // the slot is given back before it has been read
    RelaxedLook,   // the consumer does not acquire what the producer published
    NoFullCheck,   // the producer overwrites what was not popped
    PublishFirst,  // the position is published, then the value written
};

// A ring of two with a place for each mistake.
template <Mistake kMistake>
class MutantQueue {
public:
    explicit MutantQueue(std::size_t) {}
    bool try_push(int value) {
        const std::uint64_t popped = popped_.load(std::memory_order_acquire);
        if (kMistake != Mistake::NoFullCheck && pushes_ - popped == 2) {
            return false;
        }
        auto& slot = slots_[pushes_ % 2];
        pushes_ += 1;
        if (kMistake != Mistake::PublishFirst) {
            slot.set(value);
        }
        pushed_.store(pushes_, kMistake == Mistake::RelaxedPush ? std::memory_order_relaxed
                                                                : std::memory_order_release);
        if (kMistake == Mistake::PublishFirst) {
            slot.set(value);
        }
        return true;
    }
    bool try_pop(int& value) {
        const std::uint64_t pushed =
            pushed_.load(kMistake == Mistake::RelaxedLook ? std::memory_order_relaxed
                                                          : std::memory_order_acquire);
        if (pops_ == pushed) {
            return false;
        }
        value = slots_[pops_ % 2].get();
        pops_ += 1;
        popped_.store(pops_, kMistake == Mistake::RelaxedPop ? std::memory_order_relaxed
                                                             : std::memory_order_release);
        return true;
    }

private:
    std::array<Plain<int>, 2> slots_;
    Atomic<std::uint64_t> pushed_{0};
    Atomic<std::uint64_t> popped_{0};
    std::uint64_t pushes_ = 0;
    std::uint64_t pops_ = 0;
};

// The producer tries `pushes` times, the consumer `pops` times; the rest is popped at the end.
template <class Q>
class Transfer : public Scenario {
public:
    Transfer(std::size_t capacity, int pushes, int pops)
        : capacity_(static_cast<int>(capacity)), pushes_(pushes), pops_(pops), queue_(capacity) {}
    unsigned thread_count() const override { return 2; }
    void run(unsigned thread) override {
        if (thread == 0) {
            for (int i = 0; i < pushes_; ++i) {
                if (queue_.try_push(100 + accepted_)) {
                    accepted_ += 1;
                } else {
                    require(accepted_ >= capacity_, kRefused);
                }
            }
        } else {
            for (int i = 0; i < pops_; ++i) {
                pop();
            }
        }
    }
    void at_end() override {
        while (pop()) {
        }
        require(received_ == accepted_, kLost);
    }

private:
    bool pop() {
        int value = 0;
        if (!queue_.try_pop(value)) {
            return false;
        }
        require(value == 100 + received_, kOrder);
        received_ += 1;
        return true;
    }

    const int capacity_;
    const int pushes_;
    const int pops_;
    int accepted_ = 0;
    int received_ = 0;
    Q queue_;
};

TEST(SpscModel, KeepsOrderAndLosesNothingAtEveryCapacity) {
    expect_right(explore<Transfer<Queue>>(Options(), std::size_t{1}, 4, 4));
    expect_right(explore<Transfer<Queue>>(Options(), std::size_t{2}, 4, 4));
    expect_right(explore<Transfer<Queue>>(Options(), std::size_t{4}, 4, 4));
}

TEST(SpscModel, GoesRoundTheRingSeveralTimes) {
    expect_right(explore<Transfer<Queue>>(Options(), std::size_t{2}, 6, 6));
}

// Producer and consumer take turns, told by events. Who has been told must not be refused: the
// cached view of the other side may be old, but then it has to look again.
template <class Q>
class TakingTurns : public Scenario {
public:
    unsigned thread_count() const override { return 2; }
    void run(unsigned thread) override {
        for (int round = 0; round < 2; ++round) {
            if (thread == 0) {
                require(queue_.try_push(round), kRefused);
                require(queue_.try_push(round), kRefused);
                pushed_.signal();
                popped_.wait();
            } else {
                pushed_.wait();
                int value = -1;
                require(queue_.try_pop(value) && value == round, kMissed);
                require(queue_.try_pop(value) && value == round, kMissed);
                require(!queue_.try_pop(value), "nothing is left");
                popped_.signal();
            }
        }
    }

private:
    Q queue_{2};
    Event pushed_;
    Event popped_;
};

TEST(SpscModel, RefusesNobodyWhoKnowsThatThereIsRoomOrAValue) {
    expect_right(explore<TakingTurns<Queue>>(Options()));
}

template <Mistake kMistake>
Verdict mutant() {
    return explore<Transfer<MutantQueue<kMistake>>>(Options(), std::size_t{2}, 4, 4);
}

TEST(SpscModel, TheReducedAlgorithmIsRight) {
    expect_right(mutant<Mistake::None>());
}

TEST(SpscModel, CatchesAPositionPublishedWithoutItsValue) {
    expect_caught(mutant<Mistake::RelaxedPush>(),
                  "data race: read without knowing of the last write");
}

TEST(SpscModel, CatchesASlotGivenBackTooSoon) {
    expect_caught(mutant<Mistake::RelaxedPop>(), "data race: write without knowing of a read");
}

TEST(SpscModel, CatchesAMissingAcquire) {
    expect_caught(mutant<Mistake::RelaxedLook>(),
                  "data race: read without knowing of the last write");
}

TEST(SpscModel, CatchesAProducerThatOverwrites) {
    EXPECT_TRUE(mutant<Mistake::NoFullCheck>().failed);
}

TEST(SpscModel, CatchesAValueWrittenAfterItsPosition) {
    EXPECT_TRUE(mutant<Mistake::PublishFirst>().failed);
}

}  // namespace
}  // namespace sluice::model
