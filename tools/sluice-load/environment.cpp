#include "environment.hpp"

#include <fmt/format.h>
#include <sched.h>
#include <sys/utsname.h>

#include <cstdio>
#include <memory>
#include <string_view>

namespace sluice::load {
namespace {

constexpr std::size_t kProcessorBytesMax = 120;

// The model name of the first processor. /proc files have no size, hence line by line.
std::string processor_name() {
    struct CloseFile {
        void operator()(std::FILE* file) const { std::fclose(file); }
    };
    const std::unique_ptr<std::FILE, CloseFile> file(std::fopen("/proc/cpuinfo", "rbe"));
    char line[4096];
    // The first processor's lines are fewer than a hundred on every architecture.
    for (int i = 0; file && i < 100 && std::fgets(line, sizeof line, file.get()) != nullptr; ++i) {
        std::string_view text(line);
        const std::size_t colon = text.find(": ");
        if (colon == std::string_view::npos || !text.starts_with("model name")) {
            continue;
        }
        text.remove_prefix(colon + 2);
        return std::string(text.substr(0, std::min(text.find('\n'), kProcessorBytesMax)));
    }
    return "unknown";
}

}  // namespace

Environment this_environment(const std::string& host) {
    Environment environment;
    environment.tool = "sluice-load " SLUICE_VERSION;
    utsname names{};
    if (uname(&names) == 0) {
        environment.kernel = fmt::format("{} {} {}", names.sysname, names.release, names.machine);
    }
    environment.processor = processor_name();
    cpu_set_t allowed;
    CPU_ZERO(&allowed);
    // Of this process: what taskset left it.
    if (sched_getaffinity(0, sizeof allowed, &allowed) == 0) {
        environment.cores = static_cast<std::uint32_t>(CPU_COUNT(&allowed));
    }
    environment.is_loopback = host.starts_with("127.") || host == "localhost" || host == "::1";
    return environment;
}

}  // namespace sluice::load
