#include "xfer/outlet.hpp"

#include <algorithm>
#include <memory>
#include <utility>

#include "sluice/xfer/pumps.hpp"
#include "xfer/secured.hpp"
#include "xfer/send_plain.hpp"

namespace sluice::xfer {
namespace {

// As in pump_encoded.cpp; a listing's buffer is no larger.
constexpr std::size_t kSliceBytes = 32 * 1024;

}  // namespace

Outlet::Outlet(Transfer& transfer, Buffer buffer, const Encoding& encoding)
    : transfer_(transfer),
      buffer_(std::move(buffer)),
      encoding_(encoding),
      space_(divide(buffer_.bytes(), encoding_)) {
    add_listing_encoders(chain_, encoding_, space_);
}

Result<FilterStep> Outlet::encode(Bytes bytes, bool is_last) {
    const Bytes slice = bytes.first(std::min(bytes.size(), kSliceBytes));
    return chain_.run(slice, space_.converted, is_last && slice.size() == bytes.size());
}

io::Task<Status> Outlet::pass(Bytes bytes, bool is_last) {
    while (true) {
        if (transfer_.stop().requested()) { co_return fail(Errc::Stopped); }
        Result<FilterStep> step = FilterStep();
        if (encoding_.is_deflated()) {
            auto work = [this, bytes, is_last] { return encode(bytes, is_last); };
            transfer_.before_wait();
            step = co_await transfer_.reactor().on_helper(work);
        } else {
            step = encode(bytes, is_last);
        }
        if (!step) { co_return fail(step.error()); }
        const Bytes encoded = space_.converted.first(step->produced);
        Status sent;
        if (transfer_.is_protected()) {
            sent = co_await send_protected(transfer_, encoded);
        } else {
            sent = co_await send_plain(transfer_, encoded);
        }
        if (!sent) { co_return fail(sent.error()); }
        bytes = bytes.subspan(step->consumed);
        if (is_last ? step->ended : bytes.empty() && step->produced == 0) { co_return Status(); }
    }
}

io::Task<Status> Outlet::send(Bytes bytes) {
    if (bytes.empty()) { co_return Status(); }
    co_return co_await pass(bytes, false);
}

io::Task<Status> Outlet::finish() {
    co_return co_await pass(Bytes(), true);
}

io::Task<Status> encode_listing(Transfer& transfer, Encoding encoding) {
    if (!encoding.has_records() && encoding.mode == proto::TransferMode::Stream) {
        co_return Status();
    }
    Result<Buffer> taken = co_await transfer.take_buffer(transfer.buffers().deflate);
    if (!taken) { co_return fail(taken.error()); }
    transfer.set_outlet(std::make_unique<Outlet>(transfer, std::move(*taken), encoding));
    co_return Status();
}

io::Task<Status> send_bytes(Transfer& transfer, Bytes bytes) {
    if (transfer.outlet() != nullptr) { co_return co_await transfer.outlet()->send(bytes); }
    if (transfer.is_protected()) { co_return co_await send_protected(transfer, bytes); }
    co_return co_await send_plain(transfer, bytes);
}

}  // namespace sluice::xfer
