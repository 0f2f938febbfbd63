#include "worker.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "socket_calls.hpp"

namespace sluice::load {
namespace {

constexpr std::int64_t kSecondNs = 1'000'000'000;

// A generator does nothing that sleeps.
class NoHelpers final : public io::HelperPool {
public:
    void submit(io::HelperJob&) override { SLUICE_ASSERT(!"a load generator has no helpers"); }
};

}  // namespace

Worker::Worker(RunContext& run, std::uint32_t index, WorkerReport& report)
    : run_(run),
      index_(index),
      report_(report),
      begin_ns_(run.begin.ns),
      measure_ns_(run.begin.ns + run.options.warmup.ns),
      end_ns_(run.begin.ns + run.profile.end_ns()),
      arrivals_(run.options, run.profile, index),
      random_(run.options.seed + 0xD1B54A32D192ED03ull * (index + 1)),
      tick_alarm_(nullptr),
      arrival_alarm_(nullptr),
      // Whole seconds count from the end of the warm-up.
      next_second_ns_(measure_ns_ - run.options.warmup.ns / kSecondNs * kSecondNs) {
    if (next_second_ns_ == begin_ns_) {
        next_second_ns_ += kSecondNs;
    }
    double sum = 0;
    only_logs_in_ = true;
    for (const Work& work : run.options.mix) {
        sum += work.weight;
        weights_.push_back(sum);
        only_logs_in_ = only_logs_in_ && work.action == Action::Login;
        moves_data_ = moves_data_ || (work.action != Action::Login && work.action != Action::Noop &&
                                      work.action != Action::Idle);
    }
}

Worker::~Worker() = default;

bool Worker::set_up() {
    Result<std::unique_ptr<io::Backend>> made = io::make_backend(run_.engine, kernel_, ready_);
    if (!made) {
        report_.error = fmt::format("the engine does not start: {}", text_of(made.error()));
        return false;
    }
    backend_ = std::move(*made);
    helpers_ = std::make_unique<NoHelpers>();
    reactor_ = std::make_unique<io::Reactor>(kernel_, *backend_, ready_, *helpers_);
    alarms_ = std::make_unique<Alarms>(*reactor_);
    const Status timer = alarms_->make();
    if (!timer) {
        report_.error = fmt::format("no timer: {}", text_of(timer.error()));
        return false;
    }
    scratch_ = std::make_unique<std::uint8_t[]>(kScratchBytes);
    context_.reset(new ClientContext{run_.options, *reactor_, *alarms_, tally_, run_.content,
                                     run_.manifest, run_.server,
                                     MutableBytes(scratch_.get(), kScratchBytes), ""});
    return true;
}

bool Worker::work() {
    const io::FramePool::Use frames(frames_);
    if (!set_up()) {
        run_.stand_still.miss();
        return false;
    }
    cpu_before_ = cpu_at_measure_ = thread_cpu_seconds();
    loop();
    report_.banner = context_->banner;
    sessions_.clear();
    alarms_->stop();
    while (!alarms_->is_idle()) {
        backend_->wait(Duration(-1));
    }
    alarms_.reset();
    return true;
}

void Worker::loop() {
    if (measure_ns_ == begin_ns_) {
        begin_measuring();
    }
    std::int64_t killing_ns = 0;
    alarms_->set(tick_alarm_, now());
    for (;;) {
        const std::int64_t at = now();
        alarms_->fire(at);
        if (tick_alarm_.fired) {
            tick(at);
        }
        if (!ending_ && (at >= end_ns_ || run_.end_asked.load(std::memory_order_relaxed))) {
            begin_end(std::min(at, end_ns_));
        }
        if (ending_ && killing_ns == 0) {
            killing_ns = now() + kFarewellNs;
        }
        if (ending_ && at >= killing_ns) {
            for (const std::unique_ptr<Session>& session : sessions_) {
                session->kill();
            }
        }
        if (is_open_loop()) {
            serve_arrivals(at);
        }
        fill();
        reactor_->run_ready();
        if (ending_ && live_ == 0) {
            return;
        }
        if (!ending_ && is_done()) {
            begin_end(last_action_ns_);
            continue;
        }
        alarms_->prepare_wait();
        reactor_->wait(Duration(kTickNs));
    }
}

std::uint32_t Worker::share_of(std::uint32_t all) const {
    const std::uint32_t threads = run_.options.threads;
    return (all + threads - 1 - index_) / threads;
}

void Worker::tick(std::int64_t now_ns) {
    // Counted from when this one was due, so that the lag of one does not hide the next one's.
    const std::int64_t next = tick_alarm_.at_ns + kTickNs;
    alarms_->set(tick_alarm_, next > now_ns ? next : now_ns + kTickNs);
    if (ending_) {
        return;
    }
    while (now_ns >= next_second_ns_) {
        take_sample(now_ns);
    }
    if (!measuring_ && now_ns >= measure_ns_) {
        begin_measuring();
    }
    const std::uint64_t most = run_.options.transfers_max;
    if (most != 0 && run_.claimed.load(std::memory_order_relaxed) >= most) {
        exhaust();
    }
    target_ = share_of(run_.profile.sessions_at(now_ns - begin_ns_));
    // The surplus: sessions that are busy find out by themselves after their action.
    std::uint32_t surplus = staying_ > target_ ? staying_ - target_ : 0;
    if (surplus == 0) {
        return;
    }
    for (const std::unique_ptr<Session>& session : sessions_) {
        if (surplus == 0) {
            break;
        }
        if (!session->is_running()) {
            continue;
        }
        if (session->is_linked()) {
            session->unlink();
            session->wake();
            --surplus;
        } else if (session->is_idling()) {
            session->let_go();
            --surplus;
        }
    }
}

void Worker::fill() {
    if (ending_ || exhausted_) {
        return;
    }
    while (staying_ < target_ && opening_ < kOpeningMax) {
        if (free_.empty()) {
            // Numbers are dense over all threads: sources and '%' paths are used evenly.
            const std::uint64_t number =
                index_ + std::uint64_t{run_.options.threads} * sessions_.size();
            sessions_.push_back(
                std::make_unique<Session>(*this, number, run_.sources.address(number)));
            free_.push_back(sessions_.back().get());
        }
        Session& session = *free_.back();
        free_.pop_back();
        ++staying_;
        ++live_;
        session.start();
    }
}

bool Worker::may_go_on(Session& session) {
    if (ending_ || session.is_leaving()) {
        return false;
    }
    if (exhausted_ || staying_ <= target_) {
        return true;
    }
    session.leave();
    --staying_;
    return false;
}

void Worker::session_ended(Session& session) {
    if (!session.is_leaving()) {
        --staying_;
    }
    --live_;
    free_.push_back(&session);
}

bool Worker::claim() {
    const std::uint64_t most = run_.options.transfers_max;
    if (ending_ || exhausted_) {
        return false;
    }
    // The warm-up is not counted, so it takes nothing of the number.
    if (most == 0 || !measuring_ || run_.claimed.fetch_add(1, std::memory_order_relaxed) < most) {
        ++claimed_;
        return true;
    }
    exhaust();
    return false;
}

void Worker::forfeit() {
    // tick() sees when that was the last.
    if (run_.options.transfers_max != 0 && measuring_) {
        run_.claimed.fetch_add(1, std::memory_order_relaxed);
    }
}

// No more actions. Sessions that wait stay until the last action is done; those that are still
// logging in, or idle for as long as the run lasts, have nothing to stay for.
void Worker::exhaust() {
    if (exhausted_) {
        return;
    }
    exhausted_ = true;
    for (const std::unique_ptr<Session>& session : sessions_) {
        const bool is_opening =
            !session->is_acting() && session->state() != FtpClient::State::Ready;
        if (session->is_running() && (is_opening || session->is_idling())) {
            session->end();
        }
    }
}

std::size_t Worker::draw_work(Prng& random) const {
    if (weights_.size() == 1) {
        return 0;
    }
    const double drawn = static_cast<double>(random.next() >> 11) * 0x1p-53 * weights_.back();
    const auto found = std::upper_bound(weights_.begin(), weights_.end(), drawn);
    return std::min(static_cast<std::size_t>(found - weights_.begin()), weights_.size() - 1);
}

// An arrival that was due before a session came to take it was late.
bool Worker::take_due(std::size_t& work, std::int64_t& intended_ns) {
    const std::int64_t due = begin_ns_ + std::min(arrivals_.next_ns(), run_.profile.end_ns());
    if (due > now() || due >= end_ns_ || !claim()) {
        return false;
    }
    arrivals_.advance();
    ++tally_.actions_late;
    work = draw_work(random_);
    intended_ns = due;
    return true;
}

bool Worker::park(Session& session) {
    if (ending_) {
        return false;
    }
    if (!session.is_linked()) {
        parked_.push_back(session);
    }
    return true;
}

void Worker::serve_arrivals(std::int64_t now_ns) {
    if (ending_) {
        return;
    }
    while (!parked_.is_empty()) {
        if (arrivals_.next_ns() >= run_.profile.end_ns()) {
            return;
        }
        const std::int64_t due = begin_ns_ + arrivals_.next_ns();
        if (due > now_ns) {
            if (!arrival_alarm_.is_set() || arrival_alarm_.at_ns != due) {
                alarms_->set(arrival_alarm_, due);
            }
            return;
        }
        if (!claim()) {
            return;
        }
        arrivals_.advance();
        Session* const session = parked_.pop_front();
        session->assign(draw_work(random_), due);
    }
}

void Worker::action_began() {
    --claimed_;
    ++acting_;
    ++tally_.actions_started;
}

void Worker::action_ended(bool good, std::int64_t intended_ns) {
    --acting_;
    if (ending_) {
        return;
    }
    last_action_ns_ = now();
    if (!good) {
        return;
    }
    const std::uint64_t took =
        static_cast<std::uint64_t>(std::max<std::int64_t>(last_action_ns_ - intended_ns, 0));
    ++tally_.actions_done;
    tally_.of(Step::Action).record(took);
    second_actions_.record(took);
}

void Worker::begin_measuring() {
    measuring_ = true;
    tally_ = Tally();
    // Actions that the warm-up has begun end in what is measured; sessions stay logged in.
    tally_.actions_started = acting_;
    alarms_->lag() = Histogram();
    bytes_before_ = actions_before_ = troubles_before_ = 0;
    cpu_at_measure_ = thread_cpu_seconds();
}

void Worker::begin_end(std::int64_t at_ns) {
    ending_ = true;
    if (!measuring_) {
        tally_ = Tally();  // ended in its warm-up: nothing was measured
        at_ns = measure_ns_;
    }
    while (next_second_ns_ <= at_ns) {
        take_sample(at_ns);
    }
    if (is_open_loop()) {
        // What was due and never begun is late as well, or a server that stops serving would look
        // better than one that is slow.
        while (measuring_ &&
               begin_ns_ + std::min(arrivals_.next_ns(), run_.profile.end_ns()) < at_ns) {
            ++tally_.actions_late;
            arrivals_.advance();
        }
    }
    report_.measured_ns = std::max<std::int64_t>(at_ns - measure_ns_, 0);
    const double wall = static_cast<double>(std::max<std::int64_t>(now() - measure_ns_, 1)) / 1e9;
    report_.cpu_share = measuring_ ? (thread_cpu_seconds() - cpu_at_measure_) / wall : 0;
    report_.lag_ns = alarms_->lag().percentile(0.99);
    report_.tally = tally_;
    run_.stand_still.arrive(count_open());
    for (const std::unique_ptr<Session>& session : sessions_) {
        if (!session->is_running()) {
            continue;
        }
        session->unlink();
        session->end();
    }
}

void Worker::take_sample(std::int64_t now_ns) {
    Sample sample;
    sample.index = (next_second_ns_ - measure_ns_) / kSecondNs - 1;
    next_second_ns_ += kSecondNs;
    const std::uint64_t bytes = tally_.bytes_received + tally_.bytes_sent;
    const std::uint64_t troubles = tally_.troubles_total();
    sample.second.bytes = bytes - std::min(bytes_before_, bytes);
    sample.second.actions = tally_.actions_done - std::min(actions_before_, tally_.actions_done);
    sample.second.troubles = troubles - std::min(troubles_before_, troubles);
    bytes_before_ = bytes;
    actions_before_ = tally_.actions_done;
    troubles_before_ = troubles;
    for (const std::unique_ptr<Session>& session : sessions_) {
        if (!session->is_running()) {
            continue;
        }
        ++sample.states[static_cast<std::size_t>(session->state())];
    }
    sample.second.sessions = count_open();
    const double cpu = thread_cpu_seconds();
    // A second that came late is one sample all the same; its share is of a second.
    sample.cpu_share = now_ns < next_second_ns_ ? cpu - cpu_before_ : 1;
    cpu_before_ = cpu;
    std::swap(sample.actions, second_actions_);
    if (run_.wants_totals) {
        sample.total = std::make_unique<Tally>(tally_);
    }
    const std::lock_guard<std::mutex> lock(report_.mutex);
    report_.samples.push_back(std::move(sample));
}

std::uint32_t Worker::count_open() const {
    return static_cast<std::uint32_t>(
        std::count_if(sessions_.begin(), sessions_.end(), [](const auto& session) {
            return session->is_running() && session->state() != FtpClient::State::Closed;
        }));
}

const std::string& Worker::path_of(std::size_t work, std::size_t path) const {
    const std::vector<std::string>& paths = run_.options.mix[work].paths;
    return paths.empty() ? run_.options.url.path : paths[path];
}

bool Worker::is_uploaded(std::size_t work, std::size_t path) const {
    const std::string& wanted = path_of(work, path);
    for (std::size_t other = 0; other < run_.options.mix.size(); ++other) {
        const Work& upload = run_.options.mix[other];
        if (upload.action != Action::Upload) {
            continue;
        }
        for (std::size_t i = 0; i < std::max<std::size_t>(upload.paths.size(), 1); ++i) {
            if (path_of(other, i) == wanted) {
                return true;
            }
        }
    }
    return false;
}

bool Worker::has_number(std::size_t work, std::size_t path) const {
    return path_of(work, path).find('%') != std::string::npos;
}

bool Worker::known_size(std::uint64_t key, std::uint64_t& size) const {
    const auto found = sizes_.find(key);
    if (found == sizes_.end()) {
        return false;
    }
    size = found->second;
    return true;
}

void Worker::remember_size(std::uint64_t key, std::uint64_t size) {
    if (sizes_.size() < kKnownSizesMax) {
        sizes_.emplace(key, size);
    }
}

}  // namespace sluice::load
