#include "xfer/ascii_filter.hpp"

#include <algorithm>
#include <cstring>

namespace sluice::xfer {

Result<FilterStep> AsciiEncode::run(Bytes in, MutableBytes out, bool is_last) {
    const proto::AsciiStep moved = encoder_.encode(in, out);
    FilterStep step;
    step.consumed = moved.consumed;
    step.produced = moved.produced;
    if (skip_ > 0) {
        const std::size_t left_out = static_cast<std::size_t>(
            std::min<std::int64_t>(skip_, static_cast<std::int64_t>(moved.produced)));
        skip_ -= static_cast<std::int64_t>(left_out);
        step.produced -= left_out;
        std::memmove(out.data(), out.data() + left_out, step.produced);
    }
    step.ended = is_last && step.consumed == in.size();
    if (step.ended && skip_ > 0) { return fail(Errc::OutOfRange); }
    return step;
}

Result<FilterStep> AsciiDecode::run(Bytes in, MutableBytes out, bool is_last) {
    const proto::AsciiStep moved = decoder_.decode(in, out);
    FilterStep step;
    step.consumed = moved.consumed;
    step.produced = moved.produced;
    if (is_last && step.consumed == in.size() && step.produced < out.size()) {
        step.produced += decoder_.finish(out.subspan(step.produced));
        step.ended = true;
    }
    return step;
}

}  // namespace sluice::xfer
