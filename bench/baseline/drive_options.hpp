// What ftp_drive is asked to do: the scenario, the server, the load and what to watch meanwhile.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace sluice::bench {

enum class Scenario : std::uint8_t {
    Noop,      // ping-pong of NOOP
    Login,     // connect, USER, PASS, QUIT, again
    Download,  // EPSV and RETR; small files by time, big ones by count
    Upload,    // EPSV and STOR
    Idle,      // logged in and silent until standard input ends
    Latency,   // NOOPs at a fixed rate, measured from the moment each was due
};

struct DriveOptions {
    Scenario scenario = Scenario::Noop;
    std::uint32_t server_ip = 0x7f000001;
    std::uint16_t port = 2121;
    std::uint32_t sessions = 1;
    // How many sessions may be logging in at once; keeps forking servers within their backlog.
    std::uint32_t logins_at_once = 64;
    double warmup_s = 0.3;
    double seconds = 5;             // of the measured window, when `count` is 0
    std::uint32_t count = 0;        // operations per session; the window lasts until all are done
    double timeout_s = 120;         // for everything: the run cannot outlive it
    double rate = 1000;             // Latency: commands per second over all sessions
    std::uint64_t bytes = 1 << 20;  // Upload: size of each file
    // Download: wake up for this much at once (SO_RCVLOWAT), as a busy receiver would.
    std::uint32_t wake_bytes = 0;
    // A '%' becomes the number of the session, so that sessions can use files of their own.
    std::string path = "small";
    // "A" has line ends turned; the size on the wire is then `bytes`, as there is no SIZE for it.
    std::string type = "I";
    std::string user = "anonymous";
    std::string password = "bench@";
    // Read at both ends of the window; the first number in it (cpuacct.usage: nanoseconds).
    std::string sample_file;
    // First source address; each session takes the next one. One address has 28,000 ports.
    std::uint32_t source_ip = 0x7f010001;
    std::uint32_t sources = 4000;
    bool realtime = false;  // SCHED_FIFO: the client's own waiting for a CPU is not the server's
    std::string label;      // copied to the output
};

// Parses the command line; says what is wrong on stderr and returns nothing when it must.
std::optional<DriveOptions> parse_drive_options(int argc, char** argv);

}  // namespace sluice::bench
