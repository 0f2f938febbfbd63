// Every direct system call of the server, behind one interface.
//
// Why an interface: the simulator (tests/sim) answers the same calls from memory, with a seeded
// clock, network and disk; and all system calls can be audited in one folder. One virtual call
// costs 1-2 ns against 100 ns and more for the call behind it.
//
// All calls are either non-blocking (sockets) or marked "may sleep": those belong on a helper
// thread (io::HelperPool), never on a shard, unless the caller knows that the object is in memory.
// Thread: any; implementations hold no state. Paths are zero-terminated bytes.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "sluice/base/bytes.hpp"
#include "sluice/base/result.hpp"
#include "sluice/base/time.hpp"
#include "sluice/sys/socket_address.hpp"

namespace sluice::sys {

// What fstat and fstatat say, in our own words.
struct FileStatus {
    enum class Type : std::uint8_t { Regular, Directory, Symlink, Other };
    Type type = Type::Other;
    std::uint32_t mode = 0;    // permission bits, 07777
    std::uint32_t format = 0;  // the S_IFMT bits, for who shows them
    std::uint32_t uid = 0;
    std::uint32_t gid = 0;
    std::uint32_t links = 0;
    std::int64_t size = 0;
    std::uint64_t device = 0;
    std::uint64_t inode = 0;
    WallTime modified;
    WallTime changed;
    // When it was made, where the file system keeps that: from full_status_at() only.
    WallTime created;
    bool has_created = false;
    // The inode takes no change from anybody (chattr +i, +a): from full_status_at() only.
    bool is_fixed = false;

    bool is_regular() const { return type == Type::Regular; }
    bool is_directory() const { return type == Type::Directory; }
    bool is_symlink() const { return type == Type::Symlink; }
};

// Who this process is to the file system: what the permission bits of a file mean for it.
struct Credentials {
    static constexpr std::size_t kGroupsMax = 64;  // more count as not belonging to them
    std::uint32_t uid = 0;
    std::uint32_t gid = 0;
    std::array<std::uint32_t, kGroupsMax> groups = {};
    std::size_t group_count = 0;
    bool overrides_modes = false;   // CAP_DAC_OVERRIDE
    bool overrides_owners = false;  // CAP_FOWNER: chmod, and the sticky bit of folders
};

// What may be asked of an open directory or file, as bits.
inline constexpr unsigned kMayRead = 4;
inline constexpr unsigned kMayWrite = 2;
inline constexpr unsigned kMaySearch = 1;

struct ListenOptions {
    int backlog = 4096;
    bool reuse_port = false;  // one listener per shard on one address
    bool v6_only = false;
};

// openat2(2), Linux 5.6. `resolve` takes the RESOLVE_* bits.
struct OpenHow {
    std::uint64_t flags = 0;
    std::uint64_t mode = 0;
    std::uint64_t resolve = 0;
};

enum class SocketOption : std::uint8_t {
    NoDelay,          // TCP_NODELAY
    Cork,             // TCP_CORK: only whole segments until the end or the FIN
    NotSentLowat,     // TCP_NOTSENT_LOWAT, bytes
    KeepAlive,        // SO_KEEPALIVE with an interval in seconds
    AbortiveClose,    // SO_LINGER 0: the next close sends RST
    UrgentInline,     // SO_OOBINLINE: ABOR's urgent byte stays in the stream
};

enum class Advice : std::uint8_t { Sequential, DontNeed };

class Kernel {
public:
    virtual ~Kernel() = default;

    // ---- clock and entropy
    virtual Instant now() = 0;
    virtual WallTime wall_time() = 0;
    virtual std::uint64_t entropy() = 0;

    // ---- descriptors
    virtual void close(int fd) = 0;

    // ---- sockets: never block
    // A non-blocking listening socket.
    virtual Result<int> listen(const SocketAddress& address, const ListenOptions& options) = 0;
    // A non-blocking TCP socket bound to `source` (port 0: chosen at connect time).
    virtual Result<int> connecting_socket(const SocketAddress& source) = 0;
    // The next connection of a listener, non-blocking and close-on-exec; WouldBlock when none.
    virtual Result<int> accept(int listener) = 0;
    // 0 bytes means end of stream.
    virtual Result<std::size_t> receive(int socket, MutableBytes into) = 0;
    // `more` says that more follows at once (MSG_MORE). Never raises SIGPIPE.
    virtual Result<std::size_t> send(int socket, Bytes from, bool more) = 0;
    // Sends from the page cache; advances `offset`. May sleep when the pages are cold. 0 = the
    // file ends here.
    virtual Result<std::size_t> send_file(int socket, int file, std::int64_t& offset,
                                          std::size_t count) = 0;
    virtual Status shutdown_sending(int socket) = 0;
    virtual Status shutdown_both(int socket) = 0;
    // Bytes not yet acknowledged by the peer's TCP (SIOCOUTQ).
    virtual Result<std::size_t> unacknowledged(int socket) = 0;
    // Bytes that have not been on the wire yet (SIOCOUTQNSD); after a reset, those that never were.
    virtual Result<std::size_t> unsent(int socket) = 0;
    // The pending error of a socket (SO_ERROR), for a finished connect.
    virtual Status socket_error(int socket) = 0;
    virtual Status set_option(int socket, SocketOption option, int value) = 0;
    virtual Status set_congestion(int socket, const char* name) = 0;
    virtual Result<SocketAddress> local_address(int socket) = 0;
    virtual Result<SocketAddress> peer_address(int socket) = 0;

    // ---- encryption of what a socket sends (kTLS, Linux 4.13 with the module tls); never blocks
    // The ciphers that the kernel has and can be asked about, as bits 1 << TLS_CIPHER_...; 0: none.
    // Found out by trying, on a connection to ourselves.
    virtual std::uint64_t tls_ciphers() = 0;
    // From here on send() and send_file() take plaintext. `keys` is one of the kernel's structures
    // tls12_crypto_info_*. After an error the socket sends as before.
    virtual Status set_tls_keys(int socket, Bytes keys) = 0;
    // The same structure with the number of the next record; `into` has exactly its size.
    virtual Status tls_keys(int socket, MutableBytes into) = 0;
    // A record of another type than data, behind all that was sent.
    virtual Status send_tls_record(int socket, std::uint8_t type, Bytes content) = 0;
    // How many bytes TCP has taken so far, give or take a number that stays the same while the
    // connection lasts. WouldBlock when acknowledgements come so fast that nobody can tell.
    virtual Result<std::uint64_t> taken_by_tcp(int socket) = 0;

    // ---- files: may sleep, except `open` with RESOLVE_CACHED and calls on what is in memory
    virtual Result<int> open(int directory, const char* path, const OpenHow& how) = 0;
    virtual Result<FileStatus> status(int fd) = 0;
    // Of the name itself: a link is not followed.
    virtual Result<FileStatus> status_at(int directory, const char* name) = 0;
    // The same with what only statx(2) knows, for a twentieth more time. An empty name is
    // `directory` itself, which may be any descriptor then.
    virtual Result<FileStatus> full_status_at(int directory, const char* name) = 0;
    // Whether this process may do all of `wanted` (kMay...) with what `fd` has open: the kernel's
    // own answer, so access lists count, and read-only mounts are told apart (Errc::ReadOnly).
    // faccessat2(2), Linux 5.8.
    virtual Status may(int fd, unsigned wanted) = 0;
    virtual Credentials credentials() = 0;
    virtual Result<std::size_t> read_at(int file, MutableBytes into, std::int64_t offset) = 0;
    virtual Result<std::size_t> write_at(int file, Bytes from, std::int64_t offset) = 0;
    // getdents64(2): raw records into `into`; 0 at the end.
    virtual Result<std::size_t> read_entries(int directory, MutableBytes into) = 0;
    virtual Result<std::size_t> read_link(int directory, const char* name, MutableBytes into) = 0;
    // Gives an unnamed file (O_TMPFILE) its name; AlreadyExists when the name is taken.
    virtual Status link_unnamed(int file, int directory, const char* name) = 0;
    // `replace` false refuses an existing target (RENAME_NOREPLACE).
    virtual Status rename(int from_directory, const char* from, int to_directory, const char* to,
                          bool replace) = 0;
    virtual Status unlink(int directory, const char* name) = 0;
    virtual Status remove_directory(int directory, const char* name) = 0;
    virtual Status make_directory(int directory, const char* name, std::uint32_t mode) = 0;
    // On any descriptor, also one opened with O_PATH.
    virtual Status change_mode(int fd, std::uint32_t mode) = 0;
    virtual Status set_modified(int fd, WallTime modified) = 0;
    virtual Status change_group(int fd, std::uint32_t group) = 0;
    // An extended attribute (xattr(7)) of what any descriptor has open, also one of O_PATH.
    // NotSupported where the file system has none of that kind.
    virtual Status set_attribute(int fd, const char* attribute, Bytes value) = 0;
    // The length of the value; NotFound where there is none. A link is not followed, and an empty
    // name is `directory` itself, which may be any descriptor then.
    virtual Result<std::size_t> attribute_at(int directory, const char* name,
                                             const char* attribute, MutableBytes into) = 0;
    virtual Status make_symlink(const char* target, int directory, const char* name) = 0;
    // copy_file_range(2): shares the blocks where the file system can (btrfs, XFS), else copies
    // within the kernel. 0 at the end of `from`. NotSupported, CrossDevice: the caller must read
    // and write. May sleep for long: ask for little.
    virtual Result<std::size_t> copy_range(int from, std::int64_t from_offset, int to,
                                           std::int64_t to_offset, std::size_t count) = 0;
    virtual Status truncate(int file, std::int64_t size) = 0;
    virtual Status sync(int fd, bool data_only) = 0;
    // Takes the exclusive advisory lock of an open file (flock), which ends with its last
    // descriptor. WouldBlock when another open of the file holds it.
    virtual Status try_lock(int file) = 0;
    virtual Status advise(int file, std::int64_t offset, std::int64_t length, Advice advice) = 0;
    // Reads a range into the page cache and waits for it, without a copy to user space; returns how
    // many of the bytes the file has from `offset` on. May do less than `count`, like a read.
    virtual Result<std::size_t> load(int file, std::int64_t offset, std::size_t count) = 0;
    // How many of the pages of the range are in the page cache: cachestat(2), Linux 6.5.
    // NotSupported where it is missing or refused.
    virtual Result<std::uint64_t> cached_pages(int file, std::int64_t offset,
                                               std::int64_t length) = 0;
    // Whether the byte at `offset` can be read without waiting: preadv2(RWF_NOWAIT), Linux 4.14.
    // NotSupported where the file system cannot tell, OutOfRange behind the end.
    virtual Result<bool> is_cached(int file, std::int64_t offset) = 0;
    // Free bytes for this user on the file system of `fd` (statfs f_bavail).
    virtual Result<std::int64_t> free_bytes(int fd) = 0;
    // The magic number of the file system (statfs f_type).
    virtual Result<std::uint64_t> file_system_magic(int fd) = 0;
};

}  // namespace sluice::sys
