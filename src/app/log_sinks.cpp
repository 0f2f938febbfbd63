#include "app/log_sinks.hpp"

#include <fmt/format.h>

namespace sluice::app {

LogSinks::LogSinks(const config::LogSection& config, std::uint32_t shards)
    : config_(config), shards_(shards) {}

Status LogSinks::open(std::string& refusal) {
    if (const Status opened = main_file_.open(config_.file); !opened) {
        refusal = log_refusal("log.file", config_.file, opened.error());
        return opened;
    }
    const bool transfers = !config_.transfer_file.empty();
    if (transfers) {
        if (const Status opened = transfer_file_.open(config_.transfer_file); !opened) {
            refusal = log_refusal("log.transfer_file", config_.transfer_file, opened.error());
            return opened;
        }
    }
    obs::LogOptions options;
    options.level = static_cast<obs::Level>(config_.level);
    static_assert(static_cast<int>(config::LogLevel::Debug) == static_cast<int>(obs::Level::Debug));
    options.format = config_.format == config::LogFormat::Json ? obs::LineFormat::Json
                                                               : obs::LineFormat::Text;
    writer_ = std::make_unique<obs::LogWriter>(options, shards_, main_file_,
                                               transfers ? &transfer_file_ : nullptr);
    return {};
}

std::string log_refusal(std::string_view key, const std::string& path, Error error) {
    // The file itself would be made.
    const std::string_view what =
        error.code == Errc::NotFound ? "its folder is missing" : text_of(error);
    return fmt::format("cannot write {} '{}': {}", key, path, what);
}

}  // namespace sluice::app
