#include "exchanges.hpp"

#include <algorithm>
#include <array>
#include <cstdint>

namespace sluice::conform {
namespace {

// A command of this many bytes is refused; what a flood holds beyond it is not kept.
constexpr std::size_t kLineKeptBytes = 64;
// Of a path and its verb; what classic servers take varies from 512 to 8,192.
constexpr std::size_t kLongLineBytes = 512;

std::string take_word(std::string_view& text) {
    std::string word(text.substr(0, text.find(' ')));
    text.remove_prefix(std::min(text.size(), word.size() + 1));
    std::transform(word.begin(), word.end(), word.begin(),
                   [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c; });
    return word;
}

// Commands that go on beside the control connection without a reply before their last.
bool is_job(std::string_view command) {
    constexpr std::array<std::string_view, 14> kJobs = {
        "HASH",    "MD5",       "XCRC",      "XMD5",      "XSHA", "XSHA1", "XSHA256",
        "XSHA512", "SITE HASH", "SITE COPY", "SITE CPTO", "COMB", "RMDA",  "DSIZ"};
    return std::find(kJobs.begin(), kJobs.end(), command) != kJobs.end();
}

// Whether `code` is the reply of `command` while `running`, which came before it, still goes on.
bool overtakes(std::string_view command, int code, std::string_view running) {
    if (command.starts_with("STAT")) {
        return code == 211 ? is_transfer(running) || is_job(running)
                           : (code == 212 || code == 213) && is_transfer(running);
    }
    return is_transfer(running) &&
           ((command == "NOOP" && code == 200) || (command == "QUIT" && code == 221));
}

bool is_code(std::string_view line) {
    return line.size() >= 3 &&
           std::all_of(line.begin(), line.begin() + 3, [](char c) { return c >= '0' && c <= '9'; });
}

}  // namespace

bool is_transfer(std::string_view command) {
    constexpr std::array<std::string_view, 7> kTransfers = {"RETR", "STOR", "APPE", "STOU",
                                                            "LIST", "NLST", "MLSD"};
    return std::find(kTransfers.begin(), kTransfers.end(), command) != kTransfers.end();
}

std::string command_of(std::string_view line) {
    // Telnet's commands may stand before ABOR.
    while (!line.empty() && static_cast<unsigned char>(line.front()) >= 0xF0) {
        line.remove_prefix(1);
    }
    std::string command = take_word(line);
    if (command == "SITE" && !line.empty() && line.front() != ' ') {
        command += ' ' + take_word(line);
    }
    return command;
}

void Exchanges::sent(std::string_view bytes) {
    while (!bytes.empty()) {
        const std::size_t end = bytes.find('\n');
        const std::string_view piece = bytes.substr(0, end);
        partial_.append(piece.substr(0, kLineKeptBytes));
        partial_.resize(std::min(partial_.size(), kLineKeptBytes));
        partial_bytes_ += piece.size();
        if (end == std::string_view::npos) {
            return;
        }
        if (partial_.ends_with('\r')) {
            partial_.pop_back();
        }
        take_line(partial_, partial_bytes_ > kLongLineBytes);
        partial_.clear();
        partial_bytes_ = 0;
        bytes.remove_prefix(end + 1);
    }
}

void Exchanges::take_line(std::string_view line, bool is_long) {
    if (line.empty()) {
        return;
    }  // has no reply
    waiting_.push_back({command_of(line), is_long});
    if (is_transfer(waiting_.back().command)) {
        transfer_ = waiting_.back().command;
    }
}

std::string Exchanges::take_answered(int code) {
    if (!greeted_) {
        greeted_ = code != 120;
        return {};
    }
    // A line without an end is answered, too: 500.
    if (waiting_.empty()) {
        return command_of(partial_);
    }
    auto answered = waiting_.begin();
    // Only these are overtaken. The guard spares floods of other commands a search for each reply.
    const std::string& running = waiting_.front().command;
    if (is_transfer(running) || is_job(running)) {
        answered = std::find_if(waiting_.begin(), waiting_.end(), [&](const Waiting& one) {
            return overtakes(one.command, code, running);
        });
        if (answered == waiting_.end()) {
            answered = waiting_.begin();
        }
    }
    std::string command = answered->command;
    is_long_ = answered->is_long;
    if (code >= 200) {
        waiting_.erase(answered);
    }
    return command;
}

const std::string& Exchanges::received(std::string_view line) {
    if (!open_code_.empty()) {
        if (line.substr(0, 4) == open_code_) {
            open_code_.clear();
        }
        return current_;
    }
    if (!is_code(line)) {
        return current_;
    }
    const int code = (line[0] - '0') * 100 + (line[1] - '0') * 10 + (line[2] - '0');
    current_ = take_answered(code);
    if (!current_.empty()) {
        done_.push_back({current_, code});
    }
    if (line.size() > 3 && line[3] == '-') {
        open_code_ = line.substr(0, 3);
        open_code_ += ' ';
    }
    return current_;
}

}  // namespace sluice::conform
