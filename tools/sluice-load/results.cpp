#include "results.hpp"

#include <algorithm>
#include <numeric>

namespace sluice::load {
namespace {

// These names stand in files and in --require: they are never changed, only added to.
constexpr std::array<const char*, static_cast<std::size_t>(Step::Count)> kSteps = {
    "connect",  "tls_control", "banner",    "login",       "setup",  "data_connect",
    "tls_data", "first_byte",  "last_byte", "final_reply", "action",
};
constexpr std::array<const char*, static_cast<std::size_t>(Trouble::Count)> kTroubles = {
    "connect_refused",
    "connect_timeout",
    "connect_failed",
    "closed_early",
    "login_refused",
    "bad_reply",
    "bad_passive_reply",
    "reply_timeout",
    "unexpected_reply",
    "data_connect_failed",
    "data_timeout",
    "data_reset",
    "truncated",
    "too_long",
    "wrong_bytes",
    "missing_final",
    "final_failed",
    "tls_refused",
    "tls_handshake_failed",
    "tls_untrusted",
    "tls_timeout",
    "tls_broken",
    "tls_truncated",
};
static_assert(kSteps.back() != nullptr && kTroubles.back() != nullptr, "a name is missing");

}  // namespace

const char* name_of(Step step) {
    const auto index = static_cast<std::size_t>(step);
    return index < kSteps.size() ? kSteps[index] : "?";
}

const char* name_of(Trouble trouble) {
    const auto index = static_cast<std::size_t>(trouble);
    return index < kTroubles.size() ? kTroubles[index] : "?";
}

void Tally::merge(const Tally& other) {
    for (std::size_t i = 0; i < steps.size(); ++i) {
        steps[i].merge(other.steps[i]);
    }
    const auto add = [](std::uint64_t a, std::uint64_t b) { return a + b; };
    std::transform(troubles.begin(), troubles.end(), other.troubles.begin(), troubles.begin(), add);
    std::transform(replies.begin(), replies.end(), other.replies.begin(), replies.begin(), add);
    actions_started += other.actions_started;
    actions_done += other.actions_done;
    actions_late += other.actions_late;
    logins += other.logins;
    bytes_received += other.bytes_received;
    bytes_sent += other.bytes_sent;
    tls_control_full += other.tls_control_full;
    tls_control_resumed += other.tls_control_resumed;
    tls_data_full += other.tls_data_full;
    tls_data_resumed += other.tls_data_resumed;
}

std::uint64_t Tally::troubles_total() const {
    return std::accumulate(troubles.begin(), troubles.end(), std::uint64_t{0});
}

double ServerUse::bytes_per_session() const {
    const bool has_proportional = proportional_bytes > 0 && proportional_before > 0;
    const std::uint64_t after = has_proportional ? proportional_bytes : resident_bytes;
    const std::uint64_t before = has_proportional ? proportional_before : resident_before;
    return sessions == 0 || after <= before ? 0 : static_cast<double>(after - before) / sessions;
}

}  // namespace sluice::load
