#include "reply_reader.hpp"

#include <algorithm>

#include "sluice/base/parse_number.hpp"

namespace sluice::load {
namespace {

bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

// The code at the start of a line, or 0.
int code_of(std::string_view line) {
    if (line.size() < 3 || line[0] < '1' || line[0] > '5' || !is_digit(line[1]) ||
        !is_digit(line[2])) {
        return 0;
    }
    return (line[0] - '0') * 100 + (line[1] - '0') * 10 + (line[2] - '0');
}

}  // namespace

void ReplyReader::feed(Bytes bytes) {
    if (taken_ > 0) {
        inbox_.erase(0, taken_);
        taken_ = 0;
    }
    last_line_ = {};
    inbox_.append(as_text(bytes));
}

int ReplyReader::next() {
    for (;;) {
        const std::size_t end = inbox_.find('\n', taken_);
        if (end == std::string::npos) {
            return inbox_.size() - taken_ > kLineBytesMax ? kMalformed : kNone;
        }
        std::string_view line(inbox_.data() + taken_, end - taken_);
        reply_bytes_ += line.size() + 1;
        taken_ = end + 1;
        if (!line.empty() && line.back() == '\r') {
            line.remove_suffix(1);
        }
        if (line.size() > kLineBytesMax || reply_bytes_ > kReplyBytesMax) {
            return kMalformed;
        }
        const int code = code_of(line);
        const bool is_last = code != 0 && (line.size() == 3 || line[3] == ' ');
        if (lines_ != nullptr && (multi_line_ != 0 || !is_last)) {
            lines_->append(line).append("\n");
        }
        if (multi_line_ != 0) {
            if (code != multi_line_ || !is_last) {
                continue;
            }
        } else if (code != 0 && line.size() > 3 && line[3] == '-') {
            multi_line_ = code;
            continue;
        } else if (!is_last) {
            return kMalformed;
        }
        multi_line_ = 0;
        reply_bytes_ = 0;
        last_line_ = line;
        return code;
    }
}

void ReplyReader::clear() {
    inbox_.clear();
    taken_ = reply_bytes_ = 0;
    multi_line_ = 0;
    last_line_ = {};
    lines_ = nullptr;
}

std::optional<std::uint16_t> port_of_229(std::string_view line) {
    const std::size_t open = line.find('(', 4 < line.size() ? 4 : line.size());
    if (open == std::string_view::npos || open + 6 > line.size()) {
        return {};
    }
    const char mark = line[open + 1];
    if (is_digit(mark) || line[open + 2] != mark || line[open + 3] != mark) {
        return {};
    }
    const std::size_t close = line.find(mark, open + 4);
    if (close == std::string_view::npos || close + 1 >= line.size() || line[close + 1] != ')') {
        return {};
    }
    const Result<std::uint16_t> port =
        parse_decimal<std::uint16_t>(line.substr(open + 4, close - open - 4), 1);
    if (!port) {
        return {};
    }
    return *port;
}

std::optional<std::uint16_t> port_of_227(std::string_view line) {
    std::size_t at = 4;
    while (at < line.size() && !is_digit(line[at])) {
        ++at;
    }
    std::uint32_t port = 0;
    for (int i = 0; i < 6; ++i) {
        std::size_t end = at;
        while (end < line.size() && is_digit(line[end])) {
            ++end;
        }
        if (at > line.size()) {
            return {};
        }
        const Result<std::uint8_t> number = parse_decimal<std::uint8_t>(line.substr(at, end - at));
        if (!number) {
            return {};
        }
        port = (port << 8 | *number) & 0xFFFF;
        if (i < 5 && (end >= line.size() || line[end] != ',')) {
            return {};
        }
        at = end + 1;
    }
    if (port == 0) {
        return {};
    }
    return static_cast<std::uint16_t>(port);
}

}  // namespace sluice::load
