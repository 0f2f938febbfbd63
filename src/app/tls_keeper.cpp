#include "app/tls_keeper.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <utility>

#include "sluice/sys/process.hpp"

namespace sluice::app {
namespace {

obs::Level level_of(const tls::Finding& finding) {
    return finding.is_urgent ? obs::Level::Error : obs::Level::Warn;
}

}  // namespace

TlsKeeper::TlsKeeper(sys::Kernel& kernel, const config::Snapshot& config, std::uint32_t shards,
                     obs::Log& log)
    : kernel_(kernel),
      config_(config),
      shards_(shards),
      log_(log),
      keys_(kTicketLifetime, kernel.now()),
      watch_({}) {}

server::TlsContexts TlsKeeper::read(tls::Findings& findings) {
    const TlsWatch::Marks marks = marks_of_tls_files(kernel_, config_);
    const std::optional<TlsFiles> files = read_tls_files(kernel_, config_, findings);
    if (!files) {
        return {};
    }
    server::TlsContexts contexts = make_tls_contexts(kernel_, *files, shards_, keys_, findings);
    if (contexts.empty()) {
        return contexts;
    }
    terms_ = contexts.front()->terms();
    watch_.note(marks, true, kernel_.now());
    return contexts;
}

void TlsKeeper::log_line(obs::EventKind kind, obs::Level level, std::string_view reason) {
    obs::Event event(kind, level);
    event.when = kernel_.wall_time();
    event.reason = reason;
    log_.emit(event);
}

void TlsKeeper::tell(const tls::Findings& findings) {
    for (const tls::Finding& finding : findings) {
        log_line(obs::EventKind::Notice, level_of(finding), finding.text);
    }
    tell_terms(true);
}

// Of each certificate a line; of what else has an end only where that is near or past.
void TlsKeeper::tell_terms(bool all) {
    const WallTime now = kernel_.wall_time();
    for (const tls::Term& term : terms_) {
        const std::optional<tls::Finding> finding = tls::judge(term, now);
        const bool is_certificate = term.kind == tls::Term::Kind::Certificate;
        if (!finding && (!all || !is_certificate)) {
            continue;
        }
        const std::string text =
            finding ? finding->text : fmt::format("good until {}", tls::day_of(term.ends));
        obs::Event event(obs::EventKind::Certificate,
                         finding ? level_of(*finding) : obs::Level::Info);
        event.when = now;
        event.path = term.name;
        event.target = term.host;
        event.days_left = term.days_left(now);
        event.reason = text;
        log_.emit(event);
    }
    told_ = weights();
    told_at_ = kernel_.now();
}

std::vector<int> TlsKeeper::weights() const {
    const WallTime now = kernel_.wall_time();
    std::vector<int> all;
    all.reserve(terms_.size());
    for (const tls::Term& term : terms_) {
        const std::optional<tls::Finding> finding = tls::judge(term, now);
        all.push_back(!finding ? 0 : finding->is_urgent ? 2 : 1);
    }
    return all;
}

// Once a day, and when something has become worse.
void TlsKeeper::tell_if_due() {
    const std::vector<int> now = weights();
    bool is_worse = false;
    for (std::size_t i = 0; i < now.size() && i < told_.size(); ++i) {
        is_worse = is_worse || now[i] > told_[i];
    }
    if (is_worse || kernel_.now() - told_at_ >= kTellTime) {
        tell_terms(false);
    }
}

void TlsKeeper::look(TlsTaker& taker, bool ordered) {
    const TlsWatch::Marks marks = marks_of_tls_files(kernel_, config_);
    const bool is_due = marks.empty() ? is_own_old() : ordered;
    if (watch_.is_due(marks, kernel_.now()) || is_due) {
        read_again(taker, marks, ordered);
    }
    tell_if_due();
}

// With nothing on the disk, the certificate is one that was made at start. It is made anew before
// its end, and not at every HUP, which mostly is about the log: somebody may have told a client to
// trust it.
bool TlsKeeper::is_own_old() const {
    constexpr std::int64_t kRenewDays = 7;
    const WallTime now = kernel_.wall_time();
    return terms_.empty() || terms_.front().days_left(now) < kRenewDays;
}

void TlsKeeper::read_again(TlsTaker& taker, const TlsWatch::Marks& marks, bool ordered) {
    tls::Findings findings;
    server::TlsContexts contexts;
    const std::optional<TlsFiles> files = read_tls_files(kernel_, config_, findings);
    if (files) {
        contexts = make_tls_contexts(kernel_, *files, shards_, keys_, findings);
    }
    const bool is_good = !contexts.empty();
    watch_.note(marks, is_good, kernel_.now());
    if (is_good) {
        last_refusal_.clear();
        terms_ = contexts.front()->terms();
        taker.take(std::move(contexts));
        log_line(obs::EventKind::Reload, obs::Level::Info,
                 "the files of TLS were read again; sessions that begin now use them");
        tell(findings);
        return;
    }
    const auto is_error = [](const tls::Finding& finding) { return finding.is_error; };
    const auto first = std::find_if(findings.begin(), findings.end(), is_error);
    const auto count = std::count_if(findings.begin(), findings.end(), is_error);
    std::string text = first == findings.end() ? "out of memory" : first->text;
    if (count > 1) {
        text += fmt::format(" (and {} more: sluiced --check-config)", count - 1);
    }
    // Once for each thing that is wrong, and not at every try.
    if (!ordered && text == last_refusal_) {
        return;
    }
    last_refusal_ = text;
    log_line(
        obs::EventKind::Reload, obs::Level::Error,
        fmt::format("the files of TLS are not taken, and the former ones stay in use: {}", text));
}

void TlsKeeper::watch(TlsTaker& taker) {
    thread_ = std::thread([this, &taker] { run(taker); });
}

void TlsKeeper::run(TlsTaker& taker) {
    sys::name_this_thread("tls-files");
    constexpr std::chrono::nanoseconds kPause(TlsWatch::kLookTime.ns);
    std::unique_lock<std::mutex> lock(mutex_);
    while (!stopping_) {
        changed_.wait_for(lock, kPause, [this] { return stopping_ || ordered_; });
        if (stopping_) {
            break;
        }
        const bool ordered = std::exchange(ordered_, false);
        lock.unlock();
        look(taker, ordered);
        lock.lock();
    }
    ended_ = true;
    changed_.notify_all();
}

void TlsKeeper::request() {
    const std::lock_guard<std::mutex> lock(mutex_);
    ordered_ = true;
    changed_.notify_one();
}

bool TlsKeeper::stop(Duration limit) {
    if (!thread_.joinable()) {
        return true;
    }
    {
        std::unique_lock<std::mutex> lock(mutex_);
        stopping_ = true;
        changed_.notify_all();
        const std::chrono::nanoseconds patience(limit.ns);
        if (!changed_.wait_for(lock, patience, [this] { return ended_; })) {
            return false;
        }
    }
    thread_.join();
    return true;
}

}  // namespace sluice::app
