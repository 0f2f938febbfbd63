// RETR and STOR in TYPE A: line ends converted on the way, in blocks (proto/ascii.hpp).
//
// One small buffer per transfer, half for the bytes as they come and half for what they become
// (two separate buffers could leave two transfers waiting for each other's).
#include <algorithm>

#include "sluice/proto/ascii.hpp"
#include "sluice/xfer/pumps.hpp"
#include "xfer/page_cache.hpp"
#include "xfer/write_all.hpp"

namespace sluice::xfer {
namespace {

constexpr std::size_t kHalfBytes = BufferPools::kTextBytes / 2;

MutableBytes raw_half(const Buffer& buffer) { return buffer.bytes().first(kHalfBytes); }
MutableBytes converted_half(const Buffer& buffer) { return buffer.bytes().subspan(kHalfBytes); }

}  // namespace

io::Task<Status> send_file_as_ascii(Transfer& transfer, const vfs::File& file,
                                    std::int64_t skip) {
    Result<Buffer> taken = co_await transfer.take_buffer(transfer.buffers().text);
    if (!taken) { co_return fail(taken.error()); }
    const Buffer& buffer = *taken;
    proto::AsciiEncoder encoder;
    const std::int64_t size = file.status.size;
    std::int64_t offset = 0;
    while (offset < size) {
        if (transfer.stop().requested()) { co_return fail(Errc::Stopped); }
        const std::int64_t want =
            std::min<std::int64_t>(size - offset, static_cast<std::int64_t>(kHalfBytes));
        if (!is_hot(transfer.kernel(), file, offset, want)) {
            const Status filled = co_await fill(transfer, file, offset, want);
            if (!filled) { co_return fail(filled.error()); }
        }
        const Result<std::size_t> got = transfer.kernel().read_at(
            file.fd.number(), raw_half(buffer).first(static_cast<std::size_t>(want)), offset);
        if (!got) { co_return fail(got.error()); }
        if (*got == 0) { co_return fail(Errc::Truncated); }
        offset += static_cast<std::int64_t>(*got);
        Bytes left(buffer.data(), *got);
        while (!left.empty()) {
            const proto::AsciiStep step = encoder.encode(left, converted_half(buffer));
            left = left.subspan(step.consumed);
            const std::size_t left_out = static_cast<std::size_t>(
                std::min<std::int64_t>(skip, static_cast<std::int64_t>(step.produced)));
            skip -= static_cast<std::int64_t>(left_out);
            const Bytes rest = converted_half(buffer).first(step.produced).subspan(left_out);
            const Status sent = co_await send_bytes(transfer, rest);
            if (!sent) { co_return fail(sent.error()); }
        }
        if (skip > 0) { co_await transfer.reactor().yield(); }  // nothing was sent: a turn's work
    }
    if (skip > 0) { co_return fail(Errc::OutOfRange); }
    co_return Status();
}

io::Task<Status> receive_file_as_ascii(Transfer& transfer, vfs::UploadTarget& target) {
    proto::AsciiDecoder decoder;
    while (true) {
        if (transfer.stop().requested()) { co_return fail(Errc::Stopped); }
        Result<Buffer> taken = co_await transfer.take_buffer(transfer.buffers().text);
        if (!taken) { co_return fail(taken.error()); }
        Buffer& buffer = *taken;
        const Result<std::size_t> got =
            transfer.kernel().receive(transfer.socket().fd(), raw_half(buffer));
        if (!got && got.error().code == Errc::WouldBlock) {
            buffer.release();  // none is held while the client is silent
            transfer.before_wait();
            const Result<std::uint32_t> readable = co_await transfer.wait_readable();
            if (!readable) { co_return fail(readable.error()); }
            continue;
        }
        if (!got) { co_return fail(got.error()); }
        if (*got == 0) {
            const std::size_t last = decoder.finish(converted_half(buffer));
            const Status written =
                co_await write_all(transfer, target, converted_half(buffer).first(last));
            co_return written;
        }
        transfer.count(*got);
        (void)transfer.reactor().take_budget(*got);
        Bytes left(buffer.data(), *got);
        while (!left.empty()) {
            const proto::AsciiStep step = decoder.decode(left, converted_half(buffer));
            left = left.subspan(step.consumed);
            const Status written =
                co_await write_all(transfer, target, converted_half(buffer).first(step.produced));
            if (!written) { co_return fail(written.error()); }
        }
        buffer.release();
        co_await transfer.reactor().yield();
    }
}

}  // namespace sluice::xfer
