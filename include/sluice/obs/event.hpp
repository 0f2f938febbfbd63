// One record per thing worth a line in a log: the end of a transfer, a refused login, a stranger at
// a data port. Views are borrowed for the call of Log::emit, which copies what it keeps.
#pragma once

#include <cstdint>
#include <string_view>

#include "sluice/base/time.hpp"

namespace sluice::obs {

enum class Level : std::uint8_t { Error, Warn, Info, Debug };

enum class EventKind : std::uint8_t {
    Start,
    Stop,
    Connect,
    Refuse,       // a connection that found no place
    Login,
    LoginFail,
    Transfer,     // the end of RETR, STOR, APPE, STOU or of a listing
    Delete,
    Rename,
    MakeDirectory,
    RemoveDirectory,
    MakeLink,     // SITE SYMLINK; `target` is what it points at
    Copy,         // SITE COPY, SITE CPTO, COMB; `target` is the new file
    ChangeMode,
    ChangeGroup,
    Abuse,        // a stranger at a data port, another protocol on the control port
    Disconnect,
    Reload,       // files were read again, or could not be
    Certificate,  // how long one is good still; `path` is its file, `target` its first name
    Notice,       // anything else of the server itself; `reason` is the text
};

enum class Direction : std::uint8_t { None, Download, Upload, Listing };

struct Event {
    EventKind kind = EventKind::Notice;
    Level level = Level::Info;
    WallTime when;
    std::uint64_t session = 0;      // 0: the server itself
    std::string_view ip;            // the client's address, without its port
    std::uint16_t port = 0;
    std::string_view user;
    std::string_view password;      // what an anonymous user gave (xferlog's username); else empty
    std::string_view command;       // "RETR"
    std::string_view path;          // as the client sees it
    std::string_view target;        // Rename: the new name; Abuse: the owner's address
    std::string_view reason;        // why it ended, or free text
    Direction direction = Direction::None;
    bool ascii = false;
    bool complete = false;
    std::uint64_t bytes = 0;
    std::uint64_t offset = 0;
    Duration duration;
    std::uint16_t code = 0;         // the final reply
    std::string_view client;        // Login, Disconnect: the profile, "lftp"; empty: not recognised
    std::string_view tls;           // of a transfer: "TLSv1.3"; empty: in clear
    bool tls_bound = false;         // it resumed the session of its control connection
    bool tls_kernel = false;        // the kernel encrypted it
    bool tls_eof_missing = false;   // an upload that ended with a FIN alone
    std::int64_t days_left = 0;     // of a Certificate; negative: it has expired
    std::string_view digests;       // of an upload, in flight: "SHA-256=<hex> CRC32=<hex>"

    Event() = default;
    Event(EventKind k, Level l) : kind(k), level(l) {}
};

// Takes events; never blocks and never fails: what finds no room is counted.
// Thread: the shard that owns it.
class Log {
public:
    virtual ~Log() = default;
    // False lets the caller skip making the event at all.
    virtual bool wants(EventKind kind, Level level) const = 0;
    virtual void emit(const Event& event) = 0;
};

}  // namespace sluice::obs
