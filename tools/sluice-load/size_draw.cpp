#include "size_draw.hpp"

#include <algorithm>
#include <cmath>

namespace sluice::load {
namespace {

// No drawn size is larger: a log-normal distribution has no bound of its own.
constexpr double kDrawnBytesMax = 1e12;

// Two odd numbers of no meaning keep the seeds of neighbours apart.
std::uint64_t seed_of(const Sizes& sizes, std::uint64_t run_seed, std::uint64_t work,
                      std::uint64_t session) {
    const std::uint64_t own = sizes.seed.value_or(run_seed + 0x9FB21C651E98DF25ull * (work + 1));
    return own + 0xD6E8FEB86659FD93ull * (session + 1);
}

}  // namespace

SizeDraw::SizeDraw(const Sizes& sizes, std::uint64_t run_seed, std::uint64_t work,
                   std::uint64_t session)
    : sizes_(sizes), random_(seed_of(sizes, run_seed, work, session)) {}

std::uint64_t SizeDraw::next() {
    if (sizes_.kind == Sizes::Kind::Fixed ||
        (sizes_.kind == Sizes::Kind::Uniform && sizes_.max <= sizes_.min)) {
        return sizes_.min;
    }
    if (sizes_.kind == Sizes::Kind::Uniform) {
        return sizes_.min + random_.below(sizes_.max - sizes_.min + 1);
    }
    // Box and Muller: one normal number out of two uniform ones.
    const double u = (static_cast<double>(random_.next() >> 11) + 1) * 0x1p-53;
    const double v = static_cast<double>(random_.next() >> 11) * 0x1p-53;
    const double normal = std::sqrt(-2 * std::log(u)) * std::cos(2 * 3.14159265358979323846 * v);
    const double drawn = sizes_.median * std::exp(sizes_.sigma * normal);
    const std::uint64_t size = static_cast<std::uint64_t>(std::clamp(drawn, 0.0, kDrawnBytesMax));
    return std::clamp(size, sizes_.min, std::max(sizes_.min, sizes_.max));
}

}  // namespace sluice::load
