// HASH and its kin: a file through a digest, in rounds on helpers.
//
// A round is bounded, so that a cold read or an upload in the helpers' queue waits for it and not
// for the file; and only so many of them are out (BufferPools::digest), in turn for all digests of
// the shard. In a round the helper gives way every 128 KiB, as in all its work.
#include <algorithm>

#include "sluice/sys/process.hpp"
#include "sluice/xfer/pumps.hpp"

namespace sluice::xfer {
namespace {

// 0.5 ms of SHA-256 where the CPU helps, 3 ms where it does not; handing over costs 20 us.
constexpr std::int64_t kRoundBytes = 1 << 20;

struct Round {
    std::int64_t done = 0;
    Status file;
};

Round run_round(sys::Kernel& kernel, int fd, MutableBytes buffer, std::int64_t offset,
                std::int64_t length, digest::Hasher& hasher) {
    Round round;
    while (round.done < length) {
        const std::size_t wanted = static_cast<std::size_t>(
            std::min<std::int64_t>(length - round.done, static_cast<std::int64_t>(buffer.size())));
        const Result<std::size_t> got =
            kernel.read_at(fd, buffer.first(wanted), offset + round.done);
        if (!got || *got == 0) {
            round.file = fail(got ? Error(Errc::Truncated) : got.error());
            return round;
        }
        hasher.update(buffer.first(*got));
        round.done += static_cast<std::int64_t>(*got);
        sys::let_others_run();
    }
    return round;
}

// Waits in line. Not set: told to stop.
io::Task<Buffer> take_buffer(DigestWork work) {
    Buffer buffer = work.pool.try_take();
    if (buffer.is_set()) {
        co_return buffer;
    }
    io::Event turn(work.reactor.ready());
    BufferPool::Place place(work.pool, turn);
    work.stop.notify(&turn);
    while (!place.has_come() && !work.stop.requested()) {
        co_await turn.wait();
    }
    work.stop.notify(nullptr);
    if (place.has_come()) {
        buffer = place.take();
    }
    co_return buffer;
}

}  // namespace

io::Task<Status> digest_file(DigestWork work, const vfs::File& file, std::int64_t offset,
                             std::int64_t end, digest::Hasher& hasher) {
    sys::Kernel& kernel = work.reactor.kernel();
    const int fd = file.fd.number();
    // The disk reads on while a round is computed. Only advice.
    (void)kernel.advise(fd, 0, 0, sys::Advice::Sequential);
    while (offset < end) {
        Buffer buffer = co_await take_buffer(work);
        if (work.stop.requested()) {
            co_return fail(Errc::Stopped);
        }
        const MutableBytes bytes = buffer.bytes();
        const std::int64_t length = std::min(kRoundBytes, end - offset);
        auto job = [&kernel, fd, bytes, offset, length, &hasher] {
            return run_round(kernel, fd, bytes, offset, length, hasher);
        };
        const Round round = co_await work.reactor.on_helper(job);
        buffer.release();
        work.done += static_cast<std::uint64_t>(round.done);
        offset += round.done;
        if (!round.file) {
            co_return fail(round.file.error());
        }
    }
    co_return Status();
}

}  // namespace sluice::xfer
