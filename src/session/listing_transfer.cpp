#include "session/listing_transfer.hpp"

namespace sluice::session {
namespace {

using vfs::ListingCache;

// How often a session waits for a text that others make and do not finish, before it reads for
// itself.
constexpr int kWaitsMax = 3;

io::Task<Status> send_pieces(xfer::Transfer& transfer, ListingCache& cache,
                             ListingCache::Ref& text) {
    for (std::size_t i = 0; i < cache.pieces(text); ++i) {
        const Status sent = co_await xfer::send_bytes(transfer, cache.piece(text, i));
        if (!sent) { co_return fail(sent.error()); }
    }
    co_return Status();
}

// True: the text is there. False: it came to nothing.
io::Task<Result<bool>> wait_for_text(xfer::Transfer& transfer, ListingCache& cache,
                                     ListingCache::Ref& text) {
    transfer.before_wait();
    ListingCache::Wait wait(transfer.reactor().mailbox(), transfer.wake());
    if (cache.wait_for(text, wait)) {
        while (!wait.has_come()) {
            if (transfer.stop().requested() && cache.give_up(wait)) {
                co_return fail(Errc::Stopped);
            }
            co_await transfer.wake().wait();
        }
    }
    transfer.count(0);  // who was waited for has worked
    co_return cache.is_complete(text);
}

// Makes the text as fast as the disk allows, for all who wait for it, and then sends it: a client
// that reads slowly must not hold the others. What does not fit into the cache is sent as it is
// read.
io::Task<Status> make_and_send(xfer::Transfer& transfer, Listing& listing, ListingCache& cache,
                               ListingCache::Ref& text) {
    Result<xfer::Buffer> taken = co_await transfer.take_buffer(transfer.buffers().listing);
    if (!taken) { co_return fail(taken.error()); }
    xfer::Buffer buffer = std::move(*taken);
    bool more = true;
    while (more) {
        const Result<xfer::TextSource::Piece> piece =
            co_await xfer::next_piece(transfer, listing, buffer.bytes());
        if (!piece) { co_return fail(piece.error()); }
        more = piece->more;
        const Bytes made = buffer.bytes().first(piece->bytes);
        if (cache.add(text, made)) { continue; }
        const Status sent = co_await send_pieces(transfer, cache, text);
        if (!sent) { co_return fail(sent.error()); }
        const Status rest = co_await xfer::send_bytes(transfer, made);
        if (!rest) { co_return fail(rest.error()); }
        text.release();
        buffer.release();
        if (!more) { co_return Status(); }
        co_return co_await xfer::send_text(transfer, listing);
    }
    cache.complete(text);
    buffer.release();  // others may need it while a slow client reads
    co_return co_await send_pieces(transfer, cache, text);
}

}  // namespace

io::Task<Status> send_listing(Session& session, Listing& listing,
                              const std::optional<vfs::FolderStamp>& stamp) {
    xfer::Transfer& transfer = session.transfer();
    if (!stamp) { co_return co_await xfer::send_text(transfer, listing); }
    ListingCache& cache = session.services().listings.cache;
    const std::string key = listing.key();
    for (int waits = 0; waits < kWaitsMax; ++waits) {
        ListingCache::Answer answer = cache.ask(key, *stamp, session.reactor().now());
        if (answer.part == ListingCache::Part::Alone) { break; }
        if (answer.part == ListingCache::Part::Read) {
            co_return co_await send_pieces(transfer, cache, answer.ref);
        }
        if (answer.part == ListingCache::Part::Make) {
            co_return co_await make_and_send(transfer, listing, cache, answer.ref);
        }
        const Result<bool> there = co_await wait_for_text(transfer, cache, answer.ref);
        if (!there) { co_return fail(there.error()); }
        if (*there) { co_return co_await send_pieces(transfer, cache, answer.ref); }
    }
    co_return co_await xfer::send_text(transfer, listing);
}

}  // namespace sluice::session
