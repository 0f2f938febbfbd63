// Coroutines: a nested start, with and without a suspension, and a wake-up through an Event.
#include <benchmark/benchmark.h>

#include "sluice/io/event.hpp"
#include "sluice/io/frame_pool.hpp"
#include "sluice/io/ready_queue.hpp"
#include "sluice/io/task.hpp"

namespace sluice::io {
namespace {

// As Reactor::run_ready does it.
void run_ready(ReadyQueue& ready) {
    IntrusiveList<Waiter> batch;
    ready.take_all(batch);
    while (Waiter* waiter = batch.pop_front()) {
        waiter->handle.resume();
    }
}

Task<int> child(int value) {
    co_return value + 1;
}

Task<void> parent(benchmark::State& state) {
    int value = 0;
    for (auto _ : state) {
        value = co_await child(value);
    }
    benchmark::DoNotOptimize(value);
    state.SetItemsProcessed(state.iterations());
}

// A handler that answers at once: frame from the pool, start, end.
void task_nested_start(benchmark::State& state) {
    FramePool frames;
    const FramePool::Use use(frames);
    Task<void> root = parent(state);
    root.start();
    if (!root.done()) {
        state.SkipWithError("the root did not end");
    }
}
BENCHMARK(task_nested_start);

// The same out of the process allocator, which says what the pool is worth.
void task_nested_start_without_pool(benchmark::State& state) {
    Task<void> root = parent(state);
    root.start();
    if (!root.done()) {
        state.SkipWithError("the root did not end");
    }
}
BENCHMARK(task_nested_start_without_pool);

Task<void> wait_for_ever(Event& event, const bool& ended, std::uint64_t& wakes) {
    while (!ended) {
        co_await event.wait();
        ++wakes;
    }
}

void event_wake(benchmark::State& state) {
    FramePool frames;
    const FramePool::Use use(frames);
    ReadyQueue ready;
    Event event(ready);
    bool ended = false;
    std::uint64_t wakes = 0;
    Task<void> waiter = wait_for_ever(event, ended, wakes);
    waiter.start();
    for (auto _ : state) {
        event.notify();
        run_ready(ready);
    }
    if (wakes != static_cast<std::uint64_t>(state.iterations())) {
        state.SkipWithError("a wake-up was lost");
    }
    ended = true;
    event.notify();
    run_ready(ready);
    state.SetItemsProcessed(state.iterations());
}
BENCHMARK(event_wake);

Task<int> suspending_child(Event& event) {
    co_await event.wait();
    co_return 1;
}

Task<void> waiting_parent(Event& event, const bool& ended, std::uint64_t& ends) {
    while (!ended) {
        const int end = co_await suspending_child(event);
        ends += static_cast<std::uint64_t>(end);
    }
}

// A child that waits once: nested start, wake-up, end by symmetric transfer to its parent.
void task_that_waits(benchmark::State& state) {
    FramePool frames;
    const FramePool::Use use(frames);
    ReadyQueue ready;
    Event event(ready);
    bool ended = false;
    std::uint64_t ends = 0;
    Task<void> root = waiting_parent(event, ended, ends);
    root.start();
    for (auto _ : state) {
        event.notify();
        run_ready(ready);
    }
    if (ends != static_cast<std::uint64_t>(state.iterations())) {
        state.SkipWithError("an end was lost");
    }
    ended = true;
    event.notify();
    run_ready(ready);
    state.SetItemsProcessed(state.iterations());
}
BENCHMARK(task_that_waits);

}  // namespace
}  // namespace sluice::io
