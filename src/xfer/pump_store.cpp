// STOR, APPE and STOU in TYPE I.
//
// A buffer is held only while bytes move: the coroutine waits for the socket without one, fills one
// as far as the socket gives, has it written, and goes on. So a thousand slow uploads need no more
// memory than the few that move at one moment.
#include <algorithm>

#include "sluice/xfer/pumps.hpp"
#include "xfer/write_all.hpp"

namespace sluice::xfer {
namespace {

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

}  // namespace

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

io::Task<Status> receive_file(Transfer& transfer, vfs::UploadTarget& target) {
    io::Reactor& reactor = transfer.reactor();
    bool ended = false;
    while (!ended) {
        if (transfer.stop().requested()) { co_return fail(Errc::Stopped); }
        Buffer buffer = transfer.buffers().try_take(BufferPool::kLargeBytes);
        if (!buffer.is_set()) {
            transfer.before_wait();
            buffer = co_await transfer.buffers().take(BufferPool::kLargeBytes);
        }
        const std::size_t granted = static_cast<std::size_t>(reactor.take_budget(buffer.size()));
        if (granted == 0) {
            buffer.release();
            transfer.before_wait();
            co_await reactor.wait_for_budget();
            continue;
        }
        std::size_t filled = 0;
        Error trouble;
        while (filled < granted) {
            const Result<std::size_t> got = transfer.kernel().receive(
                transfer.socket().fd(), buffer.bytes().subspan(filled, granted - filled));
            if (!got) {
                trouble = got.error();
                break;
            }
            if (*got == 0) {
                ended = true;
                break;
            }
            filled += *got;
            transfer.count(*got);
        }
        reactor.return_budget(granted - filled);
        if (filled > 0) {
            const Status written =
                co_await write_all(transfer, target, Bytes(buffer.data(), filled));
            if (!written) { co_return fail(written.error()); }
        }
        if (trouble.code == Errc::WouldBlock) {
            buffer.release();
            transfer.before_wait();
            const Result<std::uint32_t> readable = co_await transfer.wait_readable();
            if (!readable) { co_return fail(readable.error()); }
        } else if (trouble.code != Errc::Ok) {
            co_return fail(trouble);
        } else if (!ended) {
            buffer.release();
            co_await reactor.yield();
        }
    }
    co_return Status();
}

}  // namespace sluice::xfer
