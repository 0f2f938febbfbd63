// sim::Kernel: files.
#include <fcntl.h>
#include <linux/openat2.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "sim/kernel.hpp"
#include "sim/panic.hpp"

namespace sluice::sim {
namespace {

constexpr Duration kDiskRead = Duration(8'000'000);  // a seek and a rotation
constexpr std::uint64_t kExt4Magic = 0xEF53;
constexpr std::int64_t kDiskBytes = std::int64_t{1} << 40;
constexpr std::size_t kReadMax = 0x7FFF'F000;  // MAX_RW_COUNT of Linux

}  // namespace

Kernel::Descriptor& Kernel::file(int fd) {
    Descriptor& found = descriptor(fd);
    if (found.kind != Descriptor::Kind::File) { panic("descriptor %d is no file", fd); }
    return found;
}

Kernel::Descriptor& Kernel::contents(int fd, bool writing) {
    Descriptor& found = file(fd);
    const std::uint64_t access = found.flags & O_ACCMODE;
    const bool may =
        (found.flags & O_PATH) == 0 && (writing ? access != O_RDONLY : access != O_WRONLY);
    if (!may) { panic("descriptor %d is not open for %s", fd, writing ? "writing" : "reading"); }
    if (!files_.get(found.inode).status.is_regular()) {
        panic("contents of descriptor %d, which is no regular file", fd);
    }
    return found;
}

InodeId Kernel::directory(int fd) {
    if (fd == AT_FDCWD) { return Files::kRoot; }
    const InodeId inode = file(fd).inode;
    if (!files_.get(inode).status.is_directory()) { panic("descriptor %d is no directory", fd); }
    return inode;
}

void Kernel::may_sleep(Sleep kind) {
    // Without cachestat the server samples, and may miss a hole between two samples (vfs, "a hint").
    const bool sampled = faults_.is_on(Fault::NoCacheStat) &&
                         (kind == Sleep::SendCold || kind == Sleep::ReadCold);
    if (sampled) { return; }
    if (counting_ && !in_helper_) { ++sleeps_[static_cast<std::size_t>(kind)]; }
}

void Kernel::touch_pages(FileData& data, std::int64_t offset, std::int64_t length, Sleep kind) {
    if (!data.is_cold(offset, length)) { return; }
    may_sleep(kind);
    if (!in_helper_) { clock_.pass(kDiskRead); }
    data.set_cold(offset, length, false);
}

int Kernel::changing_fault() {
    if (faults_.strikes(Fault::ReadOnly)) { return EROFS; }
    if (faults_.strikes(Fault::NoSpace)) { return prng_.chance(1, 2) ? ENOSPC : EDQUOT; }
    if (faults_.strikes(Fault::InputOutput)) { return EIO; }
    if (faults_.strikes(Fault::NoMemory)) { return ENOMEM; }
    return 0;
}

Result<int> Kernel::open(int fd, const char* path, const sys::OpenHow& how) {
    const bool cached = (how.resolve & RESOLVE_CACHED) != 0;
    const bool scoped = (how.resolve & (RESOLVE_IN_ROOT | RESOLVE_BENEATH)) != 0;
    const bool unnamed = (how.flags & O_TMPFILE) == O_TMPFILE;
    const bool changes = (how.flags & (O_CREAT | O_TRUNC)) != 0 || unnamed;
    trace_.note_text("open", static_cast<std::uint64_t>(fd), path);
    if (!cached) { may_sleep(Sleep::Open); }
    if (is_full()) { return fail_errno(EMFILE); }
    if (faults_.strikes(Fault::NoDescriptors)) {
        return fail_errno(prng_.chance(1, 2) ? EMFILE : ENFILE);
    }
    if (cached && faults_.strikes(Fault::CacheMiss)) { return fail_errno(EAGAIN); }
    if (scoped && std::strstr(path, "..") != nullptr && faults_.strikes(Fault::RetryLookup)) {
        return fail_errno(EAGAIN);
    }
    if (faults_.strikes(Fault::NoMemory)) { return fail_errno(ENOMEM); }
    if (!cached && faults_.strikes(Fault::InputOutput)) { return fail_errno(EIO); }
    if (changes) {
        if (const int error = changing_fault()) { return fail_errno(error); }
    }
    if (unnamed && faults_.is_on(Fault::NoUnnamedFiles)) { return fail_errno(EOPNOTSUPP); }
    const Result<InodeId> opened = files_.open(directory(fd), path, how);
    if (!opened) { return noted("open failed", fd, Result<int>(fail(opened.error()))); }
    Descriptor made;
    made.kind = Descriptor::Kind::File;
    made.inode = *opened;
    made.flags = how.flags;
    return noted("opened", fd, Result<int>(install(made)));
}

Result<sys::FileStatus> Kernel::status(int fd) {
    return files_.status_of(file(fd).inode);
}

Status Kernel::may(int fd, unsigned) {
    (void)file(fd);  // ends the test if it is not open
    return {};
}

sys::Credentials Kernel::credentials() {
    sys::Credentials who;
    who.overrides_modes = who.overrides_owners = true;
    return who;
}

Result<sys::FileStatus> Kernel::full_status_at(int fd, const char* name) {
    return name[0] == '\0' ? status(fd) : status_at(fd, name);
}

Result<sys::FileStatus> Kernel::status_at(int fd, const char* name) {
    may_sleep(Sleep::StatusAt);
    if (faults_.strikes(Fault::InputOutput)) { return fail_errno(EIO); }
    if (faults_.strikes(Fault::NoMemory)) { return fail_errno(ENOMEM); }
    const Result<InodeId> found = files_.child(directory(fd), name);
    trace_.note_text("status_at", static_cast<std::uint64_t>(fd), name);
    if (!found) { return fail(found.error()); }
    return files_.status_of(*found);
}

Result<std::size_t> Kernel::read_at(int fd, MutableBytes into, std::int64_t offset) {
    Inode& inode = files_.get(contents(fd, false).inode);
    if (offset < 0) { return fail_errno(EINVAL); }
    if (faults_.strikes(Fault::InputOutput)) { return noted_errno("read_at", fd, EIO); }
    std::size_t wanted = std::min(into.size(), kReadMax);
    if (wanted > 1 && faults_.strikes(Fault::ShortRead)) { wanted = 1 + prng_.below(wanted - 1); }
    touch_pages(inode.data, offset, static_cast<std::int64_t>(wanted), Sleep::ReadCold);
    return noted("read_at", fd, Result<std::size_t>(inode.data.read(offset, into.first(wanted))));
}

Result<std::size_t> Kernel::load(int fd, std::int64_t offset, std::size_t count) {
    std::vector<std::uint8_t> ignored(std::min(count, kReadMax));
    return read_at(fd, ignored, offset);
}

Result<std::size_t> Kernel::write_at(int fd, Bytes from, std::int64_t offset) {
    const Descriptor& target = contents(fd, true);
    Inode& inode = files_.get(target.inode);
    if (offset < 0) { return fail_errno(EINVAL); }
    may_sleep(Sleep::Write);
    if (faults_.strikes(Fault::NoSpace)) {
        return noted_errno("write_at", fd, prng_.chance(1, 2) ? ENOSPC : EDQUOT);
    }
    if (faults_.strikes(Fault::InputOutput)) { return noted_errno("write_at", fd, EIO); }
    std::size_t count = std::min(from.size(), kReadMax);
    if (count > 1 && faults_.strikes(Fault::ShortWrite)) { count = 1 + prng_.below(count - 1); }
    // Linux appends whatever the offset says (pwrite(2), BUGS).
    if ((target.flags & O_APPEND) != 0) { offset = inode.data.size(); }
    inode.data.write(offset, from.first(count));
    files_.changed(target.inode);
    return noted("write_at", fd, Result<std::size_t>(count));
}

Result<std::size_t> Kernel::read_entries(int fd, MutableBytes into) {
    Descriptor& listed = file(fd);
    if ((listed.flags & O_PATH) != 0) { panic("read_entries on O_PATH descriptor %d", fd); }
    may_sleep(Sleep::Entries);
    if (faults_.strikes(Fault::InputOutput)) { return fail_errno(EIO); }
    if (faults_.strikes(Fault::NoMemory)) { return fail_errno(ENOMEM); }
    return noted("read_entries", fd, files_.read_entries(listed.inode, listed.position, into));
}

Result<std::size_t> Kernel::read_link(int fd, const char* name, MutableBytes into) {
    may_sleep(Sleep::Names);
    if (faults_.strikes(Fault::InputOutput)) { return fail_errno(EIO); }
    // An empty name asks for the link that the descriptor itself is (readlinkat(2), O_PATH).
    const Result<InodeId> found =
        name[0] == '\0' ? Result<InodeId>(file(fd).inode) : files_.child(directory(fd), name);
    if (!found) { return fail(found.error()); }
    const Inode& inode = files_.get(*found);
    if (!inode.status.is_symlink()) { return fail_errno(name[0] == '\0' ? ENOENT : EINVAL); }
    const std::size_t count = std::min(into.size(), inode.target.size());
    std::memcpy(into.data(), inode.target.data(), count);
    return count;
}

Status Kernel::link_unnamed(int fd, int to, const char* name) {
    may_sleep(Sleep::Names);
    if (const int error = changing_fault()) { return fail_errno(error); }
    return noted("link", fd, files_.link_unnamed(file(fd).inode, directory(to), name));
}

Status Kernel::rename(int from_directory, const char* from, int to_directory, const char* to,
                      bool replace) {
    may_sleep(Sleep::Names);
    if (const int error = changing_fault()) { return fail_errno(error); }
    return noted(
        "rename", from_directory,
        files_.rename(directory(from_directory), from, directory(to_directory), to, replace));
}

Status Kernel::unlink(int fd, const char* name) {
    may_sleep(Sleep::Names);
    if (faults_.strikes(Fault::ReadOnly)) { return fail_errno(EROFS); }
    if (faults_.strikes(Fault::InputOutput)) { return fail_errno(EIO); }
    return noted("unlink", fd, files_.unlink(directory(fd), name));
}

Status Kernel::remove_directory(int fd, const char* name) {
    may_sleep(Sleep::Names);
    if (const int error = changing_fault()) { return fail_errno(error); }
    return noted("rmdir", fd, files_.remove_directory(directory(fd), name));
}

Status Kernel::make_directory(int fd, const char* name, std::uint32_t mode) {
    may_sleep(Sleep::Names);
    if (const int error = changing_fault()) { return fail_errno(error); }
    return noted("mkdir", fd, files_.make_directory(directory(fd), name, mode));
}

Status Kernel::change_mode(int fd, std::uint32_t mode) {
    may_sleep(Sleep::Attributes);
    if (const int error = changing_fault()) { return fail_errno(error); }
    sys::FileStatus& status = files_.get(file(fd).inode).status;
    if (status.is_symlink()) { return fail_errno(EOPNOTSUPP); }  // Linux 6.6
    status.mode = mode & 07777;
    status.changed = clock_.wall();
    return {};
}

Status Kernel::set_attribute(int fd, const char* attribute, Bytes value) {
    may_sleep(Sleep::Attributes);
    if (const int error = changing_fault()) { return fail_errno(error); }
    Inode& inode = files_.get(file(fd).inode);
    if (!inode.status.is_regular() && !inode.status.is_directory()) { return fail_errno(EPERM); }
    inode.attributes[attribute] = as_text(value);
    inode.status.changed = clock_.wall();
    return {};
}

Result<std::size_t> Kernel::attribute_at(int fd, const char* name, const char* attribute,
                                         MutableBytes into) {
    may_sleep(Sleep::Attributes);
    if (faults_.strikes(Fault::InputOutput)) { return fail_errno(EIO); }
    if (faults_.strikes(Fault::NoMemory)) { return fail_errno(ENOMEM); }
    const Result<InodeId> found = name[0] == '\0' ? Result<InodeId>(file(fd).inode)
                                                  : files_.child(directory(fd), name);
    if (!found) { return fail(found.error()); }
    const auto& attributes = files_.get(*found).attributes;
    const auto value = attributes.find(attribute);
    if (value == attributes.end()) { return fail(Errc::NotFound, ENODATA); }
    if (value->second.size() > into.size()) { return fail_errno(ERANGE); }
    std::copy(value->second.begin(), value->second.end(), into.begin());
    return value->second.size();
}

Status Kernel::set_modified(int fd, WallTime modified) {
    may_sleep(Sleep::Attributes);
    if (const int error = changing_fault()) { return fail_errno(error); }
    sys::FileStatus& status = files_.get(file(fd).inode).status;
    status.modified = modified;
    status.changed = clock_.wall();
    return {};
}

Status Kernel::change_group(int fd, std::uint32_t group) {
    may_sleep(Sleep::Attributes);
    if (const int error = changing_fault()) { return fail_errno(error); }
    sys::FileStatus& status = files_.get(file(fd).inode).status;
    status.gid = group;
    status.changed = clock_.wall();
    return {};
}

Status Kernel::make_symlink(const char* target, int fd, const char* name) {
    may_sleep(Sleep::Names);
    if (const int error = changing_fault()) { return fail_errno(error); }
    return noted("symlink", fd, files_.make_symlink(target, directory(fd), name));
}

// Not every file system can; then the caller reads and writes, which has faults of its own.
Result<std::size_t> Kernel::copy_range(int from, std::int64_t, int, std::int64_t, std::size_t) {
    (void)contents(from, false);
    may_sleep(Sleep::ReadCold);
    return fail_errno(EXDEV);
}

Status Kernel::truncate(int fd, std::int64_t size) {
    const Descriptor& target = contents(fd, true);
    if (size < 0) { return fail_errno(EINVAL); }
    may_sleep(Sleep::Attributes);
    if (const int error = changing_fault()) { return fail_errno(error); }
    files_.get(target.inode).data.truncate(size);
    files_.changed(target.inode);
    return {};
}

Status Kernel::sync(int fd, bool data_only) {
    const Descriptor& synced = file(fd);
    if ((synced.flags & O_PATH) != 0) { panic("sync of O_PATH descriptor %d", fd); }
    may_sleep(Sleep::Sync);
    Inode& inode = files_.get(synced.inode);
    if (faults_.strikes(Fault::InputOutput) || faults_.strikes(Fault::NoSpace)) {
        // The kernel reports it once, marks the pages clean and has lost them: a second sync
        // answers success (PostgreSQL's "fsyncgate").
        inode.sync_lost = true;
        return noted("sync", fd, Status(fail_errno(prng_.chance(1, 2) ? EIO : ENOSPC)));
    }
    if (inode.status.is_directory()) {
        files_.sync_directory(synced.inode);
    } else if (!inode.sync_lost) {
        inode.data.mark_synced();
    }
    return noted(data_only ? "fdatasync" : "fsync", fd, Status());
}

Status Kernel::try_lock(int fd) {
    Descriptor& wanting = file(fd);
    for (Descriptor& other : descriptors_) {
        const bool same = other.kind == Descriptor::Kind::File && other.inode == wanting.inode;
        if (same && other.locked && &other != &wanting) { return fail_errno(EAGAIN); }
    }
    wanting.locked = true;
    return {};
}

Status Kernel::advise(int fd, std::int64_t offset, std::int64_t length, sys::Advice advice) {
    const InodeId id = contents(fd, false).inode;
    FileData& data = files_.get(id).data;
    if (length == 0) { length = std::max<std::int64_t>(data.size() - offset, 0); }
    if (advice == sys::Advice::DontNeed) { data.set_cold(offset, length, true); }
    return {};
}

Result<std::uint64_t> Kernel::cached_pages(int fd, std::int64_t offset, std::int64_t length) {
    if (faults_.is_on(Fault::NoCacheStat)) { return fail_errno(ENOSYS); }
    const FileData& data = files_.get(contents(fd, false).inode).data;
    // A length of 0 means up to the end (cachestat(2)).
    if (length == 0) { length = std::max<std::int64_t>(data.size() - offset, 0); }
    return noted("cachestat", fd, Result<std::uint64_t>(data.hot_pages(offset, length)));
}

Result<bool> Kernel::is_cached(int fd, std::int64_t offset) {
    const FileData& data = files_.get(contents(fd, false).inode).data;
    if (offset >= data.size()) { return fail(Errc::OutOfRange); }
    return data.hot_pages(offset, 1) > 0;
}

Result<std::int64_t> Kernel::free_bytes(int fd) {
    file(fd);
    return kDiskBytes - static_cast<std::int64_t>(files_.used_bytes());
}

Result<std::uint64_t> Kernel::file_system_magic(int fd) {
    file(fd);
    return kExt4Magic;
}

}  // namespace sluice::sim
