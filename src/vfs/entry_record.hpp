// One record of getdents64(2): struct linux_dirent64, which no header of the C library shows.
//
// The record points into the buffer it was read from. Pure, any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "sluice/base/bytes.hpp"
#include "sluice/base/result.hpp"

namespace sluice::vfs {

inline constexpr std::size_t kEntryNameBytesMax = 255;  // NAME_MAX of every file system in use

struct EntryRecord {
    std::uint64_t inode = 0;
    std::uint16_t length = 0;    // of the record: the next one begins there
    std::uint8_t type = 0;       // DT_*
    const char* name = nullptr;  // zero-terminated
    std::size_t name_bytes = 0;

    std::string_view text() const { return {name, name_bytes}; }
};

// The record at the beginning of `raw`; InputOutput when it is none, so that a broken directory is
// an error and not a short listing.
Result<EntryRecord> parse_entry_record(Bytes raw);

}  // namespace sluice::vfs
