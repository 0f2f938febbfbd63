// Method: programs whose outcomes are known (the litmus tests of the memory-model literature), with
// the outcomes counted. A checker that overlooks an outcome proves nothing, and one that invents
// outcomes is not believed; both directions are tested.
#include "explorer.hpp"

#include <gtest/gtest.h>

#include <set>
#include <string>
#include <utility>

namespace sluice::model {
namespace {

constexpr auto kRelaxed = std::memory_order_relaxed;
constexpr auto kAcquire = std::memory_order_acquire;
constexpr auto kRelease = std::memory_order_release;
constexpr auto kSeqCst = std::memory_order_seq_cst;

using Outcomes = std::set<std::pair<int, int>>;

// Two threads, two places, two results that are collected over all executions.
class Litmus : public Scenario {
public:
    explicit Litmus(Outcomes* outcomes) : outcomes_(outcomes) {}
    unsigned thread_count() const override { return 2; }
    void at_end() override { outcomes_->insert({first, second}); }

protected:
    Atomic<int> x{0};
    Atomic<int> y{0};
    int first = -1;
    int second = -1;

private:
    Outcomes* outcomes_;
};

// Each thread stores to its own place and loads the other's.
class StoreBuffering : public Litmus {
public:
    StoreBuffering(Outcomes* outcomes, std::memory_order order) : Litmus(outcomes), order_(order) {}
    void run(unsigned thread) override {
        if (thread == 0) {
            x.store(1, order_);
            first = y.load(kSeqCst);
        } else {
            y.store(1, order_);
            second = x.load(kSeqCst);
        }
    }

private:
    std::memory_order order_;
};

TEST(Explorer, ALateStoreLetsBothThreadsReadZero) {
    for (const auto order : {kRelaxed, kRelease}) {
        Outcomes outcomes;
        EXPECT_TRUE(explore<StoreBuffering>(Options(), &outcomes, order).complete);
        EXPECT_EQ(outcomes, (Outcomes{{0, 0}, {0, 1}, {1, 0}, {1, 1}}));
    }
}

TEST(Explorer, SequentiallyConsistentStoresDoNot) {
    Outcomes outcomes;
    EXPECT_TRUE(explore<StoreBuffering>(Options(), &outcomes, kSeqCst).complete);
    EXPECT_EQ(outcomes, (Outcomes{{0, 1}, {1, 0}, {1, 1}}));
}

// One thread stores data and then a flag; the other loads the flag and then the data.
class MessagePassing : public Litmus {
public:
    MessagePassing(Outcomes* outcomes, std::memory_order flag) : Litmus(outcomes), flag_(flag) {}
    void run(unsigned thread) override {
        if (thread == 0) {
            x.store(1, kRelaxed);
            y.store(1, flag_);
        } else {
            first = y.load(kAcquire);
            second = x.load(kRelaxed);
        }
    }

private:
    std::memory_order flag_;
};

TEST(Explorer, RelaxedStoresOvertakeEachOther) {
    Outcomes outcomes;
    EXPECT_TRUE(explore<MessagePassing>(Options(), &outcomes, kRelaxed).complete);
    EXPECT_EQ(outcomes, (Outcomes{{0, 0}, {0, 1}, {1, 0}, {1, 1}}));
}

TEST(Explorer, NothingOvertakesAReleaseStore) {
    Outcomes outcomes;
    EXPECT_TRUE(explore<MessagePassing>(Options(), &outcomes, kRelease).complete);
    EXPECT_EQ(outcomes, (Outcomes{{0, 0}, {0, 1}, {1, 1}}));
}

// A release update after a relaxed store, and a thread that reads its own store.
class UpdateAfterStore : public Litmus {
public:
    using Litmus::Litmus;
    void run(unsigned thread) override {
        if (thread == 0) {
            x.store(1, kRelaxed);
            require(x.load(kRelaxed) == 1, "a thread sees its own store");
            y.fetch_add(1, std::memory_order_acq_rel);
        } else {
            first = y.load(kAcquire);
            second = x.load(kRelaxed);
        }
    }
};

TEST(Explorer, AReleaseUpdateWaitsForTheStoresBeforeIt) {
    Outcomes outcomes;
    const Verdict verdict = explore<UpdateAfterStore>(Options(), &outcomes);
    EXPECT_TRUE(verdict.complete) << verdict.message;
    EXPECT_EQ(outcomes, (Outcomes{{0, 0}, {0, 1}, {1, 1}}));
}

// Stores of one thread to one place are seen in order by all.
class Coherence : public Litmus {
public:
    using Litmus::Litmus;
    void run(unsigned thread) override {
        if (thread == 0) {
            x.store(1, kRelaxed);
            x.store(2, kRelaxed);
        } else {
            first = x.load(kRelaxed);
            second = x.load(kRelaxed);
        }
    }
};

TEST(Explorer, KeepsTheOrderOfStoresToOnePlace) {
    Outcomes outcomes;
    EXPECT_TRUE(explore<Coherence>(Options(), &outcomes).complete);
    EXPECT_EQ(outcomes, (Outcomes{{0, 0}, {0, 1}, {0, 2}, {1, 1}, {1, 2}, {2, 2}}));
}

// Two threads of `steps` updates each, all on one place or each on its own.
class Updates : public Scenario {
public:
    Updates(int steps, bool shared) : steps_(steps), shared_(shared) {}
    unsigned thread_count() const override { return 2; }
    void run(unsigned thread) override {
        Atomic<int>& counter = shared_ || thread == 0 ? x_ : y_;
        for (int i = 0; i < steps_; ++i) {
            counter.fetch_add(1, kRelaxed);
        }
    }
    void at_end() override {
        require(x_.load(kRelaxed) + y_.load(kRelaxed) == 2 * steps_, "no update is lost");
    }

private:
    int steps_;
    bool shared_;
    Atomic<int> x_{0};
    Atomic<int> y_{0};
};

TEST(Explorer, RunsEveryInterleavingOnce) {
    Options all;
    all.skip_equivalent = false;
    // Two sequences of n steps interleave in (2n)! / (n! n!) ways.
    EXPECT_EQ(explore<Updates>(all, 2, true).executions, 6u);
    EXPECT_EQ(explore<Updates>(all, 3, true).executions, 20u);
    EXPECT_EQ(explore<Updates>(all, 5, true).executions, 252u);
    EXPECT_EQ(explore<Updates>(all, 5, false).executions, 252u);
}

TEST(Explorer, SkipsWhatDiffersOnlyInTheOrderOfUnrelatedSteps) {
    EXPECT_EQ(explore<Updates>(Options(), 5, true).executions, 252u);
    // All on different places: one execution would do; those that turn out to be a repetition only
    // at their end are counted too.
    const Verdict verdict = explore<Updates>(Options(), 5, false);
    EXPECT_TRUE(verdict.complete);
    EXPECT_LE(verdict.executions, 6u);
}

TEST(Explorer, CountsPreemptions) {
    Options options;
    options.preemptions_max = 0;
    EXPECT_EQ(explore<Updates>(options, 3, true).executions, 2u) << "one thread, then the other";
    options.preemptions_max = 1;
    // Either thread first, and it is interrupted after 1 or 2 of its 3 steps, or never.
    EXPECT_EQ(explore<Updates>(options, 3, true).executions, 6u);
    options.preemptions_max = 6;
    EXPECT_EQ(explore<Updates>(options, 3, true).executions, 20u);
}

TEST(Explorer, StopsAtItsBoundAndSaysSo) {
    Options options;
    options.executions_max = 10;
    const Verdict verdict = explore<Updates>(options, 5, true);
    EXPECT_FALSE(verdict.complete);
    EXPECT_FALSE(verdict.failed);
    EXPECT_EQ(verdict.executions, 10u);
}

// Increment as load and store: the update that every course on threads loses.
class LostUpdate : public Scenario {
public:
    unsigned thread_count() const override { return 2; }
    void run(unsigned) override {
        const int seen = counter_.load(kSeqCst);
        counter_.store(seen + 1, kSeqCst);
    }
    void at_end() override { require(counter_.load(kSeqCst) == 2, "no update is lost"); }

private:
    Atomic<int> counter_{0};
};

TEST(Explorer, FindsALostUpdateAndTellsTheSteps) {
    const Verdict verdict = explore<LostUpdate>(Options());
    EXPECT_TRUE(verdict.failed);
    EXPECT_FALSE(verdict.complete);
    EXPECT_EQ(verdict.message, "no update is lost");
    EXPECT_NE(verdict.schedule.find("thread 1 load cell 0 value 0"), std::string::npos)
        << verdict.schedule;
    Options none;
    none.preemptions_max = 0;
    EXPECT_TRUE(explore<LostUpdate>(none).complete) << "it takes one preemption";
}

// Data handed over by a flag, with the orders to be tried.
class HandOver : public Scenario {
public:
    HandOver(std::memory_order store, std::memory_order load) : store_(store), load_(load) {}
    unsigned thread_count() const override { return 2; }
    void run(unsigned thread) override {
        if (thread == 0) {
            data_.set(42);
            flag_.store(1, store_);
        } else if (flag_.load(load_) == 1) {
            require(data_.get() == 42, "the data came with the flag");
        }
    }

private:
    std::memory_order store_;
    std::memory_order load_;
    Atomic<int> flag_{0};
    Plain<int> data_{0};
};

TEST(Explorer, FindsTheRaceWhenEitherOrderIsMissing) {
    EXPECT_TRUE(explore<HandOver>(Options(), kRelease, kAcquire).complete);
    EXPECT_TRUE(explore<HandOver>(Options(), kSeqCst, kSeqCst).complete);
    for (const auto& [store, load] :
         {std::pair{kRelaxed, kAcquire}, {kRelease, kRelaxed}, {kRelaxed, kRelaxed}}) {
        const Verdict verdict = explore<HandOver>(Options(), store, load);
        EXPECT_TRUE(verdict.failed);
        EXPECT_EQ(verdict.message, "data race: read without knowing of the last write");
    }
}

// The reader is done before the writer overwrites, or is it?
class Overwrite : public Scenario {
public:
    explicit Overwrite(std::memory_order done) : done_order_(done) {}
    unsigned thread_count() const override { return 2; }
    void run(unsigned thread) override {
        if (thread == 0) {
            (void)data_.get();
            done_.store(1, done_order_);
        } else if (done_.load(kAcquire) == 1) {
            data_.set(2);
        }
    }

private:
    std::memory_order done_order_;
    Atomic<int> done_{0};
    Plain<int> data_{1};
};

TEST(Explorer, FindsAWriteThatDoesNotKnowOfARead) {
    EXPECT_TRUE(explore<Overwrite>(Options(), kRelease).complete);
    const Verdict verdict = explore<Overwrite>(Options(), kRelaxed);
    EXPECT_TRUE(verdict.failed);
    EXPECT_EQ(verdict.message, "data race: write without knowing of a read");
}

// A relaxed update between a release and an acquire does not cut them apart; a relaxed store does.
class ReleaseSequence : public Scenario {
public:
    explicit ReleaseSequence(bool update) : update_(update) {}
    unsigned thread_count() const override { return 3; }
    void run(unsigned thread) override {
        if (thread == 0) {
            data_.set(42);
            flag_.store(1, kRelease);
        } else if (thread == 1) {
            if (flag_.load(kRelaxed) != 1) {
                return;
            }
            if (update_) {
                flag_.fetch_add(1, kRelaxed);
            } else {
                flag_.store(2, kRelaxed);
            }
        } else if (flag_.load(kAcquire) == 2) {
            require(data_.get() == 42, "the data came with the flag");
        }
    }

private:
    bool update_;
    Atomic<int> flag_{0};
    Plain<int> data_{0};
};

TEST(Explorer, FollowsReleaseSequencesThroughUpdatesOnly) {
    EXPECT_TRUE(explore<ReleaseSequence>(Options(), true).complete);
    EXPECT_TRUE(explore<ReleaseSequence>(Options(), false).failed);
}

class Sleepers : public Scenario {
public:
    explicit Sleepers(bool signalled) : signalled_(signalled) {}
    unsigned thread_count() const override { return 2; }
    void run(unsigned thread) override {
        if (thread == 0) {
            event_.wait();
            require(data_.get() == 7, "a signal carries what came before it");
        } else if (signalled_) {
            data_.set(7);
            event_.signal();
        }
    }

private:
    bool signalled_;
    Event event_;
    Plain<int> data_{0};
};

TEST(Explorer, RemembersASignalAndNoticesWhenNoneWillCome) {
    EXPECT_TRUE(explore<Sleepers>(Options(), true).complete);
    const Verdict verdict = explore<Sleepers>(Options(), false);
    EXPECT_TRUE(verdict.failed);
    EXPECT_EQ(verdict.message, "stuck: every thread that has not ended waits");
}

class Spinner : public Scenario {
public:
    unsigned thread_count() const override { return 1; }
    void run(unsigned) override {
        while (flag_.load(kRelaxed) == 0) {
        }
    }

private:
    Atomic<int> flag_{0};
};

TEST(Explorer, ReportsAnExecutionThatDoesNotEnd) {
    const Verdict verdict = explore<Spinner>(Options());
    EXPECT_TRUE(verdict.failed);
    EXPECT_EQ(verdict.message, "an execution does not end within steps_max");
}

}  // namespace
}  // namespace sluice::model
