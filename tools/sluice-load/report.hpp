// What a report is made of, whether it comes from a run that has just ended or from a file.
#pragma once

#include <string>
#include <vector>

#include "options.hpp"
#include "requirements.hpp"
#include "results.hpp"

namespace sluice::load {

// Where it was measured: numbers of two machines are not compared.
struct Environment {
    std::string tool;    // "sluice-load 0.1.0"
    std::string kernel;  // "Linux 6.1.0 x86_64"
    std::string processor;
    std::uint32_t cores = 0;
    bool is_loopback = false;
};

struct Report {
    Options options;
    Run run;
    Environment environment;
    std::vector<Verdict> verdicts;
};

}  // namespace sluice::load
