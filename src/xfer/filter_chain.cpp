#include "xfer/filter_chain.hpp"

#include <algorithm>

namespace sluice::xfer {

void FilterChain::use_scratch(MutableBytes scratch) {
    SLUICE_ASSERT(is_empty());
    if (count_ < 2) { return; }
    const std::size_t each = scratch.size() / (count_ - 1);
    SLUICE_ASSERT(each >= Filter::kRoomMin);
    for (std::size_t i = 0; i + 1 < count_; ++i) {
        links_[i].area = scratch.subspan(i * each, each);
    }
}

bool FilterChain::is_empty() const {
    return std::all_of(links_.begin(), links_.end(),
                       [](const Link& link) { return link.rest.empty(); });
}

Result<bool> FilterChain::run_link(std::size_t index, Bytes in, MutableBytes out, bool is_last,
                                   FilterStep& total) {
    Link& link = links_[index];
    Link* const before = index == 0 ? nullptr : &links_[index - 1];
    const bool is_final = index + 1 == count_;
    const Bytes source = before == nullptr ? in.subspan(total.consumed) : before->rest;
    if (link.ended) {
        if (before != nullptr && !source.empty()) { return fail(Errc::Protocol); }
        return false;
    }
    // A middle area is filled again only when all of it was taken: no bytes are ever moved about.
    if (!is_final && !link.rest.empty()) { return false; }
    const MutableBytes room = is_final ? out.subspan(total.produced) : link.area;
    const bool none_behind = before == nullptr ? is_last : before->ended;
    const Result<FilterStep> step = link.filter->run(source, room, none_behind);
    if (!step) { return fail(step.error()); }
    if (before == nullptr) {
        total.consumed += step->consumed;
    } else {
        before->rest = before->rest.subspan(step->consumed);
    }
    if (is_final) {
        total.produced += step->produced;
    } else {
        link.rest = link.area.first(step->produced);
    }
    link.ended = step->ended;
    return step->consumed > 0 || step->produced > 0 || step->ended;
}

Result<FilterStep> FilterChain::run(Bytes in, MutableBytes out, bool is_last) {
    FilterStep total;
    // Each round consumes, produces or ends something, and what there is to move is bounded by
    // `in`, `out` and the scratch.
    for (bool moved = true; moved;) {
        moved = false;
        for (std::size_t i = 0; i < count_; ++i) {
            const Result<bool> step = run_link(i, in, out, is_last, total);
            if (!step) { return fail(step.error()); }
            moved = moved || *step;
        }
    }
    total.ended = std::all_of(links_.begin(), links_.begin() + count_,
                              [](const Link& link) { return link.ended; });
    return total;
}

}  // namespace sluice::xfer
