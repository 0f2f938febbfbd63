// One sluiced started for the transcripts: its arguments, its ready lines, its end.
//
// The server's output is read by a thread, so that a chatty server never blocks on a full pipe; the
// thread ends with the server. Passive ports are a range that no other test process on this machine
// has claimed.
#pragma once

#include <sys/types.h>

#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "unique_fd.hpp"
#include "world.hpp"

namespace sluice::conform {

// Reads "ftp://127.0.0.1:2121/" or "ftp://[::1]:2121/" out of a line of the server's output. The
// one place that knows how a server says that it is ready.
std::optional<Endpoint> parse_ready_line(std::string_view line);

class ServerProcess {
public:
    struct Options {
        std::string binary;
        std::string root;
        std::string engine;
        std::uint32_t shards = 2;
        bool writable = false;
        std::vector<std::string> settings;
    };

    ServerProcess() = default;
    ServerProcess(const ServerProcess&) = delete;
    ServerProcess& operator=(const ServerProcess&) = delete;
    ~ServerProcess();

    // "" when the server is ready, else why not.
    std::string start(const Options& options);
    Endpoint ipv4() const { return ipv4_; }
    Endpoint ipv6() const { return ipv6_; }

    bool is_running();
    // Open descriptors of the server, or -1.
    int descriptors() const;
    // Sends TERM and waits; "" when the server drained and ended with status 0.
    std::string stop();
    // Everything it has printed so far.
    std::string output();

private:
    void read_output();
    void limit_files(const std::vector<std::string>& settings) const;
    bool wait_for_end(int milliseconds);

    pid_t pid_ = -1;
    std::optional<int> status_;
    UniqueFd process_;  // pidfd: readable when the process has ended
    UniqueFd pipe_;
    UniqueFd port_claim_;
    Endpoint ipv4_;
    Endpoint ipv6_;
    std::thread reader_;
    std::mutex mutex_;
    std::condition_variable changed_;
    std::string output_;         // guarded by mutex_
    bool output_ended_ = false;  // guarded by mutex_
};

}  // namespace sluice::conform
