#include "explorer.hpp"

#include <algorithm>
#include <deque>
#include <vector>

#include "fibers.hpp"
#include "sluice/base/assert.hpp"

namespace sluice::model {

namespace {

constexpr unsigned kMain = Fibers::kMain;

bool acquires(std::memory_order order) {
    return order == std::memory_order_acquire || order == std::memory_order_acq_rel ||
           order == std::memory_order_seq_cst;
}
bool releases(std::memory_order order) {
    return order == std::memory_order_release || order == std::memory_order_acq_rel ||
           order == std::memory_order_seq_cst;
}

constexpr std::uint32_t kNoCell = ~0u;

enum class Kind : std::uint8_t { Pause, Load, Store, Update, Wait, Flush };

const char* name_of(Kind kind) {
    switch (kind) {
        case Kind::Pause:
            return "pause";
        case Kind::Load:
            return "load";
        case Kind::Store:
            return "store";
        case Kind::Update:
            return "update";
        case Kind::Wait:
            return "wait";
        case Kind::Flush:
            return "flush";
    }
    return "?";
}

// One thing that can happen next: the pending access of a thread, or (Flush) one of its stores
// reaching memory. Cells are numbered in the order of their construction, which is the same in
// every execution; addresses are not.
struct Action {
    Kind kind = Kind::Pause;
    unsigned thread = 0;
    std::uint32_t cell = kNoCell;

    friend bool operator==(const Action& a, const Action& b) {
        return a.kind == b.kind && a.thread == b.thread && a.cell == b.cell;
    }
    bool writes() const { return kind != Kind::Load && kind != Kind::Pause; }
};

// Whether the order of the two can matter: same thread (one may enable or follow the other), or the
// same place with a write among them.
bool depend(const Action& a, const Action& b) {
    if (a.thread == b.thread) {
        return true;
    }
    return a.cell != kNoCell && a.cell == b.cell && (a.writes() || b.writes());
}

// One decision on the path of the current execution.
struct Decision {
    std::vector<Action> candidates;
    std::size_t chosen = 0;
    // Actions whose executions from here on were covered by an earlier branch.
    std::vector<Action> asleep;
};

struct BufferedStore {
    Cell* cell;
    std::uint64_t value;
    bool release;
    Clock published;
};

struct Step {
    Action action;
    std::uint64_t value;
};

}  // namespace

class Explorer {
public:
    Explorer(const Options& options, const std::function<std::unique_ptr<Scenario>()>& make)
        : options_(options), make_(make) {}

    Verdict run();

    // Called by cells, plains and checks of the running scenario.
    bool in_thread() const { return current_ < kThreadsMax; }
    std::uint32_t new_cell() { return cells_++; }
    std::uint64_t load(const Cell& cell, std::memory_order order);
    void store(Cell& cell, std::uint64_t value, std::memory_order order);
    std::uint64_t begin_update(Cell& cell, std::memory_order order, Kind kind);
    void finish_update(Cell& cell, std::uint64_t value, std::memory_order order);
    void finish_as_load(const Cell& cell, std::memory_order order);
    void pause();
    void fail(const char* message);
    unsigned current() const { return current_; }
    Clock& clock() { return threads_[current_].clock; }

private:
    struct Thread {
        Action pending;
        const Cell* pending_cell = nullptr;
        bool drains_all = false;   // the pending access waits for the whole buffer to empty
        bool drains_cell = false;  // or for the stores to its own cell
        bool finished = false;
        std::deque<BufferedStore> buffer;
        Clock clock;
    };
    static void enter();
    void run_one();
    bool next_path();
    void step_point(Action pending, const Cell* cell, bool drains_all, bool drains_cell);
    void dispatch();
    bool choose(Action& action);
    std::vector<Action> enabled_actions() const;
    bool can_step(unsigned thread) const;
    bool costs_preemption(const Action& action) const;
    void flush(const Action& action);
    void reach_memory(Cell& cell, std::uint64_t value, const Clock& published);
    void switch_to(unsigned target, bool for_ever = false);
    void note_value(std::uint64_t value);
    std::string schedule() const;

    const Options options_;
    const std::function<std::unique_ptr<Scenario>()>& make_;
    Verdict verdict_;
    std::vector<Decision> path_;  // kept from execution to execution, except its changed tail

    // State of one execution.
    std::unique_ptr<Scenario> scenario_;
    unsigned thread_count_ = 0;
    std::array<Thread, kThreadsMax> threads_;
    Fibers fibers_;
    std::size_t depth_ = 0;
    unsigned current_ = kMain;
    unsigned last_stepped_ = kMain;
    unsigned preemptions_ = 0;
    unsigned steps_ = 0;
    bool starting_ = false;    // threads run up to their first access
    bool equivalent_ = false;  // the rest of this execution was covered before
    std::uint32_t cells_ = 0;
    std::vector<Step> trace_;
};

namespace {

// The explorer whose scenario runs: cells have to find it, and there is one at a time.
Explorer* active = nullptr;

// Scenarios whose threads stand in the middle of their work: they cannot be destroyed, not
// even at exit; kept here they are no leak.
std::vector<std::unique_ptr<Scenario>>& abandoned() {
    static auto* const scenarios = new std::vector<std::unique_ptr<Scenario>>();
    return *scenarios;
}

}  // namespace

// A fiber never returns from here: what it called last has switched away for ever.
void Explorer::enter() {
    active->fibers_.entered();
    const unsigned thread = active->current_;
    active->scenario_->run(thread);
    active->threads_[thread].finished = true;
    if (active->starting_) {
        active->switch_to(kMain, true);
    } else {
        active->dispatch();
    }
    SLUICE_ASSERT(false);  // a finished thread is never chosen again
}

void Explorer::switch_to(unsigned target, bool for_ever) {
    const unsigned from = current_;
    current_ = target;
    fibers_.switch_between(from, target, for_ever);
}

// ---- One execution -----------------------------------------------------------------------------

Verdict Explorer::run() {
    SLUICE_ASSERT(active == nullptr);
    active = this;
    do {
        if (verdict_.executions == options_.executions_max) {
            active = nullptr;
            return verdict_;
        }
        run_one();
    } while (!verdict_.failed && next_path());
    verdict_.complete = !verdict_.failed;
    active = nullptr;
    return verdict_;
}

void Explorer::run_one() {
    depth_ = 0;
    current_ = last_stepped_ = kMain;
    preemptions_ = steps_ = 0;
    equivalent_ = false;
    cells_ = 0;
    trace_.clear();
    scenario_ = make_();
    thread_count_ = scenario_->thread_count();
    SLUICE_ASSERT(thread_count_ >= 1 && thread_count_ <= kThreadsMax);

    for (unsigned thread = 0; thread < thread_count_; ++thread) {
        fibers_.prepare(thread, &Explorer::enter);
        threads_[thread] = Thread();
        threads_[thread].clock.of[thread] = 1;
    }

    // What comes before a thread's first access touches nothing that is shared: it needs no turn.
    starting_ = true;
    for (unsigned thread = 0; thread < thread_count_ && !verdict_.failed; ++thread) {
        switch_to(thread);
    }
    starting_ = false;
    if (!verdict_.failed) {
        dispatch();
    }
    verdict_.executions += 1;
    if (!verdict_.failed) {
        scenario_->at_end();
    }
    if (verdict_.failed) {
        verdict_.schedule = schedule();
        abandoned().push_back(std::move(scenario_));
    }
    scenario_.reset();
}

// Moves the last decision that has another candidate to it. False: every path was taken.
bool Explorer::next_path() {
    while (!path_.empty()) {
        Decision& last = path_.back();
        if (last.chosen + 1 < last.candidates.size()) {
            last.chosen += 1;
            return true;
        }
        path_.pop_back();
    }
    return false;
}

// The running thread is about to do `pending`: decide who goes on, and return when it is its turn.
void Explorer::step_point(Action pending, const Cell* cell, bool drains_all, bool drains_cell) {
    Thread& thread = threads_[current_];
    thread.pending = pending;
    thread.pending_cell = cell;
    thread.drains_all = drains_all;
    thread.drains_cell = drains_cell;
    if (starting_) {
        switch_to(kMain);
    } else {
        dispatch();
    }
    // Each step is a moment of its own in the thread's clock.
    thread.clock.of[current_] += 1;
}

// Lets stores reach memory and picks the next thread; returns when the caller is the one. From the
// main context it returns when the execution has ended.
void Explorer::dispatch() {
    const unsigned self = current_;
    const bool ended = self != kMain && threads_[self].finished;
    for (;;) {
        Action action;
        if (!choose(action)) {
            if (self != kMain) {
                switch_to(kMain, true);
            }
            return;
        }
        steps_ += 1;
        trace_.push_back({action, 0});
        if (action.kind == Kind::Flush) {
            flush(action);
            continue;
        }
        preemptions_ += costs_preemption(action) ? 1u : 0u;
        last_stepped_ = action.thread;
        if (action.thread != self) {
            switch_to(action.thread, ended);
        }
        return;
    }
}

// ---- Decisions ---------------------------------------------------------------------------------

bool Explorer::can_step(unsigned thread) const {
    const Thread& t = threads_[thread];
    if (t.finished) {
        return false;
    }
    if (t.drains_all && !t.buffer.empty()) {
        return false;
    }
    if (t.drains_cell) {
        for (const BufferedStore& store : t.buffer) {
            if (store.cell == t.pending_cell) {
                return false;
            }
        }
    }
    return t.pending.kind != Kind::Wait || t.pending_cell->value_ != 0;
}

// A thread that is made to wait although it could go on, in favour of another thread.
bool Explorer::costs_preemption(const Action& action) const {
    return action.kind != Kind::Flush && last_stepped_ != kMain && action.thread != last_stepped_ &&
           can_step(last_stepped_);
}

// The thread that stepped last comes first, so that the first path has no preemption.
std::vector<Action> Explorer::enabled_actions() const {
    std::vector<Action> enabled;
    const unsigned first = last_stepped_ == kMain ? 0 : last_stepped_;
    for (unsigned i = 0; i < thread_count_; ++i) {
        const unsigned thread = (first + i) % thread_count_;
        if (can_step(thread)) {
            enabled.push_back(threads_[thread].pending);
        }
    }
    for (unsigned thread = 0; thread < thread_count_; ++thread) {
        const auto& buffer = threads_[thread].buffer;
        for (auto store = buffer.begin(); store != buffer.end(); ++store) {
            // Per place in order; a release store after all that was stored before it.
            const bool held_back =
                std::any_of(buffer.begin(), store, [store](const BufferedStore& earlier) {
                    return store->release || earlier.cell == store->cell;
                });
            if (!held_back) {
                enabled.push_back({Kind::Flush, thread, store->cell->id_});
            }
        }
    }
    return enabled;
}

// The action of the current path at this depth, or a new decision. False: the execution has ended.
bool Explorer::choose(Action& action) {
    const std::vector<Action> enabled = enabled_actions();
    if (enabled.empty()) {
        for (unsigned thread = 0; thread < thread_count_; ++thread) {
            if (!threads_[thread].finished) {
                verdict_.failed = true;
                verdict_.message = "stuck: every thread that has not ended waits";
            }
        }
        return false;
    }
    if (steps_ == options_.steps_max) {
        verdict_.failed = true;
        verdict_.message = "an execution does not end within steps_max";
        return false;
    }
    if (equivalent_) {
        action = enabled.front();
        return true;
    }
    if (depth_ == path_.size()) {
        Decision decision;
        const bool bounded = options_.preemptions_max != Options::kUnbounded;
        if (!bounded && options_.skip_equivalent && depth_ > 0) {
            // What was asleep before stays so until a step that depends on it; what an earlier
            // branch of the last decision began with need not come again right after this one.
            const Decision& last = path_[depth_ - 1];
            const Action& taken = last.candidates[last.chosen];
            for (const Action& sleeper : last.asleep) {
                if (!depend(sleeper, taken)) {
                    decision.asleep.push_back(sleeper);
                }
            }
            for (std::size_t i = 0; i < last.chosen; ++i) {
                if (!depend(last.candidates[i], taken)) {
                    decision.asleep.push_back(last.candidates[i]);
                }
            }
        }
        for (const Action& candidate : enabled) {
            const bool asleep = std::find(decision.asleep.begin(), decision.asleep.end(),
                                          candidate) != decision.asleep.end();
            const bool too_many =
                bounded && costs_preemption(candidate) && preemptions_ == options_.preemptions_max;
            if (!asleep && !too_many) {
                decision.candidates.push_back(candidate);
            }
        }
        if (decision.candidates.empty()) {
            // Threads have to come to their end all the same; nothing is decided any more.
            equivalent_ = true;
            action = enabled.front();
            return true;
        }
        path_.push_back(std::move(decision));
    }
    const Decision& decision = path_[depth_];
    action = decision.candidates[decision.chosen];
    // A scenario that is not deterministic would make nonsense of the search.
    SLUICE_ASSERT(std::find(enabled.begin(), enabled.end(), action) != enabled.end());
    depth_ += 1;
    return true;
}

// ---- Memory ------------------------------------------------------------------------------------

std::uint64_t Explorer::load(const Cell& cell, std::memory_order order) {
    step_point({Kind::Load, current_, cell.id_}, &cell, false, false);
    const auto& buffer = threads_[current_].buffer;
    for (auto store = buffer.rbegin(); store != buffer.rend(); ++store) {
        if (store->cell == &cell) {
            note_value(store->value);
            return store->value;
        }
    }
    finish_as_load(cell, order);
    note_value(cell.value_);
    return cell.value_;
}

void Explorer::store(Cell& cell, std::uint64_t value, std::memory_order order) {
    Thread& thread = threads_[current_];
    if (order == std::memory_order_seq_cst) {
        step_point({Kind::Store, current_, cell.id_}, &cell, true, false);
        reach_memory(cell, value, thread.clock);
        thread.clock.of[current_] += 1;  // what follows is not part of what was published
        note_value(value);
        return;
    }
    // Nobody sees it yet, so it needs no turn; the flush is the step.
    thread.clock.of[current_] += 1;
    thread.buffer.push_back(
        {&cell, value, releases(order), releases(order) ? thread.clock : Clock()});
    thread.clock.of[current_] += 1;
}

void Explorer::flush(const Action& action) {
    auto& buffer = threads_[action.thread].buffer;
    const auto store = std::find_if(buffer.begin(), buffer.end(), [&](const BufferedStore& s) {
        return s.cell->id_ == action.cell;
    });
    note_value(store->value);
    reach_memory(*store->cell, store->value, store->published);
    buffer.erase(store);
}

// A plain store ends what others published here before: a reader of it acquires its writer only.
void Explorer::reach_memory(Cell& cell, std::uint64_t value, const Clock& published) {
    cell.value_ = value;
    cell.published_ = published;
}

std::uint64_t Explorer::begin_update(Cell& cell, std::memory_order order, Kind kind) {
    step_point({kind, current_, cell.id_}, &cell, releases(order), true);
    return cell.value_;
}

void Explorer::finish_update(Cell& cell, std::uint64_t value, std::memory_order order) {
    finish_as_load(cell, order);
    cell.value_ = value;
    // It continues the release sequence it has read from; with release order it adds its own.
    if (releases(order)) {
        cell.published_.join(clock());
    }
    clock().of[current_] += 1;
    note_value(value);
}

void Explorer::finish_as_load(const Cell& cell, std::memory_order order) {
    if (acquires(order)) {
        clock().join(cell.published_);
    }
}

void Explorer::pause() {
    step_point({Kind::Pause, current_, kNoCell}, nullptr, false, false);
}

void Explorer::fail(const char* message) {
    verdict_.failed = true;
    verdict_.message = message;
    if (in_thread()) {
        switch_to(kMain, true);
    }
}

void Explorer::note_value(std::uint64_t value) {
    if (!trace_.empty()) {
        trace_.back().value = value;
    }
}

std::string Explorer::schedule() const {
    std::string text;
    for (const Step& step : trace_) {
        text += "  thread " + std::to_string(step.action.thread) + ' ' + name_of(step.action.kind);
        if (step.action.cell != kNoCell) {
            text += " cell " + std::to_string(step.action.cell) + " value " +
                    std::to_string(step.value);
        }
        text += '\n';
    }
    return text;
}

// ---- What scenarios see ------------------------------------------------------------------------

Verdict explore(const Options& options, const std::function<std::unique_ptr<Scenario>()>& make) {
    return Explorer(options, make).run();
}

void require(bool holds, const char* claim) {
    if (!holds) {
        active->fail(claim);
    }
}

void pause() {
    if (active->in_thread()) {
        active->pause();
    }
}

void Clock::join(const Clock& other) {
    for (unsigned thread = 0; thread < kThreadsMax; ++thread) {
        of[thread] = std::max(of[thread], other.of[thread]);
    }
}

Cell::Cell(std::uint64_t value) : id_(active->new_cell()), value_(value) {
    SLUICE_ASSERT(!active->in_thread());
}

std::uint64_t Cell::load(std::memory_order order) const {
    return active->in_thread() ? active->load(*this, order) : value_;
}

void Cell::store(std::uint64_t value, std::memory_order order) {
    if (active->in_thread()) {
        active->store(*this, value, order);
    } else {
        value_ = value;
    }
}

std::uint64_t Cell::begin_update(std::memory_order order) {
    return active->in_thread() ? active->begin_update(*this, order, Kind::Update) : value_;
}

void Cell::finish_update(std::uint64_t value, std::memory_order order) {
    if (active->in_thread()) {
        active->finish_update(*this, value, order);
    } else {
        value_ = value;
    }
}

void Cell::finish_as_load(std::memory_order order) {
    if (active->in_thread()) {
        active->finish_as_load(*this, order);
    }
}

std::uint64_t Cell::begin_update_when_set() {
    SLUICE_ASSERT(active->in_thread());
    return active->begin_update(*this, std::memory_order_seq_cst, Kind::Wait);
}

void RaceDetector::on_read() const {
    if (!active->in_thread()) {
        return;
    }
    const Clock& mine = active->clock();
    require(written_at_ <= mine.of[writer_], "data race: read without knowing of the last write");
    read_at_.of[active->current()] = mine.of[active->current()];
}

void RaceDetector::on_write() {
    if (!active->in_thread()) {
        return;
    }
    const Clock& mine = active->clock();
    require(written_at_ <= mine.of[writer_], "data race: write without knowing of the last write");
    for (unsigned thread = 0; thread < kThreadsMax; ++thread) {
        require(read_at_.of[thread] <= mine.of[thread],
                "data race: write without knowing of a read");
    }
    writer_ = active->current();
    written_at_ = mine.of[writer_];
}

void Event::signal() {
    (void)signalled_.begin_update(std::memory_order_seq_cst);
    signalled_.finish_update(1, std::memory_order_seq_cst);
}

void Event::wait() {
    (void)signalled_.begin_update_when_set();
    signalled_.finish_update(0, std::memory_order_seq_cst);
}

}  // namespace sluice::model
