// vfs::UploadTarget: begin and the shard's side. Its end: upload_commit.cpp.
#include "sluice/vfs/upload_target.hpp"

#include <fcntl.h>

#include <utility>

#include "sluice/base/assert.hpp"
#include "vfs/changes.hpp"
#include "vfs/upload_place.hpp"

namespace sluice::vfs {
namespace {

constexpr std::uint64_t kWriteFlags = O_WRONLY | O_NONBLOCK | O_NOCTTY;

// O_TMPFILE is one of several bits of which older kernels and file systems know only some: then the
// directory itself is what cannot be written (EISDIR), or the flags are wrong (EINVAL), or the
// support is missing (EOPNOTSUPP). FUSE daemons also say ENOENT. Where the reason is another one,
// the named file that comes next meets it, too.
bool has_no_unnamed_files(Error error) {
    return error.code == Errc::NotSupported || error.code == Errc::IsDirectory ||
           error.code == Errc::BadArgument || error.code == Errc::NotFound;
}

// "base.0123456789ab", cut to what a name may have.
Status choose_unique_name(sys::Kernel& kernel, ParentAndName& place) {
    constexpr std::size_t kSuffixBytes = 13;
    constexpr int kTriesMax = 8;  // of 2^48 names each
    if (place.name.size() > Root::kNameBytesMax - kSuffixBytes) {
        place.name.truncate(Root::kNameBytesMax - kSuffixBytes);
    }
    const std::size_t base = place.name.size();
    for (int tries = 0; tries < kTriesMax; ++tries) {
        std::uint64_t random = kernel.entropy();
        place.name.truncate(base);
        bool fitted = place.name.append('.');
        for (std::size_t digit = 1; digit < kSuffixBytes; ++digit) {
            fitted = place.name.append("0123456789abcdef"[random & 15]) && fitted;
            random >>= 4;
        }
        SLUICE_ASSERT(fitted);
        const Result<sys::FileStatus> there =
            kernel.status_at(place.parent.number(), place.name.c_str());
        if (!there && there.error().code == Errc::NotFound) {
            return {};
        }
        if (!there) {
            return fail(there.error());
        }
    }
    return fail(Errc::AlreadyExists);
}

}  // namespace

UploadTarget::~UploadTarget() {
    if (state_ == State::Open) {
        drop();
    }
}

io::Task<Status> UploadTarget::begin(const UploadRequest& request) {
    SLUICE_ASSERT(state_ == State::Idle);
    auto work = [this, &request] { return begin_blocking(request); };
    co_return co_await tree_.reactor().on_helper(work);
}

io::Task<Status> UploadTarget::commit() {
    SLUICE_ASSERT(state_ == State::Open);
    auto work = [this] { return commit_blocking(); };
    co_return co_await tree_.reactor().on_helper(work);
}

io::Task<bool> UploadTarget::abandon(bool may_keep) {
    SLUICE_ASSERT(state_ == State::Open);
    auto work = [this, may_keep] { return abandon_blocking(may_keep); };
    co_return co_await tree_.reactor().on_helper(work);
}

Status UploadTarget::begin_blocking(const UploadRequest& request) {
    intent_ = request.intent;
    durability_ = request.durability;
    partial_ = request.partial;
    tells_status_ = request.tells_status;
    replaces_ = false;
    start_ = written_ = 0;
    Status begun = choose_place(request);
    if (begun && durability_ == config::Durability::Full) {
        begun = open_for_directory_sync();
    }
    if (!begun) {
        drop();
        state_ = State::Idle;
        return begun;
    }
    state_ = State::Open;
    return {};
}

Status UploadTarget::choose_place(const UploadRequest& request) {
    const Root& root = tree_.root();
    if (intent_ == UploadIntent::Unique) {
        Result<ParentAndName> at = root.open_parent(request.path);
        if (!at) {
            return fail(at.error());
        }
        place_ = std::move(*at);
        const Status chosen = choose_unique_name(root.kernel(), place_);
        if (!chosen) {
            return chosen;
        }
        return begin_new(request.file_mode);
    }
    // The file that stood under the name may go between being looked at and being opened (DELE of
    // another session): then there is a place to find again. Where that happens at every look, the
    // name is NotFound.
    constexpr int kLooksMax = 4;
    for (int looks = 1;; ++looks) {
        Result<UploadPlace> place = find_upload_place(root, request.path);
        if (!place) {
            return fail(place.error());
        }
        const bool existed = place->exists;
        place_ = std::move(place->at);
        const Status begun = begin_at_place(request, existed ? &place->status : nullptr);
        const bool has_gone = !begun && begun.error().code == Errc::NotFound && existed;
        if (!has_gone || looks == kLooksMax) {
            return begun;
        }
        drop();
        replaces_ = false;
    }
}

Status UploadTarget::begin_at_place(const UploadRequest& request, const sys::FileStatus* there) {
    if (there == nullptr) {
        if (intent_ == UploadIntent::ResumeAt && request.resume_at > 0) {
            return fail(Errc::OutOfRange);
        }
        return begin_new(request.file_mode);
    }
    if (there->is_directory()) {
        return fail(Errc::IsDirectory);
    }
    if (!there->is_regular()) {
        return fail(Errc::NotRegularFile);
    }
    if (intent_ != UploadIntent::Replace) {
        return begin_in_place(request);
    }
    replaces_ = true;
    // Renaming over a file asks only for rights on the directory. A file that its owner protected
    // against writing stays protected here, as it would be with open(2). One that is running is not
    // touched by a rename, so ETXTBSY is no reason.
    const Result<sys::Fd> writable =
        tree_.root().open_name(place_.parent.number(), place_.name.c_str(), kWriteFlags, 0);
    if (!writable && writable.error().code != Errc::Busy) {
        return fail(writable.error());
    }
    // A script of a web site stays executable when it is uploaded again.
    return begin_new(there->mode & 0777u);
}

Status UploadTarget::adopt(sys::Fd&& fd) {
    fd_ = std::move(fd);
    const Result<sys::FileStatus> status = tree_.root().kernel().status(fd_.number());
    if (!status) {
        return fail(status.error());
    }
    if (!status->is_regular()) {
        return fail(Errc::NotRegularFile);
    }
    const Result<FsClass> fs = tree_.root().class_of(fd_.number(), *status);
    if (!fs) {
        return fail(fs.error());
    }
    fs_class_ = *fs;
    start_ = status->size;
    return {};
}

Status UploadTarget::begin_in_place(const UploadRequest& request) {
    kind_ = Kind::InPlace;
    Result<sys::Fd> fd =
        tree_.root().open_name(place_.parent.number(), place_.name.c_str(), kWriteFlags, 0);
    if (!fd) {
        return fail(fd.error());
    }
    const Status adopted = adopt(std::move(*fd));
    if (!adopted || intent_ == UploadIntent::Append) {
        return adopted;
    }
    if (request.resume_at < 0 || request.resume_at > start_) {
        return fail(Errc::OutOfRange);
    }
    start_ = request.resume_at;
    return {};
}

Status UploadTarget::begin_new(std::uint32_t mode) {
    if (tree_.root().unnamed_links() != Root::UnnamedLinks::Fail) {
        Result<bool> unnamed = begin_unnamed(mode);
        if (!unnamed) {
            return fail(unnamed.error());
        }
        if (*unnamed) {
            return {};
        }
    }
    return begin_named(mode);
}

Result<bool> UploadTarget::begin_unnamed(std::uint32_t mode) {
    const Root& root = tree_.root();
    const int parent = place_.parent.number();
    Result<sys::Fd> fd = root.open_name(parent, ".", O_TMPFILE | O_WRONLY, mode);
    if (!fd) {
        if (has_no_unnamed_files(fd.error())) {
            return false;
        }
        return fail(fd.error());
    }
    if (root.unnamed_links() == Root::UnnamedLinks::Unknown) {
        const Result<bool> works = learn_unnamed_links();
        if (!works || !*works) {
            return works;
        }
    }
    kind_ = Kind::Unnamed;
    const Status adopted = adopt(std::move(*fd));
    if (!adopted) {
        return fail(adopted.error());
    }
    return true;
}

// Naming an unnamed file needs Linux 6.10, a capability, or /proc, and a process that has none of
// them must not learn it after the data have come. So the first upload of the process tries with an
// empty file.
Result<bool> UploadTarget::learn_unnamed_links() {
    const Root& root = tree_.root();
    sys::Kernel& kernel = root.kernel();
    const int parent = place_.parent.number();
    const Result<sys::Fd> probe = root.open_name(parent, ".", O_TMPFILE | O_WRONLY, 0600);
    if (!probe) {
        return fail(probe.error());
    }
    const HiddenName name = make_hidden_name(kernel.entropy());
    const Status linked = Changes(root).link_unnamed(probe->number(), parent, name.c_str());
    if (linked) {
        // Should this fail, the sweep removes the name.
        (void)Changes(root).unlink(parent, name.c_str());
        root.learn_unnamed_links(Root::UnnamedLinks::Work);
        return true;
    }
    const Errc code = linked.error().code;
    if (code == Errc::NotFound || code == Errc::Permission || code == Errc::AccessDenied ||
        code == Errc::CrossDevice || code == Errc::NotSupported) {
        root.learn_unnamed_links(Root::UnnamedLinks::Fail);
        return false;
    }
    return fail(linked.error());
}

Status UploadTarget::begin_named(std::uint32_t mode) {
    constexpr int kTriesMax = 8;  // of 2^64 names each
    const Root& root = tree_.root();
    for (int tries = 0; tries < kTriesMax; ++tries) {
        const HiddenName name = make_hidden_name(root.kernel().entropy());
        Result<sys::Fd> fd = root.open_name(place_.parent.number(), name.c_str(),
                                            O_CREAT | O_EXCL | O_WRONLY | O_NOCTTY, mode);
        if (!fd) {
            if (fd.error().code == Errc::AlreadyExists) {
                continue;
            }
            return fail(fd.error());
        }
        kind_ = Kind::Named;
        hidden_ = name;
        // Tells the sweep of another process that we live. Some file systems have no locks: there
        // only the age protects the name, and each write makes it young again.
        (void)root.kernel().try_lock(fd->number());
        return adopt(std::move(*fd));
    }
    return fail(Errc::AlreadyExists);
}

Status UploadTarget::open_for_directory_sync() {
    // fsync wants a descriptor that is open for reading, not the O_PATH one. A directory that may
    // be written but not read cannot keep this promise, and says so before the data come.
    Result<sys::Fd> directory =
        tree_.root().open_name(place_.parent.number(), ".", O_RDONLY | O_DIRECTORY, 0);
    if (!directory) {
        return fail(directory.error());
    }
    sync_directory_ = std::move(*directory);
    return {};
}

}  // namespace sluice::vfs
