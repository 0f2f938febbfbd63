// Filters one behind the other, as one.
//
// What passes between two of them rests in a part of the scratch memory, which the pump lends from
// its pooled buffer. Owned by: a pump. Thread: as Filter.
#pragma once

#include <array>
#include <cstddef>
#include <memory>

#include "sluice/base/assert.hpp"
#include "xfer/filter.hpp"

namespace sluice::xfer {

class FilterChain {
public:
    // Line ends, records, deflate.
    static constexpr std::size_t kFiltersMax = 3;

    FilterChain() = default;
    FilterChain(const FilterChain&) = delete;
    FilterChain& operator=(const FilterChain&) = delete;

    // In the order in which the bytes pass them.
    void add(std::unique_ptr<Filter> filter) {
        SLUICE_ASSERT(count_ < kFiltersMax);
        links_[count_++].filter = std::move(filter);
    }
    // Lends memory for what is between the filters; another piece only when that is nothing.
    void use_scratch(MutableBytes scratch);

    // As Filter::run, but `out` must have kRoomMin. Ends when all filters have ended; bytes that
    // one of them left over although the next had ended are Protocol.
    Result<FilterStep> run(Bytes in, MutableBytes out, bool is_last);

    // Nothing is between the filters.
    bool is_empty() const;

private:
    struct Link {
        std::unique_ptr<Filter> filter;
        MutableBytes area;  // for what this filter produces; the last one has none
        Bytes rest;         // of it, what the next one has not consumed
        bool ended = false;
    };
    // One filter's step; true when something moved.
    Result<bool> run_link(std::size_t index, Bytes in, MutableBytes out, bool is_last,
                          FilterStep& total);

    std::array<Link, kFiltersMax> links_;
    std::size_t count_ = 0;
};

}  // namespace sluice::xfer
