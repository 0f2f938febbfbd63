// Worker: what its sessions do next, and what is known of the files.
#include <algorithm>

#include "worker.hpp"

namespace sluice::load {

bool Worker::claim() {
    const std::uint64_t most = run_.options.transfers_max;
    if (ending_ || exhausted_) {
        return false;
    }
    // The warm-up is not counted, so it takes nothing of the number.
    if (most == 0 || !measuring_ || run_.claimed.fetch_add(1, std::memory_order_relaxed) < most) {
        ++claimed_;
        return true;
    }
    exhaust();
    return false;
}

void Worker::forfeit() {
    // tick() sees when that was the last.
    if (run_.options.transfers_max != 0 && measuring_) {
        run_.claimed.fetch_add(1, std::memory_order_relaxed);
    }
}

std::size_t Worker::draw_work(Prng& random) const {
    if (weights_.size() == 1) {
        return 0;
    }
    const double drawn = static_cast<double>(random.next() >> 11) * 0x1p-53 * weights_.back();
    const auto found = std::upper_bound(weights_.begin(), weights_.end(), drawn);
    return std::min(static_cast<std::size_t>(found - weights_.begin()), weights_.size() - 1);
}

// An arrival that was due before a session came to take it was late.
bool Worker::take_due(std::size_t& work, std::int64_t& intended_ns) {
    const std::int64_t due = begin_ns_ + std::min(arrivals_.next_ns(), run_.profile.end_ns());
    if (due > now() || due >= end_ns_ || !claim()) {
        return false;
    }
    arrivals_.advance();
    ++tally_.actions_late;
    work = draw_work(random_);
    intended_ns = due;
    return true;
}

bool Worker::park(Session& session) {
    if (ending_) {
        return false;
    }
    if (!session.is_linked()) {
        parked_.push_back(session);
    }
    return true;
}

void Worker::serve_arrivals(std::int64_t now_ns) {
    if (ending_) {
        return;
    }
    while (!parked_.is_empty()) {
        if (arrivals_.next_ns() >= run_.profile.end_ns()) {
            return;
        }
        const std::int64_t due = begin_ns_ + arrivals_.next_ns();
        if (due > now_ns) {
            if (!arrival_alarm_.is_set() || arrival_alarm_.at_ns != due) {
                alarms_->set(arrival_alarm_, due);
            }
            return;
        }
        if (!claim()) {
            return;
        }
        arrivals_.advance();
        Session* const session = parked_.pop_front();
        session->assign(draw_work(random_), due);
    }
}

const std::string& Worker::path_of(std::size_t work, std::size_t path) const {
    const std::vector<std::string>& paths = run_.options.mix[work].paths;
    return paths.empty() ? run_.options.url.path : paths[path];
}

bool Worker::is_uploaded(std::size_t work, std::size_t path) const {
    const std::string& wanted = path_of(work, path);
    for (std::size_t other = 0; other < run_.options.mix.size(); ++other) {
        const Work& upload = run_.options.mix[other];
        if (upload.action != Action::Upload) {
            continue;
        }
        for (std::size_t i = 0; i < std::max<std::size_t>(upload.paths.size(), 1); ++i) {
            if (path_of(other, i) == wanted) {
                return true;
            }
        }
    }
    return false;
}

bool Worker::has_number(std::size_t work, std::size_t path) const {
    return path_of(work, path).find('%') != std::string::npos;
}

bool Worker::known_size(std::uint64_t key, std::uint64_t& size) const {
    const auto found = sizes_.find(key);
    if (found == sizes_.end()) {
        return false;
    }
    size = found->second;
    return true;
}

void Worker::remember_size(std::uint64_t key, std::uint64_t size) {
    if (sizes_.size() < kKnownSizesMax) {
        sizes_.emplace(key, size);
    }
}

}  // namespace sluice::load
