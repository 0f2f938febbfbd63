// LinuxKernel: files. Nothing here follows a path but open(), and only its caller says how.
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/openat2.h>
#include <sys/file.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/uio.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <cstdio>

#include "sluice/sys/linux_kernel.hpp"

// Newer than the headers of Debian 12.
#ifndef SYS_fchmodat2
#define SYS_fchmodat2 452  // Linux 6.6
#endif
#ifndef SYS_faccessat2
#define SYS_faccessat2 439  // Linux 5.8
#endif
#ifndef SYS_cachestat
#define SYS_cachestat 451  // Linux 6.5
#endif

namespace sluice::sys {
namespace {

Status checked(long returned) {
    if (returned < 0) { return fail_errno(errno); }
    return {};
}

Result<std::size_t> counted(ssize_t returned) {
    if (returned < 0) { return fail_errno(errno); }
    return static_cast<std::size_t>(returned);
}

FileStatus from_native(const struct stat& native) {
    FileStatus status;
    if (S_ISREG(native.st_mode)) {
        status.type = FileStatus::Type::Regular;
    } else if (S_ISDIR(native.st_mode)) {
        status.type = FileStatus::Type::Directory;
    } else if (S_ISLNK(native.st_mode)) {
        status.type = FileStatus::Type::Symlink;
    }
    status.mode = native.st_mode & 07777;
    status.format = native.st_mode & S_IFMT;
    status.uid = native.st_uid;
    status.gid = native.st_gid;
    status.links = static_cast<std::uint32_t>(native.st_nlink);
    status.size = native.st_size;
    status.device = native.st_dev;
    status.inode = native.st_ino;
    status.modified =
        WallTime(native.st_mtim.tv_sec, static_cast<std::int32_t>(native.st_mtim.tv_nsec));
    status.changed =
        WallTime(native.st_ctim.tv_sec, static_cast<std::int32_t>(native.st_ctim.tv_nsec));
    return status;
}

WallTime from_native(const statx_timestamp& time) {
    return WallTime(time.tv_sec, static_cast<std::int32_t>(time.tv_nsec));
}

FileStatus from_native(const struct statx& native) {
    FileStatus status;
    if (S_ISREG(native.stx_mode)) {
        status.type = FileStatus::Type::Regular;
    } else if (S_ISDIR(native.stx_mode)) {
        status.type = FileStatus::Type::Directory;
    } else if (S_ISLNK(native.stx_mode)) {
        status.type = FileStatus::Type::Symlink;
    }
    status.mode = native.stx_mode & 07777u;
    status.format = native.stx_mode & S_IFMT;
    status.uid = native.stx_uid;
    status.gid = native.stx_gid;
    status.links = native.stx_nlink;
    status.size = static_cast<std::int64_t>(native.stx_size);
    status.device = gnu_dev_makedev(native.stx_dev_major, native.stx_dev_minor);
    status.inode = native.stx_ino;
    status.modified = from_native(native.stx_mtime);
    status.changed = from_native(native.stx_ctime);
    status.has_created = (native.stx_mask & STATX_BTIME) != 0;
    if (status.has_created) { status.created = from_native(native.stx_btime); }
    constexpr std::uint64_t kFixed = STATX_ATTR_IMMUTABLE | STATX_ATTR_APPEND;
    status.is_fixed = (native.stx_attributes & native.stx_attributes_mask & kFixed) != 0;
    return status;
}

// "/proc/self/fd/N": the way to name an O_PATH descriptor to calls that know no AT_EMPTY_PATH.
struct ProcPath {
    explicit ProcPath(int fd) { std::snprintf(text, sizeof text, "/proc/self/fd/%d", fd); }
    char text[40];
};

struct CacheRange {
    std::uint64_t offset;
    std::uint64_t length;
};
struct CacheCounts {
    std::uint64_t cached;
    std::uint64_t dirty;
    std::uint64_t writeback;
    std::uint64_t evicted;
    std::uint64_t recently_evicted;
};

}  // namespace

LinuxKernel::LinuxKernel() : null_(::open("/dev/null", O_WRONLY | O_CLOEXEC)) {}

LinuxKernel::~LinuxKernel() {
    if (null_ >= 0) { ::close(null_); }
}

Result<int> LinuxKernel::open(int directory, const char* path, const OpenHow& how) {
    open_how native = {};
    native.flags = how.flags | O_CLOEXEC;
    native.mode = how.mode;
    native.resolve = how.resolve;
    const long number = ::syscall(SYS_openat2, directory, path, &native, sizeof native);
    if (number < 0) { return fail_errno(errno); }
    return static_cast<int>(number);
}

Result<FileStatus> LinuxKernel::status(int fd) {
    struct stat native;
    if (::fstat(fd, &native) < 0) { return fail_errno(errno); }
    return from_native(native);
}

Result<FileStatus> LinuxKernel::status_at(int directory, const char* name) {
    struct stat native;
    if (::fstatat(directory, name, &native, AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT) < 0) {
        return fail_errno(errno);
    }
    return from_native(native);
}

Result<FileStatus> LinuxKernel::full_status_at(int directory, const char* name) {
    // By number: the C library would copy the answer once more for kernels without the call. The
    // kernel takes a longer way with AT_EMPTY_PATH, also where there is a name.
    struct statx native;
    const int flags =
        AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT | (name[0] == '\0' ? AT_EMPTY_PATH : 0);
    constexpr unsigned kWanted = STATX_BASIC_STATS | STATX_BTIME;
    if (::syscall(SYS_statx, directory, name, flags, kWanted, &native) < 0) {
        return fail_errno(errno);
    }
    return from_native(native);
}

Status LinuxKernel::may(int fd, unsigned wanted) {
    return checked(::syscall(SYS_faccessat2, fd, "", wanted, AT_EMPTY_PATH | AT_EACCESS));
}

Credentials LinuxKernel::credentials() {
    Credentials who;
    who.uid = ::geteuid();
    who.gid = ::getegid();
    static_assert(sizeof(gid_t) == sizeof(std::uint32_t));
    // With more groups than there is room for, getgroups gives none.
    const int count = ::getgroups(static_cast<int>(who.groups.size()), who.groups.data());
    who.group_count = count > 0 ? static_cast<std::size_t>(count) : 0;
    __user_cap_header_struct header = {};
    header.version = _LINUX_CAPABILITY_VERSION_3;
    __user_cap_data_struct sets[_LINUX_CAPABILITY_U32S_3] = {};
    if (::syscall(SYS_capget, &header, sets) == 0) {
        who.overrides_modes = (sets[0].effective & (1u << CAP_DAC_OVERRIDE)) != 0;
        who.overrides_owners = (sets[0].effective & (1u << CAP_FOWNER)) != 0;
    }
    return who;
}

Result<std::size_t> LinuxKernel::read_at(int file, MutableBytes into, std::int64_t offset) {
    return counted(::pread(file, into.data(), into.size(), offset));
}

// sendfile(2) to /dev/null waits for each page as a read does and copies none. The copy was a third
// of what helpers spent on cold reads and an upload (perf).
Result<std::size_t> LinuxKernel::load(int file, std::int64_t offset, std::size_t count) {
    if (null_ >= 0) {
        const ssize_t loaded = ::sendfile(null_, file, &offset, count);
        // EINVAL: a file system that cannot splice.
        if (loaded >= 0 || errno != EINVAL) { return counted(loaded); }
    }
    std::array<std::uint8_t, 64 * 1024> scratch;  // the size stays in the processor's cache
    return read_at(file, MutableBytes(scratch).first(std::min(count, scratch.size())), offset);
}

Result<std::size_t> LinuxKernel::write_at(int file, Bytes from, std::int64_t offset) {
    return counted(::pwrite(file, from.data(), from.size(), offset));
}

Result<std::size_t> LinuxKernel::read_entries(int directory, MutableBytes into) {
    return counted(::syscall(SYS_getdents64, directory, into.data(), into.size()));
}

Result<std::size_t> LinuxKernel::read_link(int directory, const char* name, MutableBytes into) {
    return counted(
        ::readlinkat(directory, name, reinterpret_cast<char*>(into.data()), into.size()));
}

Status LinuxKernel::link_unnamed(int file, int directory, const char* name) {
    if (::linkat(file, "", directory, name, AT_EMPTY_PATH) == 0) { return {}; }
    // Before Linux 6.10 AT_EMPTY_PATH wants CAP_DAC_READ_SEARCH and answers ENOENT without it.
    if (errno != ENOENT && errno != EPERM) { return fail_errno(errno); }
    return checked(
        ::linkat(AT_FDCWD, ProcPath(file).text, directory, name, AT_SYMLINK_FOLLOW));
}

Status LinuxKernel::rename(int from_directory, const char* from, int to_directory, const char* to,
                           bool replace) {
    return checked(
        ::renameat2(from_directory, from, to_directory, to, replace ? 0u : RENAME_NOREPLACE));
}

Status LinuxKernel::unlink(int directory, const char* name) {
    return checked(::unlinkat(directory, name, 0));
}

Status LinuxKernel::remove_directory(int directory, const char* name) {
    return checked(::unlinkat(directory, name, AT_REMOVEDIR));
}

Status LinuxKernel::make_directory(int directory, const char* name, std::uint32_t mode) {
    return checked(::mkdirat(directory, name, mode));
}

Status LinuxKernel::change_mode(int fd, std::uint32_t mode) {
    if (::syscall(SYS_fchmodat2, fd, "", mode, AT_EMPTY_PATH) == 0) { return {}; }
    if (errno != ENOSYS && errno != EPERM) { return fail_errno(errno); }
    return checked(::fchmodat(AT_FDCWD, ProcPath(fd).text, mode, 0));
}

Status LinuxKernel::set_modified(int fd, WallTime modified) {
    timespec times[2] = {};
    times[0].tv_nsec = UTIME_OMIT;
    times[1].tv_sec = modified.seconds;
    times[1].tv_nsec = modified.nanoseconds;
    return checked(::utimensat(fd, "", times, AT_EMPTY_PATH));  // Linux 5.8
}

Status LinuxKernel::change_group(int fd, std::uint32_t group) {
    return checked(::fchownat(fd, "", static_cast<uid_t>(-1), group, AT_EMPTY_PATH));
}

// setxattrat(2) and getxattrat(2) came with Linux 6.13 only; a name in /proc reaches the same.
Status LinuxKernel::set_attribute(int fd, const char* attribute, Bytes value) {
    return checked(::setxattr(ProcPath(fd).text, attribute, value.data(), value.size(), 0));
}

Result<std::size_t> LinuxKernel::attribute_at(int directory, const char* name,
                                              const char* attribute, MutableBytes into) {
    char path[sizeof ProcPath::text + NAME_MAX + 1];
    const bool is_itself = name[0] == '\0';
    const int length = std::snprintf(path, sizeof path, "/proc/self/fd/%d%s%s", directory,
                                     is_itself ? "" : "/", name);
    if (length < 0 || static_cast<std::size_t>(length) >= sizeof path) {
        return fail_errno(ENAMETOOLONG);
    }
    const ssize_t size = is_itself
                             ? ::getxattr(path, attribute, into.data(), into.size())
                             : ::lgetxattr(path, attribute, into.data(), into.size());
    if (size < 0 && errno == ENODATA) { return fail(Errc::NotFound, ENODATA); }
    return counted(size);
}

Status LinuxKernel::make_symlink(const char* target, int directory, const char* name) {
    return checked(::symlinkat(target, directory, name));
}

Result<std::size_t> LinuxKernel::copy_range(int from, std::int64_t from_offset, int to,
                                            std::int64_t to_offset, std::size_t count) {
    off64_t read_at = from_offset;
    off64_t write_at = to_offset;
    const ssize_t copied = ::copy_file_range(from, &read_at, to, &write_at, count, 0);
    if (copied < 0) { return fail_errno(errno); }
    return static_cast<std::size_t>(copied);
}

Status LinuxKernel::truncate(int file, std::int64_t size) {
    return checked(::ftruncate(file, size));
}

Status LinuxKernel::sync(int fd, bool data_only) {
    return checked(data_only ? ::fdatasync(fd) : ::fsync(fd));
}

Status LinuxKernel::try_lock(int file) { return checked(::flock(file, LOCK_EX | LOCK_NB)); }

Status LinuxKernel::advise(int file, std::int64_t offset, std::int64_t length, Advice advice) {
    const int native =
        advice == Advice::DontNeed ? POSIX_FADV_DONTNEED : POSIX_FADV_SEQUENTIAL;
    const int error = ::posix_fadvise(file, offset, length, native);
    if (error != 0) { return fail_errno(error); }
    return {};
}

Result<std::uint64_t> LinuxKernel::cached_pages(int file, std::int64_t offset,
                                                std::int64_t length) {
    CacheRange range = {static_cast<std::uint64_t>(offset), static_cast<std::uint64_t>(length)};
    CacheCounts counts = {};
    if (::syscall(SYS_cachestat, file, &range, &counts, 0) < 0) { return fail_errno(errno); }
    return counts.cached;
}

Result<bool> LinuxKernel::is_cached(int file, std::int64_t offset) {
    std::uint8_t byte = 0;
    const iovec into = {&byte, 1};
    const ssize_t got = ::preadv2(file, &into, 1, offset, RWF_NOWAIT);
    if (got > 0) { return true; }
    // 0 was also said by mistake before the end of the file (Linux 5.9 and 5.10).
    if (got == 0) { return fail(Errc::OutOfRange); }
    if (errno == EAGAIN) { return false; }
    return fail_errno(errno);
}

Result<std::int64_t> LinuxKernel::free_bytes(int fd) {
    struct statfs native;
    if (::fstatfs(fd, &native) < 0) { return fail_errno(errno); }
    return static_cast<std::int64_t>(native.f_bavail) * native.f_bsize;
}

Result<std::uint64_t> LinuxKernel::file_system_magic(int fd) {
    struct statfs native;
    if (::fstatfs(fd, &native) < 0) { return fail_errno(errno); }
    return static_cast<std::uint64_t>(native.f_type);
}

}  // namespace sluice::sys
