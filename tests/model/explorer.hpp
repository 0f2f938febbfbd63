// The model checker: runs code written against base/atomics.hpp in every order.
//
// A Scenario has 2 to 4 threads of a few operations each. The explorer runs them as fibers on one
// thread; a fiber stops before each access to an Atomic, and the explorer decides who goes on. It
// repeats the scenario, from a fresh object each time, until every decision has gone every way
// (depth first). A check that fails, a data race, or threads that all wait end the search, and the
// Verdict holds the steps that led there.
//
// What it covers
//   - All interleavings of the accesses, or all with at most `preemptions_max` preemptions.
//   - Stores that are not yet visible: a store weaker than seq_cst goes to a buffer of its thread;
//     when it reaches memory is one more decision. Relaxed stores to different places leave the
//     buffer in any order, a release store leaves after everything stored before it. A thread reads
//     its own buffer first. A read-modify-write acts on memory at once; with release order it waits
//     until the thread's buffer is empty.
//   - Data races, by vector clocks: a Plain that is read or written without a chain of release and
//     acquire from the last write (and, for writes, from the last reads) is a failure in whatever
//     order the accesses came. This is what finds an acquire or release that is missing.
// What it does not cover
//   - Loads that are delayed or speculated: a load reads memory when it is executed. So load
//     buffering (both threads read the other's later store) is never seen, nor are two readers that
//     see two writers' stores in different orders.
//   - A release read-modify-write that overtakes earlier relaxed stores, compare_exchange_weak that
//     fails without reason, fences, and memory_order_consume. Code under test uses none of these.
//   - More threads and operations than the scenario has. That small ones find most bugs is
//     experience, not proof.
// So it is sound about what it reports, complete for sequential consistency and for total and
// partial store order within its bounds, and not a proof for all that C++11 allows. ThreadSanitizer
// runs the same code with real threads besides (tests/unit/base).
//
// Rules for a scenario: deterministic but for its accesses; Atomics and Plains are created by its
// constructor and not by its threads; no loop that only polls (wait on an Event instead); objects
// on the stack of a thread own nothing, since a failed execution is abandoned where it stands.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <cstring>
#include <functional>
#include <memory>
#include <string>
#include <type_traits>
#include <utility>

namespace sluice::model {

inline constexpr unsigned kThreadsMax = 4;

class Scenario {
public:
    virtual ~Scenario() = default;
    virtual unsigned thread_count() const = 0;
    // The program of one thread.
    virtual void run(unsigned thread) = 0;
    // After all threads have ended and all stores are visible. Accesses are not explored here.
    virtual void at_end() {}
};

struct Options {
    static constexpr unsigned kUnbounded = ~0u;
    // How often a thread that could go on is made to wait in one execution.
    unsigned preemptions_max = kUnbounded;
    // Of executions that differ only in the order of steps that do not touch the same place, run
    // one (sleep sets). Must be off if the scenario compares moments of steps on different places
    // with each other. Without effect under a preemption bound, where it would hide executions.
    bool skip_equivalent = true;
    // Bounds on the search; reaching the first leaves it incomplete, the second is a failure.
    std::uint64_t executions_max = 3'000'000;
    unsigned steps_max = 500;
};

struct Verdict {
    bool failed = false;
    bool complete = false;  // every execution within the bounds was run
    std::uint64_t executions = 0;
    std::string message;   // of the failure
    std::string schedule;  // the steps that led to it, one a line
};

// Runs scenarios made by `make` until one fails or none is left.
Verdict explore(const Options& options, const std::function<std::unique_ptr<Scenario>()>& make);

template <class S, class... Args>
Verdict explore(const Options& options, Args... args) {
    return explore(options, [=] { return std::make_unique<S>(args...); });
}

// A check within a scenario. If it does not hold, the execution ends here and the search with it.
void require(bool holds, const char* claim);

// Lets others run: marks a moment that is not an access, such as the start of a call.
void pause();

// Happens-before: how far into each thread's program one has seen.
struct Clock {
    std::array<std::uint32_t, kThreadsMax> of{};
    void join(const Clock& other);
};

// One place in memory that threads share: an Atomic, or an Event.
class Cell {
public:
    explicit Cell(std::uint64_t value);
    Cell(const Cell&) = delete;
    Cell& operator=(const Cell&) = delete;

    std::uint64_t load(std::memory_order order) const;
    void store(std::uint64_t value, std::memory_order order);
    // A read-modify-write in two halves between which nobody else runs. The first returns the value
    // in memory; `order` says what must have left the thread's store buffer before. The second is
    // either `finish_update`, which writes, or `finish_as_load`.
    std::uint64_t begin_update(std::memory_order order);
    void finish_update(std::uint64_t value, std::memory_order order);
    void finish_as_load(std::memory_order order);
    // As begin_update, but the thread goes on only when the value is not 0.
    std::uint64_t begin_update_when_set();

private:
    friend class Explorer;
    std::uint32_t id_;
    std::uint64_t value_;
    Clock published_;  // what a thread that acquires from here has seen then
};

// As std::atomic, without implicit orders.
template <class T>
class Atomic {
    static_assert(std::is_trivially_copyable_v<T> && sizeof(T) <= sizeof(std::uint64_t));

public:
    Atomic() : cell_(word_of(T{})) {}
    Atomic(T value) : cell_(word_of(value)) {}  // NOLINT: implicit as in std::atomic
    Atomic(const Atomic&) = delete;
    Atomic& operator=(const Atomic&) = delete;

    T load(std::memory_order order) const { return value_of(cell_.load(order)); }
    void store(T value, std::memory_order order) { cell_.store(word_of(value), order); }
    T exchange(T value, std::memory_order order) {
        return update(order, [value](T) { return value; });
    }
    bool compare_exchange_strong(T& expected, T desired, std::memory_order success,
                                 std::memory_order failure) {
        const std::uint64_t word = cell_.begin_update(success);
        if (word != word_of(expected)) {
            cell_.finish_as_load(failure);
            expected = value_of(word);
            return false;
        }
        cell_.finish_update(word_of(desired), success);
        return true;
    }
    bool compare_exchange_weak(T& expected, T desired, std::memory_order success,
                               std::memory_order failure) {
        return compare_exchange_strong(expected, desired, success, failure);
    }
    T fetch_or(T bits, std::memory_order order) {
        return update(order, [bits](T old) { return static_cast<T>(old | bits); });
    }
    T fetch_and(T bits, std::memory_order order) {
        return update(order, [bits](T old) { return static_cast<T>(old & bits); });
    }
    T fetch_add(T n, std::memory_order order) {
        return update(order, [n](T old) { return static_cast<T>(old + n); });
    }

private:
    static std::uint64_t word_of(const T& value) {
        std::uint64_t word = 0;
        std::memcpy(&word, &value, sizeof value);
        return word;
    }
    static T value_of(std::uint64_t word) {
        T value;
        std::memcpy(&value, &word, sizeof value);
        return value;
    }
    template <class Change>
    T update(std::memory_order order, Change change) {
        const T old = value_of(cell_.begin_update(order));
        cell_.finish_update(word_of(change(old)), order);
        return old;
    }

    Cell cell_;
};

// Who used a Plain last, to find uses that did not know of each other.
class RaceDetector {
public:
    void on_read() const;
    void on_write();

private:
    unsigned writer_ = 0;
    std::uint32_t written_at_ = 0;  // by the writer's clock; 0: before the threads began
    mutable Clock read_at_;
};

// As PlainValue. No decision of the explorer hangs on it: either the uses are ordered by atomics,
// or the execution has failed.
template <class T>
class Plain {
public:
    Plain() = default;
    explicit Plain(const T& value) : value_(value) {}
    Plain(const Plain&) = delete;
    Plain& operator=(const Plain&) = delete;

    const T& get() const {
        races_.on_read();
        return value_;
    }
    void set(const T& value) {
        races_.on_write();
        value_ = value;
    }

private:
    T value_{};
    RaceDetector races_;
};

// The policy for the code under test.
struct ExploredAtomics {
    template <class U>
    using Atomic = model::Atomic<U>;
    template <class U>
    using Plain = model::Plain<U>;
};

// A wake-up that is remembered, as an eventfd does: `wait` returns once something was signalled
// since the last `wait`. Both are system calls, hence full barriers.
class Event {
public:
    void signal();
    void wait();

private:
    Cell signalled_{0};
};

}  // namespace sluice::model
