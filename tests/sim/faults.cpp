#include "sim/faults.hpp"

namespace sluice::sim {
namespace {

struct Row {
    const char* name;
    // Faults that end things (a reset, EIO) must stay rare, or no session gets far enough to be
    // interesting; faults that only reorder or split may be wild.
    std::uint64_t most;
};
constexpr Row kRows[kFaultCount] = {
    {"split_segments", 9000},  {"short_send", 7000},
    {"short_receive", 7000},   {"spurious_would_block", 2000},
    {"slow_network", 3000},    {"reset_connection", 100},
    {"connect_refused", 1500}, {"connect_unreachable", 800},
    {"listen_in_use", 3000},   {"delay_completion", 5000},
    {"lost_stop", 8000},       {"spurious_poll", 3000},
    {"starve_input", 3000},    {"slow_helper", 1500},
    {"cache_miss", 8000},      {"retry_lookup", 3000},
    {"short_read", 5000},      {"short_write", 5000},
    {"no_space", 400},         {"input_output", 300},
    {"no_descriptors", 400},   {"no_memory", 300},
    {"read_only", 200},        {"no_unnamed_files", 10000},
    {"no_cache_stat", 10000},  {"change_files", 3000},
    {"jump_wall_clock", 500},
};

}  // namespace

const char* name_of(Fault fault) {
    return kRows[static_cast<std::size_t>(fault)].name;
}

void Faults::draw() {
    for (std::size_t i = 0; i < kFaultCount; ++i) {
        const std::uint64_t kind = prng_.below(9);
        const std::uint64_t most = kRows[i].most;
        rates_[i] = 0;
        if (kind == 0) { rates_[i] = most; }
        if (kind == 1) { rates_[i] = most / 8 + 1; }
        if (kind == 2) { rates_[i] = most / 64 + 1; }
    }
}

}  // namespace sluice::sim
