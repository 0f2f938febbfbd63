#include "local_tree.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <ctime>

#include "unique_fd.hpp"

namespace sluice::conform {
namespace {

// What `content` reads: the largest generated file and then some.
constexpr std::size_t kContentBytesMax = 128ull << 20;

Status check(int result) {
    if (result != 0) {
        return fail_errno(errno);
    }
    return {};
}

Status write_all(int fd, std::string_view bytes) {
    while (!bytes.empty()) {
        const ssize_t written = ::write(fd, bytes.data(), bytes.size());
        if (written < 0) {
            return fail_errno(errno);
        }
        bytes.remove_prefix(static_cast<std::size_t>(written));
    }
    return {};
}

Result<std::vector<std::string>> names_in(const std::string& path) {
    DIR* directory = ::opendir(path.c_str());
    if (directory == nullptr) {
        return fail_errno(errno);
    }
    std::vector<std::string> names;
    while (const dirent* entry = ::readdir(directory)) {
        const std::string_view name(entry->d_name);
        if (name != "." && name != "..") {
            names.emplace_back(name);
        }
    }
    ::closedir(directory);
    return names;
}

}  // namespace

Status remove_tree(const std::string& path) {
    struct stat status = {};
    if (::lstat(path.c_str(), &status) != 0) {
        return errno == ENOENT ? Status() : fail_errno(errno);
    }
    if (!S_ISDIR(status.st_mode)) {
        return check(::unlink(path.c_str()));
    }
    // A directory that a case made unreadable must not outlive it.
    ::chmod(path.c_str(), 0700);
    // Deep trees are walked by moving up what is below, so that neither the path nor the stack
    // grows: O-FS-14 makes a thousand levels.
    std::size_t moved = 0;  // no name of an earlier round comes again
    for (;;) {
        const auto names = names_in(path);
        if (!names) {
            return fail(names.error());
        }
        if (names->empty()) {
            return check(::rmdir(path.c_str()));
        }
        for (const std::string& name : *names) {
            const std::string child = path + "/" + name;
            if (::lstat(child.c_str(), &status) == 0 && S_ISDIR(status.st_mode)) {
                ::chmod(child.c_str(), 0700);
                const auto below = names_in(child);
                if (!below) {
                    return fail(below.error());
                }
                for (const std::string& inner : *below) {
                    // Short and unlike any name that is still there.
                    const std::string up = path + "/.removing." + std::to_string(moved++);
                    if (::rename((child + "/" + inner).c_str(), up.c_str()) != 0 &&
                        ::unlink((child + "/" + inner).c_str()) != 0) {
                        return fail_errno(errno);
                    }
                }
                if (::rmdir(child.c_str()) != 0) {
                    return fail_errno(errno);
                }
            } else if (::unlink(child.c_str()) != 0 && errno != ENOENT) {
                return fail_errno(errno);
            }
        }
    }
}

Result<std::string> make_temporary_directory(std::string_view prefix) {
    const char* base = std::getenv("TMPDIR");
    std::string path(base != nullptr ? base : "/tmp");
    path.append("/").append(prefix).append(".XXXXXX");
    if (::mkdtemp(path.data()) == nullptr) {
        return fail_errno(errno);
    }
    return path;
}

std::string LocalTree::real(const std::string& path) const {
    constexpr std::string_view kOutside = "@outside";
    if (path.starts_with(kOutside)) {
        return outside_ + path.substr(kOutside.size());
    }
    return root_ + "/" + path;
}

Status LocalTree::give_away(const std::string& path, Status made) const {
    if (!made || !owner_) {
        return made;
    }
    return check(::lchown(real(path).c_str(), *owner_, static_cast<gid_t>(-1)));
}

Status LocalTree::make_directory(const std::string& path) {
    const Status made = check(::mkdir(real(path).c_str(), 0755));
    return give_away(path, made ? check(::chmod(real(path).c_str(), 0755)) : made);
}

Status LocalTree::make_file(const std::string& path, std::string_view content) {
    const UniqueFd fd(::open(real(path).c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644));
    if (!fd.is_open()) {
        return fail_errno(errno);
    }
    return give_away(path, write_all(fd.number(), content));
}

Status LocalTree::make_link(const std::string& path, const std::string& target) {
    return give_away(path, check(::symlink(target.c_str(), real(path).c_str())));
}

Status LocalTree::make_fifo(const std::string& path) {
    return give_away(path, check(::mkfifo(real(path).c_str(), 0644)));
}

Status LocalTree::set_permissions(const std::string& path, std::uint32_t permissions) {
    return check(::chmod(real(path).c_str(), permissions));
}

Status LocalTree::set_modified(const std::string& path, std::int64_t seconds) {
    const std::array<timespec, 2> times = {timespec{.tv_sec = seconds, .tv_nsec = 0},
                                           timespec{.tv_sec = seconds, .tv_nsec = 0}};
    return check(::utimensat(AT_FDCWD, real(path).c_str(), times.data(), AT_SYMLINK_NOFOLLOW));
}

Status LocalTree::truncate(const std::string& path, std::uint64_t size) {
    return check(::truncate(real(path).c_str(), static_cast<off_t>(size)));
}

Status LocalTree::rename(const std::string& from, const std::string& to) {
    return check(::rename(real(from).c_str(), real(to).c_str()));
}

Status LocalTree::remove(const std::string& path) {
    return remove_tree(real(path));
}

Node LocalTree::look(const std::string& path) const {
    Node node;
    struct stat status = {};
    if (::lstat(real(path).c_str(), &status) != 0) {
        return node;
    }
    if (S_ISREG(status.st_mode)) {
        node.kind = NodeKind::File;
    } else if (S_ISDIR(status.st_mode)) {
        node.kind = NodeKind::Directory;
    } else {
        node.kind = S_ISLNK(status.st_mode) ? NodeKind::Link : NodeKind::Other;
    }
    node.size = static_cast<std::uint64_t>(status.st_size);
    node.permissions = status.st_mode & 07777u;
    node.modified_seconds = status.st_mtim.tv_sec;
    return node;
}

Result<std::string> LocalTree::content(const std::string& path) const {
    const UniqueFd fd(::open(real(path).c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
    if (!fd.is_open()) {
        return fail_errno(errno);
    }
    std::string out;
    std::array<char, 65536> piece = {};
    for (;;) {
        const ssize_t got = ::read(fd.number(), piece.data(), piece.size());
        if (got < 0) {
            return fail_errno(errno);
        }
        if (got == 0) {
            return out;
        }
        out.append(piece.data(), static_cast<std::size_t>(got));
        if (out.size() > kContentBytesMax) {
            return fail(Errc::FileTooBig);
        }
    }
}

Result<std::vector<std::string>> LocalTree::entries(const std::string& path) const {
    return names_in(real(path));
}

Status LocalTree::clear() {
    for (const std::string& directory : {root_, outside_}) {
        const auto names = names_in(directory);
        if (!names) {
            return fail(names.error());
        }
        for (const std::string& name : *names) {
            const Status removed = remove_tree(directory + "/" + name);
            if (!removed) {
                return removed;
            }
        }
    }
    return {};
}

}  // namespace sluice::conform
