// The sizes of what a session uploads: fixed, or drawn from a distribution with a seed of its own,
// so that neither think times nor the other work of a mix change which sizes come. Pure.
#pragma once

#include <cstdint>

#include "options.hpp"
#include "sluice/base/prng.hpp"

namespace sluice::load {

class SizeDraw {
public:
    // The same (seed, work, session) draws the same sizes. `sizes` outlives it.
    SizeDraw(const Sizes& sizes, std::uint64_t run_seed, std::uint64_t work, std::uint64_t session);

    std::uint64_t next();

private:
    const Sizes& sizes_;
    Prng random_;
};

}  // namespace sluice::load
