// Method: MpscQueue with its sleep and wake, the very code of the product, under every order of few
// operations; then other protocols, each with one mistake, which must all be caught. A lost wake-up
// shows as an execution that is stuck: the consumer waits, a message is queued, nobody will signal.
#include <gtest/gtest.h>

#include <array>

#include "expect_verdict.hpp"
#include "explorer.hpp"
#include "sluice/base/mpsc_queue.hpp"

namespace sluice::model {
namespace {

constexpr const char* kOrder = "messages of one producer come in the order of their pushes";
constexpr const char* kStuck = "stuck: every thread that has not ended waits";

struct Message : MpscNodeT<ExploredAtomics> {
    Plain<int> producer;
    Plain<int> number;
};
using Queue = MpscQueue<Message, ExploredAtomics>;

// ---- Mutants -----------------------------------------------------------------------------------

enum class Mistake {
    None,          // the control: a flag beside the queue, and seq_cst everywhere
    NoSecondLook,  // sleeps without looking at the queue after the announcement
    AnnounceLate,  // looks at the queue and then announces
    ReleaseFlag,   // the announcement is a release store: it may become visible too late
    PushByStore,   // pushes by a load and a store
    RelaxedPop,    // takes the messages without what their producers wrote
    NoReversal,    // hands out the newest first
};

// The usual protocol that sluice does not use: a list and a flag. It is right only with seq_cst,
// and here it is the ground on which the usual mistakes are planted.
template <Mistake kMistake>
class FlagQueue {
    static constexpr auto kSeqCst = std::memory_order_seq_cst;

    // As MpscNodeT, but the link is open.
public:
    struct Node {
        Plain<Node*> next{nullptr};
        Plain<int> producer;
        Plain<int> number;
    };
    class Chain {
    public:
        explicit Chain(Node* first) : first_(first) {}
        Node* pop_front() {
            Node* node = first_;
            if (node != nullptr) {
                first_ = node->next.get();
            }
            return node;
        }

    private:
        Node* first_;
    };

    bool push(Node& node) {
        Node* head = head_.load(std::memory_order_relaxed);
        if constexpr (kMistake == Mistake::PushByStore) {
            node.next.set(head);
            head_.store(&node, kSeqCst);
        } else {
            do {
                node.next.set(head);
            } while (!head_.compare_exchange_weak(head, &node, kSeqCst, std::memory_order_relaxed));
        }
        return asleep_.load(kSeqCst) == 1;
    }
    Chain pop_all() {
        Node* newest = head_.exchange(
            nullptr, kMistake == Mistake::RelaxedPop ? std::memory_order_relaxed : kSeqCst);
        if (kMistake == Mistake::NoReversal) {
            return Chain(newest);
        }
        Node* oldest = nullptr;
        while (newest != nullptr) {
            Node* older = newest->next.get();
            newest->next.set(oldest);
            oldest = newest;
            newest = older;
        }
        return Chain(oldest);
    }
    bool prepare_sleep() {
        if (kMistake == Mistake::AnnounceLate && head_.load(kSeqCst) != nullptr) {
            return false;
        }
        asleep_.store(1, kMistake == Mistake::ReleaseFlag ? std::memory_order_release : kSeqCst);
        if (kMistake != Mistake::NoSecondLook && kMistake != Mistake::AnnounceLate &&
            head_.load(kSeqCst) != nullptr) {
            asleep_.store(0, kSeqCst);
            return false;
        }
        return true;
    }
    void awake() { asleep_.store(0, kSeqCst); }

private:
    Atomic<Node*> head_{nullptr};
    Atomic<int> asleep_{0};
};

// ---- Scenario ----------------------------------------------------------------------------------

struct Load {
    unsigned producers = 1;
    int messages = 1;        // of each producer
    bool disturbed = false;  // one more thread wakes the consumer for no reason of the queue's
};

constexpr std::size_t kProducersMax = 3;
constexpr std::size_t kMessagesMax = 4;

// The consumer's loop is the one in the comment of mpsc_queue.hpp.
template <class Q, class M>
class Delivery : public Scenario {
public:
    explicit Delivery(Load load) : load_(load) {
        for (unsigned producer = 0; producer < load.producers; ++producer) {
            for (int number = 0; number < load.messages; ++number) {
                M& message = messages_[producer][static_cast<std::size_t>(number)];
                message.producer.set(-1);
                message.number.set(-1);
            }
        }
    }
    unsigned thread_count() const override {
        return 1 + load_.producers + (load_.disturbed ? 1u : 0u);
    }
    void run(unsigned thread) override {
        if (thread == 0) {
            consume();
        } else if (thread <= load_.producers) {
            produce(thread - 1);
        } else {
            wake_.signal();
        }
    }
    void at_end() override {
        require(queue_.pop_all().pop_front() == nullptr, "each message comes once");
    }

private:
    void produce(unsigned producer) {
        for (int number = 0; number < load_.messages; ++number) {
            M& message = messages_[producer][static_cast<std::size_t>(number)];
            message.producer.set(static_cast<int>(producer));
            message.number.set(number);
            if (queue_.push(message)) {
                wake_.signal();
            }
        }
    }
    void consume() {
        const int total = static_cast<int>(load_.producers) * load_.messages;
        int received = 0;
        while (received < total) {
            auto chain = queue_.pop_all();
            while (M* message = chain.pop_front()) {
                const auto producer = static_cast<std::size_t>(message->producer.get());
                require(message->number.get() == next_[producer], kOrder);
                next_[producer] += 1;
                received += 1;
            }
            if (received < total && queue_.prepare_sleep()) {
                wake_.wait();
                queue_.awake();
            }
        }
    }

    const Load load_;
    std::array<std::array<M, kMessagesMax>, kProducersMax> messages_;
    std::array<int, kProducersMax> next_{};
    Q queue_;
    Event wake_;
};

using RealDelivery = Delivery<Queue, Message>;

Options preemptions(unsigned max) {
    Options options;
    options.preemptions_max = max;
    return options;
}

TEST(MpscModel, OneProducerNeverLosesAWakeUp) {
    expect_right(explore<RealDelivery>(Options(), Load{1, 1, false}));
    expect_right(explore<RealDelivery>(Options(), Load{1, 2, false}));
    expect_right(explore<RealDelivery>(Options(), Load{1, 3, false}));
}

TEST(MpscModel, TwoProducersNeverLoseAWakeUp) {
    expect_right(explore<RealDelivery>(Options(), Load{2, 1, false}));
    expect_right(explore<RealDelivery>(preemptions(5), Load{2, 2, false}));
}

TEST(MpscModel, ThreeProducersNeverLoseAWakeUp) {
    expect_right(explore<RealDelivery>(preemptions(4), Load{3, 1, false}));
}

TEST(MpscModel, AWakeUpForAnotherReasonDoesNoHarm) {
    expect_right(explore<RealDelivery>(Options(), Load{1, 2, true}));
    expect_right(explore<RealDelivery>(Options(), Load{2, 1, true}));
}

// A message goes back and forth: the consumer hands it on to its producer, which pushes it again.
class Reuse : public Scenario {
public:
    unsigned thread_count() const override { return 2; }
    void run(unsigned thread) override {
        for (int round = 0; round < 3; ++round) {
            if (thread == 1) {
                if (round > 0) {
                    returned_.wait();
                }
                message_.number.set(round);
                if (queue_.push(message_)) {
                    wake_.signal();
                }
                continue;
            }
            Message* message = nullptr;
            while (message == nullptr) {
                auto chain = queue_.pop_all();
                message = chain.pop_front();
                if (message == nullptr && queue_.prepare_sleep()) {
                    wake_.wait();
                    queue_.awake();
                }
            }
            require(message->number.get() == round, kOrder);
            returned_.signal();
        }
    }

private:
    Message message_;
    Queue queue_;
    Event wake_;
    Event returned_;
};

TEST(MpscModel, AMessageCanBePushedAgainOnceItIsReturned) {
    expect_right(explore<Reuse>(Options()));
}

// ---- The checker is checked --------------------------------------------------------------------

template <Mistake kMistake>
Verdict mutant(Load load) {
    return explore<Delivery<FlagQueue<kMistake>, typename FlagQueue<kMistake>::Node>>(
        preemptions(3), load);
}

TEST(MpscModel, TheFlagProtocolIsRightWithSequentialConsistency) {
    expect_right(mutant<Mistake::None>({1, 2, false}));
    expect_right(mutant<Mistake::None>({2, 1, false}));
}

TEST(MpscModel, CatchesSleepWithoutASecondLook) {
    expect_caught(mutant<Mistake::NoSecondLook>({1, 1, false}), kStuck);
}

TEST(MpscModel, CatchesALookBeforeTheAnnouncement) {
    expect_caught(mutant<Mistake::AnnounceLate>({1, 1, false}), kStuck);
}

TEST(MpscModel, CatchesAnAnnouncementThatIsSeenTooLate) {
    expect_caught(mutant<Mistake::ReleaseFlag>({1, 1, false}), kStuck);
}

TEST(MpscModel, CatchesAPushByLoadAndStore) {
    expect_caught(mutant<Mistake::PushByStore>({2, 1, false}), kOrder);
}

TEST(MpscModel, CatchesAPopThatDoesNotAcquire) {
    expect_caught(mutant<Mistake::RelaxedPop>({1, 1, false}),
                  "data race: read without knowing of the last write");
}

TEST(MpscModel, CatchesTheWrongOrder) {
    expect_caught(mutant<Mistake::NoReversal>({1, 2, false}), kOrder);
}

}  // namespace
}  // namespace sluice::model
