// The command line of sluice-load: from argv to a run, a comparison, or a text and an exit code.
//
// Everything main needs comes back as a value, texts included, so that each way of starting the
// tool can be tested without a process. CLI11 throws; the exceptions end in options_parse.cpp.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "options.hpp"
#include "parsed.hpp"
#include "requirements.hpp"

namespace sluice::load {

// 0 is a run without troubles, 1 one with, 2 a wrong command line or workload file, 99 a missed
// requirement (requirements.hpp).
inline constexpr int kExitTroubles = 1;
inline constexpr int kExitUsage = 2;

// What a process can hold open and a machine can name with its 28,000 client ports and a /16 of
// source addresses is far more; a million sessions is where the counters of a screen end.
inline constexpr std::uint32_t kSessionsMax = 1'000'000;
inline constexpr std::uint32_t kThreadsMax = 256;
inline constexpr double kRateMax = 10e6;
// --transfers without --duration still stops by itself.
inline constexpr Duration kDurationOfTransfers = Duration::seconds(3600);

struct Invocation {
    enum class Action : std::uint8_t { Run, Compare, Exit };

    Action action = Action::Exit;
    int exit_code = 0;                       // of Exit
    Options options;                         // of Run
    std::vector<Requirement> requirements;   // of Run
    std::vector<std::string> compare_files;  // of Compare, two or more
    std::string html_file;                   // of Compare
    std::string output;                      // for standard output
    std::string messages;                    // for standard error
};

// How the workload file is read; read_text_file in the tool, a text in a test.
using ReadText = Parsed<std::string> (*)(const std::string& path, std::size_t bytes_max);

Invocation interpret(int argc, const char* const* argv, ReadText read_text);

}  // namespace sluice::load
