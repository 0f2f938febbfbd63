// One command line, taken apart: the verb and the bytes behind it.
//
// The argument is a view into the line, so a Command must not outlive the input buffer it was
// parsed from; what a handler needs for longer it copies. Value type, any thread.
#pragma once

#include <string_view>

#include "sluice/proto/verb.hpp"

namespace sluice::proto {

struct Command {
    Verb verb;
    // Everything behind exactly one blank, byte for byte: blanks at either end belong to a pathname
    // (RFC 2640 3.1, RFC 3659 2.2).
    std::string_view argument;
    // "CWD" has none, "CWD " has an empty one.
    bool has_argument = false;
};

}  // namespace sluice::proto
