#include "sim/reply_reader.hpp"

#include <algorithm>

#include "sim/panic.hpp"

namespace sluice::sim {
namespace {

constexpr std::size_t kReplyBytesMax = 1u << 20;

int code_of(std::string_view line) {
    if (line.size() < 4 || line[0] < '1' || line[0] > '5') { return 0; }
    for (int i = 1; i < 3; ++i) {
        if (line[static_cast<std::size_t>(i)] < '0' || line[static_cast<std::size_t>(i)] > '9') {
            return 0;
        }
    }
    if (line[3] != ' ' && line[3] != '-') { return 0; }
    return (line[0] - '0') * 100 + (line[1] - '0') * 10 + (line[2] - '0');
}

}  // namespace

std::optional<Reply> ReplyReader::next() {
    while (true) {
        while (pending_.size() >= 3 && pending_[0] == '\xFF') { pending_.erase(0, 3); }
        const std::size_t end = pending_.find("\r\n");
        if (end == std::string::npos) {
            if (pending_.size() > kReplyBytesMax) { panic("a reply without an end"); }
            return std::nullopt;
        }
        const std::string line = pending_.substr(0, end);
        pending_.erase(0, end + 2);
        if (line.find_first_of(std::string_view("\r\n\0", 3)) != std::string::npos) {
            panic("a bare CR, LF or NUL inside a reply: %s", line.c_str());
        }
        const int code = code_of(line);
        if (lines_.empty()) {
            if (code == 0) { panic("not a reply: \"%s\"", line.c_str()); }
            if (line[3] == ' ') { return Reply{code, line}; }
            code_ = code;
            lines_ = line + "\n";
            continue;
        }
        lines_ += line;
        if (code == code_ && line[3] == ' ') {
            Reply whole{code_, std::move(lines_)};
            lines_.clear();
            return whole;
        }
        lines_ += "\n";
    }
}

}  // namespace sluice::sim
