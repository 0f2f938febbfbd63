// What a person sees: a line each second, and a table of at most 80 columns at the end. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "report.hpp"

namespace sluice::load {

struct Live {
    double elapsed_seconds = 0;
    double left_seconds = -1;  // below 0: nobody knows, the run ends by a count
    Second second;             // the last one
    std::uint32_t sessions_wanted = 0;
    std::uint64_t troubles = 0;  // since the start
    bool is_warmup = false;
    double own_cpu_share = 0;
};

// One line, without a line end, of at most 110 columns:
// "[ 12.0s] sess 512/512 | 1.94 GB/s 15.5 Gbit/s | 7,412/s | p50 0.61 p99 3.90 ms | err 0 | ..."
std::string live_line(const Live& live);

// `written` are the names of the files of this run.
std::string final_table(const Report& report, const std::vector<std::string>& written);

// What people call a step; the names in files are those of name_of().
const char* title_of(Step step);

// What errors and reply codes came to: "none" or "a 3, b 1", most frequent first.
std::string troubles_text(const Tally& tally);
std::string replies_text(const Tally& tally);

}  // namespace sluice::load
