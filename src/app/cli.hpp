// The command line of sluiced: from argv, environment and configuration file to what main does.
//
// Everything main needs to know comes back as a value, texts included, so that each way of starting
// the server can be tested without a process. CLI11 throws; the exceptions end in cli.cpp.
// Called once by main, before any thread exists.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>

#include "sluice/base/result.hpp"
#include "sluice/config/snapshot.hpp"

namespace sluice::app {

struct Invocation {
    enum class Action : std::uint8_t { Serve, Check, Exit };

    Action action = Action::Exit;
    int exit_code = 0;          // of Exit: sysexits(3)
    config::Snapshot snapshot;  // of Serve and Check
    std::string config_file;    // "" without one
    std::string output;         // for standard output, ends with a line end unless empty
    std::string messages;       // for standard error: errors, or warnings of a start that goes on
};

// The content of a file of at most `bytes_max` bytes; Errc::FileTooBig above.
using ReadFile = std::function<Result<std::string>(const std::string& path, std::size_t bytes_max)>;

// `environment` ends with a null pointer.
//
// Exit codes: 0 · 64 wrong flag or value of a flag · 66 the configuration file can not be read ·
// 78 wrong configuration, in the file or the environment.
Invocation interpret(int argc, const char* const* argv, const char* const* environment,
                     const ReadFile& read_file);

}  // namespace sluice::app
