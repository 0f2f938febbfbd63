// Numbered slots 0..N-1 that any thread may take and give back without a lock.
//
// It hands out passive ports where one small range serves all shards (net/exclusive_ports). A
// claim is one fetch_or, a release one fetch_add; both touch one word only.
//
// A word holds 32 slots and, above them, a count of the releases in that word:
//     bits  0..31   slot is held
//     bits 32..63   releases so far, modulo 2^32
// A release adds (1 << 32) - bit: the bit is known to be set, so the subtraction clears it without
// a borrow, and the count moves in the same step.
//
// What "full" means. A scan of many words is not a snapshot: a slot seen held in the first word may
// be released, and a free one in the last word be claimed, before the scan gets there; then every
// word looked full and the set never was. This is what the counts are for: `claim` returns nothing
// only if two scans in a row found every word full and the sum of the counts unchanged. No word
// had a release between its two visits, so all N slots were held at the moment between the scans.
// Holds exactly:
//   F1  `claim` returns nothing => all slots were held at one moment during the call; or
//   F2  kPassesMax scans each failed because other threads claimed and released meanwhile. (Or
//       exactly 2^32 releases fell between two visits: seconds of nothing else, ignored.)
//   F3  A claim that runs while nobody else calls succeeds if a slot is free.
//   F4  A slot is held by at most one owner, and what the last owner wrote before its release is
//       visible to the next.
// "Moment" is the order of the machine's memory; x86-64 and ARMv8 have one for acquire loads and
// read-modify-writes, the C++ standard alone promises it for seq_cst only.
//
// Owned by: net, one per port range. Threads: any. Checked by tests/model/atomic_bitmap_model.cpp.
#pragma once

#include <bit>
#include <cstdint>
#include <memory>
#include <optional>

#include "sluice/base/assert.hpp"
#include "sluice/base/atomics.hpp"

namespace sluice {

template <class Atomics>
class AtomicBitmapT {
public:
    static constexpr std::uint32_t kSlotsMax = 65'536;  // one per TCP port
    static constexpr std::uint32_t kSlotsPerWord = 32;
    // Both bounds are reached only against threads that succeed each time we fail. At the first the
    // scan goes on to the next word, at the second `claim` gives up (F2).
    static constexpr std::uint32_t kTriesPerWordMax = 32;
    static constexpr std::uint32_t kPassesMax = 16;

    explicit AtomicBitmapT(std::uint32_t slots)
        : slots_(slots), word_count_((slots + kSlotsPerWord - 1) / kSlotsPerWord) {
        SLUICE_ASSERT(slots >= 1 && slots <= kSlotsMax);
        words_ = std::make_unique<Word[]>(word_count_);
        // Slots that do not exist are held for ever.
        const std::uint32_t used = slots % kSlotsPerWord;
        if (used != 0) {
            const std::uint64_t absent = kSlotMask & ~((std::uint64_t{1} << used) - 1);
            words_[word_count_ - 1].store(absent, std::memory_order_relaxed);
        }
    }
    AtomicBitmapT(const AtomicBitmapT&) = delete;
    AtomicBitmapT& operator=(const AtomicBitmapT&) = delete;

    std::uint32_t slot_count() const { return slots_; }

    // Takes a free slot, searching from slot `random % slot_count()` so that the next port is not
    // guessable and threads do not meet on one word. Nothing: see F1 and F2 above.
    [[nodiscard]] std::optional<std::uint32_t> claim(std::uint64_t random) {
        const auto start = static_cast<std::uint32_t>(random % slots_);
        bool was_full = false;  // in the pass before this one
        std::uint64_t releases_then = 0;
        for (std::uint32_t pass = 0; pass < kPassesMax; ++pass) {
            const Scan scan = scan_from(start);
            if (scan.claimed) {
                return scan.slot;
            }
            // One word is read at once: that is a snapshot already.
            if (scan.all_full && word_count_ == 1) {
                return std::nullopt;
            }
            if (scan.all_full && was_full && scan.releases == releases_then) {
                return std::nullopt;
            }
            was_full = scan.all_full;
            releases_then = scan.releases;
        }
        return std::nullopt;
    }

    // Takes this very slot. False when it is held.
    [[nodiscard]] bool claim_exactly(std::uint32_t slot) {
        SLUICE_ASSERT(slot < slots_);
        return take(slot / kSlotsPerWord, slot % kSlotsPerWord).taken;
    }

    // Gives a slot back. It must be held by the caller.
    void release(std::uint32_t slot) {
        SLUICE_ASSERT(slot < slots_);
        const std::uint64_t bit = std::uint64_t{1} << (slot % kSlotsPerWord);
        const std::uint64_t before =
            words_[slot / kSlotsPerWord].fetch_add(kOneRelease - bit, std::memory_order_acq_rel);
        SLUICE_ASSERT((before & bit) != 0);
    }

    bool is_held(std::uint32_t slot) const {
        SLUICE_ASSERT(slot < slots_);
        const std::uint64_t word = words_[slot / kSlotsPerWord].load(std::memory_order_acquire);
        return ((word >> (slot % kSlotsPerWord)) & 1) != 0;
    }

    // Free slots, word by word: exact while nobody claims or releases, else a figure for a gauge.
    std::uint32_t free_count_approximate() const {
        std::uint32_t free = 0;
        for (std::uint32_t word = 0; word < word_count_; ++word) {
            const std::uint64_t value = words_[word].load(std::memory_order_relaxed);
            free += static_cast<std::uint32_t>(std::popcount(~value & kSlotMask));
        }
        return free;
    }

private:
    using Word = typename Atomics::template Atomic<std::uint64_t>;
    static constexpr std::uint64_t kSlotMask = 0xFFFF'FFFFu;
    static constexpr std::uint64_t kOneRelease = std::uint64_t{1} << 32;

    struct Scan {
        bool claimed = false;
        std::uint32_t slot = 0;      // if claimed
        bool all_full = true;        // if not claimed: each word was full when it was read
        std::uint64_t releases = 0;  // sum of the counts of those words
    };
    struct Take {
        bool taken;
        std::uint64_t before;
    };

    Take take(std::uint32_t word, std::uint32_t position) {
        const std::uint64_t bit = std::uint64_t{1} << position;
        const std::uint64_t before = words_[word].fetch_or(bit, std::memory_order_acq_rel);
        return {(before & bit) == 0, before};
    }

    // The first free position at or after `offset`, around the end of the word.
    static std::uint32_t first_free(std::uint32_t free, std::uint32_t offset) {
        const auto steps =
            static_cast<std::uint32_t>(std::countr_zero(std::rotr(free, static_cast<int>(offset))));
        return (offset + steps) % kSlotsPerWord;
    }

    // One visit to every word, until a slot is taken.
    Scan scan_from(std::uint32_t start) {
        Scan scan;
        const std::uint32_t offset = start % kSlotsPerWord;
        std::uint32_t word = start / kSlotsPerWord;
        for (std::uint32_t visited = 0; visited < word_count_; ++visited) {
            std::uint64_t seen = words_[word].load(std::memory_order_acquire);
            bool full = false;
            for (std::uint32_t tries = 0; tries < kTriesPerWordMax; ++tries) {
                const auto free = static_cast<std::uint32_t>(~seen & kSlotMask);
                full = free == 0;
                if (full) {
                    break;
                }
                const std::uint32_t position = first_free(free, offset);
                const Take attempt = take(word, position);
                if (attempt.taken) {
                    scan.claimed = true;
                    scan.slot = word * kSlotsPerWord + position;
                    return scan;
                }
                seen = attempt.before;
            }
            scan.all_full = scan.all_full && full;
            scan.releases += seen >> 32;
            word = word + 1 == word_count_ ? 0 : word + 1;
        }
        return scan;
    }

    const std::uint32_t slots_;
    const std::uint32_t word_count_;
    std::unique_ptr<Word[]> words_;
};

using AtomicBitmap = AtomicBitmapT<RealAtomics>;

}  // namespace sluice
