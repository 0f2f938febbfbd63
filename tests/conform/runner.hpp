// Plays a transcript against a World and says whether it held.
//
// The runner also checks what no transcript should have to say: every reply line ends in CRLF and
// holds no other CR, LF or NUL; 227 and 229 have exactly the form clients scan for; and at the end
// of each session there is nothing left to read but the answer to QUIT.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "codes.hpp"
#include "foreign.hpp"
#include "transcript.hpp"
#include "world.hpp"

namespace sluice::conform {

enum class Verdict : std::uint8_t { Passed, Failed, Skipped };

struct Outcome {
    Verdict verdict = Verdict::Passed;
    std::uint32_t line = 0;
    std::string message;       // why it failed or was skipped
    std::string conversation;  // what went over the wires, for the report of a failure
    std::string command;       // the last that was answered: where it failed
    std::vector<Exchange> exchanges;
};

struct RunOptions {
    std::string reference;  // name of another server whose `differs:` replies are right too
    // Set for a server that is not sluice, which is asked for what every server must do: see
    // foreign.hpp. Cases that `requires sluice` or that set something are skipped then.
    const ForeignServer* foreign = nullptr;
};

Outcome run_transcript(const Transcript& transcript, World& world, const RunOptions& options);

}  // namespace sluice::conform
