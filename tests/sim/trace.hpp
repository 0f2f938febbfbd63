// What happened in a simulated world: a hash of all events and the last of them in words.
//
// The hash is the test of determinism: the same seed must give the same hash. The ring of recent
// events is the bug report of a seed that failed. An event is a name and three numbers, so that
// noting one costs a few nanoseconds and no allocation.
// Owned by: World. Thread: the one of the simulation.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "sim/clock.hpp"

namespace sluice::sim {

class Trace {
public:
    explicit Trace(const Clock& clock) : clock_(clock) {}

    // `what` is a string literal.
    void note(const char* what, std::uint64_t a = 0, std::uint64_t b = 0, std::uint64_t c = 0);
    // Bytes that went over a wire: into the hash, and in verbose mode onto the terminal.
    void note_text(const char* what, std::uint64_t who, std::string_view text);

    std::uint64_t hash() const { return hash_; }
    std::uint64_t events() const { return count_; }
    void set_verbose(bool on) { verbose_ = on; }
    // Prints the last events to stderr.
    void dump() const;

private:
    static constexpr std::size_t kKept = 64;
    struct Event {
        std::int64_t at = 0;
        const char* what = nullptr;
        std::uint64_t a = 0;
        std::uint64_t b = 0;
        std::uint64_t c = 0;
    };
    void mix(std::uint64_t word) { hash_ = (hash_ ^ word) * 0x100000001B3ull + (hash_ >> 29); }
    void print(const Event& event) const;

    const Clock& clock_;
    std::uint64_t hash_ = 0xCBF29CE484222325ull;
    std::uint64_t count_ = 0;
    std::array<Event, kKept> ring_;
    bool verbose_ = false;
};

}  // namespace sluice::sim
