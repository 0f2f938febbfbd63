// The seam between the lock-free code and the memory it shares.
//
// AtomicBitmap, SpscQueue and MpscQueue take an `Atomics` policy. In the product it is RealAtomics,
// which is std::atomic and nothing else. In tests/model it is the explorer's, which runs the same
// code on fibers, stops before each access, and tries every order. No other code in sluice needs
// the seam: what is shared between threads is one of those three, or an immutable snapshot.
//
// Rules for code written against it: every access names its memory order; no fences; what is not
// atomic but crosses threads is a Plain, so that the explorer can check that nobody races for it.
#pragma once

#include <atomic>
#include <cstddef>
#include <type_traits>

namespace sluice {

// x86-64 and the common ARM servers. std::hardware_destructive_interference_size changes with
// compiler flags (g++ 12 warns about that), and it is part of our layout.
inline constexpr std::size_t kCacheLineBytes = 64;

// A value that is handed from thread to thread, published by an atomic beside it.
template <class T>
class PlainValue {
    static_assert(std::is_trivially_copyable_v<T>);

public:
    PlainValue() = default;
    explicit PlainValue(const T& value) : value_(value) {}
    PlainValue(const PlainValue&) = delete;
    PlainValue& operator=(const PlainValue&) = delete;

    const T& get() const { return value_; }
    void set(const T& value) { value_ = value; }

private:
    T value_{};
};

struct RealAtomics {
    template <class T>
    using Atomic = std::atomic<T>;
    template <class T>
    using Plain = PlainValue<T>;
};

}  // namespace sluice
