// What can go wrong, as a value.
//
// One small enumeration for everything a client, a disk, a network or an administrator can cause.
// The way is errno -> Errc -> FTP reply; each step is one table with a test per row. Programming
// errors are assertions (assert.hpp), never an Errc.
// Source of the reply codes: RFC 959 section 5.4, RFC 3659, ARCHITECTURE.md "Errors".
#pragma once

#include <cstdint>
#include <string_view>

namespace sluice {

enum class Errc : std::uint16_t {
    Ok,
    // How an operation ended without having failed.
    Stopped,       // a StopSource asked for it: cancellation is a result
    EndOfStream,   // the peer closed its sending side
    WouldBlock,    // EAGAIN, or RESOLVE_CACHED missed: ask a helper, or wait
    TimedOut,
    // Network.
    ConnectionReset,
    ConnectionRefused,
    Unreachable,
    AddressInUse,
    AddressUnavailable,
    // Files.
    NotFound,
    AccessDenied,
    ReadOnly,
    AlreadyExists,
    IsDirectory,
    NotDirectory,
    NotEmpty,
    NotRegularFile,
    NameTooLong,
    BadName,        // NUL, CR or LF in it, or the file system refuses its bytes
    LinkLoop,
    OutsideRoot,    // EXDEV from openat2: the path leaves the root
    CrossDevice,    // EXDEV from rename and link
    NoSpace,
    QuotaExceeded,
    FileTooBig,
    InputOutput,
    Busy,
    Truncated,      // the file became shorter while it was sent
    // Resources of the process.
    NoDescriptors,
    NoMemory,
    LimitReached,   // a bound of our own: queue, table, pool
    // Arguments.
    BadArgument,
    OutOfRange,
    NotSupported,
    Permission,     // EPERM: the kernel or a sandbox refuses this call at all
    Protocol,       // the peer broke a rule of the protocol
    WrongSize,      // not as many bytes as the peer had announced
    // TLS of a data connection.
    TlsHandshake,   // no handshake came about
    TlsUnbound,     // it does not belong to the control connection (tls.binding)
    TlsBroken,      // what came is not what the peer sent
    Other,
};

// An error and, where the kernel spoke, its errno. Trivially copyable; user-written constructors
// because g++ 12.2 destroys braced aggregates twice around co_await (CONTRIBUTING.md, rule C1).
struct [[nodiscard]] Error {
    Errc code = Errc::Ok;
    std::int32_t sys_errno = 0;

    constexpr Error() = default;
    constexpr Error(Errc c) : code(c) {}  // NOLINT: implicit on purpose, `return Errc::NotFound`
    constexpr Error(Errc c, std::int32_t e) : code(c), sys_errno(e) {}

    friend constexpr bool operator==(Error a, Error b) { return a.code == b.code; }
};

// The Errc of an errno value (positive). EXDEV becomes CrossDevice; vfs turns it into OutsideRoot
// where it comes from openat2.
Error error_from_errno(int sys_errno);

// Short lower-case text for logs and replies: "no such file", never the name of the enumerator.
std::string_view text_of(Errc code);

// Text of the error with the errno's own words where there are any. Points at static storage.
std::string_view text_of(Error error);

}  // namespace sluice
