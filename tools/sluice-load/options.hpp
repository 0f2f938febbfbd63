// What a run does: the one description that the command line, a workload file and the report share.
// Owned by main; read-only while the run lasts.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "sluice/base/time.hpp"

namespace sluice::load {

// How TLS begins, if it does.
enum class TlsMode : std::uint8_t {
    Off,
    Explicit,  // AUTH TLS on port 21 (RFC 4217)
    Implicit,  // at once, on port 990
};

inline constexpr std::uint16_t kPort = 21;
inline constexpr std::uint16_t kImplicitPort = 990;

// ftp://[user[:password]@]host[:port][/path], percent-decoded. An IPv6 host is in brackets. ftps://
// is implicit TLS, ftpes:// is explicit.
struct Url {
    TlsMode tls = TlsMode::Off;
    std::string user = "anonymous";
    std::string password = "load@";
    std::string host;
    std::uint16_t port = kPort;
    bool has_port = false;  // it stands there
    std::string path;       // below the login folder; "" is that folder
};

enum class Action : std::uint8_t {
    Download,    // RETR
    Upload,      // STOR
    Login,       // connect, log in, QUIT
    SmallFiles,  // RETR of small files, each with a data connection of its own
    List,        // LIST or MLSD
    Noop,
    Idle,        // logged in and silent
    SlowReader,  // RETR, reading no faster than `slow_rate`
    Abort,       // RETR, ABOR after the first bytes
};

enum class DataMode : std::uint8_t { Epsv, Pasv, Eprt, Port };
enum class Arrivals : std::uint8_t { Closed, Constant, Poisson };

enum class TlsResume : std::uint8_t {
    None,
    Data,  // data connections resume the session of their control connection
    All,   // and control connections that of the one before
};
enum class TlsVersion : std::uint8_t { Any, Tls12, Tls13 };

// What is asked for where Url::tls is not Off.
struct TlsOptions {
    bool protects_data = true;  // PROT P, else PROT C
    TlsResume resume = TlsResume::Data;
    TlsVersion version = TlsVersion::Any;
    std::string ciphers;  // in OpenSSL's language: of TLS 1.3 where it names suites (TLS_...)
    std::string authorities_file;  // PEM; "": the server's certificate is not checked
};

// How large the files of an action are: fixed, or drawn for each transfer with a seed.
struct Sizes {
    enum class Kind : std::uint8_t { Fixed, Uniform, LogNormal };
    Kind kind = Kind::Fixed;
    std::uint64_t min = 1 << 20;  // Fixed: the size
    std::uint64_t max = 1 << 20;
    double median = 0;  // LogNormal, bytes
    double sigma = 0;   // LogNormal
    std::optional<std::uint64_t>
        seed;  // of these draws alone; else it follows from that of the run
};

// One kind of work in a mix.
struct Work {
    Action action = Action::Download;
    double weight = 1;
    std::vector<std::string> paths;  // taken in turn; '%' becomes the number of the session
    Sizes sizes;                     // of uploads
    bool machine_listing = true;     // List: MLSD, else LIST
    Duration think_min;              // between two actions of a session
    Duration think_max;
    std::uint64_t slow_rate = 64 * 1024;  // SlowReader: bytes a second
};

// A stretch of the run with its own load. Sessions or rate go from the last phase's to this one's
// in `ramp`, then stay for `hold`.
struct Phase {
    std::uint32_t sessions = 0;
    double rate = 0;  // actions a second, open loop only
    Duration ramp;
    Duration hold;
};

struct Options {
    Url url;
    std::string scenario;  // as typed, for the report
    std::vector<Work> mix;
    std::vector<Phase> phases;  // never empty
    Arrivals arrivals = Arrivals::Closed;
    std::uint32_t sessions = 16;
    std::uint32_t threads = 1;
    Duration warmup;  // not counted
    Duration duration = Duration::seconds(10);
    std::uint64_t transfers_max = 0;           // 0: until the time is over
    Duration timeout = Duration::seconds(30);  // for every single step
    DataMode data_mode = DataMode::Epsv;
    std::string
        source_network;  // "127.0.0.0/16": source addresses in turn; "" lets the system choose
    std::string engine = "auto";
    TlsOptions tls;
    std::string congestion;  // TCP congestion control of all sockets; "" is the system's own
    bool verify = false;     // receive for real and check every byte
    std::string manifest;    // --verify: lines of "crc32c-hex size path"
    std::uint64_t seed = 1;
    std::string label;
    std::uint32_t server_pid = 0;
    std::string server_cgroup;
    std::string json_file;
    std::string html_file;
    std::vector<std::string> requirements;  // "p99<5ms"
    enum class Progress : std::uint8_t { Auto, Line, Tui, None } progress = Progress::Auto;
};

}  // namespace sluice::load
