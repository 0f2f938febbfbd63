// LIST, NLST and MLSD; and bytes from memory for all that pass through it.
#include <algorithm>
#include <cstring>

#include "sluice/xfer/pumps.hpp"
#include "xfer/send_plain.hpp"

namespace sluice::xfer {
namespace {

// More than the longest line of proto (a name and a link target with their facts).
constexpr std::size_t kLineRoom = 9 * 1024;
static_assert(BufferPools::kListingBytes > 2 * kLineRoom);

}  // namespace

io::Task<Status> send_plain(Transfer& transfer, Bytes bytes) {
    io::Reactor& reactor = transfer.reactor();
    while (!bytes.empty()) {
        if (transfer.stop().requested()) { co_return fail(Errc::Stopped); }
        const std::uint64_t granted = reactor.take_budget(bytes.size());
        if (granted == 0) {
            transfer.before_wait();
            co_await reactor.wait_for_budget();
            continue;
        }
        const Result<std::size_t> sent = transfer.kernel().send(
            transfer.socket().fd(), bytes.first(static_cast<std::size_t>(granted)), false);
        const std::uint64_t moved = sent ? *sent : 0;
        reactor.return_budget(granted - moved);
        transfer.count(moved);
        bytes = bytes.subspan(static_cast<std::size_t>(moved));
        if (!sent && sent.error().code != Errc::WouldBlock) { co_return fail(sent.error()); }
        if (moved < granted) {
            transfer.before_wait();
            const Result<std::uint32_t> writable = co_await transfer.wait_writable();
            if (!writable) { co_return fail(writable.error()); }
        }
    }
    co_return Status();
}

io::Task<Status> send_listing(Transfer& transfer, vfs::Directory& directory,
                              EntryRenderer& renderer) {
    Result<Buffer> taken = co_await transfer.take_buffer(transfer.buffers().listing);
    if (!taken) { co_return fail(taken.error()); }
    const Buffer& buffer = *taken;
    vfs::EntryBatch batch;
    std::size_t used = 0;
    while (true) {
        transfer.before_wait();
        const Result<bool> more = co_await directory.next_batch(batch);
        if (!more) { co_return fail(more.error()); }
        for (std::size_t i = 0; i < batch.size(); ++i) {
            if (buffer.size() - used < kLineRoom) {
                const Status sent = co_await send_bytes(transfer, Bytes(buffer.data(), used));
                if (!sent) { co_return fail(sent.error()); }
                used = 0;
            }
            const std::span<char> room(reinterpret_cast<char*>(buffer.data()) + used,
                                       buffer.size() - used);
            used += renderer.render(batch[i], room);
        }
        if (!*more) { break; }
    }
    const Status sent = co_await send_bytes(transfer, Bytes(buffer.data(), used));
    co_return sent;
}

}  // namespace sluice::xfer
