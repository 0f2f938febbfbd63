// Monotonic time as two small types, so that an instant is never mistaken for a duration. The wall
// clock is not here: it is a question to sys::Kernel, because the simulator answers it too.
#pragma once

#include <compare>
#include <cstdint>

namespace sluice {

struct Duration {
    std::int64_t ns = 0;

    constexpr Duration() = default;
    constexpr explicit Duration(std::int64_t nanoseconds) : ns(nanoseconds) {}
    static constexpr Duration milliseconds(std::int64_t n) { return Duration(n * 1'000'000); }
    static constexpr Duration seconds(std::int64_t n) { return Duration(n * 1'000'000'000); }

    constexpr std::int64_t in_milliseconds() const { return ns / 1'000'000; }
    constexpr std::int64_t in_seconds() const { return ns / 1'000'000'000; }
    friend constexpr auto operator<=>(Duration, Duration) = default;
    friend constexpr Duration operator+(Duration a, Duration b) { return Duration(a.ns + b.ns); }
    friend constexpr Duration operator-(Duration a, Duration b) { return Duration(a.ns - b.ns); }
};

// A point on CLOCK_MONOTONIC, in nanoseconds since an unspecified start.
struct Instant {
    std::int64_t ns = 0;

    constexpr Instant() = default;
    constexpr explicit Instant(std::int64_t nanoseconds) : ns(nanoseconds) {}

    friend constexpr auto operator<=>(Instant, Instant) = default;
    friend constexpr Instant operator+(Instant a, Duration d) { return Instant(a.ns + d.ns); }
    friend constexpr Duration operator-(Instant a, Instant b) { return Duration(a.ns - b.ns); }
};

// A point on the wall clock (CLOCK_REALTIME), as the file system stores it.
struct WallTime {
    std::int64_t seconds = 0;
    std::int32_t nanoseconds = 0;

    constexpr WallTime() = default;
    constexpr explicit WallTime(std::int64_t s, std::int32_t ns = 0)
        : seconds(s), nanoseconds(ns) {}
    friend constexpr auto operator<=>(WallTime, WallTime) = default;
};

}  // namespace sluice
