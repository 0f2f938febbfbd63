#include "histogram.hpp"

#include <algorithm>
#include <bit>
#include <cmath>

namespace sluice::load {
namespace {

// Values below 2^7 have a bucket each; every power of two above has 128.
constexpr unsigned kPartBits = 7;
constexpr std::uint64_t kParts = std::uint64_t{1} << kPartBits;
constexpr std::uint64_t kLargest = 3600ull * 1'000'000'000;

constexpr std::size_t index_of(std::uint64_t ns) {
    if (ns < kParts) {
        return static_cast<std::size_t>(ns);
    }
    const auto shift = static_cast<unsigned>(std::bit_width(ns)) - 1 - kPartBits;
    return static_cast<std::size_t>(kParts * shift + (ns >> shift));
}

constexpr std::uint64_t lowest_of(std::size_t index) {
    if (index < kParts) {
        return index;
    }
    const std::uint64_t shift = index / kParts - 1;
    return (kParts + index % kParts) << shift;
}

constexpr std::size_t kBuckets = index_of(kLargest) + 1;
static_assert(lowest_of(index_of(kLargest)) <= kLargest && lowest_of(kBuckets) > kLargest);

}  // namespace

void Histogram::record(std::uint64_t ns) {
    const std::uint64_t value = std::min(ns, kLargest);
    if (counts_.empty()) {
        counts_.resize(kBuckets);
    }
    ++counts_[index_of(value)];
    ++count_;
    sum_ += value;
    min_ = std::min(min_, value);
    max_ = std::max(max_, value);
}

void Histogram::merge(const Histogram& other) {
    if (other.count_ == 0) {
        return;
    }
    if (counts_.empty()) {
        counts_.resize(kBuckets);
    }
    for (std::size_t i = 0; i < kBuckets; ++i) {
        counts_[i] += other.counts_[i];
    }
    count_ += other.count_;
    sum_ += other.sum_;
    min_ = std::min(min_, other.min_);
    max_ = std::max(max_, other.max_);
}

double Histogram::mean() const {
    return count_ == 0 ? 0 : static_cast<double>(sum_) / static_cast<double>(count_);
}

std::uint64_t Histogram::percentile(double fraction) const {
    if (count_ == 0) {
        return 0;
    }
    if (fraction >= 1) {
        return max_;
    }
    // 0.07 * 100 is a little more than 7 in binary: without the small step back its rank were 8.
    const double wanted = std::ceil(std::max(fraction, 0.0) * static_cast<double>(count_) - 1e-6);
    const std::uint64_t rank = std::max<std::uint64_t>(1, static_cast<std::uint64_t>(wanted));
    std::uint64_t seen = 0;
    for (std::size_t i = 0; i < counts_.size(); ++i) {
        seen += counts_[i];
        if (seen >= rank) {
            // The middle of the bucket halves the error; the extremes are known exactly.
            const std::uint64_t middle = lowest_of(i) + (lowest_of(i + 1) - lowest_of(i)) / 2;
            return std::clamp(middle, min_, std::max(min_, max_));
        }
    }
    return max_;
}

std::vector<Histogram::Bucket> Histogram::buckets() const {
    std::vector<Bucket> used;
    for (std::size_t i = 0; i < counts_.size(); ++i) {
        if (counts_[i] != 0) {
            used.push_back(Bucket{lowest_of(i), counts_[i]});
        }
    }
    return used;
}

void Histogram::add_bucket(const Bucket& bucket) {
    if (bucket.count == 0) {
        return;
    }
    const std::uint64_t value = std::min(bucket.lowest_ns, kLargest);
    if (counts_.empty()) {
        counts_.resize(kBuckets);
    }
    counts_[index_of(value)] += bucket.count;
    count_ += bucket.count;
    sum_ += value * bucket.count;
    min_ = std::min(min_, value);
    max_ = std::max(max_, value);
}

void Histogram::restore(std::uint64_t sum_ns, std::uint64_t min_ns, std::uint64_t max_ns) {
    if (count_ == 0) {
        return;
    }
    sum_ = sum_ns;
    min_ = min_ns;
    max_ = max_ns;
}

}  // namespace sluice::load
