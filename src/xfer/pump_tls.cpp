// RETR in TYPE I over TLS, in user space: read from the page cache, encrypt, send.
//
// The plaintext is read in small parts, which are still in the cache of the core when they are
// encrypted; the ciphertext gathers in one piece that leaves in one send. Windows that are not in
// memory are read on a helper first, as in pump_sendfile.cpp.
#include <algorithm>

#include "sluice/tls/stream.hpp"
#include "sluice/xfer/pumps.hpp"
#include "xfer/page_cache.hpp"
#include "xfer/secured.hpp"

namespace sluice::xfer {
namespace {

// As in pump_sendfile.cpp.
constexpr std::int64_t kWindowBytes = 1 << 20;
// Four records: a read for each costs little, and two of them fit into the second-level cache.
constexpr std::size_t kPlainBytes = 64 * 1024;
static_assert(BufferPools::kTlsBytes >= kPlainBytes + tls::Connection::kGatherBytes);

// Lent memory goes back to its pool on every way out.
class LentOutput {
public:
    LentOutput(tls::Connection& connection, MutableBytes memory) : connection_(connection) {
        connection_.lend_output(memory);
    }
    LentOutput(const LentOutput&) = delete;
    LentOutput& operator=(const LentOutput&) = delete;
    ~LentOutput() { connection_.drop_output(); }

private:
    tls::Connection& connection_;
};

struct Piece {
    sys::Kernel& kernel;
    int file;
    tls::Connection& connection;
    MutableBytes plain;
};

// Encrypts the file from `offset` to before `end` until the piece is full; returns how much. Only
// what is in memory: it does not sleep.
Result<std::int64_t> fill_piece(const Piece& piece, std::int64_t offset, std::int64_t end) {
    const std::int64_t first = offset;
    while (offset < end) {
        const std::size_t wanted = static_cast<std::size_t>(
            std::min<std::int64_t>(end - offset, static_cast<std::int64_t>(piece.plain.size())));
        const std::size_t room = piece.connection.write_room();
        if (room == 0) {
            break;
        }
        const Result<std::size_t> got =
            piece.kernel.read_at(piece.file, piece.plain.first(std::min(wanted, room)), offset);
        if (!got) {
            return fail(got.error());
        }
        if (*got == 0) {
            return fail(Errc::Truncated);
        }
        const Result<std::size_t> taken = piece.connection.write(piece.plain.first(*got));
        if (!taken) {
            return fail(Errc::TlsBroken);
        }
        offset += static_cast<std::int64_t>(*taken);
    }
    return offset - first;
}

}  // namespace

io::Task<Status> send_file_protected(Transfer& transfer, const vfs::File& file,
                                     std::int64_t offset) {
    io::Reactor& reactor = transfer.reactor();
    const Status secured = co_await transfer.secure();
    if (!secured) {
        co_return secured;
    }
    Result<Buffer> taken = co_await transfer.take_buffer(transfer.buffers().tls);
    if (!taken) {
        co_return fail(taken.error());
    }
    tls::Stream& stream = *transfer.stream();
    const LentOutput lent(stream.connection(), taken->bytes().subspan(kPlainBytes));
    const Piece piece{transfer.kernel(), file.fd.number(), stream.connection(),
                      taken->bytes().first(kPlainBytes)};
    // Fixed at the open: a file that grows is sent as it was, one that shrinks is an error.
    const std::int64_t size = file.status.size;
    const std::uint64_t slice = transfer.config().transfer.slice;
    std::int64_t hot_until = offset;
    std::uint64_t slice_used = 0;
    while (offset < size) {
        if (transfer.stop().requested()) {
            co_return fail(Errc::Stopped);
        }
        if (offset >= hot_until) {
            const std::int64_t window = std::min(kWindowBytes, size - offset);
            if (!is_hot(transfer.kernel(), file, offset, window)) {
                const Status filled = co_await fill(transfer, file, offset, window);
                if (!filled) {
                    co_return fail(filled.error());
                }
            }
            hot_until = offset + window;
        }
        if (slice_used >= slice) {
            transfer.before_wait();
            co_await reactor.yield();
            slice_used = 0;
        }
        // Encrypting is the expensive part, so the budget is asked before it.
        if (!reactor.has_budget()) {
            transfer.before_wait();
            co_await reactor.wait_for_budget();
            slice_used = 0;
            continue;
        }
        const Result<std::int64_t> made = fill_piece(piece, offset, hot_until);
        if (!made) {
            co_return fail(made.error());
        }
        offset += *made;
        slice_used += static_cast<std::uint64_t>(*made);
        const Status sent = co_await stream.flush();
        if (!sent) {
            co_return sent;
        }
        transfer.count(static_cast<std::uint64_t>(*made));
    }
    co_return Status();
}

}  // namespace sluice::xfer
