#include "sluice/sys/append_file.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

namespace sluice::sys {
namespace {

Result<int> open_for_appending(const std::string& path) {
    if (path.empty()) { return STDERR_FILENO; }
    const int fd = ::open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0640);
    if (fd < 0) { return fail_errno(errno); }
    return fd;
}

}  // namespace

AppendFile::~AppendFile() {
    if (fd_ > STDERR_FILENO) { ::close(fd_); }
}

Status AppendFile::open(const std::string& path) {
    path_ = path;
    return reopen();
}

Status AppendFile::probe(const std::string& path) {
    if (path.empty()) { return {}; }
    const int fd = ::open(path.c_str(), O_WRONLY | O_APPEND | O_CLOEXEC | O_NONBLOCK);
    if (fd >= 0) {
        ::close(fd);
        return {};
    }
    if (errno != ENOENT) { return fail_errno(errno); }
    const std::size_t slash = path.find_last_of('/');
    const std::string folder = slash == std::string::npos ? "." : path.substr(0, slash + 1);
    // What decides is who writes, not who started the program: hence the effective user.
    if (::faccessat(AT_FDCWD, folder.c_str(), W_OK | X_OK, AT_EACCESS) < 0) {
        return fail_errno(errno);
    }
    return {};
}

Status AppendFile::reopen() {
    const Result<int> fd = open_for_appending(path_);
    if (!fd) { return fail(fd.error()); }
    if (fd_ > STDERR_FILENO) { ::close(fd_); }
    fd_ = *fd;
    return {};
}

Status AppendFile::write(std::string_view bytes) {
    while (!bytes.empty()) {
        const ssize_t written = ::write(fd_, bytes.data(), bytes.size());
        if (written < 0 && errno == EINTR) { continue; }
        if (written < 0) { return fail_errno(errno); }
        bytes.remove_prefix(static_cast<std::size_t>(written));
    }
    return {};
}

}  // namespace sluice::sys
