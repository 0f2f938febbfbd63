#include "sluice/proto/ascii.hpp"

#include <algorithm>
#include <cstdint>
#include <cstring>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace sluice::proto {
namespace {

// Copies from `in` to `out` up to the first `stop` byte or `count` bytes and returns how many came
// before it. May write up to `count` bytes of `out`: copying whole blocks first and looking then
// costs one store per 16 bytes, while memchr and memcpy by line cost two calls per line.
std::size_t copy_until(const std::uint8_t* in, std::uint8_t* out, std::size_t count,
                       std::uint8_t stop) {
    std::size_t done = 0;
#if defined(__SSE2__)
    const __m128i wanted = _mm_set1_epi8(static_cast<char>(stop));
    while (count - done >= sizeof(__m128i)) {
        const __m128i block = _mm_loadu_si128(reinterpret_cast<const __m128i*>(in + done));
        _mm_storeu_si128(reinterpret_cast<__m128i*>(out + done), block);
        const int mask = _mm_movemask_epi8(_mm_cmpeq_epi8(block, wanted));
        if (mask != 0) {
            return done + static_cast<std::size_t>(__builtin_ctz(static_cast<unsigned>(mask)));
        }
        done += sizeof(__m128i);
    }
#endif
    if (done == count) {
        return done;
    }
    const void* const found = std::memchr(in + done, stop, count - done);
    const std::size_t end =
        found == nullptr ? count
                         : static_cast<std::size_t>(static_cast<const std::uint8_t*>(found) - in);
    std::memcpy(out + done, in + done, end - done);
    return end;
}

constexpr std::size_t kOutputBytesMin = 2;

}  // namespace

AsciiStep AsciiEncoder::encode(Bytes in, MutableBytes out) {
    AsciiStep step;
    if (out.size() < kOutputBytesMin) {
        return step;
    }
    while (step.consumed < in.size() && step.produced < out.size()) {
        const std::size_t window = std::min(in.size() - step.consumed, out.size() - step.produced);
        const std::size_t run =
            copy_until(in.data() + step.consumed, out.data() + step.produced, window, '\n');
        step.consumed += run;
        step.produced += run;
        if (run != 0) {
            after_cr_ = in[step.consumed - 1] == '\r';
        }
        if (run == window) {
            continue;
        }

        const std::size_t needed = after_cr_ ? 1 : 2;
        if (out.size() - step.produced < needed) {
            break;
        }
        if (!after_cr_) {
            out[step.produced++] = '\r';
        }
        out[step.produced++] = '\n';
        ++step.consumed;
        after_cr_ = false;
    }
    return step;
}

AsciiStep AsciiDecoder::decode(Bytes in, MutableBytes out) {
    AsciiStep step;
    if (in.empty() || out.size() < kOutputBytesMin) {
        return step;
    }
    if (holds_cr_) {
        if (in.front() != '\n') {
            out[step.produced++] = '\r';
        }
        holds_cr_ = false;
    }
    while (step.consumed < in.size() && step.produced < out.size()) {
        const std::size_t window = std::min(in.size() - step.consumed, out.size() - step.produced);
        const std::size_t run =
            copy_until(in.data() + step.consumed, out.data() + step.produced, window, '\r');
        step.consumed += run;
        step.produced += run;
        if (run == window) {
            continue;
        }

        // At a CR, and there is room for one byte at least.
        if (step.consumed + 1 == in.size()) {
            holds_cr_ = true;
            ++step.consumed;
        } else if (in[step.consumed + 1] == '\n') {
            out[step.produced++] = '\n';
            step.consumed += 2;
        } else {
            out[step.produced++] = '\r';
            ++step.consumed;
        }
    }
    return step;
}

std::size_t AsciiDecoder::finish(MutableBytes out) {
    if (!holds_cr_ || out.empty()) {
        return 0;
    }
    holds_cr_ = false;
    out[0] = '\r';
    return 1;
}

}  // namespace sluice::proto
