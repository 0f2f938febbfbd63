#include "driver.hpp"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>

namespace sluice::bench {
namespace {

constexpr std::int64_t kSecondNs = 1'000'000'000;
constexpr std::int64_t kWaitMaxNs = 100'000'000;  // a signal is seen after this at the latest
constexpr int kEventsPerTurnMax = 256;
constexpr std::size_t kSamplesMax = 10'000'000;
// Latencies above this are told one by one, with when they ended.
constexpr float kSlowUs = 1000;
constexpr std::size_t kSlowMax = 20'000;
// A run with more errors than this measures nothing.
constexpr std::uint64_t kErrorsMax = 500;

volatile sig_atomic_t stop_asked = 0;

// The clock of SO_TIMESTAMPNS. A step of it during a run would show as absurd latencies.
std::int64_t now_ns() {
    timespec time{};
    (void)clock_gettime(CLOCK_REALTIME, &time);
    return time.tv_sec * kSecondNs + time.tv_nsec;
}

std::int64_t to_ns(double seconds) {
    return static_cast<std::int64_t>(seconds * static_cast<double>(kSecondNs));
}

float to_us(std::int64_t ns) {
    return static_cast<float>(ns) / 1000.0F;
}

double percentile(std::vector<float>& values, double part) {
    if (values.empty()) {
        return 0;
    }
    const auto nth = static_cast<std::ptrdiff_t>(part * static_cast<double>(values.size() - 1));
    std::nth_element(values.begin(), values.begin() + nth, values.end());
    return static_cast<double>(values[static_cast<std::size_t>(nth)]);
}

void print_percentiles(const char* name, std::vector<float> values) {
    std::printf(
        ", \"%s\": {\"samples\": %zu, \"p50\": %.1f, \"p99\": %.1f, \"p999\": %.1f, "
        "\"max\": %.1f}",
        name, values.size(), percentile(values, 0.5), percentile(values, 0.99),
        percentile(values, 0.999), percentile(values, 1.0));
}

// Our own labels and strerror texts: only quotes and backslashes could break the JSON.
std::string quoted(const std::string& text) {
    std::string result = "\"";
    for (const char c : text) {
        if (c == '"' || c == '\\') {
            result += '\\';
        }
        result += c;
    }
    return result + '"';
}

}  // namespace

Driver::Driver(const DriveOptions& options)
    : options_(options),
      epoll_(epoll_create1(EPOLL_CLOEXEC)),
      sessions_(options.sessions),
      work_(options.sessions) {
    for (std::uint32_t i = 0; i < options_.sessions; ++i) {
        to_open_.push_back(i);
    }
}

Driver::~Driver() {
    sessions_.clear();
    close(epoll_);
}

Driver::Mark Driver::mark() const {
    timespec cpu{};
    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &cpu);
    Mark result{.time_ns = now_ns(),
                .operations = operations_,
                .bytes = bytes_,
                .sample = 0,
                .own_cpu_ns = cpu.tv_sec * kSecondNs + cpu.tv_nsec};
    if (!options_.sample_file.empty()) {
        std::array<char, 64> text{};
        const int fd = open(options_.sample_file.c_str(), O_RDONLY | O_CLOEXEC);
        if (fd >= 0 && read(fd, text.data(), text.size() - 1) > 0) {
            result.sample = std::strtoll(text.data(), nullptr, 10);
        }
        if (fd >= 0) {
            close(fd);
        }
    }
    return result;
}

int Driver::run() {
    struct sigaction action {};
    action.sa_handler = [](int) { stop_asked = 1; };
    (void)sigaction(SIGTERM, &action, nullptr);
    (void)sigaction(SIGINT, &action, nullptr);

    began_ns_ = now_ns();
    if (options_.scenario == Scenario::Login) {
        start();
    }
    while (phase_ != Phase::Done) {
        step();
    }
    print_result();
    return errors_ == 0 && !timed_out_ ? 0 : 1;
}

void Driver::step() {
    open_some();
    wait_for_events();
    release_due();
    advance_phase();
}

void Driver::open_some() {
    const std::uint32_t limit =
        options_.scenario == Scenario::Login ? options_.sessions : options_.logins_at_once;
    while (!to_open_.empty() && opening_ < limit) {
        const std::uint32_t index = to_open_.front();
        to_open_.pop_front();
        ++opening_;
        work_[index].opening = true;
        const auto source = static_cast<std::uint32_t>(next_source_++ % options_.sources);
        // 250 addresses of each /24: no address ends in 0 or 255.
        const std::uint32_t ip = options_.source_ip + source / 250 * 256 + source % 250;
        sessions_[index].open(options_, *this, epoll_, index, ip);
    }
}

std::int64_t Driver::wait_ns() const {
    std::int64_t until = kWaitMaxNs;
    const std::int64_t now = now_ns();
    if (phase_ == Phase::Warming || phase_ == Phase::Measuring) {
        until = std::min(until, phase_ends_ns_ - now);
        if (options_.scenario == Scenario::Latency) {
            const auto session = static_cast<std::uint32_t>(next_tick_ % options_.sessions);
            const auto nth = static_cast<std::uint32_t>(next_tick_ / options_.sessions);
            until = std::min(until, due_ns(session, nth) - now);
        }
    }
    return std::max<std::int64_t>(until, 0);
}

void Driver::wait_for_events() {
    std::array<epoll_event, kEventsPerTurnMax> events;
    const timespec timeout{.tv_sec = 0, .tv_nsec = wait_ns()};
    const int n = epoll_pwait2(epoll_, events.data(), kEventsPerTurnMax, &timeout, nullptr);
    for (int i = 0; i < n; ++i) {
        const std::uint32_t tag = events[static_cast<std::size_t>(i)].data.u32;
        Session& session = sessions_[tag / 2];
        if ((tag & 1) == 0) {
            session.on_control_event();
        } else {
            session.on_data_event();
        }
    }
}

std::int64_t Driver::due_ns(std::uint32_t session, std::uint32_t nth) const {
    const double place = static_cast<double>(nth) * static_cast<double>(options_.sessions) +
                         static_cast<double>(session);
    return schedule_began_ns_ + to_ns(place / options_.rate);
}

// Sends the NOOPs whose time has come. A session that still waits for its last reply sends the
// next one when that arrives; the time it was due counts, not the time it could be sent.
void Driver::release_due() {
    if (options_.scenario != Scenario::Latency || phase_ == Phase::Opening) {
        return;
    }
    const std::int64_t now = now_ns();
    while (true) {
        const auto index = static_cast<std::uint32_t>(next_tick_ % options_.sessions);
        const std::int64_t due =
            due_ns(index, static_cast<std::uint32_t>(next_tick_ / options_.sessions));
        if (due > now) {
            return;
        }
        ++next_tick_;
        if (!work_[index].busy) {
            work_[index].busy = true;
            work_[index].counts_from_ns = now_ns();
            if (phase_ == Phase::Measuring && lateness_us_.size() < kSamplesMax) {
                lateness_us_.push_back(to_us(now - due));
            }
            sessions_[index].begin();
        }
    }
}

void Driver::start() {
    schedule_began_ns_ = now_ns();
    phase_ = Phase::Warming;
    phase_ends_ns_ = schedule_began_ns_ + to_ns(options_.count > 0 ? 0 : options_.warmup_s);
    if (options_.scenario == Scenario::Idle) {
        hold_idle();
        return;
    }
    if (options_.count > 0) {
        // Everything from the first command on belongs to the window.
        first_ = mark();
        phase_ = Phase::Measuring;
        phase_ends_ns_ = INT64_MAX;
    }
    if (options_.scenario == Scenario::Login || options_.scenario == Scenario::Latency) {
        return;
    }
    for (Session& session : sessions_) {
        session.begin();
    }
}

void Driver::advance_phase() {
    const std::int64_t now = now_ns();
    if (phase_ == Phase::Opening && ready_ == options_.sessions) {
        start();
    }
    if (phase_ == Phase::Warming && now >= phase_ends_ns_) {
        first_ = mark();
        phase_ = Phase::Measuring;
        phase_ends_ns_ = now + to_ns(options_.seconds);
    }
    timed_out_ = now - began_ns_ > to_ns(options_.timeout_s);
    const bool over = now >= phase_ends_ns_ || finished_ == options_.sessions || stop_asked != 0;
    if (timed_out_ || errors_ > kErrorsMax || (phase_ == Phase::Measuring && over) ||
        (stop_asked != 0 && phase_ != Phase::Done)) {
        last_ = mark();
        phase_ = Phase::Done;
    }
}

void Driver::leave_opening(Work& work) {
    if (work.opening) {
        work.opening = false;
        --opening_;
    }
}

void Driver::on_ready(Session& session) {
    Work& work = work_[session.index()];
    leave_opening(work);
    if (!work.ready_once) {
        work.ready_once = true;
        ++ready_;
    } else if (phase_ != Phase::Opening && options_.scenario != Scenario::Idle &&
               options_.scenario != Scenario::Latency) {
        session.begin();  // back after an error
    }
}

void Driver::on_operation(Session& session) {
    ++operations_;
    Work& work = work_[session.index()];
    if (options_.scenario == Scenario::Latency) {
        record_latency(session);
        return;
    }
    ++work.done;
    if (options_.count > 0 && work.done >= options_.count) {
        work.finished = true;
        ++finished_;
        return;
    }
    if (phase_ != Phase::Done) {
        session.begin();
    }
}

void Driver::record_latency(const Session& session) {
    Work& work = work_[session.index()];
    const std::int64_t now = now_ns();
    if (phase_ == Phase::Measuring && latencies_us_.size() < kSamplesMax) {
        latencies_us_.push_back(to_us(now - due_ns(session.index(), work.done)));
        server_us_.push_back(to_us(session.arrived_ns() - work.counts_from_ns));
        if (server_us_.back() > kSlowUs && slow_.size() < kSlowMax) {
            slow_.push_back({session.arrived_ns(), server_us_.back()});
        }
    }
    ++work.done;
    const std::int64_t due = due_ns(session.index(), work.done);
    work.busy = due <= now;
    if (work.busy) {
        // It was due while the server owed a reply, unless only this client was slow to see that.
        work.counts_from_ns = due < session.arrived_ns() ? due : now;
        sessions_[session.index()].begin();
    }
}

void Driver::on_closed(Session& session) {
    ++operations_;
    Work& work = work_[session.index()];
    leave_opening(work);
    if (options_.count > 0 && ++work.done >= options_.count) {
        work.finished = true;
        ++finished_;
    } else {
        to_open_.push_back(session.index());
    }
}

void Driver::on_error(Session& session, const std::string& what) {
    Work& work = work_[session.index()];
    ++errors_;
    ++errors_by_name_[what];
    if (work.finished) {
        return;
    }
    // Before it was ready the session counted as opening; afterwards it did not.
    if (!work.ready_once || options_.scenario == Scenario::Login) {
        --opening_;
    }
    to_open_.push_back(session.index());
}

// All sessions are open: says so, and waits until standard input ends (whoever measures the
// server closes it) or the time is over.
void Driver::hold_idle() {
    first_ = mark();
    std::printf("{\"ready\": %u, \"errors\": %llu}\n", ready_,
                static_cast<unsigned long long>(errors_));
    std::fflush(stdout);
    const std::int64_t ends = began_ns_ + to_ns(options_.timeout_s);
    pollfd input{.fd = STDIN_FILENO, .events = POLLIN, .revents = 0};
    while (stop_asked == 0 && now_ns() < ends && poll(&input, 1, 100) == 0) {
    }
    last_ = mark();
    phase_ = Phase::Done;
}

void Driver::print_result() const {
    std::printf(
        "{\"label\": %s, \"sessions\": %u, \"operations\": %llu, \"bytes\": %llu, "
        "\"wall_s\": %.4f, \"sample\": %lld, \"client_cpu_ns\": %lld, \"timed_out\": %s, "
        "\"errors\": {",
        quoted(options_.label).c_str(), options_.sessions,
        static_cast<unsigned long long>(last_.operations - first_.operations),
        static_cast<unsigned long long>(last_.bytes - first_.bytes),
        static_cast<double>(last_.time_ns - first_.time_ns) / 1e9,
        static_cast<long long>(last_.sample - first_.sample),
        static_cast<long long>(last_.own_cpu_ns - first_.own_cpu_ns),
        timed_out_ ? "true" : "false");
    const char* separator = "";
    for (const auto& [name, times] : errors_by_name_) {
        std::printf("%s%s: %llu", separator, quoted(name).c_str(),
                    static_cast<unsigned long long>(times));
        separator = ", ";
    }
    std::printf("}");
    if (options_.scenario == Scenario::Latency) {
        print_percentiles("server_us", server_us_);
        print_percentiles("latency_us", latencies_us_);
        print_percentiles("sent_late_us", lateness_us_);
        std::printf(", \"slow\": [");
        for (const Slow& slow : slow_) {
            std::printf("%s[%lld, %.1f]", &slow == slow_.data() ? "" : ", ",
                        static_cast<long long>(slow.ended_ns), slow.server_us);
        }
        std::printf("]");
    }
    std::printf("}\n");
}

}  // namespace sluice::bench
