#include "sluice/obs/log_writer.hpp"

#include <fmt/format.h>
#include <pthread.h>
#include <time.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <iterator>
#include <new>

#include "sluice/obs/render.hpp"

namespace sluice::obs {
namespace {

constexpr std::size_t kTextsPerEvent = 10;
constexpr std::size_t kTextBytesMax = 4096;           // of one field; a longer one is cut
constexpr std::size_t kFlushBytes = 64 * 1024;        // lines gathered before a write
constexpr auto kGatherTime = std::chrono::milliseconds(10);  // wake-ups per second <= 100

// The views of an event, in a fixed order, to copy and to point elsewhere.
std::array<std::string_view*, kTextsPerEvent> texts_of(Event& event) {
    return {&event.ip,     &event.user,   &event.client,  &event.password, &event.command,
            &event.path,   &event.target, &event.reason,  &event.digests,
            &event.tls};
}

}  // namespace

// An event with its texts behind it in one block.
struct LogWriter::Record {
    Event event;

    static Record* copy(const Event& from) {
        Event event = from;
        std::size_t size = 0;
        for (std::string_view* text : texts_of(event)) {
            *text = text->substr(0, kTextBytesMax);
            size += text->size();
        }
        void* block = std::malloc(sizeof(Record) + size);
        if (block == nullptr) { return nullptr; }
        char* free = static_cast<char*>(block) + sizeof(Record);
        for (std::string_view* text : texts_of(event)) {
            if (!text->empty()) { std::memcpy(free, text->data(), text->size()); }
            *text = std::string_view(free, text->size());
            free += text->size();
        }
        Record* record = new (block) Record;
        record->event = event;
        return record;
    }
    static void destroy(Record* record) {
        record->~Record();
        std::free(record);
    }
};

class LogWriter::ShardLog final : public Log {
public:
    explicit ShardLog(LogWriter& writer) : writer_(writer), queue_(kQueueMax) {}

    bool wants(EventKind, Level level) const override { return level <= writer_.options_.level; }

    void emit(const Event& event) override {
        if (!wants(event.kind, event.level)) { return; }
        Record* record = Record::copy(event);
        if (record == nullptr || !queue_.try_push(record)) {
            if (record != nullptr) { Record::destroy(record); }
            dropped_.store(dropped_.load(std::memory_order_relaxed) + 1,
                           std::memory_order_relaxed);
            return;
        }
        writer_.wake();
    }

    SpscQueue<Record*>& queue() { return queue_; }
    std::uint64_t dropped() const { return dropped_.load(std::memory_order_relaxed); }

private:
    LogWriter& writer_;
    SpscQueue<Record*> queue_;
    std::atomic<std::uint64_t> dropped_{0};
};

LogWriter::LogWriter(const LogOptions& options, std::uint32_t shards, LineSink& main_sink,
                     LineSink* transfer_sink)
    : options_(options), main_sink_(main_sink), transfer_sink_(transfer_sink) {
    for (std::uint32_t i = 0; i < shards + kOtherWriters; ++i) {
        logs_.push_back(std::make_unique<ShardLog>(*this));
    }
    sigset_t all;
    sigset_t before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    thread_ = std::thread([this] { run(); });
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

LogWriter::~LogWriter() {
    ending_.store(true, std::memory_order_release);
    wake();
    thread_.join();
}

Log& LogWriter::log(std::uint32_t index) { return *logs_[index]; }

std::uint64_t LogWriter::dropped() const {
    std::uint64_t sum = 0;
    for (const std::unique_ptr<ShardLog>& log : logs_) { sum += log->dropped(); }
    return sum;
}

void LogWriter::request_reopen() {
    reopen_.store(true, std::memory_order_release);
    wake();
}

// Every change of wake_ is a read-modify-write. With plain stores the writer's 0 could bury a 1
// whose record it does not see yet, and notify_one() could look for a sleeper before its 1 is
// visible (store-load reordering, on x86 too): the record, or the end, would wait for ever.
void LogWriter::wake() {
    if (wake_.exchange(1, std::memory_order_seq_cst) == 0) { wake_.notify_one(); }
}

void LogWriter::run() {
    pthread_setname_np(pthread_self(), "log-writer");
    while (true) {
        wake_.wait(0, std::memory_order_acquire);
        wake_.exchange(0, std::memory_order_seq_cst);
        const bool ending = ending_.load(std::memory_order_acquire);
        if (reopen_.exchange(false, std::memory_order_acq_rel)) {
            main_sink_.reopen();
            if (transfer_sink_ != nullptr) { transfer_sink_->reopen(); }
        }
        while (drain()) {}
        report_losses();
        flush();
        if (ending) { return; }
        std::this_thread::sleep_for(kGatherTime);
    }
}

// Takes what is queued, one record of each shard after the other; true if there was any.
bool LogWriter::drain() {
    bool any = false;
    for (std::unique_ptr<ShardLog>& log : logs_) {
        Record* record = nullptr;
        while (log->queue().try_pop(record)) {
            any = true;
            write(record->event);
            Record::destroy(record);
            if (main_lines_.size() >= kFlushBytes || transfer_lines_.size() >= kFlushBytes) {
                flush();
            }
        }
    }
    return any;
}

void LogWriter::write(const Event& event) {
    if (options_.format == LineFormat::Json) {
        render_json(main_lines_, event);
    } else {
        render_text(main_lines_, event);
    }
    if (transfer_sink_ != nullptr) { (void)render_xferlog(transfer_lines_, event); }
}

void LogWriter::flush() {
    const auto lines_in = [](const std::string& lines) {
        return static_cast<std::uint64_t>(std::count(lines.begin(), lines.end(), '\n'));
    };
    if (!main_lines_.empty() && !main_sink_.write(main_lines_)) {
        lost_lines_ += lines_in(main_lines_);
    }
    main_lines_.clear();
    if (!transfer_lines_.empty() && !transfer_sink_->write(transfer_lines_)) {
        lost_lines_ += lines_in(transfer_lines_);
    }
    transfer_lines_.clear();
}

void LogWriter::report_losses() {
    const std::uint64_t lost = dropped() + lost_lines_;
    if (lost == losses_reported_) { return; }
    const std::string text =
        fmt::format("{} log records were lost so far: the log is too slow or full", lost);
    losses_reported_ = lost;
    Event notice(EventKind::Notice, Level::Warn);
    timespec now = {};
    clock_gettime(CLOCK_REALTIME, &now);
    notice.when = WallTime(now.tv_sec, static_cast<std::int32_t>(now.tv_nsec));
    notice.reason = text;
    write(notice);
}

}  // namespace sluice::obs
