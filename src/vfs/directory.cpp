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

MutableBytes EntryBatch::free_text() {
    return {text_.get() + text_used_, kTextBytesMax - text_used_};
}

std::string_view EntryBatch::keep_text(std::size_t bytes) {
    SLUICE_ASSERT(bytes <= kTextBytesMax - text_used_);
    const char* first = reinterpret_cast<const char*>(text_.get()) + text_used_;
    text_used_ += bytes;
    return {first, bytes};
}

io::Task<Result<bool>> Directory::next_batch(EntryBatch& batch) {
    auto work = [this, &batch] { return fill(reactor_->kernel(), batch); };
    co_return co_await reactor_->on_helper(work);
}

Result<bool> Directory::fill(sys::Kernel& kernel, EntryBatch& batch) {
    batch.clear();
    if (!raw_) {
        raw_.reset(new std::uint8_t[kRawBytes]);
    }
    while (batch.has_room()) {
        if (raw_position_ == raw_end_) {
            const Result<std::size_t> read =
                kernel.read_entries(fd_.number(), MutableBytes(raw_.get(), kRawBytes));
            if (!read) {
                return fail(read.error());
            }
            if (*read == 0) {
                break;
            }
            raw_position_ = 0;
            raw_end_ = *read;
        }
        const Result<EntryRecord> record =
            parse_entry_record(Bytes(raw_.get() + raw_position_, raw_end_ - raw_position_));
        if (!record) {
            return fail(record.error());
        }
        raw_position_ += record->length;
        if (is_skipped(record->text())) {
            continue;
        }

        Entry entry;
        entry.status.type = type_of(record->type);
        entry.status.inode = record->inode;
        if (content_ == EntryContent::Full) {
            const Result<sys::FileStatus> status = kernel.status_at(fd_.number(), record->name);
            if (!status && status.error().code == Errc::NotFound) {
                continue;
            }  // vanished
            if (!status) {
                return fail(status.error());
            }
            entry.status = *status;
        }
        std::memcpy(batch.free_text().data(), record->name, record->name_bytes);
        entry.name = batch.keep_text(record->name_bytes);
        if (content_ == EntryContent::Full && entry.status.is_symlink()) {
            const Result<std::size_t> target = kernel.read_link(
                fd_.number(), record->name, batch.free_text().first(kTargetBytesMax));
            // A link that became something else meanwhile is shown as what it was.
            if (target) {
                entry.link_target = batch.keep_text(*target);
            }
        }
        batch.add(entry);
    }
    return !batch.is_empty();
}

}  // namespace sluice::vfs
