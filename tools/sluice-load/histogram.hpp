// Latencies, log-linear: each power of two in 128 equal parts, so a value is off by less than 1 %.
//
// Mergeable, exact in count, sum, least and greatest. About 36 KiB once the first value came; empty
// ones cost nothing. One thread writes; merging is for when the threads have ended.
#pragma once

#include <cstdint>
#include <vector>

namespace sluice::load {

class Histogram {
public:
    // Nanoseconds. Values above an hour count as an hour.
    void record(std::uint64_t ns);
    void merge(const Histogram& other);

    std::uint64_t count() const { return count_; }
    std::uint64_t min() const { return count_ == 0 ? 0 : min_; }
    std::uint64_t max() const { return max_; }
    double mean() const;
    // The least recorded value (to 1 %) that `fraction` of all values do not exceed; 0 when empty.
    std::uint64_t percentile(double fraction) const;

    // Where values lie, for files: the lowest value of a bucket and how many are in it, in order.
    struct Bucket {
        std::uint64_t lowest_ns;
        std::uint64_t count;
    };
    std::vector<Bucket> buckets() const;
    // What buckets() of another run has told. `sum_ns` makes the mean exact again.
    void add_bucket(const Bucket& bucket);
    void restore(std::uint64_t sum_ns, std::uint64_t min_ns, std::uint64_t max_ns);
    std::uint64_t sum() const { return sum_; }

private:
    std::vector<std::uint64_t> counts_;
    std::uint64_t count_ = 0;
    std::uint64_t sum_ = 0;
    std::uint64_t min_ = ~std::uint64_t{0};
    std::uint64_t max_ = 0;
};

}  // namespace sluice::load
