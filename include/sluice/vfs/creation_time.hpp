// When a file was made, as a client tells it (MFCT, draft-somers-ftp-mfxx-04 section 4).
//
// Linux lets nobody set the birth time of an inode, so what a client gives is kept beside it, in an
// extended attribute of the `user.` namespace; the fact `create` shows it before the birth time.
// It goes with the inode: a rename keeps it, an upload in its place has none. Whoever may write a
// file may write the attribute, too, so nothing that does not look like ours is believed.
// Stateless. May sleep. Thread: a helper.
#pragma once

#include "sluice/base/result.hpp"
#include "sluice/base/time.hpp"
#include "sluice/sys/kernel.hpp"

namespace sluice::vfs {

// Decimal seconds since 1970 in UTC.
inline constexpr char kCreationAttribute[] = "user.sluice.created";
// The years that MLSx can show: 0001 to 9999.
inline constexpr std::int64_t kCreationSecondsMin = -62'135'596'800;
inline constexpr std::int64_t kCreationSecondsMax = 253'402'300'799;

// Of a regular file or a folder, any descriptor. NotSupported where the file system keeps no
// attributes of that kind.
Status give_creation_time(sys::Kernel& kernel, int fd, WallTime created);

// Puts the time that a client gave into `status`, if there is one. An empty name is `directory`
// itself, which may be any descriptor then.
void read_creation_time(sys::Kernel& kernel, int directory, const char* name,
                        sys::FileStatus& status);

}  // namespace sluice::vfs
