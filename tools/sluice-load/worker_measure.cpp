// Worker: what is counted, second by second and in all.
#include <algorithm>

#include "socket_calls.hpp"
#include "worker.hpp"

namespace sluice::load {
namespace {

constexpr std::int64_t kSecondNs = 1'000'000'000;

}  // namespace

void Worker::action_began() {
    --claimed_;
    ++acting_;
    ++tally_.actions_started;
}

void Worker::action_ended(bool good, std::int64_t intended_ns) {
    --acting_;
    if (ending_) {
        return;
    }
    last_action_ns_ = now();
    if (!good) {
        return;
    }
    const std::uint64_t took =
        static_cast<std::uint64_t>(std::max<std::int64_t>(last_action_ns_ - intended_ns, 0));
    ++tally_.actions_done;
    tally_.of(Step::Action).record(took);
    second_actions_.record(took);
}

void Worker::begin_measuring() {
    measuring_ = true;
    tally_ = Tally();
    // Actions that the warm-up has begun end in what is measured; sessions stay logged in.
    tally_.actions_started = acting_;
    alarms_->lag() = Histogram();
    bytes_before_ = actions_before_ = troubles_before_ = 0;
    cpu_at_measure_ = thread_cpu_seconds();
}

void Worker::begin_end(std::int64_t at_ns) {
    ending_ = true;
    if (!measuring_) {
        tally_ = Tally();  // ended in its warm-up: nothing was measured
        at_ns = measure_ns_;
    }
    while (next_second_ns_ <= at_ns) {
        take_sample(at_ns);
    }
    if (is_open_loop()) {
        // What was due and never begun is late as well, or a server that stops serving would look
        // better than one that is slow.
        while (measuring_ &&
               begin_ns_ + std::min(arrivals_.next_ns(), run_.profile.end_ns()) < at_ns) {
            ++tally_.actions_late;
            arrivals_.advance();
        }
    }
    report_.measured_ns = std::max<std::int64_t>(at_ns - measure_ns_, 0);
    const double wall = static_cast<double>(std::max<std::int64_t>(now() - measure_ns_, 1)) / 1e9;
    report_.cpu_share = measuring_ ? (thread_cpu_seconds() - cpu_at_measure_) / wall : 0;
    report_.lag_ns = alarms_->lag().percentile(0.99);
    report_.tally = tally_;
    run_.stand_still.arrive(count_open());
    for (const std::unique_ptr<Session>& session : sessions_) {
        if (!session->is_running()) {
            continue;
        }
        session->unlink();
        session->end();
    }
}

void Worker::take_sample(std::int64_t now_ns) {
    Sample sample;
    sample.index = (next_second_ns_ - measure_ns_) / kSecondNs - 1;
    next_second_ns_ += kSecondNs;
    const std::uint64_t bytes = tally_.bytes_received + tally_.bytes_sent;
    const std::uint64_t troubles = tally_.troubles_total();
    sample.second.bytes = bytes - std::min(bytes_before_, bytes);
    sample.second.actions = tally_.actions_done - std::min(actions_before_, tally_.actions_done);
    sample.second.troubles = troubles - std::min(troubles_before_, troubles);
    bytes_before_ = bytes;
    actions_before_ = tally_.actions_done;
    troubles_before_ = troubles;
    for (const std::unique_ptr<Session>& session : sessions_) {
        if (!session->is_running()) {
            continue;
        }
        ++sample.states[static_cast<std::size_t>(session->state())];
    }
    sample.second.sessions = count_open();
    const double cpu = thread_cpu_seconds();
    // A second that came late is one sample all the same; its share is of a second.
    sample.cpu_share = now_ns < next_second_ns_ ? cpu - cpu_before_ : 1;
    cpu_before_ = cpu;
    std::swap(sample.actions, second_actions_);
    if (run_.wants_totals) {
        sample.total = std::make_unique<Tally>(tally_);
    }
    const std::lock_guard<std::mutex> lock(report_.mutex);
    report_.samples.push_back(std::move(sample));
}

std::uint32_t Worker::count_open() const {
    return static_cast<std::uint32_t>(
        std::count_if(sessions_.begin(), sessions_.end(), [](const auto& session) {
            return session->is_running() && session->state() != FtpClient::State::Closed;
        }));
}

}  // namespace sluice::load
