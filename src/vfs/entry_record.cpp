#include "vfs/entry_record.hpp"

#include <cstring>

namespace sluice::vfs {
namespace {

constexpr std::size_t kInodeOffset = 0;
constexpr std::size_t kLengthOffset = 16;
constexpr std::size_t kTypeOffset = 18;
constexpr std::size_t kNameOffset = 19;

}  // namespace

Result<EntryRecord> parse_entry_record(Bytes raw) {
    if (raw.size() <= kNameOffset) {
        return fail(Errc::InputOutput);
    }
    EntryRecord record;
    std::memcpy(&record.inode, raw.data() + kInodeOffset, sizeof record.inode);
    std::memcpy(&record.length, raw.data() + kLengthOffset, sizeof record.length);
    record.type = raw[kTypeOffset];
    if (record.length <= kNameOffset || record.length > raw.size()) {
        return fail(Errc::InputOutput);
    }
    record.name = reinterpret_cast<const char*>(raw.data()) + kNameOffset;
    const std::size_t room = record.length - kNameOffset;
    record.name_bytes = ::strnlen(record.name, room);
    if (record.name_bytes == room || record.name_bytes > kEntryNameBytesMax) {
        return fail(Errc::InputOutput);
    }
    return record;
}

}  // namespace sluice::vfs
