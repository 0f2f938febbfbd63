#include "sim/panic.hpp"

#include <csignal>
#include <cstdarg>
#include <cstdio>
#include <cstdlib>

#include "sim/trace.hpp"

namespace sluice::sim {
namespace {

// The one thread-local of the simulator: an assertion deep in the server knows of no world.
thread_local const Trace* current_trace = nullptr;
thread_local const char* current_replay = nullptr;

void say_where() {
    if (current_trace == nullptr) { return; }
    const Trace* trace = current_trace;
    current_trace = nullptr;  // once, also if the dump itself aborts
    std::fprintf(stderr, "last events (seconds, what, numbers):\n");
    trace->dump();
    if (current_replay != nullptr) { std::fprintf(stderr, "replay with: %s\n", current_replay); }
    std::fflush(stderr);
}

// Runs for SLUICE_ASSERT too. Printing from a signal handler is fine here: abort() was called by
// this very thread, between two statements, not at a random moment.
void on_abort(int) {
    say_where();
}

}  // namespace

void panic(const char* format, ...) {
    std::va_list arguments;
    va_start(arguments, format);
    std::fprintf(stderr, "simulation: ");
    std::vfprintf(stderr, format, arguments);
    std::fputc('\n', stderr);
    va_end(arguments);
    say_where();
    std::abort();
}

PanicContext::PanicContext(const Trace& trace, const char* replay) {
    current_trace = &trace;
    current_replay = replay;
    std::signal(SIGABRT, on_abort);
}

PanicContext::~PanicContext() {
    current_trace = nullptr;
    current_replay = nullptr;
    std::signal(SIGABRT, SIG_DFL);
}

}  // namespace sluice::sim
