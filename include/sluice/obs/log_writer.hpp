// From the shards' events to the log files, without a shard ever waiting for a disk.
//
// Each shard copies an event into a queue of its own (one producer, one consumer) and goes on; one
// thread renders and writes. A full queue drops the event and counts it, and the count is written
// as a line of its own when there is room again: a log that is silent about what it lost is worse
// than one with holes. A full disk or a stopped reader of a pipe stops this thread only.
// Owned by: main. Threads: ShardLog its shard; the rest main's and the writer's own.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "sluice/base/spsc_queue.hpp"
#include "sluice/obs/event.hpp"

namespace sluice::obs {

enum class LineFormat : std::uint8_t { Text, Json };

struct LogOptions {
    Level level = Level::Info;
    LineFormat format = LineFormat::Text;
};

// A place for lines. Implemented over descriptors by app, and over memory by tests.
class LineSink {
public:
    virtual ~LineSink() = default;
    // Whole lines. False: they are lost (disk full, reader gone), and counted.
    virtual bool write(std::string_view lines) = 0;
    // USR1 or HUP: the file may have been rotated away.
    virtual void reopen() = 0;
};

class LogWriter {
public:
    static constexpr std::uint32_t kOtherWriters = 3;
    // Records a shard may be ahead of the writer: a quarter of a second at 30,000 a second.
    static constexpr std::uint32_t kQueueMax = 8 * 1024;

    // `main_sink` gets every event in the chosen format, `transfer_sink` (may be null) xferlog.
    LogWriter(const LogOptions& options, std::uint32_t shards, LineSink& main_sink,
              LineSink* transfer_sink);
    // Writes what is queued, then ends the thread.
    ~LogWriter();
    LogWriter(const LogWriter&) = delete;
    LogWriter& operator=(const LogWriter&) = delete;

    // The log of shard i; behind them those of main (i == shards), of the sweeper and of who
    // looks after certificates.
    Log& log(std::uint32_t index);
    std::uint64_t dropped() const;
    void request_reopen();

private:
    class ShardLog;
    struct Record;
    void wake();
    void run();
    bool drain();
    void write(const Event& event);
    void flush();
    void report_losses();

    LogOptions options_;
    LineSink& main_sink_;
    LineSink* transfer_sink_;
    std::vector<std::unique_ptr<ShardLog>> logs_;
    std::string main_lines_;
    std::string transfer_lines_;
    std::uint64_t lost_lines_ = 0;     // refused by a sink
    std::uint64_t losses_reported_ = 0;
    std::atomic<std::uint32_t> wake_{0};
    std::atomic<bool> ending_{false};
    std::atomic<bool> reopen_{false};
    std::thread thread_;
};

}  // namespace sluice::obs
