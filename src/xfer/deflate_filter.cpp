#include "xfer/deflate_filter.hpp"

#include <algorithm>
#include <limits>

namespace sluice::xfer {
namespace {

constexpr std::size_t kAlignment = 16;

uInt clamped(std::size_t size) {
    return static_cast<uInt>(std::min<std::size_t>(size, std::numeric_limits<uInt>::max()));
}

void offer(z_stream& stream, Bytes in, MutableBytes out) {
    // zlib does not write through next_in; it lacks the const unless ZLIB_CONST is defined.
    stream.next_in = const_cast<Bytef*>(in.data());
    stream.avail_in = clamped(in.size());
    stream.next_out = out.data();
    stream.avail_out = clamped(out.size());
}

FilterStep step_of(const z_stream& stream, Bytes in, MutableBytes out) {
    FilterStep step;
    step.consumed = clamped(in.size()) - stream.avail_in;
    step.produced = clamped(out.size()) - stream.avail_out;
    return step;
}

}  // namespace

void ZlibMemory::lend_to(z_stream& stream) {
    stream.zalloc = &ZlibMemory::take;
    stream.zfree = &ZlibMemory::give_back;
    stream.opaque = this;
}

void* ZlibMemory::take(void* self, unsigned count, unsigned bytes_each) {
    MutableBytes& free = static_cast<ZlibMemory*>(self)->free_;
    const std::size_t wanted = std::size_t{count} * bytes_each;
    const std::size_t rounded = (wanted + kAlignment - 1) / kAlignment * kAlignment;
    if (rounded > free.size()) { return nullptr; }
    void* const taken = free.data();
    free = free.subspan(rounded);
    return taken;
}

DeflateEncode::DeflateEncode(MutableBytes state, int level) : memory_(state) {
    constexpr int kMemoryLevel = 8;  // zlib's default
    memory_.lend_to(stream_);
    begun_ = deflateInit2(&stream_, level, Z_DEFLATED, MAX_WBITS, kMemoryLevel, Z_DEFAULT_STRATEGY);
}

Result<FilterStep> DeflateEncode::run(Bytes in, MutableBytes out, bool is_last) {
    if (begun_ != Z_OK) { return fail(Errc::NoMemory); }
    offer(stream_, in, out);
    // Z_BUF_ERROR only says that nothing could move.
    const int code = deflate(&stream_, is_last ? Z_FINISH : Z_NO_FLUSH);
    FilterStep step = step_of(stream_, in, out);
    step.ended = code == Z_STREAM_END;
    if (code == Z_STREAM_ERROR) { return fail(Errc::Other); }
    return step;
}

DeflateDecode::DeflateDecode(MutableBytes state, std::uint32_t ratio_max)
    : memory_(state), ratio_max_(ratio_max) {
    memory_.lend_to(stream_);
    begun_ = inflateInit(&stream_);
}

Result<FilterStep> DeflateDecode::run(Bytes in, MutableBytes out, bool is_last) {
    if (begun_ != Z_OK) { return fail(Errc::NoMemory); }
    FilterStep step;
    step.ended = ended_;
    if (ended_) { return step; }
    offer(stream_, in, out);
    const int code = inflate(&stream_, Z_NO_FLUSH);
    step = step_of(stream_, in, out);
    switch (code) {
        case Z_OK:
        case Z_BUF_ERROR:
            break;
        case Z_STREAM_END:
            step.ended = ended_ = true;
            break;
        case Z_MEM_ERROR:
            return fail(Errc::NoMemory);
        default:  // Z_DATA_ERROR, Z_NEED_DICT
            return fail(Errc::Protocol);
    }
    if (ratio_max_ > 0 && stream_.total_out > kFreeBytes &&
        stream_.total_out / ratio_max_ > stream_.total_in) {
        return fail(Errc::FileTooBig);
    }
    const bool wants_input = step.consumed == in.size() && step.produced < out.size();
    if (!ended_ && is_last && wants_input) { return fail(Errc::EndOfStream); }
    return step;
}

}  // namespace sluice::xfer
