// In place of tui.cpp where ncurses was not there when this was built.
#include "view.hpp"

namespace sluice::load {

Parsed<std::unique_ptr<View>> make_full_screen(const Options&) {
    return refuse(
        "--tui: this sluice-load was built without ncurses (libncurses-dev); take --progress line");
}

}  // namespace sluice::load
