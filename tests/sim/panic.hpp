// How a simulated world says that something impossible happened: print why, the last events and the
// command that replays the seed, then abort. A broken invariant is never survivable: what comes
// after it would only hide the cause.
#pragma once

namespace sluice::sim {

class Trace;

[[noreturn, gnu::format(printf, 1, 2)]] void panic(const char* format, ...);

// Names the world of this thread while it lives: its trace is printed by panic(), and by an
// assertion of the server that aborts. `replay` is the command line, static or outliving this.
class PanicContext {
public:
    PanicContext(const Trace& trace, const char* replay);
    ~PanicContext();
    PanicContext(const PanicContext&) = delete;
    PanicContext& operator=(const PanicContext&) = delete;
};

}  // namespace sluice::sim
