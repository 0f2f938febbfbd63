#include "server_process.hpp"

#include <arpa/inet.h>
#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstdlib>
#include <cstring>

namespace sluice::conform {
namespace {

// A sanitized build on a busy machine starts in well under this.
constexpr int kStartMilliseconds = 20'000;
constexpr int kStopMilliseconds = 20'000;
// Below Linux's default ip_local_port_range (32768), above what services use.
constexpr std::uint32_t kPortsFirst = 20'000;
constexpr std::uint32_t kPortsEach = 64;
constexpr std::uint32_t kPortRanges = 180;
// Not a key of the server: how many passive ports it shall have, at most kPortsEach.
constexpr std::string_view kPortsSetting = "passive-ports=";
// Nor this: how long a file the server may write, as `ulimit -f` says it.
constexpr std::string_view kFileBytesSetting = "file-bytes=";

bool is_for_process(std::string_view setting) {
    return setting.starts_with(kPortsSetting) || setting.starts_with(kFileBytesSetting);
}

bool port_is_free(std::uint32_t port) {
    const UniqueFd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in address = {};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<std::uint16_t>(port));
    address.sin_addr.s_addr = htonl(INADDR_ANY);
    const int on = 1;
    (void)::setsockopt(fd.number(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    return ::bind(fd.number(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
}

// The server's passive sockets may share ports with SO_REUSEPORT, so two servers on one range would
// not notice each other. A name in the abstract socket namespace is the lock; it goes with us.
UniqueFd claim_ports(std::uint32_t& first) {
    const auto start = static_cast<std::uint32_t>(::getpid());
    for (std::uint32_t i = 0; i < kPortRanges; ++i) {
        first = kPortsFirst + kPortsEach * ((start + i) % kPortRanges);
        UniqueFd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
        sockaddr_un address = {};
        address.sun_family = AF_UNIX;
        const std::string name = fmt::format("sluice-test-ports-{}", first);
        std::memcpy(address.sun_path + 1, name.data(), name.size());
        const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + name.size());
        if (::bind(fd.number(), reinterpret_cast<const sockaddr*>(&address), size) != 0) {
            continue;
        }
        bool free = true;
        for (std::uint32_t port = first; free && port < first + kPortsEach; ++port) {
            free = port_is_free(port);
        }
        if (free) {
            return fd;
        }
    }
    return {};
}

bool has_ipv6() {
    const UniqueFd fd(::socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in6 address = {};
    address.sin6_family = AF_INET6;
    address.sin6_addr = in6addr_loopback;
    return ::bind(fd.number(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
}

}  // namespace

std::optional<Endpoint> parse_ready_line(std::string_view line) {
    constexpr std::string_view kScheme = "ftp://";
    const std::size_t begin = line.find(kScheme);
    if (begin == std::string_view::npos) {
        return std::nullopt;
    }
    line.remove_prefix(begin + kScheme.size());
    line = line.substr(0, line.find('/'));
    const std::size_t colon = line.rfind(':');
    if (colon == std::string_view::npos) {
        return std::nullopt;
    }
    std::string_view host = line.substr(0, colon);
    const std::string_view port = line.substr(colon + 1);
    if (host.starts_with("[") && host.ends_with("]")) {
        host = host.substr(1, host.size() - 2);
    }
    Endpoint out;
    out.host = std::string(host);
    const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), out.port);
    if (error != std::errc() || end != port.data() + port.size() || out.port == 0) {
        return std::nullopt;
    }
    return out;
}

ServerProcess::~ServerProcess() {
    if (pid_ > 0 && !status_) {
        ::kill(pid_, SIGKILL);
        wait_for_end(kStopMilliseconds);
    }
    if (reader_.joinable()) {
        reader_.join();
    }
}

std::string ServerProcess::start(const Options& options) {
    std::uint32_t first = 0;
    port_claim_ = claim_ports(first);
    if (!port_claim_.is_open()) {
        return "no free range of passive ports";
    }
    std::uint32_t ports = kPortsEach;
    for (const std::string& setting : options.settings) {
        if (setting.starts_with(kPortsSetting)) {
            const std::string_view count = std::string_view(setting).substr(kPortsSetting.size());
            std::from_chars(count.data(), count.data() + count.size(), ports);
        }
    }
    const bool ipv6 = has_ipv6();
    std::vector<std::string> words = {
        options.binary,    options.root,
        "--listen",        "127.0.0.1:0",
        "--engine",        options.engine,
        "--passive-ports", fmt::format("{}-{}", first, first + ports - 1)};
    // Flags go over --set: a transcript that sets the shards itself must not get the flag.
    if (std::none_of(options.settings.begin(), options.settings.end(),
                     [](const auto& setting) { return setting.starts_with("server.shards="); })) {
        words.insert(words.end(), {"--shards", fmt::format("{}", options.shards)});
    }
    if (ipv6) {
        words.insert(words.end(), {"--listen", "[::1]:0"});
    }
    if (options.writable) {
        words.emplace_back("--writable");
    }
    for (const std::string& setting : options.settings) {
        if (!is_for_process(setting)) {
            words.insert(words.end(), {"--set", setting});
        }
    }
    std::vector<char*> arguments;
    for (std::string& word : words) {
        arguments.push_back(word.data());
    }
    arguments.push_back(nullptr);

    int ends[2] = {-1, -1};
    if (::pipe2(ends, O_CLOEXEC) != 0) {
        return "cannot make a pipe";
    }
    pipe_ = UniqueFd(ends[0]);
    const UniqueFd output_end(ends[1]);
    posix_spawn_file_actions_t actions;
    ::posix_spawn_file_actions_init(&actions);
    ::posix_spawn_file_actions_adddup2(&actions, output_end.number(), STDOUT_FILENO);
    ::posix_spawn_file_actions_adddup2(&actions, output_end.number(), STDERR_FILENO);
    // As an init system starts it: a shell or an interpreter above us may ignore signals, and a
    // server that must survive one would look as if it did.
    posix_spawnattr_t attributes;
    ::posix_spawnattr_init(&attributes);
    sigset_t all;
    ::sigfillset(&all);
    ::posix_spawnattr_setsigdefault(&attributes, &all);
    ::posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF);
    const int error = ::posix_spawn(&pid_, options.binary.c_str(), &actions, &attributes,
                                    arguments.data(), environ);
    ::posix_spawnattr_destroy(&attributes);
    ::posix_spawn_file_actions_destroy(&actions);
    if (error != 0) {
        return fmt::format("cannot start {}: {}", options.binary, ::strerror(error));
    }
    limit_files(options.settings);
    process_ = UniqueFd(static_cast<int>(::syscall(SYS_pidfd_open, pid_, 0)));
    reader_ = std::thread([this] { read_output(); });

    std::unique_lock lock(mutex_);
    const auto is_ready = [this, ipv6] {
        return output_ended_ || (ipv4_.port != 0 && (!ipv6 || ipv6_.port != 0));
    };
    const bool said =
        changed_.wait_for(lock, std::chrono::milliseconds(kStartMilliseconds), is_ready);
    if (!said || output_ended_) {
        return fmt::format("the server did not become ready; it said:\n{}", output_);
    }
    return {};
}

void ServerProcess::limit_files(const std::vector<std::string>& settings) const {
    for (const std::string& setting : settings) {
        if (setting.starts_with(kFileBytesSetting)) {
            const char* const count = setting.c_str() + kFileBytesSetting.size();
            const rlim_t bytes = std::strtoull(count, nullptr, 10);
            const rlimit limit = {.rlim_cur = bytes, .rlim_max = bytes};
            (void)::prlimit(pid_, RLIMIT_FSIZE, &limit, nullptr);  // the case notices
        }
    }
}

void ServerProcess::read_output() {
    std::size_t line_begin = 0;
    char piece[4096];
    for (;;) {
        const ssize_t got = ::read(pipe_.number(), piece, sizeof piece);
        const std::unique_lock lock(mutex_);
        if (got <= 0) {
            output_ended_ = true;
            changed_.notify_all();
            return;
        }
        output_.append(piece, static_cast<std::size_t>(got));
        for (std::size_t end = output_.find('\n', line_begin); end != std::string::npos;
             end = output_.find('\n', line_begin)) {
            const std::string_view line =
                std::string_view(output_).substr(line_begin, end - line_begin);
            line_begin = end + 1;
            if (const std::optional<Endpoint> endpoint = parse_ready_line(line)) {
                const bool is_ipv6 = endpoint->host.find(':') != std::string::npos;
                (is_ipv6 ? ipv6_ : ipv4_) = *endpoint;
                changed_.notify_all();
            }
        }
    }
}

bool ServerProcess::wait_for_end(int milliseconds) {
    if (status_) {
        return true;
    }
    pollfd entry = {.fd = process_.number(), .events = POLLIN, .revents = 0};
    if (::poll(&entry, 1, milliseconds) <= 0) {
        return false;
    }
    int status = 0;
    if (::waitpid(pid_, &status, 0) != pid_) {
        return false;
    }
    status_ = status;
    return true;
}

bool ServerProcess::is_running() {
    return pid_ > 0 && !wait_for_end(0);
}

int ServerProcess::descriptors() const {
    DIR* directory = ::opendir(fmt::format("/proc/{}/fd", pid_).c_str());
    if (directory == nullptr) {
        return -1;
    }
    int count = 0;
    while (const dirent* entry = ::readdir(directory)) {
        count += entry->d_name[0] != '.' ? 1 : 0;
    }
    ::closedir(directory);
    return count;
}

std::string ServerProcess::stop() {
    if (!is_running()) {
        return fmt::format("the server had ended; it said:\n{}", output());
    }
    ::kill(pid_, SIGTERM);
    if (!wait_for_end(kStopMilliseconds)) {
        return fmt::format("the server did not end on TERM; it said:\n{}", output());
    }
    if (*status_ != 0) {
        return fmt::format("the server ended with wait status {:#x}; it said:\n{}", *status_,
                           output());
    }
    return {};
}

std::string ServerProcess::output() {
    const std::unique_lock lock(mutex_);
    return output_;
}

}  // namespace sluice::conform
