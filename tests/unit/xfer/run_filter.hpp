// Runs a filter, or a chain of them, over bytes that come in pieces and go out in pieces.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "xfer/filter_chain.hpp"

namespace sluice::xfer {

struct Pieces {
    std::size_t in = 1 << 20;
    std::size_t out = 1 << 20;
};

struct Outcome {
    std::string bytes;
    std::string behind_the_end;  // what was not consumed
    bool ended = false;
    Errc error = Errc::Ok;
};

// `Runs` is a Filter or a FilterChain. Fails (Errc::Other) when it moves nothing although it could.
template <class Runs>
Outcome run_filter(Runs& filter, std::string_view input, Pieces pieces = {}) {
    Outcome outcome;
    std::vector<std::uint8_t> room(std::max(pieces.out, Filter::kRoomMin));
    std::size_t offered = 0;
    Bytes pending;
    while (!outcome.ended) {
        const std::size_t more = std::min(pieces.in, input.size() - offered);
        pending = Bytes(as_bytes(input).data() + (offered - pending.size()), pending.size() + more);
        offered += more;
        const bool is_last = offered == input.size();
        const Result<FilterStep> step = filter.run(pending, room, is_last);
        if (!step) {
            outcome.error = step.error().code;
            return outcome;
        }
        if (step->consumed > pending.size() || step->produced > room.size()) {
            outcome.error = Errc::OutOfRange;
            return outcome;
        }
        outcome.bytes.append(as_text(Bytes(room.data(), step->produced)));
        pending = pending.subspan(step->consumed);
        outcome.ended = step->ended;
        if (more == 0 && step->consumed == 0 && step->produced == 0 && !step->ended) {
            outcome.error = Errc::Other;
            return outcome;
        }
    }
    outcome.behind_the_end = std::string(as_text(pending)) + std::string(input.substr(offered));
    return outcome;
}

// Every way to cut something of that size in two, and a few small pieces.
inline std::vector<Pieces> all_cuts(std::size_t size) {
    std::vector<Pieces> cuts{Pieces()};
    for (std::size_t in = 1; in <= size; ++in) {
        cuts.push_back(Pieces{in, 1 << 20});
    }
    for (std::size_t out = 4; out <= 9; ++out) {
        cuts.push_back(Pieces{1 << 20, out});
        cuts.push_back(Pieces{1, out});
        cuts.push_back(Pieces{3, out});
    }
    return cuts;
}

}  // namespace sluice::xfer
