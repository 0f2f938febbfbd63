// STOR, APPE and STOU in TYPE I: rounds of receiving and writing.
//
// A round runs on a helper, because a write may wait for the disk. The helper receives too: what it
// has just received is then in the cache of the core that writes it, and the shard only waits for
// the socket. Measured (bench/baseline/upload_paths, helper on another core, ext4): 0.40 s CPU and
// 0.50 s elapsed per GB; 0.53 and 0.70 when the shard receives and the helper writes; 0.55 and 0.52
// for that with two buffers in flight. splice(2) takes 0.38 and 0.48 on the loopback, where it
// moves 32 KiB by reference; with the segments of a real network nothing is left of that, and bytes
// that never come to user space can be neither hashed nor decrypted.
//
// A buffer is held only during a round: a thousand slow uploads need no more memory than the few
// that move at one moment.
#include <algorithm>

#include "sluice/sys/process.hpp"
#include "sluice/xfer/pumps.hpp"
#include "xfer/write_all.hpp"

namespace sluice::xfer {
namespace {

// What a helper does for one upload before the next in its queue has its turn: about 400 us, ten
// times what it takes to hand over.
constexpr std::uint64_t kRoundBytes = 1 << 20;

// The part of the buffer that ciphertext is received into: four records.
constexpr std::size_t kCipherBytes = 64 * 1024;

// Over TLS a record may hold a single byte, so what is written says little of the work: these many
// receives, of tls::Stream::kCallBytesMax each, end a round on a helper and on the shard.
constexpr int kHelperReceivesMax = 8;
constexpr int kShardReceivesMax = 2;

struct Round {
    std::uint64_t written = 0;
    int receives = 0;
    bool has_ended = false;  // the client has closed its side
    Status socket;           // WouldBlock: everything that was there has been taken
    Status file;
};

struct Ends {
    Transfer& transfer;
    int file;
    std::int64_t position;
    MutableBytes buffer;
    MutableBytes ciphertext;  // of an upload over TLS
    bool is_on_helper;
    digest::HasherSet* digests;
    std::uint64_t bytes_left;  // of what may be written
};

bool has_done_enough(const Ends& ends, const Round& round) {
    return ends.transfer.is_protected() &&
           round.receives >= (ends.is_on_helper ? kHelperReceivesMax : kShardReceivesMax);
}

// Receives into the buffer until it is full, or `room` bytes, or nothing more is there.
std::size_t fill_buffer(const Ends& ends, std::size_t room, Round& round) {
    std::size_t filled = 0;
    while (filled < room && round.socket && !round.has_ended && !has_done_enough(ends, round)) {
        ++round.receives;
        const Result<std::size_t> got = ends.transfer.receive_now(
            ends.buffer.subspan(filled, room - filled), ends.ciphertext);
        if (!got) {
            round.socket = fail(got.error());
        } else {
            round.has_ended = *got == 0;
            filled += *got;
        }
    }
    return filled;
}

// The range is full: only the end of the data may come now.
void expect_the_end(const Ends& ends, Round& round) {
    if (fill_buffer(ends, 1, round) > 0) { round.file = fail(Errc::FileTooBig); }
}

Round run_round(const Ends& ends, std::uint64_t bytes_max) {
    Round round;
    bytes_max = std::min(bytes_max, ends.bytes_left);
    if (bytes_max == 0 && ends.bytes_left == 0) { expect_the_end(ends, round); }
    while (round.written < bytes_max && round.socket && !round.has_ended &&
           !has_done_enough(ends, round)) {
        const std::size_t room = static_cast<std::size_t>(
            std::min<std::uint64_t>(ends.buffer.size(), bytes_max - round.written));
        const Bytes received = ends.buffer.first(fill_buffer(ends, room, round));
        round.file = write_now(ends.transfer.kernel(), ends.file, received,
                               ends.position + static_cast<std::int64_t>(round.written));
        if (!round.file) { break; }
        round.written += received.size();
        if (ends.digests != nullptr) { ends.digests->update(received); }
        if (ends.is_on_helper) { sys::let_others_run(); }
    }
    return round;
}

}  // namespace

io::Task<Status> receive_file(Transfer& transfer, vfs::UploadTarget& target,
                              StoreOptions options) {
    io::Reactor& reactor = transfer.reactor();
    const Status secured = co_await transfer.secure();
    if (!secured) { co_return secured; }
    const std::size_t cipher_bytes = transfer.is_protected() ? kCipherBytes : 0;
    // A digest of 256 KiB takes a shard a tenth of a millisecond and more: never there.
    const bool is_inline = vfs::may_write_inline(target.fs_class()) && options.digests == nullptr;
    while (true) {
        // What had arrived when the client gave up is part of what it sent, and upload.partial may
        // keep it: one last round. A server that is killed does not wait for a disk.
        const bool is_last = transfer.stop().requested();
        if (transfer.stop().reason() == io::StopReason::Kill) { co_return fail(Errc::Stopped); }
        Result<Buffer> buffer = co_await transfer.take_buffer(transfer.buffers().upload);
        if (!buffer) { co_return fail(buffer.error()); }
        const std::uint64_t written = static_cast<std::uint64_t>(target.bytes_written());
        const MutableBytes room = buffer->bytes();
        const Ends ends{transfer,
                        target.fd(),
                        target.offset(),
                        room.subspan(cipher_bytes),
                        room.first(cipher_bytes),
                        !is_inline,
                        options.digests,
                        options.bytes_max - written};
        Round round;
        if (is_inline) {
            const std::uint64_t granted = reactor.take_budget(buffer->size());
            round = run_round(ends, granted);
            reactor.return_budget(granted - round.written);
        } else {
            auto work = [&ends] { return run_round(ends, kRoundBytes); };
            transfer.before_wait();
            round = co_await reactor.on_helper(work);
        }
        buffer->release();
        transfer.count(round.written);
        target.advance(round.written);
        if (!round.file) { co_return fail(round.file.error()); }
        if (is_last) { co_return fail(Errc::Stopped); }
        if (round.has_ended) {
            transfer.end_receiving();
            co_return Status();
        }
        if (round.socket) {
            transfer.before_wait();
            co_await reactor.wait_for_budget();
        } else if (round.socket.error().code == Errc::WouldBlock) {
            transfer.before_wait();
            const Result<std::uint32_t> readable = co_await transfer.wait_readable();
            if (!readable && readable.error().code != Errc::Stopped) {
                co_return fail(readable.error());
            }
        } else {
            co_return fail(round.socket.error());
        }
    }
}

}  // namespace sluice::xfer
