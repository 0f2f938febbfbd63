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
    const std::int64_t size = file.status.size;
    auto work = [&kernel, fd, offset, length, size]() -> Result<std::int64_t> {
        const Result<std::int64_t> filled = vfs::fill_window(kernel, fd, offset, length);
        const std::int64_t next = offset + length;
        if (filled && next < size) {
            (void)kernel.advise(fd, next, std::min(length, size - next), sys::Advice::WillNeed);
        }
        return filled;
    };
    transfer.before_wait();
    const Result<std::int64_t> filled = co_await transfer.reactor().on_helper(work);
    if (!filled) { co_return fail(filled.error()); }
    if (*filled < length) { co_return fail(Errc::Truncated); }
    co_return Status();
}

}  // namespace sluice::xfer
