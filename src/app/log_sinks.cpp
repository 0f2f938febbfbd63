#include "app/log_sinks.hpp"

namespace sluice::app {

LogSinks::LogSinks(const config::LogSection& config, std::uint32_t shards)
    : config_(config), shards_(shards) {}

Status LogSinks::open() {
    if (const Status opened = main_file_.open(config_.file); !opened) { return opened; }
    const bool transfers = !config_.transfer_file.empty();
    if (transfers) {
        if (const Status opened = transfer_file_.open(config_.transfer_file); !opened) {
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

}  // namespace sluice::app
