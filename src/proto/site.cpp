#include "sluice/proto/site.hpp"

#include <array>
#include <optional>
#include <string>

#include "sluice/proto/modify_facts.hpp"
#include "sluice/proto/timestamp.hpp"

namespace sluice::proto {
namespace {

// YYYYMMDDhhmm or YYYYMMDDhhmmss: wu-ftpd's form had no seconds and some clients still send it.
Result<WallTime> parse_utime_value(std::string_view text) {
    constexpr std::size_t kWithoutSeconds = kTimeValueBytes - 2;
    if (text.size() != kWithoutSeconds) {
        return parse_time_value(text);
    }
    std::array<char, kTimeValueBytes> padded;
    text.copy(padded.data(), kWithoutSeconds);
    padded[kWithoutSeconds] = padded[kWithoutSeconds + 1] = '0';
    return parse_time_value({padded.data(), padded.size()});
}

// Cuts the last word off `text`, with the blank before it; nothing when there is no blank.
std::optional<std::string_view> take_last_word(std::string_view& text) {
    const std::size_t blank = text.rfind(' ');
    if (blank == std::string_view::npos) {
        return std::nullopt;
    }
    const std::string_view word = text.substr(blank + 1);
    text = text.substr(0, blank);
    return word;
}

// "path atime mtime ctime UTC". The path may hold blanks, so it is read from the right.
std::optional<UtimeRequest> parse_long_utime(std::string_view argument) {
    std::string_view rest = argument;
    const std::optional<std::string_view> zone = take_last_word(rest);
    if (!zone || !equal_ignoring_case(*zone, "UTC")) {
        return std::nullopt;
    }
    std::array<WallTime, 3> times;
    for (std::size_t i = times.size(); i-- > 0;) {
        const std::optional<std::string_view> word = take_last_word(rest);
        if (!word) {
            return std::nullopt;
        }
        const Result<WallTime> time = parse_utime_value(*word);
        if (!time) {
            return std::nullopt;
        }
        times[i] = *time;
    }
    if (rest.empty()) {
        return std::nullopt;
    }
    return UtimeRequest{times[0], times[1], rest};
}

}  // namespace

SiteCommand parse_site(std::string_view argument) {
    const std::size_t blank = argument.find(' ');
    SiteCommand command;
    command.row = find_site_command(argument.substr(0, blank));
    if (blank != std::string_view::npos) {
        command.argument = argument.substr(blank + 1);
    }
    return command;
}

Result<ChmodRequest> parse_chmod(std::string_view argument) {
    const std::size_t blank = argument.find(' ');
    if (blank == std::string_view::npos || blank + 1 == argument.size()) {
        return fail(Errc::BadArgument);
    }
    const Result<std::uint32_t> mode = parse_octal_mode(argument.substr(0, blank));
    if (!mode) {
        return fail(mode.error());
    }
    ChmodRequest request;
    request.mode = *mode;
    request.path = argument.substr(blank + 1);
    return request;
}

Result<UtimeRequest> parse_utime(std::string_view argument) {
    if (const std::optional<UtimeRequest> request = parse_long_utime(argument)) {
        return *request;
    }
    const std::size_t blank = argument.find(' ');
    if (blank == std::string_view::npos || blank + 1 == argument.size()) {
        return fail(Errc::BadArgument);
    }
    const Result<WallTime> time = parse_utime_value(argument.substr(0, blank));
    if (!time) {
        return fail(time.error());
    }
    return UtimeRequest{*time, *time, argument.substr(blank + 1)};
}

void append_site_help(ReplyBuffer& out) {
    begin_reply(out, ReplyCode::Help, "The following SITE commands are recognized.");
    for (const SiteRow& row : kSiteTable) {
        std::string line = " ";
        line += row.name;
        if (!row.syntax.empty()) {
            line += ' ';
            line += row.syntax;
        }
        append_reply_line(out, line);
    }
    end_reply(out, ReplyCode::Help, "End of help.");
}

}  // namespace sluice::proto
