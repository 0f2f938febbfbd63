// What a listing knows about one name: the input of the MLST and the LIST renderers.
//
// Views point into the caller's buffers and are used only during the call.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace sluice::proto {

// File type bits of st_mode, as Linux and every other Unix have them.
inline constexpr std::uint32_t kModeTypeMask = 0170000;
inline constexpr std::uint32_t kModeSocket = 0140000;
inline constexpr std::uint32_t kModeSymlink = 0120000;
inline constexpr std::uint32_t kModeFile = 0100000;
inline constexpr std::uint32_t kModeBlockDevice = 0060000;
inline constexpr std::uint32_t kModeDirectory = 0040000;
inline constexpr std::uint32_t kModeCharacterDevice = 0020000;
inline constexpr std::uint32_t kModeFifo = 0010000;

// Which entry of an MLSD answer this is (RFC 3659 7.5.1).
enum class EntryRole : std::uint8_t { Plain, CurrentDirectory, ParentDirectory };

// What this session may do with the entry; becomes the perm fact (RFC 3659 7.5.5).
struct EntryRights {
    bool read = true;     // RETR a file, list a directory
    bool enter = true;    // CWD into a directory
    bool write = false;   // STOR over a file; create, MKD and purge in a directory
    bool append = false;  // APPE to a file
    bool remove = false;  // DELE, RMD and RNFR: the parent directory can be written
};

struct EntryFacts {
    std::string_view name;
    std::string_view link_target;  // only for symlinks, empty when unknown
    std::string_view owner;        // empty: print the number
    std::string_view group;        // empty: print the number
    std::uint64_t size = 0;
    std::int64_t modified_seconds = 0;
    std::int64_t created_seconds = 0;  // of use only with has_created
    std::uint64_t device = 0;
    std::uint64_t inode = 0;
    std::uint32_t mode = 0;  // st_mode with its type bits
    std::uint32_t uid = 0;
    std::uint32_t gid = 0;
    std::uint32_t links = 1;
    EntryRole role = EntryRole::Plain;
    bool has_created = false;
    EntryRights rights;

    bool has_type(std::uint32_t type) const { return (mode & kModeTypeMask) == type; }
};

// A rendered line never needs more than this for names and targets up to 4,095 bytes and owner
// names up to 64 bytes (longer ones are cut).
inline constexpr std::size_t kEntryLineBytesMax = 9 * 1024;
inline constexpr std::size_t kOwnerNameBytesMax = 64;

}  // namespace sluice::proto
