#include "sluice/vfs/directory.hpp"

#include <dirent.h>

#include <cstddef>
#include <cstring>

#include "sluice/base/assert.hpp"
#include "sluice/vfs/hidden_name.hpp"
#include "vfs/entry_record.hpp"

namespace sluice::vfs {
namespace {

using Type = sys::FileStatus::Type;

constexpr std::size_t kTargetBytesMax = 4095;  // PATH_MAX - 1

bool is_skipped(std::string_view name) {
    return name == "." || name == ".." || is_hidden_name(name);
}

Type type_of(std::uint8_t native) {
    switch (native) {
        case DT_REG:
            return Type::Regular;
        case DT_DIR:
            return Type::Directory;
        case DT_LNK:
            return Type::Symlink;
        default:
            return Type::Other;
    }
}

}  // namespace

void EntryBatch::clear() {
    if (!text_) {
        text_.reset(new std::uint8_t[kTextBytesMax]);
        entries_.reserve(kEntriesMax);
    }
    entries_.clear();
    text_used_ = 0;
}

bool EntryBatch::has_room() const {
    return entries_.size() < kEntriesMax &&
           kTextBytesMax - text_used_ >= kEntryNameBytesMax + kTargetBytesMax;
}

std::string_view EntryBatch::keep_text(std::string_view text) {
    SLUICE_ASSERT(text.size() <= kTextBytesMax - text_used_);
    char* const first = reinterpret_cast<char*>(text_.get()) + text_used_;
    if (!text.empty()) { std::memcpy(first, text.data(), text.size()); }
    text_used_ += text.size();
    return {first, text.size()};
}

io::Task<Result<bool>> Directory::next_batch(EntryBatch& batch) {
    auto work = [this, &batch] { return fill(batch); };
    co_return co_await reactor_->on_helper(work);
}

Result<bool> Directory::next_name(Entry& entry) {
    if (!raw_) { raw_.reset(new std::uint8_t[kRawBytes]); }
    while (true) {
        if (raw_position_ == raw_end_) {
            const Result<std::size_t> read = reactor_->kernel().read_entries(
                fd_.number(), MutableBytes(raw_.get(), kRawBytes));
            if (!read) { return fail(read.error()); }
            if (*read == 0) { return false; }
            raw_position_ = 0;
            raw_end_ = *read;
        }
        const Result<EntryRecord> record =
            parse_entry_record(Bytes(raw_.get() + raw_position_, raw_end_ - raw_position_));
        if (!record) { return fail(record.error()); }
        raw_position_ += record->length;
        if (is_skipped(record->text())) { continue; }
        entry.name = record->text();
        entry.status.type = type_of(record->type);
        entry.status.format = DTTOIF(std::uint32_t{record->type});
        entry.status.inode = record->inode;
        return true;
    }
}

Result<bool> Directory::look(Entry& entry, bool full) {
    sys::Kernel& kernel = reactor_->kernel();
    // The name stands in the record it came from, with its zero.
    const char* const name = entry.name.data();
    const Result<sys::FileStatus> status = full ? kernel.full_status_at(fd_.number(), name)
                                                : kernel.status_at(fd_.number(), name);
    if (!status && status.error().code == Errc::NotFound) { return false; }
    if (!status) { return fail(status.error()); }
    entry.status = *status;
    if (!entry.status.is_symlink()) { return true; }
    if (!target_) { target_.reset(new std::uint8_t[kTargetBytesMax]); }
    const Result<std::size_t> target =
        kernel.read_link(fd_.number(), name, MutableBytes(target_.get(), kTargetBytesMax));
    // A link that became something else meanwhile is shown as what it was.
    if (target) { entry.link_target = {reinterpret_cast<const char*>(target_.get()), *target}; }
    return true;
}

Result<bool> Directory::fill(EntryBatch& batch) {
    batch.clear();
    while (batch.has_room()) {
        Entry entry;
        const Result<bool> named = next_name(entry);
        if (!named) { return fail(named.error()); }
        if (!*named) { break; }
        if (content_ == EntryContent::Full) {
            const Result<bool> there = look(entry, false);
            if (!there) { return fail(there.error()); }
            if (!*there) { continue; }
        }
        entry.name = batch.keep_text(entry.name);
        entry.link_target = batch.keep_text(entry.link_target);
        batch.add(entry);
    }
    return !batch.is_empty();
}

}  // namespace sluice::vfs
