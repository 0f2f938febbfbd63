#include "sluice/proto/line_splitter.hpp"

#include <algorithm>
#include <cstring>

namespace sluice::proto {

Line next_line(std::string_view buffered, std::size_t scanned) {
    const std::size_t window = std::min(buffered.size(), kLineBufferBytesMax);
    const std::size_t from = std::min(scanned, window);
    Line line;
    const void* const found =
        from == window ? nullptr : std::memchr(buffered.data() + from, '\n', window - from);
    if (found == nullptr) {
        line.kind = window == kLineBufferBytesMax ? LineKind::TooLong : LineKind::Incomplete;
        return line;
    }
    const auto end = static_cast<std::size_t>(static_cast<const char*>(found) - buffered.data());
    std::string_view text = buffered.substr(0, end);
    if (!text.empty() && text.back() == '\r') {
        text.remove_suffix(1);
    }
    if (text.size() > kLineBytesMax) {
        line.kind = LineKind::TooLong;
        return line;
    }
    line.kind = LineKind::Complete;
    line.text = text;
    line.consumed = end + 1;
    return line;
}

}  // namespace sluice::proto
