// The full-screen view: the Dashboard on a terminal, by ncurses.
//
// Only this file knows a terminal. It leaves the terminal as it was on every way out: by the
// destructor, by ncurses' own handlers before the run holds INT and TERM, and on fatal signals by a
// handler of its own, which uses nothing but write() and tcsetattr().
#include <langinfo.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include <clocale>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

// As macros, "move", "clear" and "timeout" would change the headers below.
#define NCURSES_NOMACROS 1
#include <ncurses.h>

#include "dashboard.hpp"
#include "view.hpp"

namespace sluice::load {
namespace {

constexpr int kFatalSignals[] = {SIGABRT, SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGQUIT, SIGHUP};

// What a signal handler may read: it can be given nothing else. Written once, before the handlers
// are installed, and by one view at a time.
struct Restore {
    termios settings;
    char codes[256];
    std::size_t codes_size;
    struct sigaction before[std::size(kFatalSignals)];
};
Restore restore_;

void restore_terminal_and_die(int number) {
    // A failed write has nobody to be told to.
    [[maybe_unused]] const ssize_t written =
        ::write(STDOUT_FILENO, restore_.codes, restore_.codes_size);
    (void)::tcsetattr(STDOUT_FILENO, TCSANOW, &restore_.settings);
    for (std::size_t i = 0; i < std::size(kFatalSignals); ++i) {
        if (kFatalSignals[i] == number) {
            (void)::sigaction(number, &restore_.before[i], nullptr);
        }
    }
    // Comes when this returns, to what would have had it without us.
    (void)::raise(number);
}

// The codes that leave the full screen, from the terminal's description. Without its delays: what
// needs those is no terminal of this century.
void add_code(const char* name) {
    const char* const code = ::tigetstr(name);
    // tigetstr(3): -1 for a name that is no string.
    if (code == nullptr || reinterpret_cast<std::intptr_t>(code) == -1) {
        return;
    }
    for (const char* at = code; *at != '\0'; ++at) {
        if (at[0] == '$' && at[1] == '<') {
            at = std::strchr(at, '>');
            if (at == nullptr) {
                return;
            }
            continue;
        }
        if (restore_.codes_size < sizeof restore_.codes) {
            restore_.codes[restore_.codes_size++] = *at;
        }
    }
}

enum Pair : short { kGood = 1, kWarning, kBad };

class FullScreen final : public View {
public:
    explicit FullScreen(const Options& options) : board_(options) {}
    ~FullScreen() override { leave(); }
    FullScreen(const FullScreen&) = delete;
    FullScreen& operator=(const FullScreen&) = delete;

    // False: the terminal is of an unknown kind.
    bool enter();
    bool wants_totals() const override { return true; }
    void show(const Snapshot& snapshot) override {
        board_.add(snapshot);
        draw();
    }
    bool goes_on() override;

private:
    void leave();
    void catch_fatal_signals();
    void draw();
    attr_t attributes(Look look) const;

    Dashboard board_;
    SCREEN* screen_ = nullptr;
    struct sigaction stop_before_ = {};
    bool has_colours_ = false;
    bool has_blocks_ = false;
    bool goes_on_ = true;
};

bool FullScreen::enter() {
    (void)std::setlocale(LC_CTYPE, "");
    has_blocks_ = std::strcmp(::nl_langinfo(CODESET), "UTF-8") == 0;
    // A generator that is stopped and continued measures nothing, and ncurses' handler of TSTP
    // draws on whichever thread it hits. It leaves TSTP alone when that is ignored.
    struct sigaction ignore = {};
    ignore.sa_handler = SIG_IGN;
    (void)::sigaction(SIGTSTP, &ignore, &stop_before_);
    if (::tcgetattr(STDOUT_FILENO, &restore_.settings) != 0) {
        (void)::sigaction(SIGTSTP, &stop_before_, nullptr);
        return false;
    }
    screen_ = ::newterm(nullptr, stdout, stdin);
    if (screen_ == nullptr) {
        (void)::sigaction(SIGTSTP, &stop_before_, nullptr);
        return false;
    }
    catch_fatal_signals();
    ::cbreak();
    ::noecho();
    ::keypad(stdscr, TRUE);
    ::nodelay(stdscr, TRUE);
    (void)::curs_set(0);  // not every terminal can hide it
    // https://no-color.org
    const char* const no_colour = std::getenv("NO_COLOR");
    has_colours_ = (no_colour == nullptr || *no_colour == '\0') && ::has_colors();
    if (has_colours_) {
        ::start_color();
        ::use_default_colors();
        ::init_pair(kGood, COLOR_GREEN, -1);
        ::init_pair(kWarning, COLOR_YELLOW, -1);
        ::init_pair(kBad, COLOR_RED, -1);
    }
    draw();
    return true;
}

void FullScreen::catch_fatal_signals() {
    restore_.codes_size = 0;
    for (const char* name : {"sgr0", "rmkx", "cnorm", "rmcup"}) {
        add_code(name);
    }
    struct sigaction action = {};
    action.sa_handler = restore_terminal_and_die;
    sigemptyset(&action.sa_mask);
    for (std::size_t i = 0; i < std::size(kFatalSignals); ++i) {
        (void)::sigaction(kFatalSignals[i], &action, &restore_.before[i]);
    }
}

void FullScreen::leave() {
    if (screen_ == nullptr) {
        return;
    }
    ::endwin();
    ::delscreen(screen_);
    screen_ = nullptr;
    for (std::size_t i = 0; i < std::size(kFatalSignals); ++i) {
        (void)::sigaction(kFatalSignals[i], &restore_.before[i], nullptr);
    }
    (void)::sigaction(SIGTSTP, &stop_before_, nullptr);
}

bool FullScreen::goes_on() {
    // ncurses turns WINCH into a key, and has resized its own screen by then.
    for (int key = ::getch(); key != ERR; key = ::getch()) {
        if (key == 'q' || key == 'Q') {
            goes_on_ = false;
            board_.set_ending();
        }
        draw();
    }
    return goes_on_;
}

attr_t FullScreen::attributes(Look look) const {
    const auto coloured = [this](Pair pair, attr_t otherwise) {
        return has_colours_ ? static_cast<attr_t>(COLOR_PAIR(pair)) : otherwise;
    };
    switch (look) {
        case Look::Plain:
            return A_NORMAL;
        case Look::Strong:
            return A_BOLD;
        case Look::Dim:
            return A_DIM;
        case Look::Good:
            return coloured(kGood, A_NORMAL);
        case Look::Warning:
            return coloured(kWarning, A_BOLD);
        case Look::Bad:
            return coloured(kBad, A_BOLD) | A_BOLD;
    }
    return A_NORMAL;
}

void FullScreen::draw() {
    int rows = 0;
    int columns = 0;
    getmaxyx(stdscr, rows, columns);
    const Canvas canvas = board_.draw(rows, columns, has_blocks_);
    // Each cell is written; ncurses sends only those that changed.
    for (int row = 0; row < canvas.rows(); ++row) {
        for (int column = 0; column < canvas.columns(); ++column) {
            const Cell& cell = canvas.at(row, column);
            const wchar_t glyph[] = {static_cast<wchar_t>(cell.glyph), L'\0'};
            ::attrset(static_cast<int>(attributes(cell.look)));
            (void)::mvaddwstr(row, column, glyph);  // fails in the last cell, having drawn it
        }
    }
    ::refresh();
}

}  // namespace

Parsed<std::unique_ptr<View>> make_full_screen(const Options& options) {
    auto view = std::make_unique<FullScreen>(options);
    if (!view->enter()) {
        const char* const name = std::getenv("TERM");
        return refuse("--tui: the terminal '" + std::string(name == nullptr ? "" : name) +
                      "' (TERM) is unknown; take --progress line");
    }
    return view;
}

}  // namespace sluice::load
