// LIST, NLST and MLSD; and bytes from memory for all that pass through it.
#include "sluice/xfer/pumps.hpp"
#include "xfer/send_plain.hpp"

namespace sluice::xfer {
static_assert(BufferPools::kListingBytes > 2 * TextSource::kRoomMin);

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

io::Task<Result<TextSource::Piece>> next_piece(Transfer& transfer, TextSource& source,
                                               MutableBytes room) {
    if (transfer.stop().requested()) { co_return fail(Errc::Stopped); }
    transfer.before_wait();
    const std::span<char> out(reinterpret_cast<char*>(room.data()), room.size());
    auto work = [&source, out] { return source.fill(out); };
    const Result<TextSource::Piece> piece = co_await transfer.reactor().on_helper(work);
    // A folder that is sorted, or searched for a pattern, is read for a while without a line to
    // send.
    transfer.count(0);
    co_return piece;
}

io::Task<Status> send_text(Transfer& transfer, TextSource& source) {
    Result<Buffer> taken = co_await transfer.take_buffer(transfer.buffers().listing);
    if (!taken) { co_return fail(taken.error()); }
    const Buffer& buffer = *taken;
    while (true) {
        const Result<TextSource::Piece> piece =
            co_await next_piece(transfer, source, buffer.bytes());
        if (!piece) { co_return fail(piece.error()); }
        const Status sent = co_await send_bytes(transfer, buffer.bytes().first(piece->bytes));
        if (!sent) { co_return fail(sent.error()); }
        if (!piece->more) { co_return Status(); }
    }
}

}  // namespace sluice::xfer
