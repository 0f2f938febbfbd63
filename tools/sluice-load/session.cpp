#include "session.hpp"

#include <algorithm>

#include "worker.hpp"

namespace sluice::load {
namespace {

// A server that refuses is asked again after 50 ms, then more slowly, at most once a second.
constexpr std::int64_t kRetryFirstNs = 50'000'000;
constexpr std::int64_t kRetryMaxNs = 1'000'000'000;

}  // namespace

Session::Session(Worker& worker, std::uint64_t number, const sys::SocketAddress& source)
    : worker_(worker),
      number_(number),
      client_(worker.context(), source),
      assigned_(worker.reactor().ready()),
      random_(worker.options().seed + 0x632BE59BD9B4E019ull * (number + 1)),
      turns_(worker.options().mix.size(), static_cast<std::uint32_t>(number)) {
    const Options& options = worker.options();
    for (std::size_t work = 0; work < options.mix.size(); ++work) {
        sizes_.emplace_back(options.mix[work].sizes, options.seed, work, number);
    }
}

void Session::start() {
    has_action_ = acting_ = idling_ = leaving_ = false;
    failures_ = 0;
    client_.revive();
    main_ = run();
    main_.start();
}

void Session::assign(std::size_t work, std::int64_t intended_ns) {
    work_ = work;
    intended_ns_ = intended_ns;
    has_action_ = true;
    assigned_.notify();
}

void Session::end() {
    const bool can_say_goodbye =
        idling_ || (!acting_ && client_.state() == FtpClient::State::Ready);
    client_.stop(can_say_goodbye ? io::StopReason::Drain : io::StopReason::Kill);
    wake();
}

io::Task<> Session::run() {
    for (;;) {
        const bool ready = co_await ensure_open();
        if (!ready || !worker_.may_go_on(*this)) {
            break;
        }
        const bool assigned = co_await next_action();
        if (!assigned) {
            break;
        }
        acting_ = true;
        worker_.action_began();
        const bool good = co_await perform(work_);
        acting_ = idling_ = false;
        worker_.action_ended(good, intended_ns_);
        if (!worker_.is_open_loop()) {
            const std::int64_t think = draw_think(work_);
            if (think > 0 && worker_.options().mix[work_].action != Action::Idle) {
                const bool waited = co_await client_.pause(worker_.now() + think);
                if (!waited) {
                    break;
                }
            }
        }
        if (client_.is_stopped()) {
            break;
        }
    }
    // Opened and idle: the good-bye. Whatever failed before has closed the session.
    if (client_.is_open() && client_.state() == FtpClient::State::Ready) {
        const bool said = co_await client_.quit();
        (void)said;  // counted where it failed
    }
    client_.close();
    worker_.session_ended(*this);
}

// An open control connection for all but logins, tried again and again while the run lasts.
io::Task<bool> Session::ensure_open() {
    while (!client_.is_open() && !worker_.only_logs_in()) {
        if (worker_.is_ending() || worker_.is_exhausted() || client_.is_stopped()) {
            co_return false;
        }
        if (failures_ > 0) {
            if (!worker_.may_go_on(*this)) {
                co_return false;
            }
            const std::int64_t wait =
                std::min(kRetryFirstNs << std::min(failures_ - 1, 5u), kRetryMaxNs);
            const bool waited = co_await client_.pause(worker_.now() + wait);
            if (!waited) {
                co_return false;
            }
        }
        worker_.opening_began();
        const bool opened = co_await client_.open(worker_.moves_data());
        worker_.opening_ended();
        if (!opened) {
            ++failures_;
            worker_.forfeit();
            continue;
        }
        failures_ = 0;
        if (worker_.wants_features()) {
            const bool told = co_await client_.ask_features(worker_.features());
            if (!told) {
                continue;
            }
        }
    }
    co_return true;
}

// Closed loop: at once. Open loop: the next arrival that is due, or the one that comes.
io::Task<bool> Session::next_action() {
    if (!worker_.is_open_loop()) {
        if (!worker_.claim()) {
            // Open until the others are done, so that the server is looked at with all its
            // sessions.
            while (!worker_.is_ending() && !client_.is_stopped()) {
                co_await assigned_.wait();
            }
            co_return false;
        }
        work_ = worker_.draw_work(random_);
        intended_ns_ = worker_.now();
        co_return true;
    }
    has_action_ = worker_.take_due(work_, intended_ns_);
    while (!has_action_) {
        if (worker_.is_ending() || !worker_.park(*this)) {
            co_return false;
        }
        co_await assigned_.wait();
        if (!has_action_ && !worker_.may_go_on(*this)) {
            co_return false;
        }
    }
    has_action_ = false;
    co_return true;
}

const std::string& Session::next_path(std::size_t work, std::size_t& index) {
    const std::vector<std::string>& paths = worker_.options().mix[work].paths;
    const std::string* path = &worker_.options().url.path;
    index = 0;
    if (!paths.empty()) {
        index = turns_[work]++ % paths.size();
        path = &paths[index];
    }
    path_ = *path;
    const std::size_t mark = path_.find('%');
    if (mark != std::string::npos) {
        path_.replace(mark, 1, std::to_string(number_));
    }
    return path_;
}

std::int64_t Session::draw_think(std::size_t work) {
    const Work& what = worker_.options().mix[work];
    const std::int64_t more = what.think_max.ns - what.think_min.ns;
    if (more <= 0) {
        return what.think_min.ns;
    }
    return what.think_min.ns +
           static_cast<std::int64_t>(random_.below(static_cast<std::uint64_t>(more) + 1));
}

// SIZE once for each file and thread: afterwards a truncated download is seen for nothing.
io::Task<bool> Session::learn_size(std::size_t work, std::size_t path_index, Transfer& transfer) {
    transfer.entry = nullptr;
    if (worker_.context().manifest != nullptr) {
        transfer.entry = worker_.context().manifest->find(*transfer.path);
        if (transfer.entry != nullptr) {
            transfer.size = transfer.entry->size;
        }
        co_return true;
    }
    if (worker_.is_uploaded(work, path_index)) {
        co_return true;
    }  // it changes while we look
    const bool own = worker_.has_number(work, path_index);
    std::uint64_t owner = 0;
    if (own) {
        owner = number_ + 1;
    }
    const std::uint64_t key = owner << 40 | static_cast<std::uint64_t>(work) << 32 |
                              static_cast<std::uint64_t>(path_index);
    if (worker_.known_size(key, transfer.size)) {
        co_return true;
    }
    const bool asked = co_await client_.ask_size(*transfer.path, transfer.size);
    if (!asked) {
        co_return false;
    }
    worker_.remember_size(key, transfer.size);
    co_return true;
}

io::Task<bool> Session::log_in_and_out() {
    if (client_.is_open()) {
        // Of a mix: the session that other actions have used is not part of this one.
        const bool closed = co_await client_.quit();
        if (!closed) {
            co_return false;
        }
        if (!worker_.is_open_loop()) {
            intended_ns_ = worker_.now();
        }
    }
    const bool opened = co_await client_.open(false);
    if (!opened) {
        // Without this, a server that refuses at once would be asked without a pause.
        ++failures_;
        const std::int64_t wait =
            std::min(kRetryFirstNs << std::min(failures_ - 1, 5u), kRetryMaxNs);
        const bool waited = co_await client_.pause(worker_.now() + wait);
        (void)waited;  // who stops the pause stops the session
        co_return false;
    }
    failures_ = 0;
    co_return co_await client_.quit();
}

io::Task<bool> Session::perform(std::size_t work) {
    const Work& what = worker_.options().mix[work];
    switch (what.action) {
        case Action::Noop:
            co_return co_await client_.noop();
        case Action::Login:
            co_return co_await log_in_and_out();
        case Action::Idle: {
            idling_ = true;
            const std::int64_t think = draw_think(work);
            std::int64_t until = 0;
            if (think > 0) {
                until = worker_.now() + think;
            }
            co_return co_await client_.idle(until);
        }
        default:
            break;
    }
    std::size_t index = 0;
    Transfer transfer;
    transfer.path = &next_path(work, index);
    if (what.action == Action::Upload) {
        transfer.size = sizes_[work].next();
        co_return co_await client_.store(transfer);
    }
    if (what.action == Action::List) {
        co_return co_await client_.list(transfer, what.machine_listing);
    }
    const bool asked = co_await learn_size(work, index, transfer);
    if (!asked) {
        co_return false;
    }
    if (!worker_.is_open_loop()) {
        intended_ns_ = worker_.now();
    }
    if (what.action == Action::SlowReader) {
        transfer.slow_rate = what.slow_rate;
    }
    transfer.abort = what.action == Action::Abort;
    transfer.verify = worker_.options().verify &&
                      (what.action == Action::Download || what.action == Action::SmallFiles);
    co_return co_await client_.retrieve(transfer);
}

}  // namespace sluice::load
