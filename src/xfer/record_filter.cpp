#include "xfer/record_filter.hpp"

#include <cstdint>

namespace sluice::xfer {
namespace {

constexpr std::uint8_t kEscape = 0xFF;
constexpr std::uint8_t kEndOfRecord = 1;
constexpr std::uint8_t kEndOfFile = 2;
constexpr std::size_t kCodeBytes = 2;

}  // namespace

Result<FilterStep> RecordEncode::run(Bytes in, MutableBytes out, bool is_last) {
    FilterStep step;
    while (step.consumed < in.size()) {
        const std::uint8_t byte = in[step.consumed];
        if (byte != '\n' && byte != kEscape) {
            if (step.produced == out.size()) { return step; }
            out[step.produced++] = byte;
        } else {
            if (out.size() - step.produced < kCodeBytes) { return step; }
            out[step.produced++] = kEscape;
            out[step.produced++] = byte == kEscape ? kEscape : kEndOfRecord;
        }
        ++step.consumed;
    }
    if (is_last && out.size() - step.produced >= kCodeBytes) {
        out[step.produced++] = kEscape;
        out[step.produced++] = kEndOfFile;
        step.ended = true;
    }
    return step;
}

Result<FilterStep> RecordDecode::run(Bytes in, MutableBytes out, bool is_last) {
    FilterStep step;
    while (!ended_ && step.consumed < in.size() && step.produced < out.size()) {
        const std::uint8_t byte = in[step.consumed++];
        if (!after_escape_) {
            after_escape_ = byte == kEscape;
            if (!after_escape_) {
                out[step.produced++] = byte;
            }
            continue;
        }
        after_escape_ = false;
        if (byte == kEscape) {
            out[step.produced++] = byte;
        } else if (byte == 0 || byte > (kEndOfRecord | kEndOfFile)) {
            return fail(Errc::Protocol);
        } else {
            if ((byte & kEndOfRecord) != 0) {
                out[step.produced++] = '\n';
            }
            ended_ = (byte & kEndOfFile) != 0;
        }
    }
    step.ended = ended_;
    const bool wants_input = step.consumed == in.size();
    if (!ended_ && is_last && wants_input) { return fail(Errc::EndOfStream); }
    return step;
}

}  // namespace sluice::xfer
