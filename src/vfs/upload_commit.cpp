// vfs::UploadTarget: how an upload ends. All of it runs on a helper.
//
// The order is the promise: data to the disk, then the name, then the directory to the disk.
#include "sluice/vfs/upload_target.hpp"

#include <fcntl.h>

#include <string_view>

#include "vfs/changes.hpp"

namespace sluice::vfs {

using config::Durability;

namespace {

constexpr std::string_view kPartialSuffix = ".partial";

}  // namespace

Status UploadTarget::commit_blocking() {
    sys::Kernel& kernel = tree_.root().kernel();
    const Status written = sync_data();
    if (!written) {
        drop();
        return written;
    }
    const Status published = publish();
    if (!published) {
        drop();
        return published;
    }
    Status durable;
    if (durability_ == Durability::Full) {
        // When this fails the file is there, whole, but may be gone after a power cut: no 226.
        durable = kernel.sync(sync_directory_.number(), false);
    }
    hidden_.clear();
    remove_partial();
    note_status();
    drop();
    return durable;
}

// After the name was given, which moves the time of change.
void UploadTarget::note_status() {
    if (!tells_status_) {
        return;
    }
    const Result<sys::FileStatus> status = tree_.root().kernel().status(fd_.number());
    if (status) {
        status_at_end_ = *status;
    }
}

Status UploadTarget::sync_data() {
    sys::Kernel& kernel = tree_.root().kernel();
    if (durability_ != Durability::None) {
        return kernel.sync(fd_.number(), true);
    }
    if (fs_class_ != FsClass::Remote) {
        return {};
    }
    // Such file systems tell of a failed write as late as in close(2), whose answer comes after the
    // name is given. Asking here costs nothing more: closing writes everything back as well. Those
    // that have no fsync at all are taken at their word.
    const Status synced = kernel.sync(fd_.number(), true);
    if (!synced &&
        (synced.error().code == Errc::NotSupported || synced.error().code == Errc::BadArgument)) {
        return {};
    }
    return synced;
}

Status UploadTarget::publish() {
    switch (kind_) {
        case Kind::InPlace:
            return {};
        case Kind::Unnamed:
            return publish_unnamed();
        case Kind::Named:
            return publish_named();
    }
    return {};
}

Status UploadTarget::publish_unnamed() {
    sys::Kernel& kernel = tree_.root().kernel();
    const Changes changes(tree_.root());
    const int parent = place_.parent.number();
    const char* name = place_.name.c_str();
    if (!replaces_) {
        const Status linked = changes.link_unnamed(fd_.number(), parent, name);
        if (linked || linked.error().code != Errc::AlreadyExists) {
            return linked;
        }
        // Somebody else's file has come to the name. STOR means to replace what is there; to
        // replace a file that somebody appends to, or one of a name called unique, would lose data.
        if (intent_ != UploadIntent::Replace) {
            return linked;
        }
    }
    constexpr int kTriesMax = 8;  // of 2^64 names each
    for (int tries = 0; tries < kTriesMax; ++tries) {
        const HiddenName hidden = make_hidden_name(kernel.entropy());
        const Status linked = changes.link_unnamed(fd_.number(), parent, hidden.c_str());
        if (!linked) {
            if (linked.error().code == Errc::AlreadyExists) {
                continue;
            }
            return linked;
        }
        // One step for everybody who looks; a directory is refused by the kernel.
        const Status renamed = changes.rename(parent, hidden.c_str(), parent, name);
        // The first error is the one to tell; what stays behind is swept.
        if (!renamed) {
            (void)changes.unlink(parent, hidden.c_str());
        }
        return renamed;
    }
    return fail(Errc::AlreadyExists);
}

Status UploadTarget::publish_named() {
    const Changes changes(tree_.root());
    const int parent = place_.parent.number();
    if (intent_ == UploadIntent::Replace) {
        return changes.rename(parent, hidden_.c_str(), parent, place_.name.c_str());
    }
    return changes.rename_exclusive(parent, hidden_.c_str(), parent, place_.name.c_str());
}

bool UploadTarget::abandon_blocking(bool may_keep) {
    bool left = kind_ == Kind::InPlace && written_ > 0;
    if (kind_ != Kind::InPlace && may_keep && written_ > 0) {
        switch (partial_) {
            case config::PartialUpload::Keep:
                left = !replaces_ && keep_under_name().has_value();
                break;
            case config::PartialUpload::DotPartial:
                left = keep_as_partial().has_value();
                break;
            case config::PartialUpload::Discard:
                break;
        }
    }
    note_status();
    drop();
    return left;
}

Status UploadTarget::keep_under_name() {
    const Changes changes(tree_.root());
    const int parent = place_.parent.number();
    if (kind_ == Kind::Unnamed) {
        return changes.link_unnamed(fd_.number(), parent, place_.name.c_str());
    }
    const Status renamed =
        changes.rename_exclusive(parent, hidden_.c_str(), parent, place_.name.c_str());
    if (renamed) {
        hidden_.clear();
    }
    return renamed;
}

// NAME.partial is replaced if it is an ordinary file that could be written. Where the longer name
// does not fit, nothing is kept.
Status UploadTarget::keep_as_partial() {
    sys::Kernel& kernel = tree_.root().kernel();
    const int parent = place_.parent.number();
    if (!place_.name.append(kPartialSuffix)) {
        return fail(Errc::NameTooLong);
    }
    const Result<sys::FileStatus> there = kernel.status_at(parent, place_.name.c_str());
    if (!there && there.error().code != Errc::NotFound) {
        return fail(there.error());
    }
    if (there && !there->is_regular()) {
        return fail(Errc::NotRegularFile);
    }
    if (there) {
        const Result<sys::Fd> writable = tree_.root().open_name(
            parent, place_.name.c_str(), O_WRONLY | O_NONBLOCK | O_NOCTTY | O_NOFOLLOW, 0);
        if (!writable) {
            return fail(writable.error());
        }
    }
    intent_ = UploadIntent::Replace;
    replaces_ = there.has_value();
    const Status published = publish();
    if (published) {
        hidden_.clear();
    }
    return published;
}

// What an earlier attempt left, now that the whole is there. Best effort: it is an ordinary file.
void UploadTarget::remove_partial() {
    if (partial_ != config::PartialUpload::DotPartial || intent_ != UploadIntent::Replace) {
        return;
    }
    sys::Kernel& kernel = tree_.root().kernel();
    const int parent = place_.parent.number();
    FixedString<Root::kNameBytesMax> name = place_.name;
    if (!name.append(kPartialSuffix)) {
        return;
    }
    const Result<sys::FileStatus> there = kernel.status_at(parent, name.c_str());
    if (there && there->is_regular()) {
        (void)Changes(tree_.root()).unlink(parent, name.c_str());
    }
}

// Lets go of everything. An unnamed file ends with its descriptor; that frees its blocks, which is
// why this is not done on a shard.
void UploadTarget::drop() {
    if (kind_ == Kind::InPlace && written_ > 0) {
        Changes(tree_.root()).note_written(fd_.number(), place_.parent.number());
    }
    if (hidden_.size() > 0) {
        // Should this fail, the sweep removes the name.
        (void)Changes(tree_.root()).unlink(place_.parent.number(), hidden_.c_str());
        hidden_.clear();
    }
    fd_.reset();
    sync_directory_.reset();
    place_.parent.reset();
    state_ = State::Closed;
}

}  // namespace sluice::vfs
