// A seeded generator (xoshiro256**), for the simulator and for the choice of passive ports. Each
// shard seeds its own from the kernel's entropy, so that ports cannot be guessed from the outside
// by replaying a known seed; nothing cryptographic rests on it.
// Source of the algorithm: D. Blackman and S. Vigna, "Scrambled Linear Pseudorandom Number
// Generators", public domain reference.
#pragma once

#include <cstdint>

namespace sluice {

class Prng {
public:
    explicit Prng(std::uint64_t seed) {
        // splitmix64 spreads any seed, also 0, over the whole state.
        for (std::uint64_t& word : state_) {
            seed += 0x9E3779B97F4A7C15ull;
            std::uint64_t z = seed;
            z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ull;
            z = (z ^ (z >> 27)) * 0x94D049BB133111EBull;
            word = z ^ (z >> 31);
        }
    }

    std::uint64_t next() {
        const std::uint64_t result = rotate(state_[1] * 5, 7) * 9;
        const std::uint64_t t = state_[1] << 17;
        state_[2] ^= state_[0];
        state_[3] ^= state_[1];
        state_[1] ^= state_[2];
        state_[0] ^= state_[3];
        state_[2] ^= t;
        state_[3] = rotate(state_[3], 45);
        return result;
    }

    // Uniform in [0, bound). `bound` must not be 0. Lemire's multiply-shift; its bias is below
    // bound / 2^64, far under what any test of ours can see.
    std::uint64_t below(std::uint64_t bound) {
        return static_cast<std::uint64_t>((static_cast<Wide>(next()) * bound) >> 64);
    }

    // True with probability `numerator` / `denominator`.
    bool chance(std::uint64_t numerator, std::uint64_t denominator) {
        return below(denominator) < numerator;
    }

private:
    __extension__ using Wide = unsigned __int128;
    static std::uint64_t rotate(std::uint64_t x, int k) { return (x << k) | (x >> (64 - k)); }
    std::uint64_t state_[4] = {};
};

}  // namespace sluice
