// The log files of the configuration, and the writer over them.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "sluice/config/snapshot.hpp"
#include "sluice/obs/log_writer.hpp"
#include "sluice/server/server.hpp"
#include "sluice/sys/append_file.hpp"

namespace sluice::app {

class LogSinks final : public server::LogSource {
public:
    LogSinks(const config::LogSection& config, std::uint32_t shards);

    // Opens the files and starts the writer; before that there is no log. On failure `refusal` is a
    // sentence for the operator.
    Status open(std::string& refusal);

    obs::LogWriter& writer() { return *writer_; }
    // Main's own log.
    obs::Log& main_log() { return writer_->log(shards_); }
    // The sweeper's own: each Log has one writer.
    obs::Log& sweep_log() { return writer_->log(shards_ + 1); }
    obs::Log& tls_log() { return writer_->log(shards_ + 2); }
    obs::Log& log_of_shard(std::uint32_t shard) override { return writer_->log(shard); }

private:
    class FileSink final : public obs::LineSink {
    public:
        Status open(const std::string& path) { return file_.open(path); }
        bool write(std::string_view lines) override { return file_.write(lines).has_value(); }
        void reopen() override { (void)file_.reopen(); }  // the old file goes on otherwise

    private:
        sys::AppendFile file_;
    };

    const config::LogSection& config_;
    std::uint32_t shards_;
    FileSink main_file_;
    FileSink transfer_file_;
    std::unique_ptr<obs::LogWriter> writer_;
};

// What a log that cannot be opened is told as: the key, the file, the reason.
std::string log_refusal(std::string_view key, const std::string& path, Error error);

}  // namespace sluice::app
