#include "sluice/vfs/folder_rights.hpp"

namespace sluice::vfs {

FolderRights folder_rights(sys::Kernel& kernel, int fd) {
    FolderRights rights;
    const Result<sys::FileStatus> status = kernel.full_status_at(fd, "");
    if (!status) { return rights; }
    const Status changeable = kernel.may(fd, sys::kMayWrite | sys::kMaySearch);
    rights.may_change = changeable.has_value();
    rights.is_read_only = !changeable && changeable.error().code == Errc::ReadOnly;
    rights.is_sticky = (status->mode & 01000u) != 0;
    rights.owner = status->uid;
    return rights;
}

}  // namespace sluice::vfs
