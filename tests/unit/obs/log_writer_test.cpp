// The writer's thread against sinks in memory: order, losses that are counted and told, rotation,
// and an end that loses nothing. Runs under ThreadSanitizer too.
#include "sluice/obs/log_writer.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <nlohmann/json.hpp>
#include <sstream>
#include <vector>

namespace sluice::obs {
namespace {

// Keeps what it is given. `hold` makes write() wait, as a full pipe does; `refuse` makes it fail,
// as a full disk does.
class MemorySink final : public LineSink {
public:
    bool write(std::string_view lines) override {
        std::unique_lock<std::mutex> lock(mutex_);
        writing_ = true;
        changed_.notify_all();
        changed_.wait(lock, [this] { return !held_; });
        writing_ = false;
        if (refusing_) {
            return false;
        }
        text_.append(lines);
        changed_.notify_all();
        return true;
    }
    void reopen() override {
        const std::lock_guard<std::mutex> lock(mutex_);
        text_.append("--reopened--\n");
        changed_.notify_all();
    }

    void hold(bool held) {
        const std::lock_guard<std::mutex> lock(mutex_);
        held_ = held;
        changed_.notify_all();
    }
    void refuse(bool refusing) {
        const std::lock_guard<std::mutex> lock(mutex_);
        refusing_ = refusing;
    }
    void wait_until_writing() {
        std::unique_lock<std::mutex> lock(mutex_);
        changed_.wait(lock, [this] { return writing_; });
    }
    void wait_for(std::string_view text) {
        std::unique_lock<std::mutex> lock(mutex_);
        changed_.wait(lock, [&] { return text_.find(text) != std::string::npos; });
    }
    std::vector<std::string> lines() {
        const std::lock_guard<std::mutex> lock(mutex_);
        std::vector<std::string> lines;
        std::istringstream stream(text_);
        for (std::string line; std::getline(stream, line);) {
            lines.push_back(line);
        }
        return lines;
    }

private:
    std::mutex mutex_;
    std::condition_variable changed_;
    std::string text_;
    bool held_ = false;
    bool refusing_ = false;
    bool writing_ = false;
};

Event numbered(std::uint64_t session, const std::string& reason) {
    Event event(EventKind::Notice, Level::Info);
    event.session = session;
    event.reason = reason;
    return event;
}

LogOptions json_options() {
    LogOptions options;
    options.format = LineFormat::Json;
    return options;
}

TEST(LogWriter, KeepsTheOrderOfEachShardAndLosesNothingAtTheEnd) {
    constexpr std::uint32_t kShards = 3;
    constexpr int kEvents = 2'000;  // fewer than a queue holds: not one may be dropped
    MemorySink sink;
    {
        LogWriter writer(json_options(), kShards, sink, nullptr);
        std::vector<std::thread> shards;
        for (std::uint32_t shard = 0; shard < kShards; ++shard) {
            shards.emplace_back([&writer, shard] {
                for (int i = 0; i < kEvents; ++i) {
                    const std::string reason = std::to_string(i);
                    writer.log(shard).emit(numbered(shard + 1, reason));
                }
            });
        }
        for (std::thread& shard : shards) {
            shard.join();
        }
        writer.log(kShards).emit(numbered(kShards + 1, "main"));
        EXPECT_EQ(writer.dropped(), 0u);
    }
    std::vector<int> next(kShards, 0);
    int of_main = 0;
    for (const std::string& line : sink.lines()) {
        const nlohmann::json event = nlohmann::json::parse(line, nullptr, false);
        ASSERT_TRUE(event.is_object()) << line;
        const auto shard = std::stoul(event.at("session").get<std::string>(), nullptr, 16) - 1;
        if (shard == kShards) {
            ++of_main;
            continue;
        }
        ASSERT_LT(shard, kShards);
        EXPECT_EQ(event.at("reason"), std::to_string(next[shard]++));
    }
    EXPECT_EQ(next, std::vector<int>(kShards, kEvents));
    EXPECT_EQ(of_main, 1);
}

// What an event points at is gone when it is written.
TEST(LogWriter, CopiesEveryTextOfAnEvent) {
    MemorySink sink;
    {
        LogWriter writer(json_options(), 1, sink, nullptr);
        std::string texts[10];
        for (std::size_t i = 0; i < std::size(texts); ++i) {
            texts[i] = std::string(100, static_cast<char>('a' + i));
        }
        Event event(EventKind::Transfer, Level::Info);
        std::string_view* const views[] = {&event.ip,   &event.user,   &event.password,
                                           &event.command, &event.path, &event.target,
                                           &event.reason,  &event.digests, &event.client,
                                           &event.tls};
        for (std::size_t i = 0; i < std::size(texts); ++i) { *views[i] = texts[i]; }
        writer.log(0).emit(event);
        for (std::string& text : texts) { text.assign(100, '!'); }
    }
    ASSERT_EQ(sink.lines().size(), 1u);
    const nlohmann::json event = nlohmann::json::parse(sink.lines()[0], nullptr, false);
    ASSERT_TRUE(event.is_object());
    EXPECT_EQ(event.at("ip"), std::string(100, 'a'));
    EXPECT_EQ(event.at("user"), std::string(100, 'b'));
    EXPECT_EQ(event.at("cmd"), std::string(100, 'd'));
    EXPECT_EQ(event.at("path"), std::string(100, 'e'));
    EXPECT_EQ(event.at("target"), std::string(100, 'f'));
    EXPECT_EQ(event.at("reason"), std::string(100, 'g'));
    EXPECT_EQ(event.at("digests"), std::string(100, 'h'));
    EXPECT_EQ(event.at("client"), std::string(100, 'i'));
    EXPECT_EQ(event.at("tls"), std::string(100, 'j'));
}

// O-RES-10: the reader of the log has stopped. The shard goes on, and the loss has a number.
TEST(LogWriter, DropsAndCountsWhatFindsNoRoomAndSaysSoLater) {
    constexpr std::uint64_t kTooMany = 100;
    MemorySink sink;
    std::uint64_t emitted = 1;
    std::uint64_t dropped = 0;
    {
        LogWriter writer(json_options(), 1, sink, nullptr);
        sink.hold(true);
        writer.log(0).emit(numbered(1, "first"));
        sink.wait_until_writing();
        for (std::uint64_t i = 0; i < LogWriter::kQueueMax + kTooMany; ++i) {
            writer.log(0).emit(numbered(1, "more"));
            ++emitted;
        }
        dropped = writer.dropped();
        EXPECT_EQ(dropped, kTooMany);
        sink.hold(false);
        sink.wait_for("100 log records were lost so far");
    }
    const std::vector<std::string> lines = sink.lines();
    EXPECT_EQ(lines.size(), emitted - dropped + 1);
}

TEST(LogWriter, CountsEachLineThatASinkRefuses) {
    MemorySink sink;
    sink.refuse(true);
    {
        LogWriter writer(json_options(), 1, sink, nullptr);
        sink.hold(true);
        for (int i = 0; i < 5; ++i) {
            writer.log(0).emit(numbered(1, "onto a full disk"));
        }
        sink.wait_until_writing();
        for (int i = 0; i < 2; ++i) {
            writer.log(0).emit(numbered(1, "still full"));
        }
        sink.hold(false);
        // Some batches of those seven; the end of the last one is not visible from here, but a
        // reopen is, and it happens between two batches.
        writer.request_reopen();
        sink.wait_for("--reopened--");
        writer.request_reopen();
        sink.wait_for("--reopened--\n--reopened--");
        sink.refuse(false);
        writer.log(0).emit(numbered(1, "room again"));
        sink.wait_for("room again");
    }
    std::uint64_t told = 0;
    for (const std::string& line : sink.lines()) {
        const std::size_t at = line.find(" log records were lost so far");
        if (at == std::string::npos) {
            continue;
        }
        const std::size_t begin = line.find_last_not_of("0123456789", at - 1) + 1;
        told = std::stoull(line.substr(begin, at - begin));
    }
    // The seven, and the notices of their loss that were refused as well.
    EXPECT_GE(told, 7u);
}

TEST(LogWriter, ReopensBothSinksOnRequest) {
    MemorySink main_sink;
    MemorySink transfer_sink;
    LogWriter writer(json_options(), 1, main_sink, &transfer_sink);
    writer.log(0).emit(numbered(1, "before"));
    main_sink.wait_for("before");
    writer.request_reopen();
    main_sink.wait_for("--reopened--");
    transfer_sink.wait_for("--reopened--");
    writer.log(0).emit(numbered(1, "after"));
    main_sink.wait_for("after");
    const std::vector<std::string> lines = main_sink.lines();
    ASSERT_EQ(lines.size(), 3u);
    EXPECT_EQ(lines[1], "--reopened--");
}

TEST(LogWriter, CopiesWhatTheEventOnlyBorrows) {
    MemorySink sink;
    {
        LogWriter writer(json_options(), 1, sink, nullptr);
        sink.hold(true);
        std::string path = "/pub/original";
        Event event(EventKind::Transfer, Level::Info);
        event.path = path;
        event.user = std::string_view(path).substr(1, 3);
        writer.log(0).emit(event);
        path.assign(path.size(), 'X');
        sink.hold(false);
    }
    const std::vector<std::string> lines = sink.lines();
    ASSERT_EQ(lines.size(), 1u);
    const nlohmann::json event = nlohmann::json::parse(lines[0], nullptr, false);
    EXPECT_EQ(event.at("path"), "/pub/original");
    EXPECT_EQ(event.at("user"), "pub");
}

TEST(LogWriter, CutsATextThatIsTooLongInsteadOfLosingTheEvent) {
    MemorySink sink;
    {
        LogWriter writer(json_options(), 1, sink, nullptr);
        writer.log(0).emit(numbered(7, std::string(100'000, 'x')));
    }
    const std::vector<std::string> lines = sink.lines();
    ASSERT_EQ(lines.size(), 1u);
    EXPECT_LT(lines[0].size(), 5'000u);
    EXPECT_NE(lines[0].find("\"session\":\"7\""), std::string::npos);
}

TEST(LogWriter, WritesTransfersToTheTransferLogAndTheRestOnlyToTheMainOne) {
    MemorySink main_sink;
    MemorySink transfer_sink;
    {
        LogOptions options;
        options.level = Level::Info;
        LogWriter writer(options, 1, main_sink, &transfer_sink);
        Log& log = writer.log(0);
        EXPECT_FALSE(log.wants(EventKind::Notice, Level::Debug));
        EXPECT_TRUE(log.wants(EventKind::Notice, Level::Error));
        log.emit(Event(EventKind::Login, Level::Info));
        log.emit(Event(EventKind::Notice, Level::Debug));
        Event transfer(EventKind::Transfer, Level::Info);
        transfer.direction = Direction::Upload;
        transfer.path = "/incoming/x";
        log.emit(transfer);
    }
    EXPECT_EQ(main_sink.lines().size(), 2u);
    ASSERT_EQ(transfer_sink.lines().size(), 1u);
    EXPECT_NE(transfer_sink.lines()[0].find(" /incoming/x "), std::string::npos);
}

TEST(LogWriter, EndsAtOnceWhenItHasNothingToDo) {
    MemorySink sink;
    for (int i = 0; i < 200; ++i) {
        const LogWriter writer(LogOptions(), 2, sink, nullptr);
    }
    EXPECT_TRUE(sink.lines().empty());
}

}  // namespace
}  // namespace sluice::obs
