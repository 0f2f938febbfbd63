// RETR in TYPE I over TLS, in user space: read from the page cache, encrypt, send.
//
// The plaintext is read in small parts, which are still in the cache of the core when they are
// encrypted; the ciphertext gathers in one piece that leaves in one send. Windows that are not in
// memory are read on a helper first, as in pump_sendfile.cpp.
//
// The memory to work in is a shard's, and nobody holds it while its client does not read: what the
// socket did not take moves into memory of the connection (no more than one piece), and then pieces
// begin small again. So a slow reader holds 64 KiB, one that was fast and stopped up to 264 KiB,
// and neither keeps others waiting.
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
// Of plaintext in a piece; doubled by each piece that leaves at once.
constexpr std::int64_t kPieceBytesMin = 3 * 16 * 1024;
constexpr std::int64_t kPieceBytesMax = 256 * 1024;

// Memory of the pool, part of it lent to the connection; both end on every way out.
class Workspace {
public:
    explicit Workspace(tls::Connection& connection) : connection_(connection) {}
    Workspace(const Workspace&) = delete;
    Workspace& operator=(const Workspace&) = delete;
    ~Workspace() { connection_.drop_output(); }

    bool is_set() const { return buffer_.is_set(); }
    void set(Buffer buffer) {
        buffer_ = std::move(buffer);
        connection_.lend_output(buffer_.bytes().subspan(kPlainBytes));
    }
    // What was not sent stays with the connection.
    void clear() {
        if (connection_.has_output()) {
            connection_.keep_output();
        } else {
            connection_.lend_output({});
        }
        buffer_.release();
    }
    MutableBytes plain() const { return buffer_.bytes().first(kPlainBytes); }
    tls::Connection& connection() const { return connection_; }

private:
    tls::Connection& connection_;
    Buffer buffer_;
};

// Encrypts the file from `offset` to before `end`, or until the piece is full; returns how much.
// Only what is in memory: it does not sleep.
Result<std::int64_t> fill_piece(sys::Kernel& kernel, int file, const Workspace& workspace,
                                std::int64_t offset, std::int64_t end) {
    const std::int64_t first = offset;
    while (offset < end) {
        const std::size_t wanted = static_cast<std::size_t>(
            std::min<std::int64_t>(end - offset, static_cast<std::int64_t>(kPlainBytes)));
        const std::size_t room = workspace.connection().write_room();
        if (room == 0) {
            break;
        }
        const MutableBytes plain = workspace.plain().first(std::min(wanted, room));
        const Result<std::size_t> got = kernel.read_at(file, plain, offset);
        if (!got) {
            return fail(got.error());
        }
        if (*got == 0) {
            return fail(Errc::Truncated);
        }
        const Result<std::size_t> taken = workspace.connection().write(plain.first(*got));
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
    tls::Stream& stream = *transfer.stream();
    stream.connection().seal_here();
    Workspace workspace(stream.connection());
    std::int64_t piece = kPieceBytesMin;
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
                workspace.clear();  // nobody else shall wait for this disk
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
        if (!workspace.is_set()) {
            Result<Buffer> taken = co_await transfer.take_buffer(transfer.buffers().tls);
            if (!taken) {
                co_return fail(taken.error());
            }
            workspace.set(std::move(*taken));
        }
        const std::int64_t end = std::min(hot_until, offset + piece);
        const Result<std::int64_t> made =
            fill_piece(transfer.kernel(), file.fd.number(), workspace, offset, end);
        if (!made) {
            co_return fail(made.error());
        }
        offset += *made;
        slice_used += static_cast<std::uint64_t>(*made);
        const Result<bool> is_out = co_await stream.flush_now();
        if (!is_out) {
            co_return fail(is_out.error());
        }
        piece = std::min(2 * piece, kPieceBytesMax);
        if (!*is_out) {
            workspace.clear();
            piece = kPieceBytesMin;
            hot_until = offset;  // what is in memory now need not be when the client has read
            const Status sent = co_await stream.flush();
            if (!sent) {
                co_return sent;
            }
        }
        transfer.count(static_cast<std::uint64_t>(*made));
    }
    co_return Status();
}

}  // namespace sluice::xfer
