// The configuration as the program sees it: plain, typed, checked values.
//
// A Snapshot is built once by config::Loader from defaults, file, environment and flags, and never
// changes afterwards. A reload makes a new one; a session keeps the one it began with. Every
// member corresponds to one row of the schema table (schema.hpp), which also says its unit, its
// range and its default; the initialisers here are the same defaults, and a unit test holds the two
// together, so tests and benches may start from `Snapshot{}`.
// Owned by: main, which hands out const references. Thread: any, it is read-only.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "sluice/base/time.hpp"
#include "sluice/config/tls_rules.hpp"

namespace sluice::config {

// The order of the enumerators is the order of the words in the schema table.
enum class Engine : std::uint8_t { Auto, IoUring, Epoll };
enum class PassiveMode : std::uint8_t { Auto, Pooled, Exclusive };
enum class Durability : std::uint8_t { None, Data, Full };
enum class PartialUpload : std::uint8_t { Keep, Discard, DotPartial };
enum class SizeMismatch : std::uint8_t { Refuse, Accept };
enum class UploadDigest : std::uint8_t { Off, Crc32, Sha256, Both };
enum class SymlinkPolicy : std::uint8_t { InRoot, Beneath, Never };
enum class ListedOwners : std::uint8_t { Hidden, Numbers };
enum class TlsMode : std::uint8_t { Off, Optional, Required };
enum class TlsBinding : std::uint8_t { Off, Prefer, Require };
enum class KernelTls : std::uint8_t { Auto, Off };
enum class ClientCertificates : std::uint8_t { Off, Optional, Required };
enum class ClientUser : std::uint8_t { CommonName, Email, Uri, Host, None };
enum class TlsVersion : std::uint8_t { Tls12, Tls13 };
enum class LogFormat : std::uint8_t { Text, Json };
enum class LogLevel : std::uint8_t { Error, Warn, Info, Debug };

// One listening address. `host` is a numeric IPv4 or IPv6 address without brackets, in the spelling
// inet_ntop gives it, or "*": every address of both families (one IPv6 and one IPv4 socket).
// Port 0 asks the kernel for a free port.
struct ListenAddress {
    std::string host;
    std::uint16_t port = 0;

    ListenAddress() = default;
    ListenAddress(std::string h, std::uint16_t p) : host(std::move(h)), port(p) {}

    bool is_any() const { return host == "*"; }
    bool is_ipv6() const { return host.find(':') != std::string::npos; }
    friend bool operator==(const ListenAddress&, const ListenAddress&) = default;
};

// Both ends are part of the range; first <= last, first >= 1.
struct PortRange {
    std::uint16_t first = 0;
    std::uint16_t last = 0;

    constexpr PortRange() = default;
    constexpr PortRange(std::uint16_t f, std::uint16_t l) : first(f), last(l) {}

    constexpr std::uint32_t count() const { return std::uint32_t{last} - first + 1; }
    constexpr bool contains(std::uint16_t port) const { return port >= first && port <= last; }
    friend constexpr bool operator==(PortRange, PortRange) = default;
};

struct ServerSection {
    std::vector<ListenAddress> listen{ListenAddress("127.0.0.1", 2121)};
    std::string root = ".";
    Engine engine = Engine::Auto;
    std::uint32_t shards = 0;  // 0 = one per core
    bool pin_shards = true;
    PortRange passive_ports{50000, 50255};
    PassiveMode passive_mode = PassiveMode::Auto;
    Duration passive_wait = Duration::seconds(5);  // how long PASV/EPSV wait for a port before 425
    std::string public_address;            // IPv4 for 227, "" = the address the client dialled
    std::vector<std::string> host_names;   // that HOST takes; none: any
    std::string charset;  // of clients that send no UTF-8; "" = names are bytes
    std::string banner = "sluice ready.";  // no version: 220 gives nothing away
    Duration shutdown_grace = Duration::seconds(300);

    friend bool operator==(const ServerSection&, const ServerSection&) = default;
};

struct AnonymousSection {
    bool enabled = true;
    bool writable = false;

    friend bool operator==(const AnonymousSection&, const AnonymousSection&) = default;
};

struct LimitsSection {
    std::uint32_t max_sessions = 20000;
    std::uint32_t max_sessions_per_ip = 0;  // 0 = no limit
    std::uint32_t login_attempts = 3;
    Duration idle_timeout = Duration::seconds(300);  // 0 = never
    Duration login_timeout = Duration::seconds(60);
    Duration stall_timeout = Duration::seconds(60);  // a data connection that makes no progress
    std::uint64_t min_rate = 0;  // bytes a second over stall_timeout; 0 = one byte is progress
    Duration data_connect_timeout = Duration::seconds(30);
    std::uint64_t transfer_buffer_memory = 64ull << 20;  // bytes, for the whole process
    std::uint64_t mode_z_memory = 32ull << 20;           // the same, beside it
    std::uint32_t hash_at_once = 4;            // digests per client address; 0 = HASH is refused
    std::uint64_t hash_hourly = 1ull << 40;    // bytes read for them in an hour; 0 = no limit
    std::uint64_t hash_file_max = 0;           // bytes of one digest; 0 = any
    std::uint32_t hash_cache = 16384;          // digests remembered; 0 = none

    friend bool operator==(const LimitsSection&, const LimitsSection&) = default;
};

struct UploadSection {
    Durability durability = Durability::None;
    PartialUpload partial = PartialUpload::Keep;
    SizeMismatch size_mismatch = SizeMismatch::Refuse;
    UploadDigest digest = UploadDigest::Off;  // where the client asks for nothing else
    std::uint32_t file_mode = 0644;       // permission bits of a new file, the umask does not count
    std::uint32_t directory_mode = 0755;  // of a folder made by MKD

    friend bool operator==(const UploadSection&, const UploadSection&) = default;
};

struct TreeSection {
    SymlinkPolicy symlinks = SymlinkPolicy::InRoot;

    friend bool operator==(const TreeSection&, const TreeSection&) = default;
};

struct ListingSection {
    std::uint64_t cache = 0;  // bytes for texts of listings, 0 = none
    Duration cache_ttl = Duration::seconds(1);
    // Bytes that one sorted or recursive listing may keep.
    std::uint64_t memory = 16ull << 20;
    std::uint64_t memory_total = 256ull << 20;  // and all of them together
    std::uint32_t depth = 64;                   // folders below folders of LIST -R, 0 = no -R
    ListedOwners owners = ListedOwners::Hidden;

    friend bool operator==(const ListingSection&, const ListingSection&) = default;
};

struct TransferSection {
    bool ascii_is_binary = false;
    bool allow_foreign_data = false;         // data connections from or to another address (FXP)
    std::uint64_t slice = 512ull << 10;      // bytes one session may move before others run
    std::uint64_t turn_budget = 2ull << 20;  // bytes all sessions of a shard may move in one turn
    std::string congestion;                  // TCP congestion control, "" = the system's
    bool mode_z = false;
    std::uint32_t mode_z_level = 6;    // until the client chooses with OPTS MODE Z LEVEL
    std::uint32_t mode_z_ratio = 250;  // of an upload, 0 = any

    friend bool operator==(const TransferSection&, const TransferSection&) = default;
};

struct TlsSection {
    TlsMode mode = TlsMode::Off;
    std::vector<ListenAddress> listen;  // implicit TLS
    std::string certificate;
    std::string key;                        // "" = in the file of the certificate
    std::vector<std::string> certificates;  // folders with fullchain.pem and privkey.pem
    std::string ocsp;                       // of `certificate`; "" = none
    bool self_signed = false;
    ClientCertificates client_certificates = ClientCertificates::Off;
    std::string client_authorities;
    std::string client_crl;  // "" = nothing is revoked
    ClientUser client_user = ClientUser::CommonName;
    bool protect_data = false;  // data in clear are refused
    std::vector<TlsRule> rules;  // before mode and protect_data; the first that fits decides
    TlsBinding binding = TlsBinding::Prefer;
    std::string ticket_keys;  // "" = random ones
    TlsVersion min_version = TlsVersion::Tls12;
    std::string ciphers;  // of TLS 1.2; "" = ours
    std::string suites;   // of TLS 1.3; "" = ours
    bool strict_names = false;
    bool strict_close = false;
    bool allow_ccc = false;
    Duration handshake_timeout = Duration::seconds(15);
    KernelTls kernel = KernelTls::Auto;

    // Whether anybody may speak TLS here.
    bool is_on() const {
        return mode != TlsMode::Off || !listen.empty() ||
               std::any_of(rules.begin(), rules.end(),
                           [](const TlsRule& rule) { return rule.need != TlsNeed::Off; });
    }
    friend bool operator==(const TlsSection&, const TlsSection&) = default;
};

struct MessagesSection {
    std::string welcome;         // with 230; "" = none
    std::string goodbye;         // with 221; "" = none
    std::string directory_file;  // a name in each folder, shown with CWD; "" = none
    bool statistics = false;     // what was moved, with 221
    bool single_line = false;    // only replies of one line where nobody asked for more

    friend bool operator==(const MessagesSection&, const MessagesSection&) = default;
};

struct ClientsSection {
    bool profiles = true;                  // work around known faults of programs that give a name
    std::vector<std::string> single_line;  // prefixes of names of devices

    friend bool operator==(const ClientsSection&, const ClientsSection&) = default;
};

struct LogSection {
    std::string file;  // "" = stderr
    LogFormat format = LogFormat::Text;
    LogLevel level = LogLevel::Info;
    std::string transfer_file;  // xferlog, "" = off

    friend bool operator==(const LogSection&, const LogSection&) = default;
};

struct HelpersSection {
    std::uint32_t threads = 4;

    friend bool operator==(const HelpersSection&, const HelpersSection&) = default;
};

struct Snapshot {
    ServerSection server;
    AnonymousSection anonymous;
    LimitsSection limits;
    UploadSection upload;
    TreeSection tree;
    ListingSection listing;
    TransferSection transfer;
    TlsSection tls;
    MessagesSection messages;
    ClientsSection clients;
    LogSection log;
    HelpersSection helpers;

    friend bool operator==(const Snapshot&, const Snapshot&) = default;
};

}  // namespace sluice::config
