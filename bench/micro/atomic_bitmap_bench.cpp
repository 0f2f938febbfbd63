// One PASV's worth of the shared bitmap: claim a number and give it back, alone, with two shards at
// it, and with few numbers left.
#include <benchmark/benchmark.h>

#include <memory>
#include <optional>
#include <vector>

#include "sluice/base/atomic_bitmap.hpp"
#include "sluice/base/prng.hpp"

namespace sluice {
namespace {

constexpr std::uint32_t kSlots = 10'000;  // the passive range of the defaults, about

void claim_and_release(benchmark::State& state, AtomicBitmap& slots, std::uint64_t seed) {
    Prng random(seed);
    for (auto _ : state) {
        const std::optional<std::uint32_t> slot = slots.claim(random.next());
        if (!slot) {
            state.SkipWithError("no slot is free");
            break;
        }
        slots.release(*slot);
    }
    state.SetItemsProcessed(state.iterations());
}

void bitmap_empty(benchmark::State& state) {
    static AtomicBitmap slots(kSlots);  // one for all threads of the run
    claim_and_release(state, slots, 1 + static_cast<std::uint64_t>(state.thread_index()));
}
BENCHMARK(bitmap_empty)->Threads(1)->Threads(2)->UseRealTime();

// One number in a hundred is free.
void bitmap_nearly_full(benchmark::State& state) {
    AtomicBitmap slots(kSlots);
    for (std::uint32_t slot = 0; slot < kSlots; ++slot) {
        if (slot % 100 != 0 && !slots.claim_exactly(slot)) {
            state.SkipWithError("held");
        }
    }
    claim_and_release(state, slots, 1);
}
BENCHMARK(bitmap_nearly_full);

void bitmap_refuses_when_full(benchmark::State& state) {
    AtomicBitmap slots(kSlots);
    for (std::uint32_t slot = 0; slot < kSlots; ++slot) {
        if (!slots.claim_exactly(slot)) {
            state.SkipWithError("held");
        }
    }
    Prng random(1);
    for (auto _ : state) {
        std::optional<std::uint32_t> slot = slots.claim(random.next());
        benchmark::DoNotOptimize(slot);
    }
    state.SetItemsProcessed(state.iterations());
}
BENCHMARK(bitmap_refuses_when_full);

}  // namespace
}  // namespace sluice
