#include "xfer/block_filter.hpp"

#include <algorithm>
#include <cstring>

namespace sluice::xfer {
namespace {

std::uint8_t* put_header(std::uint8_t* out, std::uint8_t descriptor, std::size_t count) {
    out[0] = descriptor;
    out[1] = static_cast<std::uint8_t>(count >> 8);
    out[2] = static_cast<std::uint8_t>(count & 0xFF);
    return out + kBlockHeaderBytes;
}

}  // namespace

Result<FilterStep> BlockEncode::run(Bytes in, MutableBytes out, bool is_last) {
    FilterStep step;
    while (step.consumed < in.size() && out.size() - step.produced > kBlockHeaderBytes) {
        const std::uint8_t* data = in.data() + step.consumed;
        std::size_t count =
            std::min({in.size() - step.consumed, out.size() - step.produced - kBlockHeaderBytes,
                      kBlockDataMax});
        std::uint8_t descriptor = 0;
        const void* const line_end = has_records_ ? std::memchr(data, '\n', count) : nullptr;
        if (line_end != nullptr) {
            count = static_cast<std::size_t>(static_cast<const std::uint8_t*>(line_end) - data);
            descriptor = kBlockEndOfRecord;
            ++step.consumed;
        }
        std::memcpy(put_header(out.data() + step.produced, descriptor, count), data, count);
        step.consumed += count;
        step.produced += kBlockHeaderBytes + count;
    }
    if (is_last && step.consumed == in.size() && out.size() - step.produced >= kBlockHeaderBytes) {
        put_header(out.data() + step.produced, kBlockEndOfFile, 0);
        step.produced += kBlockHeaderBytes;
        step.ended = true;
    }
    return step;
}

Status BlockDecode::begin_block() {
    constexpr std::uint8_t kKnown = kBlockEndOfRecord | kBlockEndOfFile | kBlockRestartMarker;
    const std::uint8_t descriptor = header_[0];
    if ((descriptor & ~kKnown) != 0) { return fail(Errc::Protocol); }
    if ((descriptor & kBlockEndOfRecord) != 0 && !has_records_) { return fail(Errc::Protocol); }
    left_ = std::size_t{header_[1]} << 8 | header_[2];
    return {};
}

Result<FilterStep> BlockDecode::run(Bytes in, MutableBytes out, bool is_last) {
    FilterStep step;
    while (!ended_) {
        if (!header_is_whole()) {
            if (step.consumed == in.size()) { break; }
            header_[header_bytes_++] = in[step.consumed++];
            if (!header_is_whole()) { continue; }
            if (const Status begun = begin_block(); !begun) { return fail(begun.error()); }
        }
        std::size_t count = std::min(left_, in.size() - step.consumed);
        if ((header_[0] & kBlockRestartMarker) == 0) {
            count = std::min(count, out.size() - step.produced);
            if (count > 0) {
                std::memcpy(out.data() + step.produced, in.data() + step.consumed, count);
            }
            step.produced += count;
        }
        step.consumed += count;
        left_ -= count;
        if (left_ > 0) { break; }
        if ((header_[0] & kBlockEndOfRecord) != 0) {
            if (step.produced == out.size()) { break; }
            out[step.produced++] = '\n';
        }
        ended_ = (header_[0] & kBlockEndOfFile) != 0;
        header_bytes_ = 0;
    }
    step.ended = ended_;
    const bool wants_input = step.consumed == in.size() && step.produced < out.size();
    if (!ended_ && is_last && wants_input) { return fail(Errc::EndOfStream); }
    return step;
}

}  // namespace sluice::xfer
