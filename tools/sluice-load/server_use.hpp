// What the server used while the load ran: --server-pid with its children, or --server-cgroup.
//
// Reads /proc and the control group files, which takes a moment with thousands of processes:
// begin_*() before the first session, begin_measuring() when the warm-up is over, sample() now and
// then, end() while the sessions still stand. One thread. A process that forks for each session is
// counted whole: CPU of ended children is in their parent as soon as it has waited for them
// (cutime). Context switches of processes that came and went between two samples are not known to
// anybody, in either kind of control group.
#pragma once

#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

#include "parsed.hpp"
#include "results.hpp"

namespace sluice::load {

// A server with a process for each of 20,000 sessions, and room to spare.
inline constexpr std::size_t kServerProcessesMax = 100'000;

class ServerSampler {
public:
    // Where to look; a test has folders of its own.
    struct Roots {
        std::string proc = "/proc";
        std::string cgroup = "/sys/fs/cgroup";
    };

    ServerSampler() = default;
    explicit ServerSampler(Roots roots) : roots_(std::move(roots)) {}

    // One of the two; refused when there is no such process or group. `group` is a folder, or a
    // name below the cgroup file system such as "system.slice/vsftpd.service".
    Parsed<int> begin_process(std::uint32_t pid);
    Parsed<int> begin_group(const std::string& group);

    // Forgets the time and the switches so far, which were those of the warm-up.
    void begin_measuring();
    // Sees the processes of this moment, so that those that end before end() count as well.
    void sample();
    // `sessions` are open.
    ServerUse end(std::uint32_t sessions);

private:
    struct Seen {
        std::uint64_t started = 0;  // tells a process from another one with the same number
        std::uint64_t switches_first = 0;
        std::uint64_t switches_last = 0;
    };

    std::vector<std::uint32_t> processes() const;
    std::vector<std::uint32_t> tree() const;
    double cpu_seconds(const std::vector<std::uint32_t>& pids) const;
    ServerUse look(const std::vector<std::uint32_t>& pids) const;
    void begin();

    Roots roots_;
    std::uint32_t pid_ = 0;
    std::string cpu_file_;  // of the group
    std::string procs_folder_;
    bool is_v2_ = false;
    bool is_running_ = false;
    double cpu_before_ = 0;
    ServerUse before_;  // the first session
    std::unordered_map<std::uint32_t, Seen> seen_;
};

}  // namespace sluice::load
