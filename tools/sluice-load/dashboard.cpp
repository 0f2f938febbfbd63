#include "dashboard.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

#include "health.hpp"
#include "human.hpp"
#include "report_text.hpp"
#include "url.hpp"

namespace sluice::load {
namespace {

constexpr int kIndent = 13;  // where the text of a line with a name begins
constexpr int kBarColumns = 30;
// The name of a plot and two rows of bars: fewer show no shape.
constexpr int kPlotRowsMin = 3;
// Taller ones say nothing more.
constexpr int kPlotRowsMax = 10;
// A second of a short run is drawn so wide at most, or a run of five seconds were five bricks.
constexpr int kSecondColumnsMax = 4;
constexpr int kRowsMin = 6;
constexpr int kColumnsMin = 30;

// Eight heights of a bar in one cell.
constexpr std::array<char32_t, 9> kBlocks = {U' ',      U'\u2581', U'\u2582', U'\u2583', U'\u2584',
                                             U'\u2585', U'\u2586', U'\u2587', U'\u2588'};
constexpr std::array<char32_t, 9> kLetters = {U' ', U'.', U'.', U':', U':', U'|', U'|', U'#', U'#'};

std::string nanoseconds_text(std::uint64_t ns) {
    return time_text(static_cast<double>(ns));
}

}  // namespace

struct Dashboard::Plot {
    const char* name;
    double (*value)(const Second& second);
    std::string (*show)(double value);
};

// One drawing: places lines from the top to the bottom.
class Dashboard::Painter {
public:
    Painter(const Dashboard& board, Canvas& canvas, bool has_blocks)
        : board_(board), canvas_(canvas), blocks_(has_blocks ? kBlocks : kLetters) {}

    void paint() {
        choose();
        title();
        progress();
        space();
        now();
        sessions();
        space();
        plots();
        if (step_rows_ > 0) {
            steps();
            space();
        }
        if (has_replies_) {
            line("Replies", replies_text(board_.total_), Look::Plain);
        }
        const bool is_clean = board_.total_.troubles_total() == 0;
        line("Errors", troubles_text(board_.total_), is_clean ? Look::Good : Look::Bad);
        if (has_generator_) {
            generator();
        }
        canvas_.put(canvas_.rows() - 1, 1, "q or Ctrl-C: end now, with the table", Look::Dim);
    }

private:
    // Decides what there is room for: the lines that are always there, then the most telling of the
    // rest; plots share what remains.
    void choose() {
        int left = canvas_.rows() - kRowsMin;
        const auto take = [&left](int rows) {
            const bool fits = left >= rows;
            left -= fits ? rows : 0;
            return fits;
        };
        const std::vector<Step> happened = steps_that_happened();
        const int all_steps = static_cast<int>(happened.size()) + 1;
        has_replies_ = take(1);
        const bool has_plot = take(kPlotRowsMin);
        has_generator_ = take(1);
        step_rows_ = !happened.empty() && take(all_steps) ? all_steps : 0;
        // Without room for all of them, the whole action is the one to show.
        if (step_rows_ == 0 && !happened.empty() && take(2)) {
            step_rows_ = 2;
        }
        const int spaces_wanted = step_rows_ > 0 ? 3 : 2;
        while (spaces_ < spaces_wanted && left > 0) {
            ++spaces_;
            --left;
        }
        plot_rows_ = has_plot ? kPlotRowsMin + left : 0;
    }

    std::vector<Step> steps_that_happened() const {
        std::vector<Step> happened;
        for (std::size_t i = 0; i < board_.total_.steps.size(); ++i) {
            if (board_.total_.steps[i].count() > 0) {
                happened.push_back(static_cast<Step>(i));
            }
        }
        return happened;
    }

    void space() {
        if (spaces_ > 0) {
            --spaces_;
            ++row_;
        }
    }

    void line(std::string_view name, std::string_view text, Look look) {
        canvas_.put(row_, 1, name, Look::Dim);
        const int room = std::max(canvas_.columns() - kIndent, 0);
        const int end =
            canvas_.put(row_, kIndent, text.substr(0, static_cast<std::size_t>(room)), look);
        if (static_cast<int>(text.size()) > room && room > 2) {
            canvas_.put(row_, end - 2, "..", Look::Dim);
        }
        ++row_;
    }

    void title() {
        std::string state = "running";
        Look look = Look::Good;
        if (board_.is_ending_) {
            state = "ending";
            look = Look::Warning;
        } else if (!board_.has_seconds_) {
            state = "beginning";
        } else if (board_.last_.is_warmup) {
            state = "warm-up";
            look = Look::Warning;
        }
        canvas_.put(row_, 1, board_.title_, Look::Strong);
        const int column = canvas_.columns() - static_cast<int>(state.size()) - 1;
        canvas_.put(row_, column - 1, " ", Look::Plain);
        canvas_.put(row_, column, state, look);
        ++row_;
    }

    void progress() {
        const Snapshot& last = board_.last_;
        double part = 0;
        std::string text = "the first second";
        if (board_.has_seconds_ && board_.transfers_max_ > 0) {
            part = static_cast<double>(last.actions) / static_cast<double>(board_.transfers_max_);
            text = fmt::format("{} of {}", with_commas(last.actions),
                               with_commas(board_.transfers_max_));
            const std::uint64_t left =
                board_.transfers_max_ - std::min(last.actions, board_.transfers_max_);
            if (last.second.actions > 0) {
                text += fmt::format(
                    ", about {:.0f} s left",
                    static_cast<double>(left) / static_cast<double>(last.second.actions));
            }
        } else if (board_.has_seconds_ && last.total_seconds > 0) {
            part = last.elapsed_seconds / last.total_seconds;
            text = fmt::format("{:.0f} s of {:.0f} s, {:.0f} s left", last.elapsed_seconds,
                               last.total_seconds,
                               std::max(last.total_seconds - last.elapsed_seconds, 0.0));
        }
        part = std::clamp(part, 0.0, 1.0);
        const int full = static_cast<int>(std::lround(part * kBarColumns));
        for (int i = 0; i < kBarColumns; ++i) {
            canvas_.put(row_, 1 + i, i < full ? blocks_.back() : U'-',
                        i < full ? Look::Good : Look::Dim);
        }
        canvas_.put(row_, kBarColumns + 2, fmt::format("{:>5}  {}", percent(part), text));
        ++row_;
    }

    void now() {
        const Second& second = board_.last_.second;
        std::string text = fmt::format("{}/s", with_commas(second.actions));
        if (second.bytes > 0) {
            const auto bytes = static_cast<double>(second.bytes);
            text = fmt::format("{} ({}/s)   ", bits_per_second(bytes), bytes_text(bytes)) + text;
        }
        text += fmt::format("   p50 {}   p99 {}", nanoseconds_text(second.p50_ns),
                            nanoseconds_text(second.p99_ns));
        line("Now", text, Look::Strong);
    }

    void sessions() {
        constexpr const char* kStates[] = {"closed", "connecting", "logging in", "ready", "busy"};
        const Snapshot& last = board_.last_;
        std::string text = fmt::format("{} of {} open", with_commas(last.second.sessions),
                                       with_commas(last.sessions_wanted));
        for (std::size_t i = last.sessions_by_state.size(); i-- > 0;) {
            if (last.sessions_by_state[i] > 0) {
                text += fmt::format(", {} {}", with_commas(last.sessions_by_state[i]), kStates[i]);
            }
        }
        line("Sessions", text, Look::Plain);
    }

    void plots() {
        static constexpr Plot kPlots[] = {
            {"Throughput", [](const Second& s) { return static_cast<double>(s.bytes); },
             bits_per_second},
            {"Actions/s", [](const Second& s) { return static_cast<double>(s.actions); }, amount},
            {"p99", [](const Second& s) { return static_cast<double>(s.p99_ns); }, time_text},
        };
        std::vector<const Plot*> shown;
        for (const Plot& plot : kPlots) {
            // NOOP and logins move no bytes. What has no value yet may get one.
            if (highest(plot) > 0 || board_.history_.empty()) {
                shown.push_back(&plot);
            }
        }
        const int fitting = plot_rows_ / kPlotRowsMin;
        const int count = std::min(fitting, static_cast<int>(shown.size()));
        if (count == 0) {
            row_ += plot_rows_;
            return;
        }
        const int each = std::min(plot_rows_ / count, kPlotRowsMax);
        for (int i = 0; i < count; ++i) {
            plot(*shown[static_cast<std::size_t>(i)], each);
        }
        row_ += std::max(plot_rows_ - each * count, 0);
    }

    double highest(const Plot& plot) const {
        double most = 0;
        for (const Past& past : board_.history_) {
            most = std::max(most, plot.value(past.second));
        }
        return most;
    }

    // A name and a bar for each of the last seconds that fit, the last one at the right.
    void plot(const Plot& plot, int rows) {
        const int width = std::max(canvas_.columns() - 2, 1);
        const auto fit = static_cast<int>(std::ceil(std::max(board_.last_.total_seconds, 1.0)));
        const int wide =
            board_.transfers_max_ > 0 ? 1 : std::clamp(width / fit, 1, kSecondColumnsMax);
        const std::size_t count =
            std::min(board_.history_.size(), static_cast<std::size_t>(width / wide));
        const double most = highest(plot);
        int column = canvas_.put(row_, 1, plot.name, Look::Dim);
        canvas_.put(row_, column + 1, fmt::format("highest {}", plot.show(most)), Look::Dim);
        const int levels = (rows - 1) * 8;
        column = 1;
        for (std::size_t i = board_.history_.size() - count; i < board_.history_.size(); ++i) {
            const Past& past = board_.history_[i];
            const double share = most > 0 ? plot.value(past.second) / most : 0;
            int level = static_cast<int>(std::lround(share * levels));
            level = share > 0 ? std::max(level, 1) : 0;  // little is not nothing
            const bool has_troubles = past.second.troubles > 0;
            const Look look = past.is_warmup ? Look::Dim : (has_troubles ? Look::Bad : Look::Good);
            for (int up = 0; up < rows - 1; ++up) {
                const int part = std::clamp(level - up * 8, 0, 8);
                for (int j = 0; j < wide; ++j) {
                    canvas_.put(row_ + rows - 1 - up, column + j,
                                blocks_[static_cast<std::size_t>(part)], look);
                }
            }
            column += wide;
        }
        row_ += rows;
    }

    // As many columns as fit, in their usual order.
    void steps() {
        struct Column {
            const char* name;
            int width;
            double fraction;
            int rank;  // the highest is left out first
        };
        constexpr Column kColumns[] = {{"p50", 9, 0.5, 0},  {"p90", 9, 0.9, 3},
                                       {"p99", 9, 0.99, 1}, {"p99.9", 9, 0.999, 4},
                                       {"max", 9, 1, 2},    {"count", 12, 0, 5}};
        int rank_max = 5;
        const auto width_of_shown = [&] {
            int width = kIndent;
            for (const Column& each : kColumns) {
                width += each.rank <= rank_max ? each.width : 0;
            }
            return width;
        };
        while (rank_max >= 0 && width_of_shown() > canvas_.columns()) {
            --rank_max;
        }
        canvas_.put(row_, 1, "Times in ms", Look::Dim);
        const std::vector<Step> happened = steps_that_happened();
        const std::size_t first =
            happened.size() - static_cast<std::size_t>(std::max(step_rows_ - 1, 0));
        int column = kIndent;
        for (const Column& each : kColumns) {
            if (each.rank > rank_max) {
                continue;
            }
            canvas_.put(row_, column, fmt::format("{:>{}}", each.name, each.width), Look::Dim);
            int row = row_;
            for (std::size_t i = first; i < happened.size(); ++i) {
                const Histogram& histogram = board_.total_.of(happened[i]);
                const double ns = static_cast<double>(histogram.percentile(each.fraction));
                const std::string text =
                    each.fraction > 0 ? milliseconds(ns) : with_commas(histogram.count());
                canvas_.put(++row, column, fmt::format("{:>{}}", text, each.width),
                            happened[i] == Step::Action ? Look::Strong : Look::Plain);
            }
            column += each.width;
        }
        ++row_;
        for (std::size_t i = first; i < happened.size(); ++i) {
            canvas_.put(row_++, 1, title_of(happened[i]));
        }
    }

    void generator() {
        const double share = board_.last_.own_cpu_share;
        line("Generator",
             fmt::format("cpu {} of a core (busiest thread){}", percent(share),
                         share > kOwnCpuShareMax ? ": it is the bottleneck" : ""),
             share > kOwnCpuShareMax ? Look::Warning : Look::Plain);
    }

    const Dashboard& board_;
    Canvas& canvas_;
    const std::array<char32_t, 9>& blocks_;
    int row_ = 0;
    int spaces_ = 0;
    int plot_rows_ = 0;
    int step_rows_ = 0;
    bool has_replies_ = false;
    bool has_generator_ = false;
};

Dashboard::Dashboard(const Options& options)
    : title_(fmt::format("{} {}{}", options.scenario, show(options.url),
                         options.label.empty() ? "" : fmt::format(" \"{}\"", options.label))),
      transfers_max_(options.transfers_max) {}

void Dashboard::add(const Snapshot& snapshot) {
    has_seconds_ = true;
    last_ = snapshot;
    last_.total = nullptr;
    if (snapshot.total != nullptr) {
        total_ = *snapshot.total;
    }
    Past past;
    past.second = snapshot.second;
    past.is_warmup = snapshot.is_warmup;
    history_.push_back(past);
    if (history_.size() > kHistoryMax) {
        history_.pop_front();
    }
}

Canvas Dashboard::draw(int rows, int columns, bool has_blocks) const {
    Canvas canvas(rows, columns);
    if (rows < kRowsMin || columns < kColumnsMin) {
        canvas.put(0, 0, fmt::format("{}/s", with_commas(last_.second.actions)), Look::Strong);
        canvas.put(1, 0, "too small; q ends", Look::Dim);
        return canvas;
    }
    Painter(*this, canvas, has_blocks).paint();
    return canvas;
}

}  // namespace sluice::load
