#include "sluice/vfs/upload_sweep.hpp"

#include <dirent.h>
#include <fcntl.h>

#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "sluice/vfs/hidden_name.hpp"
#include "vfs/entry_record.hpp"

namespace sluice::vfs {
namespace {

constexpr std::size_t kRawBytes = 64 * 1024;

class Sweeper {
public:
    explicit Sweeper(const Root& root)
        : root_(root), kernel_(root.kernel()), raw_(new std::uint8_t[kRawBytes]) {
        pending_.emplace_back("/");
    }

    SweepReport run() {
        while (!pending_.empty()) {
            if (report_.directories == kSweepDirectoriesMax) {
                report_.complete = false;
                break;
            }
            const std::string path = std::move(pending_.back());
            pending_.pop_back();
            sweep_directory(path);
        }
        return report_;
    }

private:
    void sweep_directory(const std::string& path) {
        // NOFOLLOW: what was a directory when its parent was read may be a link by now.
        const Result<sys::Fd> directory = root_.open_path(
            path, O_RDONLY | O_DIRECTORY | O_NONBLOCK | O_NOFOLLOW, Lookup::MaySleep);
        if (!directory) {
            ++report_.failed;
            return;
        }
        const Result<sys::FileStatus> status = kernel_.status(directory->number());
        if (!status) {
            ++report_.failed;
            return;
        }
        if (report_.directories == 0) {
            device_ = status->device;
        }
        if (status->device != device_) {
            return;
        }
        ++report_.directories;
        while (true) {
            const Result<std::size_t> read =
                kernel_.read_entries(directory->number(), MutableBytes(raw_.get(), kRawBytes));
            if (!read) {
                ++report_.failed;
                return;
            }
            if (*read == 0) {
                return;
            }
            sweep_entries(directory->number(), path, Bytes(raw_.get(), *read));
        }
    }

    void sweep_entries(int directory, const std::string& path, Bytes raw) {
        while (!raw.empty()) {
            const Result<EntryRecord> record = parse_entry_record(raw);
            if (!record) {
                ++report_.failed;
                return;
            }
            raw = raw.subspan(record->length);
            const std::string_view name = record->text();
            if (is_hidden_name(name)) {
                sweep_name(directory, record->name);
            } else if (name != "." && name != ".." && is_directory(directory, *record)) {
                add_pending(path, name);
            }
        }
    }

    bool is_directory(int directory, const EntryRecord& record) {
        if (record.type != DT_UNKNOWN) {
            return record.type == DT_DIR;
        }
        const Result<sys::FileStatus> status = kernel_.status_at(directory, record.name);
        return status && status->is_directory();
    }

    // What waits counts against the same bound as what was read, so memory is bounded, too.
    void add_pending(const std::string& path, std::string_view name) {
        if (report_.directories + pending_.size() >= kSweepDirectoriesMax) {
            report_.complete = false;
            return;
        }
        std::string child = path;
        if (child.back() != '/') {
            child += '/';
        }
        child += name;
        pending_.push_back(std::move(child));
    }

    void sweep_name(int directory, const char* name) {
        const Result<sys::Fd> file =
            root_.open_name(directory, name, O_WRONLY | O_NONBLOCK | O_NOCTTY, 0);
        if (!file) {
            ++report_.failed;
            return;
        }
        const Result<sys::FileStatus> status = kernel_.status(file->number());
        if (!status) {
            ++report_.failed;
            return;
        }
        // The time of change is also that of the link to this name: a file that took long to come
        // and is just being renamed is young.
        const WallTime touched = std::max(status->modified, status->changed);
        const bool old = touched.seconds + kSweepAge.in_seconds() < kernel_.wall_time().seconds;
        if (!status->is_regular() || !old || !kernel_.try_lock(file->number())) {
            ++report_.kept;
            return;
        }
        if (kernel_.unlink(directory, name)) {
            ++report_.removed;
        } else {
            ++report_.failed;
        }
    }

    const Root& root_;
    sys::Kernel& kernel_;
    std::unique_ptr<std::uint8_t[]> raw_;
    std::vector<std::string> pending_;
    std::uint64_t device_ = 0;
    SweepReport report_;
};

}  // namespace

SweepReport sweep_stale_uploads(const Root& root) {
    return Sweeper(root).run();
}

}  // namespace sluice::vfs
