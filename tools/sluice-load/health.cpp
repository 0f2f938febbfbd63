#include "health.hpp"

#include <fmt/format.h>

#include "human.hpp"

namespace sluice::load {

std::string generator_warning(const Run& run) {
    std::string text;
    if (run.own_cpu_share > kOwnCpuShareMax) {
        text = fmt::format("its busiest thread used {} of a core", percent(run.own_cpu_share));
    }
    if (run.worst_lag_ns > kOwnLagMaxNs) {
        text += fmt::format("{}its timers ran {} late (p99)", text.empty() ? "" : " and ",
                            time_text(static_cast<double>(run.worst_lag_ns)));
    }
    return text.empty() ? text : "the generator was the bottleneck: " + text;
}

double throughput_of(const Run& run) {
    const auto bytes = static_cast<double>(run.total.bytes_received + run.total.bytes_sent);
    return run.measured_seconds > 0 ? bytes / run.measured_seconds : 0;
}

double rate_of(const Run& run) {
    const auto actions = static_cast<double>(run.total.actions_done);
    return run.measured_seconds > 0 ? actions / run.measured_seconds : 0;
}

}  // namespace sluice::load
