#include "sluice/vfs/fs_class.hpp"

#include <algorithm>
#include <iterator>

namespace sluice::vfs {
namespace {

// linux/magic.h and the file systems' own headers; written out because several of the constants are
// younger than the headers of Debian 12.
constexpr std::uint64_t kMemory[] = {
    0x01021994,  // tmpfs
    0x858458F6,  // ramfs
};
constexpr std::uint64_t kLocalDisk[] = {
    0xEF53,      // ext2, ext3, ext4
    0x58465342,  // xfs
    0x9123683E,  // btrfs
    0xF2F52010,  // f2fs
    0xCA451A4E,  // bcachefs
    0x2FC12FC1,  // zfs
    0x794C7630,  // overlayfs: its layers are local in every container engine
    0x3153464A,  // jfs
    0x52654973,  // reiserfs
    0x4D44,      // vfat
    0x2011BAB0,  // exfat
    0x9660,      // isofs
    0x73717368,  // squashfs
    0xE0F5E1E2,  // erofs
};
constexpr std::uint64_t kPseudo[] = {
    0x9FA0,      // proc
    0x62656572,  // sysfs
    0x64626720,  // debugfs
    0x74726163,  // tracefs
    0x73636673,  // securityfs
    0x27E0EB,    // cgroup
    0x63677270,  // cgroup2
    0x62656570,  // configfs
    0xCAFE4A11,  // bpf
    0xDE5E81E4,  // efivarfs
    0x6165676C,  // pstore
    0xF97CFF8C,  // selinux
    0x43415D53,  // smack
    0x1CD1,      // devpts
    0x42494E4D,  // binfmt_misc
    0x19800202,  // mqueue
};

template <std::size_t N>
bool contains(const std::uint64_t (&list)[N], std::uint64_t magic) {
    return std::find(std::begin(list), std::end(list), magic) != std::end(list);
}

}  // namespace

FsClass classify_file_system(std::uint64_t magic) {
    if (contains(kMemory, magic)) {
        return FsClass::Memory;
    }
    if (contains(kLocalDisk, magic)) {
        return FsClass::LocalDisk;
    }
    return FsClass::Remote;
}

bool is_pseudo_file_system(std::uint64_t magic) {
    return contains(kPseudo, magic);
}

std::string_view name_of(FsClass fs) {
    switch (fs) {
        case FsClass::Memory:
            return "memory";
        case FsClass::LocalDisk:
            return "local disk";
        case FsClass::Remote:
            return "remote";
    }
    return "remote";
}

}  // namespace sluice::vfs
