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
    return set_up_tls();
}

bool Worker::set_up_tls() {
    if (run_.tls == nullptr) {
        return true;
    }
    std::string refusal;
    tls_ = tls::ClientContext::make(*run_.tls, refusal);
    if (tls_ == nullptr) {
        report_.error = fmt::format("TLS does not start: {}", refusal);
        return false;
    }
    plaintext_ = std::make_unique<std::uint8_t[]>(tls::Connection::kRecordBytesMax);
    context_->tls = tls_.get();
    context_->plaintext = MutableBytes(plaintext_.get(), tls::Connection::kRecordBytesMax);
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
    report_.tls = context_->tls_facts;
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

}  // namespace sluice::load
