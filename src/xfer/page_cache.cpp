#include "xfer/page_cache.hpp"

#include "sluice/vfs/cache_probe.hpp"

namespace sluice::xfer {

bool is_hot(sys::Kernel& kernel, const vfs::File& file, std::int64_t offset,
            std::int64_t length) {
    return vfs::probe_window(kernel, file.fd.number(), offset, length, file.fs_class) ==
           vfs::CacheState::Cached;
}

io::Task<Status> fill(Transfer& transfer, const vfs::File& file, std::int64_t offset,
                      std::int64_t length) {
    sys::Kernel& kernel = transfer.kernel();
    const int fd = file.fd.number();
    auto work = [&kernel, fd, offset, length] {
        return vfs::fill_window(kernel, fd, offset, length);
    };
    transfer.before_wait();
    const Result<std::int64_t> filled = co_await transfer.reactor().on_helper(work);
    if (!filled) { co_return fail(filled.error()); }
    if (*filled < length) { co_return fail(Errc::Truncated); }
    co_return Status();
}

}  // namespace sluice::xfer
