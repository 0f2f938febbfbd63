// STOR and its kin of everything that is not TYPE I, STRU F, MODE S: rounds of receiving, filtering
// and writing, where pump_store.cpp says.
//
// Without MODE Z a buffer is held only during a round, as there. In MODE Z it holds zlib's memory
// and stays for the whole transfer; its pool is its own.
#include <algorithm>
#include <utility>

#include "sluice/sys/process.hpp"
#include "sluice/xfer/pumps.hpp"
#include "xfer/filters.hpp"
#include "xfer/write_all.hpp"

namespace sluice::xfer {
namespace {

// As in pump_store.cpp. It counts what is written and what is received: 1 KiB of deflate may become
// 1 MiB, and a megabyte of restart markers nothing.
constexpr std::uint64_t kRoundBytes = 1 << 20;

// As in pump_store.cpp: what is received says little of the work where a record holds a byte.
constexpr int kProtectedReceivesMax = 4;

struct DecodedRound {
    int receives = 0;
    std::uint64_t received = 0;
    std::uint64_t written = 0;
    bool is_complete = false;
    Status socket;  // WouldBlock: everything that was there has been taken
    Status file;    // what the filters or the disk say
};

// What must survive from round to round: the chain, what was received and not yet filtered, and how
// far the stream has come.
class SocketDecoder {
public:
    SocketDecoder(Transfer& transfer, FilterChain& chain, bool ends_with_close)
        : transfer_(transfer), chain_(chain), ends_with_close_(ends_with_close) {}

    // The buffer may go, and the next round be given another.
    bool is_empty() const { return pending_.empty() && chain_.is_empty() && wants_input_; }

    DecodedRound run(const Workspace& space, int file, std::int64_t position,
                     std::uint64_t bytes_max, bool is_on_helper) {
        DecodedRound round;
        while (round.file && !round.is_complete &&
               std::max(round.received, round.written) < bytes_max &&
               !(transfer_.is_protected() && round.receives >= kProtectedReceivesMax)) {
            if (wants_input_ && pending_.empty() && !closed_ && !receive(space.raw, round)) {
                // Behind an end mark nothing more need come.
                round.is_complete =
                    ended_ && !ends_with_close_ && round.socket.error().code == Errc::WouldBlock;
                break;
            }
            if (!ended_) {
                decode(space.converted, file, position, round);
            } else if (!pending_.empty()) {
                round.file = fail(Errc::Protocol);  // bytes behind the end
            } else {
                round.is_complete = closed_;
            }
            if (is_on_helper) {
                sys::let_others_run();
            }
        }
        return round;
    }

private:
    bool receive(MutableBytes raw, DecodedRound& round) {
        // Over TLS one half is for what comes, the other for what it says.
        const std::size_t cipher_bytes = transfer_.is_protected() ? raw.size() / 2 : 0;
        const MutableBytes ciphertext = raw.first(cipher_bytes);
        raw = raw.subspan(cipher_bytes);
        ++round.receives;
        const Result<std::size_t> got = transfer_.receive_now(raw, ciphertext);
        if (!got) {
            round.socket = fail(got.error());
            return false;
        }
        closed_ = *got == 0;
        pending_ = raw.first(*got);
        round.received += *got;
        return true;
    }

    void decode(MutableBytes converted, int file, std::int64_t position, DecodedRound& round) {
        const Result<FilterStep> step = chain_.run(pending_, converted, closed_);
        if (!step) {
            round.file = fail(step.error());
            return;
        }
        pending_ = pending_.subspan(step->consumed);
        ended_ = step->ended;
        wants_input_ = ended_ || (step->consumed == 0 && step->produced == 0);
        if (wants_input_ && !ended_ && (closed_ || !pending_.empty())) {
            round.file = fail(Errc::Protocol);  // no filter does so; but no loop may hang on one
            return;
        }
        round.file = write_now(transfer_.kernel(), file, converted.first(step->produced),
                               position + static_cast<std::int64_t>(round.written));
        if (round.file) {
            round.written += step->produced;
        }
    }

    Transfer& transfer_;
    FilterChain& chain_;
    bool ends_with_close_;
    Bytes pending_;
    bool wants_input_ = true;
    bool closed_ = false;  // the client has closed its side
    bool ended_ = false;   // the chain has
};

}  // namespace

io::Task<Status> receive_file_decoded(Transfer& transfer, vfs::UploadTarget& target,
                                      Encoding encoding) {
    io::Reactor& reactor = transfer.reactor();
    const bool is_inline = vfs::may_write_inline(target.fs_class()) && !encoding.is_deflated();
    Buffer buffer;
    Workspace space;
    FilterChain chain;
    bool has_filters = false;
    SocketDecoder decoder(transfer, chain, encoding.ends_with_close());
    const Status secured = co_await transfer.secure();
    if (!secured) { co_return secured; }
    while (true) {
        if (transfer.stop().requested()) { co_return fail(Errc::Stopped); }
        if (!buffer.is_set()) {
            Result<Buffer> taken =
                co_await transfer.take_buffer(pool_for(transfer.buffers(), encoding));
            if (!taken) { co_return fail(taken.error()); }
            buffer = std::move(*taken);
            space = divide(buffer.bytes(), encoding);
            if (has_filters) {
                chain.use_scratch(space.scratch);
            } else {
                add_decoders(chain, encoding, space);
                has_filters = true;
            }
        }
        DecodedRound round;
        if (is_inline) {
            const std::uint64_t granted = reactor.take_budget(buffer.size());
            round = decoder.run(space, target.fd(), target.offset(), granted, false);
            reactor.return_budget(granted - std::min(granted, round.written));
        } else {
            auto work = [&decoder, &space, &target] {
                return decoder.run(space, target.fd(), target.offset(), kRoundBytes, true);
            };
            transfer.before_wait();
            round = co_await reactor.on_helper(work);
        }
        if (!encoding.is_deflated() && decoder.is_empty()) {
            buffer.release();
        }
        transfer.count(round.received);
        target.advance(round.written);
        if (!round.file) { co_return fail(round.file.error()); }
        if (round.is_complete) {
            transfer.end_receiving();
            co_return Status();
        }
        if (round.socket) {
            transfer.before_wait();
            co_await reactor.wait_for_budget();
        } else if (round.socket.error().code == Errc::WouldBlock) {
            transfer.before_wait();
            const Result<std::uint32_t> readable = co_await transfer.wait_readable();
            if (!readable) { co_return fail(readable.error()); }
        } else {
            co_return fail(round.socket.error());
        }
    }
}

}  // namespace sluice::xfer
