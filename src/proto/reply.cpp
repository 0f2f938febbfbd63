#include "sluice/proto/reply.hpp"

#include <algorithm>
#include <cstring>

#include "proto/text_writer.hpp"

namespace sluice::proto {
namespace {

char* write_code(char* out, ReplyCode code, char separator) {
    const auto number = static_cast<std::uint32_t>(code);
    *out++ = static_cast<char>('0' + number / 100 % 10);
    out = write_two(out, number % 100);
    *out++ = separator;
    return out;
}

constexpr std::size_t kCodeBytes = 4;
constexpr std::size_t kLineEndBytes = 2;

void append_line(ReplyBuffer& out, ReplyCode code, char separator, std::string_view text) {
    char* at = out.extend(kCodeBytes + text.size() + kLineEndBytes);
    if (at == nullptr) {
        return;
    }
    at = write_code(at, code, separator);
    at = write_clean(at, text);
    write_text(at, "\r\n");
}

bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

}  // namespace

char* ReplyBuffer::extend(std::size_t count) {
    if (count > kBytesMax || bytes_.size() - sent_ + count > kBytesMax) {
        overflowed_ = true;
        return nullptr;
    }
    // Space in front that has been sent is taken back before the memory grows.
    if (sent_ != 0 && bytes_.size() + count > bytes_.capacity()) {
        bytes_.erase(0, sent_);
        sent_ = 0;
    }
    const std::size_t size = bytes_.size();
    bytes_.resize(size + count);
    return bytes_.data() + size;
}

bool ReplyBuffer::append(std::string_view bytes) {
    char* const at = extend(bytes.size());
    if (at == nullptr) {
        return false;
    }
    write_text(at, bytes);
    return true;
}

void ReplyBuffer::consume(std::size_t count) {
    sent_ += static_cast<std::uint32_t>(std::min(count, bytes_.size() - sent_));
    if (sent_ == bytes_.size()) {
        bytes_.clear();
        sent_ = 0;
    }
}

void ReplyBuffer::replace_from(std::size_t from, std::string_view bytes) {
    bytes_.resize(sent_ + from);
    (void)append(bytes);  // what does not fit is an overflow like any other
}

void ReplyBuffer::release() {
    std::string().swap(bytes_);
    sent_ = 0;
    overflowed_ = false;
}

void append_reply(ReplyBuffer& out, ReplyCode code, std::string_view text) {
    append_line(out, code, ' ', text);
}

void append_reply(ReplyBuffer& out, ReplyCode code, std::initializer_list<std::string_view> text) {
    std::size_t size = kCodeBytes + kLineEndBytes;
    for (const std::string_view piece : text) {
        size += piece.size();
    }
    char* at = out.extend(size);
    if (at == nullptr) {
        return;
    }
    at = write_code(at, code, ' ');
    for (const std::string_view piece : text) {
        at = write_clean(at, piece);
    }
    write_text(at, "\r\n");
}

void begin_reply(ReplyBuffer& out, ReplyCode code, std::string_view text) {
    append_line(out, code, '-', text);
}

void append_reply_line(ReplyBuffer& out, std::string_view line) {
    const bool is_padded = !line.empty() && is_digit(line.front());
    char* at = out.extend(line.size() + (is_padded ? 1 : 0) + kLineEndBytes);
    if (at == nullptr) {
        return;
    }
    if (is_padded) {
        *at++ = ' ';
    }
    at = write_clean(at, line);
    write_text(at, "\r\n");
}

void end_reply(ReplyBuffer& out, ReplyCode code, std::string_view text) {
    append_line(out, code, ' ', text);
}

void append_reply_text(ReplyBuffer& out, ReplyCode code, std::string_view text) {
    std::size_t written = 0;
    while (!text.empty()) {
        const std::size_t end = std::min(text.find('\n'), text.size());
        std::string_view line = text.substr(0, end);
        if (!line.empty() && line.back() == '\r') {
            line.remove_suffix(1);
        }
        written += kCodeBytes + line.size() + kLineEndBytes;
        if (written > kReplyTextBytesMax) {
            return;
        }
        append_line(out, code, '-', line);
        text.remove_prefix(std::min(end + 1, text.size()));
    }
}

void append_path_reply(ReplyBuffer& out, std::string_view path, std::string_view words) {
    const auto quotes = static_cast<std::size_t>(std::count(path.begin(), path.end(), '"'));
    const std::size_t size =
        kCodeBytes + path.size() + quotes + words.size() + std::strlen("\"\" ") + kLineEndBytes;
    char* at = out.extend(size);
    if (at == nullptr) {
        return;
    }
    at = write_code(at, ReplyCode::PathCreated, ' ');
    *at++ = '"';
    for (const char c : path) {
        *at++ = clean_byte(c);
        if (c == '"') {
            *at++ = '"';
        }
    }
    at = write_text(at, "\" ");
    at = write_clean(at, words);
    write_text(at, "\r\n");
}

}  // namespace sluice::proto
