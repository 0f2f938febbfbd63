// The full-screen view of a run: what it shows, as a function of what has been seen so far.
//
// Fed with a snapshot each second, drawn into a Canvas of any size whenever somebody asks; what has
// no room is left out, the least important first. Knows no terminal. Owned by the view that shows
// it. Thread: main. Bound: it keeps the last kHistoryMax seconds.
#pragma once

#include <cstdint>
#include <deque>
#include <string>

#include "canvas.hpp"
#include "options.hpp"
#include "results.hpp"
#include "run.hpp"

namespace sluice::load {

class Dashboard {
public:
    // A screen has fewer columns.
    static constexpr std::size_t kHistoryMax = Canvas::kColumnsMax;

    explicit Dashboard(const Options& options);

    void add(const Snapshot& snapshot);
    // From now on it says that the run is being ended.
    void set_ending() { is_ending_ = true; }

    // `has_blocks`: the terminal can show U+2581 and its like; otherwise ASCII alone is used.
    Canvas draw(int rows, int columns, bool has_blocks) const;

private:
    struct Past {
        Second second;
        bool is_warmup = false;
    };
    struct Plot;
    class Painter;

    std::string title_;
    std::uint64_t transfers_max_;  // 0: the run ends by its time
    std::deque<Past> history_;
    Snapshot last_;
    Tally total_;
    bool has_seconds_ = false;
    bool is_ending_ = false;
};

}  // namespace sluice::load
