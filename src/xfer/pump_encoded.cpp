// RETR of everything that is not TYPE I, STRU F, MODE S: read, filter, send.
//
// Turning line ends, records and blocks costs no more than copying (10 GB/s), so it is done on the
// shard, over pages that are known to be in memory. Deflate takes many times that: it is done on
// a helper, which reads the file as well and so may wait for the disk.
#include <algorithm>

#include "sluice/xfer/pumps.hpp"
#include "xfer/filters.hpp"
#include "xfer/page_cache.hpp"
#include "xfer/secured.hpp"
#include "xfer/send_plain.hpp"

namespace sluice::xfer {
namespace {

// As in pump_sendfile.cpp: one look into the page cache for so many bytes.
constexpr std::int64_t kWindowBytes = 1 << 20;
// What a helper reads for one download in MODE Z before the next in its queue has its turn: one
// filling of the raw part. The time that takes depends on the level and on the data.
constexpr std::int64_t kRoundBytes = 32 * 1024;

// The file, its position, and what has been read and not yet filtered.
class FileEncoder {
public:
    FileEncoder(sys::Kernel& kernel, const vfs::File& file, std::int64_t position,
                FilterChain& chain, const Workspace& space)
        : kernel_(kernel),
          fd_(file.fd.number()),
          position_(position),
          // Fixed at the open: a file that grows is sent as it was.
          size_(file.status.size),
          chain_(chain),
          space_(space) {}

    bool has_ended() const { return ended_; }
    std::int64_t position() const { return position_; }

    // Fills the converted part as far as the file up to `read_until` suffices; what it returns may
    // be 0. Reads at most up to there, and does not sleep if those pages are in memory.
    Result<std::size_t> fill(std::int64_t read_until) {
        std::size_t filled = 0;
        while (!ended_) {
            if (pending_.empty() && position_ < size_) {
                if (position_ >= read_until) { break; }
                const Status read = read_more(read_until);
                if (!read) { return fail(read.error()); }
            }
            const Result<FilterStep> step =
                chain_.run(pending_, space_.converted.subspan(filled), position_ == size_);
            if (!step) { return fail(step.error()); }
            pending_ = pending_.subspan(step->consumed);
            filled += step->produced;
            ended_ = step->ended;
            if (space_.converted.size() - filled < Filter::kRoomMin) { break; }
            // Everything was taken, or the room does not suffice for what comes next.
            if (step->consumed == 0 && step->produced == 0) { break; }
        }
        return filled;
    }

private:
    // The raw part full, or the file's end: blocks do not depend on how the kernel cuts its reads.
    Status read_more(std::int64_t read_until) {
        const std::int64_t wanted =
            std::min<std::int64_t>(static_cast<std::int64_t>(space_.raw.size()),
                                   std::min(read_until, size_) - position_);
        const MutableBytes room = space_.raw.first(static_cast<std::size_t>(wanted));
        std::size_t filled = 0;
        while (filled < room.size()) {
            const Result<std::size_t> got =
                kernel_.read_at(fd_, room.subspan(filled), position_);
            if (!got) { return fail(got.error()); }
            if (*got == 0) { return fail(Errc::Truncated); }
            filled += *got;
            position_ += static_cast<std::int64_t>(*got);
        }
        pending_ = room;
        return {};
    }

    sys::Kernel& kernel_;
    int fd_;
    std::int64_t position_;
    std::int64_t size_;
    FilterChain& chain_;
    Workspace space_;
    Bytes pending_;
    bool ended_ = false;
};

}  // namespace

io::Task<Status> send_file_encoded(Transfer& transfer, const vfs::File& file, Encoding encoding,
                                   std::int64_t offset) {
    io::Reactor& reactor = transfer.reactor();
    Result<Buffer> taken = co_await transfer.take_buffer(pool_for(transfer.buffers(), encoding));
    if (!taken) { co_return fail(taken.error()); }
    const Workspace space = divide(taken->bytes(), encoding);
    const bool counts_as_sent = encoding.turns_line_ends();
    FilterChain chain;
    add_encoders(chain, encoding, space, counts_as_sent ? offset : 0);
    FileEncoder encoder(transfer.kernel(), file, counts_as_sent ? 0 : offset, chain, space);
    std::int64_t hot_until = encoder.position();
    while (!encoder.has_ended()) {
        if (transfer.stop().requested()) { co_return fail(Errc::Stopped); }
        Result<std::size_t> filled = 0;
        if (encoding.is_deflated()) {
            const std::int64_t until = encoder.position() + kRoundBytes;
            auto work = [&encoder, until] { return encoder.fill(until); };
            transfer.before_wait();
            filled = co_await reactor.on_helper(work);
        } else {
            const std::int64_t window =
                std::min(kWindowBytes, file.status.size - encoder.position());
            if (encoder.position() >= hot_until && window > 0) {
                if (!is_hot(transfer.kernel(), file, hot_until, window)) {
                    const Status made = co_await fill(transfer, file, hot_until, window);
                    if (!made) { co_return fail(made.error()); }
                }
                hot_until += window;
            }
            filled = encoder.fill(hot_until);
        }
        if (!filled) { co_return fail(filled.error()); }
        transfer.count(0);  // also what is only skipped or shrinks to nothing is progress
        Status sent;
        if (transfer.is_protected()) {
            sent = co_await send_protected(transfer, space.converted.first(*filled));
        } else {
            sent = co_await send_plain(transfer, space.converted.first(*filled));
        }
        if (!sent) { co_return fail(sent.error()); }
        if (*filled == 0) {
            co_await reactor.yield();
        }
    }
    co_return Status();
}

}  // namespace sluice::xfer
