// Method: AtomicBitmap, the very code of the product, under every order of few operations; then
// mutants of it, each with one mistake that is easily made, which must all be caught.
#include <gtest/gtest.h>

#include <array>
#include <bit>
#include <cstdint>
#include <optional>

#include "expect_verdict.hpp"
#include "explorer.hpp"
#include "sluice/base/atomic_bitmap.hpp"

namespace sluice::model {
namespace {

using Bitmap = AtomicBitmapT<ExploredAtomics>;

constexpr const char* kTwoOwners = "a slot has one owner";
constexpr const char* kLost = "slots that nobody owns can be claimed, each once";
constexpr const char* kNeverFull = "full is reported only if full at one moment of the call";
constexpr const char* kNotClaimable = "a thread finds the slot that it alone can take";

// ---- Mutants -----------------------------------------------------------------------------------

enum class Mistake {
    None,                    // the control: the reduced algorithm itself is right
    LoadThenStore,           // claims by a load and a store instead of one update
    ReleaseByStore,          // releases by a load and a store
    RelaxedRelease,          // releases without handing over what the owner wrote
    RelaxedClaim,            // claims without taking that over
    ScanOnce,                // takes one scan of several words for a snapshot
    CompareWithoutReleases,  // scans twice, but does not count the releases
};

// The algorithm of AtomicBitmap on two words of two slots, with a place for each mistake.
template <Mistake kMistake>
class MutantBitmap {
public:
    explicit MutantBitmap(std::uint32_t) {}

    std::optional<std::uint32_t> claim(std::uint64_t random) {
        constexpr int kPasses = kMistake == Mistake::ScanOnce ? 1 : 4;
        std::optional<std::uint64_t> before;
        for (int pass = 0; pass < kPasses; ++pass) {
            std::uint64_t releases = 0;
            for (std::uint32_t i = 0; i < 2; ++i) {
                const std::uint32_t word = (static_cast<std::uint32_t>(random) / 2 + i) % 2;
                std::uint64_t seen = words_[word].load(std::memory_order_acquire);
                while ((seen & 3) != 3) {
                    const auto position =
                        static_cast<std::uint32_t>(std::countr_one(static_cast<unsigned>(seen)));
                    if (take(word, position, seen)) {
                        return word * 2 + position;
                    }
                }
                releases += kMistake == Mistake::CompareWithoutReleases ? 0 : seen >> 32;
            }
            if (before == releases) {
                return std::nullopt;
            }
            before = releases;
        }
        return std::nullopt;
    }
    bool claim_exactly(std::uint32_t slot) {
        std::uint64_t seen = words_[slot / 2].load(std::memory_order_acquire);
        return ((seen >> (slot % 2)) & 1) == 0 && take(slot / 2, slot % 2, seen);
    }
    void release(std::uint32_t slot) {
        auto& word = words_[slot / 2];
        const std::uint64_t change = (std::uint64_t{1} << 32) - (std::uint64_t{1} << (slot % 2));
        if constexpr (kMistake == Mistake::ReleaseByStore) {
            word.store(word.load(std::memory_order_acquire) + change, std::memory_order_release);
        } else {
            word.fetch_add(change, kMistake == Mistake::RelaxedRelease ? std::memory_order_relaxed
                                                                       : std::memory_order_acq_rel);
        }
    }

private:
    bool take(std::uint32_t word, std::uint32_t position, std::uint64_t& seen) {
        const std::uint64_t bit = std::uint64_t{1} << position;
        if constexpr (kMistake == Mistake::LoadThenStore) {
            words_[word].store(seen | bit, std::memory_order_release);
            return true;
        }
        seen = words_[word].fetch_or(bit, kMistake == Mistake::RelaxedClaim
                                              ? std::memory_order_relaxed
                                              : std::memory_order_acq_rel);
        return (seen & bit) == 0;
    }

    std::array<Atomic<std::uint64_t>, 2> words_;
};

// ---- Ownership: F4, and no slot is lost --------------------------------------------------------

// `threads` threads claim, write into the slot, and release, `rounds` times each. All but `free`
// slots are held from the start, so that the threads meet.
template <class B>
class Ownership : public Scenario {
public:
    Ownership(unsigned threads, int rounds, std::uint32_t slots, std::uint32_t free)
        : threads_(threads), rounds_(rounds), free_(free), bitmap_(slots) {
        for (std::uint32_t slot = free; slot < slots; ++slot) {
            require(bitmap_.claim_exactly(slot), "held at the start");
        }
    }
    unsigned thread_count() const override { return threads_; }

    void run(unsigned thread) override {
        for (int round = 0; round < rounds_; ++round) {
            const auto slot = bitmap_.claim(0);
            if (!slot) {
                continue;
            }
            require(!owned_[*slot], kTwoOwners);
            owned_[*slot] = true;
            data_[*slot].set(static_cast<int>(thread));  // a data race if F4 does not hold
            owned_[*slot] = false;
            bitmap_.release(*slot);
        }
    }
    void at_end() override {
        for (std::uint32_t i = 0; i < free_; ++i) {
            const std::uint32_t slot = bitmap_.claim(i).value_or(free_);
            require(slot < free_ && !owned_[slot], kLost);
            if (slot < free_) { owned_[slot] = true; }  // require() of a mutant goes on
        }
        require(!bitmap_.claim(0).has_value(), kLost);
    }

private:
    unsigned threads_;
    int rounds_;
    std::uint32_t free_;
    B bitmap_;
    std::array<bool, 64> owned_{};
    std::array<Plain<int>, 64> data_;
};

TEST(AtomicBitmapModel, TwoThreadsShareOneSlot) {
    expect_right(explore<Ownership<Bitmap>>(Options(), 2u, 2, 1u, 1u));
    expect_right(explore<Ownership<Bitmap>>(Options(), 2u, 2, 32u, 1u));
}

TEST(AtomicBitmapModel, TwoThreadsShareTwoSlots) {
    expect_right(explore<Ownership<Bitmap>>(Options(), 2u, 3, 2u, 2u));
}

TEST(AtomicBitmapModel, TwoThreadsShareOneSlotAndScanTwoWords) {
    expect_right(explore<Ownership<Bitmap>>(Options(), 2u, 2, 64u, 1u));
}

TEST(AtomicBitmapModel, ThreeThreadsShareTwoSlots) {
    expect_right(explore<Ownership<Bitmap>>(Options(), 3u, 1, 2u, 2u));
    Options bounded;
    bounded.preemptions_max = 3;
    expect_right(explore<Ownership<Bitmap>>(bounded, 3u, 2, 2u, 2u));
    expect_right(explore<Ownership<Bitmap>>(bounded, 3u, 2, 64u, 2u));
    expect_right(explore<Ownership<Bitmap>>(Options(), 3u, 1, 64u, 1u));
}

// ---- Full: F1 ----------------------------------------------------------------------------------

// Counts what is held in truth. Claims and releases end with the update that makes them true, and
// nothing runs between that and the next line of the thread: the count is exact at every moment.
template <class B>
class Contract : public Scenario {
public:
    explicit Contract(std::uint32_t slots) : slots_(slots), bitmap_(slots) {}

protected:
    void hold(std::uint32_t slot) {
        require(bitmap_.claim_exactly(slot), "held at the start");
        claimed();
    }
    std::optional<std::uint32_t> claim(std::uint64_t random) {
        pause();  // the call may begin at any moment after the one before it ended
        const unsigned full_before = full_moments_;
        const bool full_now = held_ == slots_;
        const auto slot = bitmap_.claim(random);
        if (slot) {
            claimed();
        } else {
            require(full_now || full_moments_ != full_before, kNeverFull);
        }
        return slot;
    }
    void release(std::uint32_t slot) {
        bitmap_.release(slot);
        held_ -= 1;
    }

private:
    void claimed() {
        held_ += 1;
        full_moments_ += held_ == slots_ ? 1u : 0u;
    }

    const std::uint32_t slots_;
    std::uint32_t held_ = 0;
    unsigned full_moments_ = 0;
    B bitmap_;
};

// Two words, and all slots held but the last. Thread 0 claims; thread 1 releases a slot of the
// first word and takes one starting at the last: the set is never full unless thread 0 made it so.
// Thread 2, if there is one, does the same with another slot.
template <class B>
class FullAcrossWords : public Contract<B> {
public:
    FullAcrossWords(std::uint32_t slots, unsigned threads, int rounds)
        : Contract<B>(slots), last_(slots - 1), threads_(threads), rounds_(rounds) {
        for (std::uint32_t slot = 0; slot < last_; ++slot) {
            this->hold(slot);
        }
    }
    unsigned thread_count() const override { return threads_; }
    void run(unsigned thread) override {
        if (thread == 0) {
            (void)this->claim(0);
            return;
        }
        std::uint32_t mine = thread - 1;
        for (int round = 0; round < rounds_; ++round) {
            this->release(mine);
            const auto slot = this->claim(round % 2 == 0 ? last_ : 0);
            if (!slot) {
                return;
            }
            mine = *slot;
        }
    }

private:
    const std::uint32_t last_;
    const unsigned threads_;
    const int rounds_;
};

// The contract compares moments on different words, so no execution may be skipped.
Options every_order() {
    Options options;
    options.skip_equivalent = false;
    return options;
}
Options preemptions(unsigned max) {
    Options options;
    options.preemptions_max = max;
    return options;
}

TEST(AtomicBitmapModel, IsFullOnlyIfItWasFullAtOneMoment) {
    expect_right(explore<FullAcrossWords<Bitmap>>(every_order(), 64u, 2u, 1));
}

TEST(AtomicBitmapModel, IsFullOnlyIfItWasFullAtOneMomentWithSlotsThatMoveToAndFro) {
    expect_right(explore<FullAcrossWords<Bitmap>>(every_order(), 64u, 2u, 3));
    expect_right(explore<FullAcrossWords<Bitmap>>(every_order(), 64u, 3u, 1));
    expect_right(explore<FullAcrossWords<Bitmap>>(preemptions(4), 64u, 3u, 2));
}

TEST(AtomicBitmapModel, OneWordIsASnapshot) {
    expect_right(explore<FullAcrossWords<Bitmap>>(every_order(), 4u, 2u, 2));
    expect_right(explore<FullAcrossWords<Bitmap>>(preemptions(4), 4u, 3u, 2));
}

// Thread 0 releases and claims while thread 1 only reads: nobody else takes a slot, so the claim
// must find the one that was released, whatever the others do.
template <class B>
class ReleaseThenClaim : public Scenario {
public:
    explicit ReleaseThenClaim(std::uint32_t slots) : bitmap_(slots) {
        for (std::uint32_t slot = 0; slot < slots; ++slot) {
            require(bitmap_.claim_exactly(slot), "held at the start");
        }
    }
    unsigned thread_count() const override { return 2; }
    void run(unsigned thread) override {
        // Each thread releases one slot and claims one: there is always one for it.
        bitmap_.release(thread);
        require(bitmap_.claim(thread).has_value(), kNotClaimable);
    }

private:
    B bitmap_;
};

TEST(AtomicBitmapModel, WhatIsReleasedCanBeClaimed) {
    expect_right(explore<ReleaseThenClaim<Bitmap>>(Options(), 2u));
    expect_right(explore<ReleaseThenClaim<Bitmap>>(Options(), 64u));
}

// ---- The checker is checked --------------------------------------------------------------------

template <Mistake kMistake>
using MutantOwnership = Ownership<MutantBitmap<kMistake>>;
template <Mistake kMistake>
using MutantFull = FullAcrossWords<MutantBitmap<kMistake>>;

TEST(AtomicBitmapModel, TheReducedAlgorithmIsRight) {
    expect_right(explore<MutantOwnership<Mistake::None>>(Options(), 2u, 2, 4u, 1u));
    expect_right(explore<MutantFull<Mistake::None>>(every_order(), 4u, 2u, 1));
    expect_right(explore<MutantFull<Mistake::None>>(preemptions(5), 4u, 2u, 3));
}

TEST(AtomicBitmapModel, CatchesAClaimByLoadAndStore) {
    expect_caught(explore<MutantOwnership<Mistake::LoadThenStore>>(Options(), 2u, 1, 4u, 2u),
                  "data race: write without knowing of the last write");
}

TEST(AtomicBitmapModel, CatchesAReleaseByLoadAndStore) {
    expect_caught(explore<MutantOwnership<Mistake::ReleaseByStore>>(Options(), 2u, 2, 4u, 2u),
                  kLost);
}

TEST(AtomicBitmapModel, CatchesAReleaseThatHandsNothingOver) {
    expect_caught(explore<MutantOwnership<Mistake::RelaxedRelease>>(Options(), 2u, 1, 4u, 1u),
                  "data race: write without knowing of the last write");
}

TEST(AtomicBitmapModel, CatchesAClaimThatTakesNothingOver) {
    expect_caught(explore<MutantOwnership<Mistake::RelaxedClaim>>(Options(), 2u, 1, 4u, 1u),
                  "data race: write without knowing of the last write");
}

TEST(AtomicBitmapModel, CatchesOneScanTakenForASnapshot) {
    expect_caught(explore<MutantFull<Mistake::ScanOnce>>(preemptions(2), 4u, 2u, 1), kNeverFull);
}

TEST(AtomicBitmapModel, CatchesTwoScansThatDoNotCountReleases) {
    expect_caught(explore<MutantFull<Mistake::CompareWithoutReleases>>(preemptions(5), 4u, 2u, 3),
                  kNeverFull);
}

}  // namespace
}  // namespace sluice::model
