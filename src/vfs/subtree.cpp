#include "sluice/vfs/subtree.hpp"

#include <dirent.h>
#include <fcntl.h>

#include <string>
#include <utility>

#include "sluice/base/assert.hpp"
#include "sluice/vfs/hidden_name.hpp"
#include "vfs/changes.hpp"
#include "vfs/entry_record.hpp"

namespace sluice::vfs {
namespace {

constexpr std::uint64_t kDirectoryFlags = O_RDONLY | O_DIRECTORY | O_NONBLOCK;

bool is_not_empty(const Status& removed) {
    return !removed && (removed.error().code == Errc::NotEmpty ||
                        removed.error().code == Errc::AlreadyExists);
}

bool is_gone(Error error) { return error.code == Errc::NotFound; }

}  // namespace

io::Task<Status> Subtree::begin(std::string_view path) {
    auto work = [this, path] { return begin_blocking(path); };
    co_return co_await tree_.reactor().on_helper(work);
}

io::Task<Result<bool>> Subtree::step() {
    auto work = [this] { return step_blocking(); };
    co_return co_await tree_.reactor().on_helper(work);
}

Status Subtree::begin_blocking(std::string_view path) {
    const Root& root = tree_.root();
    Level top;
    if (work_ == SubtreeWork::Remove) {
        if (path.find_first_not_of('/') == std::string_view::npos) {
            return fail(Errc::AccessDenied);
        }
        Result<ParentAndName> place = root.open_parent(path);
        if (!place) { return fail(place.error()); }
        if (is_hidden_name(place->name.view())) { return fail(Errc::NotFound); }
        top.name = place->name;
        parent_ = std::move(place->parent);
        const Result<sys::FileStatus> status =
            root.kernel().status_at(parent_.number(), top.name.c_str());
        if (!status) { return fail(status.error()); }
        if (!status->is_directory()) { return fail(Errc::NotDirectory); }
        Result<sys::Fd> opened =
            root.open_name(parent_.number(), top.name.c_str(), kDirectoryFlags, 0);
        if (!opened) { return fail(opened.error()); }
        top.directory = std::move(*opened);
    } else {
        Result<sys::Fd> opened = root.open_directory(path, Lookup::MaySleep);
        if (!opened) { return fail(opened.error()); }
        top.directory = std::move(*opened);
    }
    const Result<sys::FileStatus> status = root.kernel().status(top.directory.number());
    if (!status) { return fail(status.error()); }
    device_ = status->device;
    top.raw.reset(new std::uint8_t[kRawBytes]);
    levels_.push_back(std::move(top));
    return {};
}

Result<bool> Subtree::step_blocking() {
    for (std::size_t count = 0; count < kNamesPerStep && !levels_.empty(); ++count) {
        const char* name = nullptr;
        std::uint8_t type = DT_UNKNOWN;
        const Result<bool> more = next_name(name, type);
        if (!more) { return fail(more.error()); }
        const Status done = *more ? take(name, type) : leave();
        if (!done) { return fail(done.error()); }
    }
    return !levels_.empty();
}

Result<bool> Subtree::next_name(const char*& name, std::uint8_t& type) {
    Level& level = levels_.back();
    while (true) {
        if (level.position == level.end) {
            const Result<std::size_t> read = tree_.kernel().read_entries(
                level.directory.number(), MutableBytes(level.raw.get(), kRawBytes));
            if (!read) { return fail(read.error()); }
            if (*read == 0) { return false; }
            level.position = 0;
            level.end = *read;
        }
        const Result<EntryRecord> record = parse_entry_record(
            Bytes(level.raw.get() + level.position, level.end - level.position));
        if (!record) { return fail(record.error()); }
        level.position += record->length;
        if (record->text() == "." || record->text() == "..") { continue; }
        if (is_hidden_name(record->text())) {
            if (work_ == SubtreeWork::Measure) { continue; }
            return fail(Errc::Busy);  // an upload runs there
        }
        name = record->name;
        type = record->type;
        return true;
    }
}

// One name of the deepest level. What is gone meanwhile needs nothing.
Status Subtree::take(const char* name, std::uint8_t type) {
    sys::Kernel& kernel = tree_.kernel();
    Level& level = levels_.back();
    const int directory = level.directory.number();
    ++names_;
    std::int64_t size = 0;
    const bool is_measured = work_ == SubtreeWork::Measure && type == DT_REG;
    if (type == DT_UNKNOWN || is_measured) {
        const Result<sys::FileStatus> status = kernel.status_at(directory, name);
        if (!status && is_gone(status.error())) { return {}; }
        if (!status) { return fail(status.error()); }
        type = status->is_directory() ? DT_DIR : (status->is_regular() ? DT_REG : DT_LNK);
        size = status->size;
    }
    if (type == DT_DIR) { return enter(directory, name); }
    if (work_ == SubtreeWork::Measure) {
        bytes_ += type == DT_REG ? static_cast<std::uint64_t>(size) : 0;
        return {};
    }
    const Status removed = Changes(tree_.root()).unlink(directory, name);
    if (!removed && !is_gone(removed.error())) { return removed; }
    level.removed_some = true;
    return {};
}

Status Subtree::enter(int parent, const char* name) {
    if (levels_.size() > kDepthMax) { return fail(Errc::LimitReached); }
    Result<sys::Fd> opened = tree_.root().open_name(parent, name, kDirectoryFlags, 0);
    if (!opened && is_gone(opened.error())) { return {}; }
    if (!opened) { return fail(opened.error()); }
    const Result<sys::FileStatus> status = tree_.kernel().status(opened->number());
    if (!status) { return fail(status.error()); }
    if (status->device != device_) { return fail(Errc::CrossDevice); }
    Level level;
    level.directory = std::move(*opened);
    SLUICE_ASSERT(level.name.assign(name));  // a component of a directory
    level.raw.reset(new std::uint8_t[kRawBytes]);
    levels_.push_back(std::move(level));
    return {};
}

int Subtree::above() const {
    return levels_.size() == 1 ? parent_.number()
                               : levels_[levels_.size() - 2].directory.number();
}

// The deepest level has no more names.
Status Subtree::leave() {
    if (work_ == SubtreeWork::Measure) {
        levels_.pop_back();
        return {};
    }
    Level& level = levels_.back();
    const Status removed = Changes(tree_.root()).remove_directory(above(), level.name.c_str());
    if (is_not_empty(removed) && level.removed_some) {
        // Removing while reading may have hidden some names from us, and others may have come: from
        // the start, as long as each pass removes something.
        Result<sys::Fd> again =
            tree_.root().open_name(above(), level.name.c_str(), kDirectoryFlags, 0);
        if (!again) { return fail(again.error()); }
        level.directory = std::move(*again);
        level.position = level.end = 0;
        level.removed_some = false;
        return {};
    }
    if (!removed && !is_gone(removed.error())) {
        return is_not_empty(removed) ? Status(fail(Errc::NotEmpty)) : removed;
    }
    levels_.pop_back();
    if (!levels_.empty()) { levels_.back().removed_some = true; }
    return {};
}

}  // namespace sluice::vfs
