// The memory that a Connection's ciphertext waits in: its own, which grows to a bound, or lent.
#include <algorithm>
#include <cstring>

#include "sluice/base/assert.hpp"
#include "sluice/tls/connection.hpp"
#include "tls/handles.hpp"

namespace sluice::tls {
namespace {

// The first piece of output memory: a reply of a line or two, or a handshake with a small chain.
constexpr std::size_t kOutputBytesMin = 2 * 1024;

}  // namespace

std::size_t Connection::own_room() const {
    const std::size_t used = output_end_ - output_begin_;
    return used < kOwnOutputMax ? kOwnOutputMax - used : 0;
}

// Moves the output into memory of our own of `capacity`.
void Connection::adopt_output(std::size_t capacity) {
    const std::size_t used = output_end_ - output_begin_;
    std::unique_ptr<std::uint8_t[]> grown(new std::uint8_t[capacity]);
    if (used > 0) {
        std::memcpy(grown.get(), output_data_ + output_begin_, used);
    }
    own_output_ = std::move(grown);
    output_data_ = own_output_.get();
    output_capacity_ = capacity;
    output_begin_ = 0;
    output_end_ = used;
}

// Makes room behind the output, in memory of our own up to kOwnOutputMax.
bool Connection::reserve_output(std::size_t count) {
    if (output_capacity_ - output_end_ >= count) {
        return true;
    }
    if (lent_ || count > own_room()) {
        return false;
    }
    const std::size_t used = output_end_ - output_begin_;
    adopt_output(std::min(std::max({kOutputBytesMin, used + count, 2 * used}), kOwnOutputMax));
    return true;
}

void Connection::keep_output() {
    SLUICE_ASSERT(lent_ && has_output());
    adopt_output(output_end_ - output_begin_);
    lent_ = false;
    SSL_set_mode(ssl_, SSL_MODE_RELEASE_BUFFERS);
}

void Connection::consume_output(std::size_t count) {
    SLUICE_ASSERT(count <= output_end_ - output_begin_);
    output_begin_ += count;
    release_if_empty();
}

void Connection::release_if_empty() {
    if (has_output()) {
        return;
    }
    output_begin_ = 0;
    output_end_ = 0;
    if (lent_) {
        return;
    }
    own_output_.reset();
    output_data_ = nullptr;
    output_capacity_ = 0;
}

void Connection::lend_output(MutableBytes memory) {
    SLUICE_ASSERT(!has_output());
    lent_ = false;
    release_if_empty();
    if (memory.empty()) {
        SSL_set_mode(ssl_, SSL_MODE_RELEASE_BUFFERS);
        return;
    }
    // Who lends moves bulk: OpenSSL need not free its buffer after each write.
    SSL_clear_mode(ssl_, SSL_MODE_RELEASE_BUFFERS);
    lent_ = true;
    output_data_ = memory.data();
    output_capacity_ = memory.size();
}

void Connection::drop_output() {
    output_begin_ = output_end_;
    lend_output({});
}

// How much plaintext certainly fits. Whole records, as long as there is room for one.
std::size_t Connection::plaintext_room() const {
    const std::size_t capacity = lent_ ? output_capacity_ - output_end_ : own_room();
    if (capacity <= kReserveBytes + kRecordOverheadMax) {
        return 0;
    }
    const std::size_t room = capacity - kReserveBytes;
    const std::size_t records = room / (kRecordBytesMax + kRecordOverheadMax);
    if (records > 0) {
        return records * kRecordBytesMax;
    }
    // A piece for bulk ends with a whole record: the next one begins when this one was sent.
    return lent_ && has_output() ? 0 : room - kRecordOverheadMax;
}

}  // namespace sluice::tls
