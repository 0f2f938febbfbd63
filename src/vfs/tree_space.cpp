// Tree: how much room is left.
#include <fcntl.h>

#include "sluice/vfs/tree.hpp"

namespace sluice::vfs {

io::Task<Result<std::int64_t>> Tree::free_bytes() {
    const Root& root = root_;
    auto work = [&root]() -> Result<std::int64_t> {
        const Result<sys::Fd> directory =
            root.open_path("/", O_RDONLY | O_DIRECTORY, Lookup::MaySleep);
        if (!directory) {
            return fail(directory.error());
        }
        return root.kernel().free_bytes(directory->number());
    };
    const Result<std::int64_t> free = co_await reactor_.on_helper(work);
    co_return free;
}

}  // namespace sluice::vfs
