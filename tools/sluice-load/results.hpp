// What a run has measured. Each thread fills one Tally of its own; they are merged at the end.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "histogram.hpp"

namespace sluice::load {

// The parts of a session and a transfer that are timed by themselves.
enum class Step : std::uint8_t {
    Connect,      // TCP
    TlsControl,   // the handshake of the control connection
    Banner,       // until 220
    Login,        // USER to 230
    Setup,        // EPSV, PASV, EPRT or PORT to its reply
    DataConnect,  // TCP of the data connection
    TlsData,      // its handshake, after 150
    FirstByte,    // from the command to the first byte of data
    LastByte,     // from the command to the end of the data
    FinalReply,   // from the end of the data to 226
    Action,       // the whole of what was asked for, from when it was due (open loop) or begun
    Count
};
const char* name_of(Step step);

// Everything that can go wrong, under a name of its own.
enum class Trouble : std::uint8_t {
    ConnectRefused,
    ConnectTimeout,
    ConnectFailed,  // any other errno
    ClosedEarly,    // the control connection ended while a reply was owed
    LoginRefused,
    BadReply,         // not a reply of RFC 959
    BadPassiveReply,  // a 227 or 229 that cannot be read
    ReplyTimeout,
    UnexpectedReply,  // a code that the step does not expect, 4xx and 5xx of commands
    DataConnectFailed,
    DataTimeout,  // no byte for `timeout`
    DataReset,
    Truncated,     // fewer bytes than the size said
    TooLong,       // more
    WrongBytes,    // --verify
    MissingFinal,  // the data ended and no 226 came
    FinalFailed,   // 4xx or 5xx instead of 226
    TlsRefused,    // AUTH or PROT was answered 4xx or 5xx
    TlsHandshakeFailed,
    TlsUntrusted,  // --tls-ca: nobody of that file vouches for the certificate
    TlsTimeout,    // a handshake that did not end
    TlsBroken,     // an alert, or what is no TLS record, after the handshake
    TlsTruncated,  // the data ended without close_notify
    Count
};
const char* name_of(Trouble trouble);

struct Second {
    std::uint64_t bytes = 0;
    std::uint64_t actions = 0;
    std::uint64_t troubles = 0;
    std::uint64_t p50_ns = 0;  // of the actions that ended in this second
    std::uint64_t p99_ns = 0;
    std::uint32_t sessions = 0;  // open at its end
};

struct Tally {
    std::array<Histogram, static_cast<std::size_t>(Step::Count)> steps;
    std::array<std::uint64_t, static_cast<std::size_t>(Trouble::Count)> troubles{};
    std::array<std::uint64_t, 600> replies{};  // by code
    std::uint64_t actions_started = 0;
    std::uint64_t actions_done = 0;
    std::uint64_t actions_late = 0;  // open loop: due, and no session was free
    std::uint64_t logins = 0;
    std::uint64_t bytes_received = 0;
    std::uint64_t bytes_sent = 0;
    std::uint64_t tls_control_full = 0;  // handshakes
    std::uint64_t tls_control_resumed = 0;
    std::uint64_t tls_data_full = 0;
    std::uint64_t tls_data_resumed = 0;

    void merge(const Tally& other);
    Histogram& of(Step step) { return steps[static_cast<std::size_t>(step)]; }
    const Histogram& of(Step step) const { return steps[static_cast<std::size_t>(step)]; }
    void count(Trouble trouble) { ++troubles[static_cast<std::size_t>(trouble)]; }
    std::uint64_t troubles_total() const;
};

// What the server used, where it could be asked (--server-pid, --server-cgroup). Times and switches
// are those of the measured time; the rest is how it stood at its end, before a session closed.
struct ServerUse {
    bool known = false;
    double cpu_seconds = 0;
    std::uint64_t resident_bytes = 0;
    std::uint64_t proportional_bytes = 0;  // PSS; 0 when not permitted
    std::uint64_t resident_before = 0;     // before the first session
    std::uint64_t proportional_before = 0;
    std::uint64_t context_switches = 0;
    std::uint64_t descriptors = 0;
    std::uint32_t sessions = 0;  // that were open when it was looked at

    // What each of these sessions added, by PSS where that is known: RSS counts what processes
    // share once for each of them. 0 when there were none or memory did not grow.
    double bytes_per_session() const;
};

// What was agreed on, by the first session that did, and the first failure in OpenSSL's words.
struct TlsFacts {
    std::string version;
    std::string cipher;
    std::string failure;
};

struct Run {
    Tally total;  // without the warm-up
    std::vector<Second> seconds;
    double measured_seconds = 0;
    double own_cpu_share = 0;        // of one thread, the busiest, 0 to 1
    std::uint64_t worst_lag_ns = 0;  // p99 of how late our own timers ran
    ServerUse server;
    std::string banner;
    std::string features;
    TlsFacts tls;
    std::int64_t began_unix_ms = 0;
};

}  // namespace sluice::load
