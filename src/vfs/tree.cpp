#include "sluice/vfs/tree.hpp"

#include <optional>
#include <utility>

namespace sluice::vfs {
namespace {

// The cached way had no answer: a helper must look.
template <class T>
bool missed(const Result<T>& answer) {
    return !answer && answer.error().code == Errc::WouldBlock;
}

// Freeing the blocks of a deleted file takes ext4 about 0.1 ms for each 64 MiB; below this much it
// does not matter which thread does it.
constexpr std::int64_t kDeletedBytesInlineMax = 1 << 20;

}  // namespace

io::Task<Result<File>> Tree::open_for_reading(std::string_view path) {
    if (root_.can_look_up_cached()) {
        Result<File> cached = root_.open_for_reading(path, Lookup::CachedOnly);
        if (!missed(cached)) {
            co_return cached;
        }
    }
    // Built in place: tl::expected assigns by copy what has a value on both sides, and a File has
    // no copy.
    std::optional<Result<File>> opened;
    auto work = [this, path, &opened] {
        opened.emplace(root_.open_for_reading(path, Lookup::MaySleep));
        return opened->has_value();
    };
    (void)co_await reactor_.on_helper(work);  // the same is in `opened`
    co_return std::move(*opened);
}

io::Task<Result<sys::FileStatus>> Tree::status(std::string_view path) {
    if (root_.can_look_up_cached()) {
        const Result<sys::FileStatus> cached = root_.status(path, Lookup::CachedOnly);
        if (!missed(cached)) {
            co_return cached;
        }
    }
    auto work = [this, path] { return root_.status(path, Lookup::MaySleep); };
    co_return co_await reactor_.on_helper(work);
}

io::Task<Result<sys::FileStatus>> Tree::link_status(std::string_view path) {
    if (root_.can_look_up_cached()) {
        const Result<sys::FileStatus> cached = root_.link_status(path, Lookup::CachedOnly);
        if (!missed(cached)) {
            co_return cached;
        }
    }
    auto work = [this, path] { return root_.link_status(path, Lookup::MaySleep); };
    co_return co_await reactor_.on_helper(work);
}

io::Task<Status> Tree::directory_exists(std::string_view path) {
    if (root_.can_look_up_cached()) {
        const Status cached = root_.directory_exists(path, Lookup::CachedOnly);
        if (!missed(cached)) {
            co_return cached;
        }
    }
    auto work = [this, path] { return root_.directory_exists(path, Lookup::MaySleep); };
    co_return co_await reactor_.on_helper(work);
}

io::Task<Result<Directory>> Tree::open_directory(std::string_view path, EntryContent content) {
    if (root_.can_look_up_cached()) {
        Result<sys::Fd> cached = root_.open_directory(path, Lookup::CachedOnly);
        if (cached) {
            co_return Directory(reactor_, std::move(*cached), content);
        }
        if (!missed(cached)) {
            co_return fail(cached.error());
        }
    }
    std::optional<Result<sys::Fd>> opened;
    auto work = [this, path, &opened] {
        opened.emplace(root_.open_directory(path, Lookup::MaySleep));
        return opened->has_value();
    };
    const bool is_open = co_await reactor_.on_helper(work);
    if (!is_open) {
        co_return fail(opened->error());
    }
    co_return Directory(reactor_, std::move(**opened), content);
}

io::Task<Result<std::size_t>> Tree::read_link(std::string_view path, MutableBytes into) {
    auto work = [this, path, into] { return root_.read_link(path, into); };
    co_return co_await reactor_.on_helper(work);
}

io::Task<Status> Tree::make_directory(std::string_view path, std::uint32_t mode) {
    auto work = [this, path, mode] { return root_.make_directory(path, mode); };
    co_return co_await reactor_.on_helper(work);
}

io::Task<Status> Tree::make_symlink(std::string_view target, std::string_view path) {
    auto work = [this, target, path] { return root_.make_symlink(target, path); };
    co_return co_await reactor_.on_helper(work);
}

io::Task<Status> Tree::remove_file(std::string_view path) {
    auto work = [this, path] { return root_.remove_file(path); };
    co_return co_await reactor_.on_helper(work);
}

io::Task<Status> Tree::remove_directory(std::string_view path) {
    auto work = [this, path] { return root_.remove_directory(path); };
    co_return co_await reactor_.on_helper(work);
}

io::Task<Status> Tree::rename(std::string_view from, std::string_view to, bool replace) {
    auto work = [this, from, to, replace] { return root_.rename(from, to, replace); };
    co_return co_await reactor_.on_helper(work);
}

io::Task<Status> Tree::change_mode(std::string_view path, std::uint32_t mode) {
    auto work = [this, path, mode] { return root_.change_mode(path, mode); };
    co_return co_await reactor_.on_helper(work);
}

io::Task<Status> Tree::give_created(std::string_view path, WallTime created) {
    auto work = [this, path, created] { return root_.give_created(path, created); };
    co_return co_await reactor_.on_helper(work);
}

io::Task<Status> Tree::set_modified(std::string_view path, WallTime modified) {
    auto work = [this, path, modified] { return root_.set_modified(path, modified); };
    co_return co_await reactor_.on_helper(work);
}

io::Task<Status> Tree::change_group(std::string_view path, std::uint32_t group) {
    auto work = [this, path, group] { return root_.change_group(path, group); };
    co_return co_await reactor_.on_helper(work);
}

io::Task<Result<std::int64_t>> Tree::free_bytes(std::string_view path) {
    auto work = [this, path] { return root_.free_bytes(path); };
    co_return co_await reactor_.on_helper(work);
}

io::Task<> Tree::close(File& file) {
    if (!file.fd.is_open()) {
        co_return;
    }
    bool harmless = may_read_cached_inline(file.fs_class);
    if (harmless && file.bytes_on_disk > kDeletedBytesInlineMax) {
        const Result<sys::FileStatus> status = kernel().status(file.fd.number());
        harmless = status && status->links > 0;
    }
    if (harmless) {
        file.fd.reset();
        co_return;
    }
    auto work = [&file] {
        file.fd.reset();
        return true;
    };
    (void)co_await reactor_.on_helper(work);  // nothing comes back from a close
}

}  // namespace sluice::vfs
