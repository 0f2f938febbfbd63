#include "server_use.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <optional>
#include <string_view>
#include <system_error>
#include <utility>

#include "sluice/base/parse_number.hpp"
#include "text_file.hpp"

namespace sluice::load {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kSmallFileMax = 1 << 20;
constexpr int kGroupDepthMax = 8;

// "" for a process that has just ended: that is no error.
std::string content(const std::string& path) {
    return read_text_file(path, kSmallFileMax).value_or("");
}

std::uint64_t number_after(std::string_view text, std::string_view name) {
    const std::size_t at = text.starts_with(name) ? 0 : text.find(fmt::format("\n{}", name));
    if (at == std::string_view::npos) {
        return 0;
    }
    text.remove_prefix(text.find(name, at) + name.size());
    text.remove_prefix(std::min(text.find_first_not_of(" \t"), text.size()));
    return parse_decimal<std::uint64_t>(text.substr(0, text.find_first_not_of("0123456789")))
        .value_or(0);
}

// The fields of /proc/PID/stat from the third on: the second, the name, may hold blanks and ')'.
std::vector<std::uint64_t> stat_fields(const std::string& text) {
    std::vector<std::uint64_t> fields;
    const std::size_t end = text.rfind(')');
    if (end == std::string::npos) {
        return fields;
    }
    std::string_view rest = std::string_view(text).substr(end + 1);
    while (!rest.empty()) {
        const std::size_t first = rest.find_first_not_of(" \n");
        if (first == std::string_view::npos) {
            break;
        }
        rest.remove_prefix(first);
        const std::string_view word = rest.substr(0, rest.find_first_of(" \n"));
        // A letter or a negative number is nothing we ask for.
        fields.push_back(parse_decimal<std::uint64_t>(word).value_or(0));
        rest.remove_prefix(word.size());
    }
    return fields;
}

// proc(5): the numbers of the fields, less the three before them.
constexpr std::size_t kParent = 4 - 3;
constexpr std::size_t kUserTime = 14 - 3;
constexpr std::size_t kChildrenSystemTime = 17 - 3;
constexpr std::size_t kStartTime = 22 - 3;
constexpr std::size_t kFieldsNeeded = kStartTime + 1;

std::vector<std::string> names_in(const std::string& folder) {
    std::vector<std::string> names;
    std::error_code error;
    fs::directory_iterator entry(folder, error);
    while (!error && entry != fs::directory_iterator()) {
        names.push_back(entry->path().filename().string());
        entry.increment(error);
    }
    return names;
}

std::uint64_t switches_of(const std::string& process) {
    std::uint64_t sum = 0;
    // "status" of a process is that of its first thread alone.
    for (const std::string& thread : names_in(process + "/task")) {
        const std::string text = content(fmt::format("{}/task/{}/status", process, thread));
        sum += number_after(text, "voluntary_ctxt_switches:") +
               number_after(text, "nonvoluntary_ctxt_switches:");
    }
    return sum;
}

std::uint64_t resident_of(const std::string& process) {
    return number_after(content(process + "/status"), "VmRSS:") * 1024;
}

void add_group(const std::string& folder, int depth, std::vector<std::uint32_t>& pids) {
    std::string text = content(folder + "/cgroup.procs");
    std::string_view rest = text;
    while (!rest.empty() && pids.size() < kServerProcessesMax) {
        const std::string_view line = rest.substr(0, rest.find('\n'));
        const Result<std::uint32_t> pid = parse_decimal<std::uint32_t>(line, 1);
        if (pid) {
            pids.push_back(*pid);
        }
        rest.remove_prefix(std::min(line.size() + 1, rest.size()));
    }
    if (depth >= kGroupDepthMax) {
        return;
    }
    for (const std::string& name : names_in(folder)) {
        std::error_code error;
        if (fs::is_directory(fs::path(folder) / name, error)) {
            add_group(folder + "/" + name, depth + 1, pids);
        }
    }
}

bool exists(const std::string& path) {
    std::error_code error;
    return fs::exists(path, error);
}

}  // namespace

Parsed<int> ServerSampler::begin_process(std::uint32_t pid) {
    pid_ = pid;
    if (stat_fields(content(fmt::format("{}/{}/stat", roots_.proc, pid))).size() < kFieldsNeeded) {
        return refuse(fmt::format("--server-pid: there is no process {}", pid));
    }
    // Only the owner and root may look into the memory of a process.
    if (access(fmt::format("{}/{}/fd", roots_.proc, pid).c_str(), R_OK | X_OK) != 0) {
        return refuse(
            fmt::format("--server-pid: no permission to look into process {}; run as its "
                        "user or as root",
                        pid));
    }
    begin();
    return 0;
}

Parsed<int> ServerSampler::begin_group(const std::string& group) {
    std::vector<std::string> folders = {roots_.cgroup + "/" + group};
    for (const char* controller : {"cpuacct", "cpu,cpuacct"}) {
        folders.push_back(fmt::format("{}/{}/{}", roots_.cgroup, controller, group));
    }
    if (group.starts_with('/')) {
        folders.insert(folders.begin(), group);
    }
    for (const std::string& folder : folders) {
        // Version 2 has a cpu.stat with usage_usec; that of version 1 is about throttling alone.
        is_v2_ = content(folder + "/cpu.stat").find("usage_usec") != std::string::npos;
        cpu_file_ = folder + (is_v2_ ? "/cpu.stat" : "/cpuacct.usage");
        procs_folder_ = folder;
        if (exists(cpu_file_)) {
            begin();
            return 0;
        }
    }
    return refuse(
        fmt::format("--server-cgroup: '{}' is no control group with CPU accounting; "
                    "tried {}",
                    group, fmt::join(folders, ", ")));
}

void ServerSampler::begin() {
    is_running_ = true;
    before_ = look(processes());
    begin_measuring();
}

void ServerSampler::begin_measuring() {
    seen_.clear();
    cpu_before_ = cpu_seconds(processes());
    sample();
}

void ServerSampler::sample() {
    if (!is_running_) {
        return;
    }
    const bool is_first = seen_.empty();
    for (const std::uint32_t pid : processes()) {
        const std::string process = fmt::format("{}/{}", roots_.proc, pid);
        const std::vector<std::uint64_t> stat = stat_fields(content(process + "/stat"));
        if (stat.size() < kFieldsNeeded || seen_.size() >= kServerProcessesMax) {
            continue;
        }
        const std::uint64_t switches = switches_of(process);
        Seen& seen = seen_[pid];
        if (seen.started != stat[kStartTime]) {
            // A process that came after begin() was born for this run: all its switches count.
            seen.started = stat[kStartTime];
            seen.switches_first = is_first ? switches : 0;
        }
        seen.switches_last = std::max(switches, seen.switches_first);
    }
}

ServerUse ServerSampler::end(std::uint32_t sessions) {
    if (!is_running_) {
        return ServerUse();
    }
    // Its time first: to look at the memory of thousands of processes takes a while.
    const std::vector<std::uint32_t> pids = processes();
    const double cpu_after = cpu_seconds(pids);
    sample();
    is_running_ = false;
    ServerUse use = look(pids);
    use.known = !pids.empty() || pid_ == 0;
    use.cpu_seconds = std::max(0.0, cpu_after - cpu_before_);
    use.resident_before = before_.resident_bytes;
    use.proportional_before = before_.proportional_bytes;
    use.sessions = sessions;
    for (const auto& [pid, seen] : seen_) {
        use.context_switches += seen.switches_last - seen.switches_first;
    }
    return use;
}

std::vector<std::uint32_t> ServerSampler::processes() const {
    if (pid_ != 0) {
        return tree();
    }
    std::vector<std::uint32_t> pids;
    add_group(procs_folder_, 0, pids);
    return pids;
}

// The process and all that descend from it.
std::vector<std::uint32_t> ServerSampler::tree() const {
    std::unordered_map<std::uint32_t, std::vector<std::uint32_t>> children;
    std::vector<std::uint32_t> pids;
    for (const std::string& name : names_in(roots_.proc)) {
        const Result<std::uint32_t> pid = parse_decimal<std::uint32_t>(name, 1);
        if (!pid) {
            continue;
        }
        const std::vector<std::uint64_t> stat =
            stat_fields(content(fmt::format("{}/{}/stat", roots_.proc, name)));
        if (stat.size() < kFieldsNeeded) {
            continue;
        }
        if (*pid == pid_) {
            pids.push_back(*pid);
        } else {
            children[static_cast<std::uint32_t>(stat[kParent])].push_back(*pid);
        }
    }
    // Every process has one parent, so this ends; grows while it is walked.
    for (std::size_t i = 0; i < pids.size() && pids.size() < kServerProcessesMax; ++i) {
        const auto found = children.find(pids[i]);
        if (found != children.end()) {
            pids.insert(pids.end(), found->second.begin(), found->second.end());
            children.erase(found);
        }
    }
    return pids;
}

double ServerSampler::cpu_seconds(const std::vector<std::uint32_t>& pids) const {
    if (pid_ == 0) {
        const std::string text = content(cpu_file_);
        return is_v2_ ? static_cast<double>(number_after(text, "usage_usec")) / 1e6
                      : static_cast<double>(number_after(text, "")) / 1e9;
    }
    std::uint64_t ticks = 0;
    for (const std::uint32_t pid : pids) {
        const std::vector<std::uint64_t> stat =
            stat_fields(content(fmt::format("{}/{}/stat", roots_.proc, pid)));
        // utime, stime, cutime, cstime
        for (std::size_t i = kUserTime; i <= kChildrenSystemTime && i < stat.size(); ++i) {
            ticks += stat[i];
        }
    }
    return static_cast<double>(ticks) / static_cast<double>(sysconf(_SC_CLK_TCK));
}

ServerUse ServerSampler::look(const std::vector<std::uint32_t>& pids) const {
    ServerUse use;
    for (const std::uint32_t pid : pids) {
        const std::string process = fmt::format("{}/{}", roots_.proc, pid);
        use.resident_bytes += resident_of(process);
        use.proportional_bytes += number_after(content(process + "/smaps_rollup"), "Pss:") * 1024;
        use.descriptors += names_in(process + "/fd").size();
    }
    return use;
}

}  // namespace sluice::load
