#include "sim/helper_pool.hpp"

namespace sluice::sim {

Duration HelperPool::draw() {
    const std::uint64_t most = faults_.strikes(Fault::SlowHelper) ? 4'000'000'000 : 300'000;
    return Duration(static_cast<std::int64_t>(1'000 + prng_.below(most)));
}

void HelperPool::submit(io::HelperJob& job) {
    ++pending_;
    const std::uint64_t number = ++total_;
    trace_.note("helper submit", number);
    clock_.after(draw(), [this, &job, number] {
        trace_.note("helper works", number);
        kernel_.set_in_helper(true);
        job.work(job);
        kernel_.set_in_helper(false);
        clock_.after(draw(), [this, &job, number] {
            --pending_;
            trace_.note("helper returns", number);
            job.home->post(job);
        });
    });
}

}  // namespace sluice::sim
