// What all shards share for digests. Made by Server, used by helpers only.
#pragma once

#include "sluice/digest/budget.hpp"
#include "sluice/digest/cache.hpp"

namespace sluice::digest {

struct Shared {
    Cache cache;
    Budget budget;

    Shared(std::uint32_t cache_entries_max, Budget::Rules rules)
        : cache(cache_entries_max), budget(rules) {}
};

}  // namespace sluice::digest
