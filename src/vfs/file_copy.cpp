#include "sluice/vfs/file_copy.hpp"

#include <algorithm>

#include "sluice/sys/process.hpp"

namespace sluice::vfs {
namespace {

// "Not between these two files", in the words of different kernels and file systems.
bool must_read_and_write(Errc code) {
    return code == Errc::CrossDevice || code == Errc::NotSupported || code == Errc::BadArgument;
}

}  // namespace

io::Task<Result<bool>> FileCopy::step() {
    auto work = [this] { return step_blocking(); };
    co_return co_await tree_.reactor().on_helper(work);
}

Result<bool> FileCopy::step_blocking() {
    const std::int64_t end = std::min(from_.status.size, done_ + kStepBytes);
    while (done_ < end) {
        const std::size_t wanted =
            std::min(kChunkBytes, static_cast<std::size_t>(end - done_));
        const Result<std::size_t> copied = copy_chunk(wanted);
        if (!copied) { return fail(copied.error()); }
        if (*copied == 0) { return fail(Errc::Truncated); }
        done_ += static_cast<std::int64_t>(*copied);
        to_.advance(*copied);
        sys::let_others_run();
    }
    return done_ < from_.status.size;
}

Result<std::size_t> FileCopy::copy_chunk(std::size_t count) {
    if (buffer_) { return read_and_write(count); }
    const Result<std::size_t> copied =
        tree_.kernel().copy_range(from_.fd.number(), done_, to_.fd(), to_.offset(), count);
    if (copied || !must_read_and_write(copied.error().code)) { return copied; }
    buffer_.reset(new std::uint8_t[kChunkBytes]);
    return read_and_write(count);
}

Result<std::size_t> FileCopy::read_and_write(std::size_t count) {
    sys::Kernel& kernel = tree_.kernel();
    const Result<std::size_t> read =
        kernel.read_at(from_.fd.number(), MutableBytes(buffer_.get(), count), done_);
    if (!read) { return fail(read.error()); }
    // What is not written now is read again.
    if (*read == 0) { return std::size_t{0}; }
    return kernel.write_at(to_.fd(), Bytes(buffer_.get(), *read), to_.offset());
}

}  // namespace sluice::vfs
