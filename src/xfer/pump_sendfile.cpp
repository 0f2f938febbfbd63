// RETR in TYPE I.
//
// One sendfile(2) per slice while the pages are in memory. A cold page would make sendfile sleep
// and with it every session of the shard, so each window is looked up first (cachestat, about 1 us)
// and read on a helper where it is missing. Nothing is looked up twice, and not at all in memory
// file systems.
//
// Over TLS the same where the kernel encrypts what goes through the socket; if not, pump_tls.cpp.
#include <algorithm>

#include "sluice/tls/stream.hpp"
#include "sluice/xfer/pumps.hpp"
#include "xfer/page_cache.hpp"

namespace sluice::xfer {
namespace {

// 1 MiB: 1 us of probing against 100-200 us of sending when hot; when cold, one trip to a helper
// for as much as several requests of the disk.
constexpr std::int64_t kWindowBytes = 1 << 20;

}  // namespace

io::Task<Status> send_file(Transfer& transfer, const vfs::File& file, std::int64_t offset) {
    if (transfer.is_protected()) {
        const Status secured = co_await transfer.secure();
        if (!secured) { co_return secured; }
        if (!transfer.give_to_kernel(file.status.size - offset)) {
            co_return co_await send_file_protected(transfer, file, offset);
        }
    }
    io::Reactor& reactor = transfer.reactor();
    // Fixed at the open: a file that grows is sent as it was, one that shrinks is an error.
    const std::int64_t size = file.status.size;
    const std::uint64_t slice = transfer.config().transfer.slice;
    std::int64_t hot_until = offset;
    std::uint64_t slice_left = slice;
    UnsentRoom::Share share(transfer.buffers().unsent);
    while (offset < size) {
        if (transfer.stop().requested()) { co_return fail(Errc::Stopped); }
        if (offset >= hot_until) {
            const std::int64_t window = std::min(kWindowBytes, size - offset);
            if (!is_hot(transfer.kernel(), file, offset, window)) {
                const Status filled = co_await fill(transfer, file, offset, window);
                if (!filled) { co_return fail(filled.error()); }
            }
            hot_until = offset + window;
        }
        if (slice_left == 0) {
            transfer.before_wait();
            co_await reactor.yield();
            slice_left = slice;
        }
        const std::uint64_t wanted =
            std::min(slice_left, static_cast<std::uint64_t>(hot_until - offset));
        const std::uint64_t granted = reactor.take_budget(wanted);
        if (granted == 0) {
            transfer.before_wait();
            co_await reactor.wait_for_budget();
            slice_left = slice;
            continue;
        }
        const Result<std::size_t> sent = transfer.kernel().send_file(
            transfer.socket().fd(), file.fd.number(), offset, granted);
        const std::uint64_t moved = sent ? *sent : 0;
        reactor.return_budget(granted - moved);
        slice_left -= moved;
        if (moved > 0) { transfer.count(moved); }
        if (sent && moved == 0) { co_return fail(Errc::Truncated); }
        if (!sent && sent.error().code != Errc::WouldBlock) { co_return fail(sent.error()); }
        if (!sent && share.widen(transfer.kernel(), transfer.socket().fd(), size - offset)) {
            continue;
        }
        if (!sent) {
            // Only EAGAIN promises that we shall be woken. A short count may also mean that the
            // file has become shorter or unreadable; the next call says which, and costs little
            // when it was the socket after all.
            transfer.before_wait();
            if (transfer.is_protected()) { transfer.stream()->push(); }
            const Result<std::uint32_t> writable = co_await transfer.wait_writable();
            if (!writable) { co_return fail(writable.error()); }
            slice_left = slice;
        }
    }
    co_return Status();
}

}  // namespace sluice::xfer
