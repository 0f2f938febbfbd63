// The seconds of all threads, put together as they come. Owned by Conductor. Thread: main.
#pragma once

#include <algorithm>
#include <cstdint>
#include <map>

#include "worker.hpp"

namespace sluice::load {

class SecondsMerger {
public:
    explicit SecondsMerger(std::size_t threads) : threads_(threads) {}

    void add(const Sample& sample) {
        Pending& pending = pending_[sample.index];
        ++pending.parts;
        Sample& all = pending.all;
        all.second.bytes += sample.second.bytes;
        all.second.actions += sample.second.actions;
        all.second.troubles += sample.second.troubles;
        all.second.sessions += sample.second.sessions;
        all.actions.merge(sample.actions);
        for (std::size_t i = 0; i < sample.states.size(); ++i) {
            all.states[i] += sample.states[i];
        }
        all.cpu_share = std::max(all.cpu_share, sample.cpu_share);
    }

    // Takes out the oldest second that is whole, or that is not after `old`: a thread that told
    // nothing of it for so long has ended.
    bool take(std::int64_t old, Sample& out) {
        if (pending_.empty()) {
            return false;
        }
        const auto first = pending_.begin();
        Pending& pending = first->second;
        if (pending.parts < threads_ && first->first > old) {
            return false;
        }
        out = std::move(pending.all);
        out.index = first->first;
        out.second.p50_ns = out.actions.percentile(0.5);
        out.second.p99_ns = out.actions.percentile(0.99);
        pending_.erase(first);
        return true;
    }

private:
    struct Pending {
        std::size_t parts = 0;
        Sample all;
    };
    const std::size_t threads_;
    std::map<std::int64_t, Pending> pending_;
};

}  // namespace sluice::load
