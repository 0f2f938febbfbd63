#include "sluice/base/error.hpp"

#include <cerrno>
#include <cstring>

namespace sluice {

Error error_from_errno(int sys_errno) {
    switch (sys_errno) {
        case 0: return Error(Errc::Ok);
        case EAGAIN: return Error(Errc::WouldBlock, sys_errno);
        case ECANCELED: return Error(Errc::Stopped, sys_errno);
        case ETIMEDOUT: return Error(Errc::TimedOut, sys_errno);
        case ECONNRESET:
        case ECONNABORTED:
        case ENOTCONN:
        case EPIPE: return Error(Errc::ConnectionReset, sys_errno);
        case ECONNREFUSED: return Error(Errc::ConnectionRefused, sys_errno);
        case EHOSTUNREACH:
        case ENETUNREACH:
        case EHOSTDOWN:
        case ENETDOWN: return Error(Errc::Unreachable, sys_errno);
        case EADDRINUSE: return Error(Errc::AddressInUse, sys_errno);
        case EADDRNOTAVAIL: return Error(Errc::AddressUnavailable, sys_errno);
        case ENOENT: return Error(Errc::NotFound, sys_errno);
        case EACCES: return Error(Errc::AccessDenied, sys_errno);
        case EPERM: return Error(Errc::Permission, sys_errno);
        case EROFS: return Error(Errc::ReadOnly, sys_errno);
        case EEXIST: return Error(Errc::AlreadyExists, sys_errno);
        case EISDIR: return Error(Errc::IsDirectory, sys_errno);
        case ENOTDIR: return Error(Errc::NotDirectory, sys_errno);
        case ENOTEMPTY: return Error(Errc::NotEmpty, sys_errno);
        case ENAMETOOLONG: return Error(Errc::NameTooLong, sys_errno);
        case EILSEQ: return Error(Errc::BadName, sys_errno);
        case ELOOP: return Error(Errc::LinkLoop, sys_errno);
        case EXDEV: return Error(Errc::CrossDevice, sys_errno);
        case ENOSPC: return Error(Errc::NoSpace, sys_errno);
        case EDQUOT: return Error(Errc::QuotaExceeded, sys_errno);
        case EFBIG: return Error(Errc::FileTooBig, sys_errno);
        case EIO: return Error(Errc::InputOutput, sys_errno);
        case EBUSY:
        case ETXTBSY: return Error(Errc::Busy, sys_errno);
        case EMFILE:
        case ENFILE: return Error(Errc::NoDescriptors, sys_errno);
        case ENOMEM:
        case ENOBUFS: return Error(Errc::NoMemory, sys_errno);
        case EINVAL: return Error(Errc::BadArgument, sys_errno);
        case EOVERFLOW:
        case ERANGE: return Error(Errc::OutOfRange, sys_errno);
        case EOPNOTSUPP:
        case ENOSYS: return Error(Errc::NotSupported, sys_errno);
        case EPROTO: return Error(Errc::Protocol, sys_errno);
        default: return Error(Errc::Other, sys_errno);
    }
}

std::string_view text_of(Errc code) {
    switch (code) {
        case Errc::Ok: return "no error";
        case Errc::Stopped: return "stopped";
        case Errc::EndOfStream: return "the peer closed the connection";
        case Errc::WouldBlock: return "would block";
        case Errc::TimedOut: return "timed out";
        case Errc::ConnectionReset: return "connection reset by peer";
        case Errc::ConnectionRefused: return "connection refused";
        case Errc::Unreachable: return "host or network unreachable";
        case Errc::AddressInUse: return "address already in use";
        case Errc::AddressUnavailable: return "address not available on this host";
        case Errc::NotFound: return "no such file or directory";
        case Errc::AccessDenied: return "permission denied";
        case Errc::ReadOnly: return "read-only file system";
        case Errc::AlreadyExists: return "already exists";
        case Errc::IsDirectory: return "is a directory";
        case Errc::NotDirectory: return "not a directory";
        case Errc::NotEmpty: return "directory not empty";
        case Errc::NotRegularFile: return "not a regular file";
        case Errc::NameTooLong: return "name too long";
        case Errc::BadName: return "bad file name";
        case Errc::LinkLoop: return "too many levels of symbolic links";
        case Errc::OutsideRoot: return "no such file or directory";
        case Errc::CrossDevice: return "would cross a file system";
        case Errc::NoSpace: return "no space left on device";
        case Errc::QuotaExceeded: return "quota exceeded";
        case Errc::FileTooBig: return "file too large";
        case Errc::InputOutput: return "input/output error";
        case Errc::Busy: return "busy";
        case Errc::Truncated: return "the file became shorter while it was sent";
        case Errc::NoDescriptors: return "out of file descriptors";
        case Errc::NoMemory: return "out of memory";
        case Errc::LimitReached: return "a limit of the server is reached";
        case Errc::BadArgument: return "bad argument";
        case Errc::OutOfRange: return "number out of range";
        case Errc::NotSupported: return "not supported here";
        case Errc::Permission: return "operation not permitted";
        case Errc::Protocol: return "protocol error";
        case Errc::WrongSize: return "the size is not the one that ALLO announced";
        case Errc::TlsHandshake: return "the TLS handshake failed";
        case Errc::TlsUnbound: return "the TLS session of the control connection was not resumed";
        case Errc::TlsBroken: return "the TLS connection is broken";
        case Errc::Other: return "system error";
    }
    return "system error";
}

std::string_view text_of(Error error) {
    if (error.code == Errc::Other && error.sys_errno != 0) {
        const char* words = strerrordesc_np(error.sys_errno);
        if (words != nullptr) { return words; }
    }
    return text_of(error.code);
}

}  // namespace sluice
