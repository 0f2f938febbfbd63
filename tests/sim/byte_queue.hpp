// Bytes in, bytes out, in order: a receive buffer of the simulated network.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "sluice/base/bytes.hpp"

namespace sluice::sim {

class ByteQueue {
public:
    std::size_t size() const { return bytes_.size() - head_; }
    bool is_empty() const { return size() == 0; }
    void push(Bytes bytes) { bytes_.insert(bytes_.end(), bytes.begin(), bytes.end()); }
    // Takes up to into.size() bytes; how many it took.
    std::size_t pop(MutableBytes into) {
        const std::size_t count = std::min(into.size(), size());
        std::copy_n(bytes_.begin() + static_cast<std::ptrdiff_t>(head_), count, into.begin());
        head_ += count;
        if (head_ == bytes_.size()) {
            bytes_.clear();
            head_ = 0;
        } else if (head_ > 4096 && head_ * 2 > bytes_.size()) {
            bytes_.erase(bytes_.begin(), bytes_.begin() + static_cast<std::ptrdiff_t>(head_));
            head_ = 0;
        }
        return count;
    }
    void clear() {
        bytes_.clear();
        head_ = 0;
    }

private:
    std::vector<std::uint8_t> bytes_;
    std::size_t head_ = 0;
};

}  // namespace sluice::sim
