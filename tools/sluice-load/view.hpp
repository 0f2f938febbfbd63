// What shows a run while it lasts: a line each second, the full screen, or nothing.
// Owned by main. Thread: main.
#pragma once

#include <memory>

#include "options.hpp"
#include "parsed.hpp"
#include "run.hpp"

namespace sluice::load {

class View {
public:
    virtual ~View() = default;
    virtual bool wants_totals() const { return false; }
    virtual void show(const Snapshot& snapshot) = 0;
    // Some fifty times a second. False: the person wants the run to end.
    virtual bool goes_on() { return true; }
};

// The full screen of tui.cpp; refused where it was built without ncurses or the terminal has no
// name. The terminal is as it was before when the view is destroyed, and after a fatal signal.
Parsed<std::unique_ptr<View>> make_full_screen(const Options& options);

}  // namespace sluice::load
