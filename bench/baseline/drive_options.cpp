#include "drive_options.hpp"

#include <arpa/inet.h>

#include <cstdio>
#include <cstdlib>
#include <string_view>

namespace sluice::bench {
namespace {

void usage() {
    std::fputs(
        "usage: ftp_drive noop|login|download|upload|idle|latency [--name value]...\n"
        "  --host A  --port P        the server (IPv4)\n"
        "  --sessions N              at once\n"
        "  --logins-at-once N        while opening them\n"
        "  --seconds S --warmup S    length of the measured window, and what precedes it\n"
        "  --count N                 operations per session instead of --seconds\n"
        "  --timeout S               end the whole run after this, as an error\n"
        "  --path NAME               file; '%' becomes the number of the session\n"
        "  --bytes N                 upload: size of each file; download with --type A: what comes\n"
        "  --type I|A                of downloads\n"
        "  --wake-bytes N            download: wake up for this much at once\n"
        "  --rate R                  latency: commands per second over all sessions\n"
        "  --user U --password W\n"
        "  --source A --sources N    first source address and how many to use in turn\n"
        "  --sample-file F           number read at both ends of the window\n"
        "  --realtime 0|1            run with SCHED_FIFO\n"
        "  --label TEXT              copied to the output\n"
        "Prints one line of JSON. Exit codes: 0 good, 1 errors in the run, 64 usage.\n",
        stderr);
}

bool parse_scenario(std::string_view name, Scenario& scenario) {
    struct Entry {
        std::string_view name;
        Scenario scenario;
    };
    constexpr Entry kEntries[] = {
        {"noop", Scenario::Noop},     {"login", Scenario::Login}, {"download", Scenario::Download},
        {"upload", Scenario::Upload}, {"idle", Scenario::Idle},   {"latency", Scenario::Latency},
    };
    for (const Entry& entry : kEntries) {
        if (entry.name == name) {
            scenario = entry.scenario;
            return true;
        }
    }
    return false;
}

bool parse_address(const char* text, std::uint32_t& address) {
    in_addr parsed{};
    if (inet_pton(AF_INET, text, &parsed) != 1) {
        return false;
    }
    address = ntohl(parsed.s_addr);
    return true;
}

bool parse_number(const char* text, double least, double most, double& number) {
    char* end = nullptr;
    const double parsed = std::strtod(text, &end);
    if (end == text || *end != '\0' || !(parsed >= least && parsed <= most)) {
        return false;
    }
    number = parsed;
    return true;
}

template <typename Integer>
bool parse_integer(const char* text, double least, double most, Integer& integer) {
    double number = 0;
    if (!parse_number(text, least, most, number)) {
        return false;
    }
    integer = static_cast<Integer>(number);
    return true;
}

bool apply(std::string_view name, const char* value, DriveOptions& options) {
    if (name == "--host") {
        return parse_address(value, options.server_ip);
    }
    if (name == "--source") {
        return parse_address(value, options.source_ip);
    }
    if (name == "--port") {
        return parse_integer(value, 1, 65535, options.port);
    }
    if (name == "--sessions") {
        return parse_integer(value, 1, 200'000, options.sessions);
    }
    if (name == "--sources") {
        return parse_integer(value, 1, 60'000, options.sources);
    }
    if (name == "--logins-at-once") {
        return parse_integer(value, 1, 10'000, options.logins_at_once);
    }
    if (name == "--count") {
        return parse_integer(value, 1, 1e9, options.count);
    }
    if (name == "--bytes") {
        return parse_integer(value, 0, 1e13, options.bytes);
    }
    if (name == "--wake-bytes") {
        return parse_integer(value, 0, 1 << 24, options.wake_bytes);
    }
    if (name == "--seconds") {
        return parse_number(value, 0.01, 3600, options.seconds);
    }
    if (name == "--warmup") {
        return parse_number(value, 0, 600, options.warmup_s);
    }
    if (name == "--timeout") {
        return parse_number(value, 1, 7200, options.timeout_s);
    }
    if (name == "--rate") {
        return parse_number(value, 1, 1e6, options.rate);
    }
    if (name == "--realtime") {
        return parse_integer(value, 0, 1, options.realtime);
    }
    std::string* text = name == "--path"          ? &options.path
                        : name == "--type"        ? &options.type
                        : name == "--user"        ? &options.user
                        : name == "--password"    ? &options.password
                        : name == "--sample-file" ? &options.sample_file
                        : name == "--label"       ? &options.label
                                                  : nullptr;
    if (text == nullptr) {
        return false;
    }
    *text = value;
    return true;
}

}  // namespace

std::optional<DriveOptions> parse_drive_options(int argc, char** argv) {
    DriveOptions options;
    if (argc < 2 || !parse_scenario(argv[1], options.scenario)) {
        usage();
        return std::nullopt;
    }
    for (int i = 2; i < argc; i += 2) {
        if (i + 1 == argc || !apply(argv[i], argv[i + 1], options)) {
            std::fprintf(stderr, "ftp_drive: bad option: %s %s\n", argv[i],
                         i + 1 == argc ? "" : argv[i + 1]);
            usage();
            return std::nullopt;
        }
    }
    return options;
}

}  // namespace sluice::bench
