#include "xfer/write_all.hpp"

namespace sluice::xfer {

Status write_now(sys::Kernel& kernel, int fd, Bytes bytes, std::int64_t position) {
    while (!bytes.empty()) {
        const Result<std::size_t> written = kernel.write_at(fd, bytes, position);
        if (!written) { return fail(written.error()); }
        if (*written == 0) { return fail(Errc::NoSpace); }
        bytes = bytes.subspan(*written);
        position += static_cast<std::int64_t>(*written);
    }
    return {};
}

io::Task<Status> write_all(Transfer& transfer, vfs::UploadTarget& target, Bytes bytes) {
    sys::Kernel& kernel = transfer.kernel();
    const int fd = target.fd();
    const std::int64_t position = target.offset();
    Status written;
    if (vfs::may_write_inline(target.fs_class())) {
        written = write_now(kernel, fd, bytes, position);
    } else {
        auto work = [&kernel, fd, bytes, position] {
            return write_now(kernel, fd, bytes, position);
        };
        transfer.before_wait();
        written = co_await transfer.reactor().on_helper(work);
    }
    if (written) { target.advance(bytes.size()); }
    co_return written;
}

}  // namespace sluice::xfer
