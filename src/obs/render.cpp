#include "sluice/obs/render.hpp"

#include <fmt/format.h>
#include <time.h>

#include <algorithm>
#include <iterator>

#include "sluice/obs/escape.hpp"

namespace sluice::obs {
namespace {

// RFC 3339 in UTC with microseconds.
void append_time(std::string& out, WallTime when) {
    const time_t seconds = when.seconds;
    tm utc = {};
    gmtime_r(&seconds, &utc);
    fmt::format_to(std::back_inserter(out), "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:06}Z",
                   utc.tm_year + 1900, utc.tm_mon + 1, utc.tm_mday, utc.tm_hour, utc.tm_min,
                   utc.tm_sec, when.nanoseconds / 1000);
}

std::string_view name_of(Level level) {
    switch (level) {
        case Level::Error: return "error";
        case Level::Warn: return "warn";
        case Level::Info: return "info";
        case Level::Debug: return "debug";
    }
    return "info";
}

std::string_view name_of(Direction direction) {
    switch (direction) {
        case Direction::Download: return "download";
        case Direction::Upload: return "upload";
        case Direction::Listing: return "list";
        case Direction::None: break;
    }
    return "";
}

std::int64_t microseconds(Duration duration) { return duration.ns / 1000; }

}  // namespace

std::string_view name_of(EventKind kind) {
    switch (kind) {
        case EventKind::Start: return "start";
        case EventKind::Stop: return "stop";
        case EventKind::Connect: return "connect";
        case EventKind::Refuse: return "refuse";
        case EventKind::Login: return "login";
        case EventKind::LoginFail: return "auth-fail";
        case EventKind::Transfer: return "transfer";
        case EventKind::Delete: return "delete";
        case EventKind::Rename: return "rename";
        case EventKind::MakeDirectory: return "mkdir";
        case EventKind::RemoveDirectory: return "rmdir";
        case EventKind::MakeLink: return "symlink";
        case EventKind::Copy: return "copy";
        case EventKind::ChangeMode: return "chmod";
        case EventKind::ChangeGroup: return "chgrp";
        case EventKind::Abuse: return "abuse";
        case EventKind::Disconnect: return "disconnect";
        case EventKind::Reload: return "reload";
        case EventKind::Certificate: return "certificate";
        case EventKind::Notice: return "notice";
    }
    return "notice";
}

// The address comes first and names are quoted, so that no name can forge a field (fail2ban).
void render_text(std::string& out, const Event& event) {
    append_time(out, event.when);
    fmt::format_to(std::back_inserter(out), " {} {}", name_of(event.level), name_of(event.kind));
    if (!event.ip.empty()) {
        fmt::format_to(std::back_inserter(out), " ip={} port={}", event.ip, event.port);
    }
    if (!event.user.empty()) {
        out.append(" user=");
        append_quoted_text(out, event.user);
    }
    if (!event.client.empty()) {
        out.append(" client=");
        append_quoted_text(out, event.client);
    }
    if (!event.command.empty()) { fmt::format_to(std::back_inserter(out), " {}", event.command); }
    if (!event.path.empty()) {
        out.append(" path=");
        append_quoted_text(out, event.path);
    }
    if (!event.target.empty()) {
        out.append(" target=");
        append_quoted_text(out, event.target);
    }
    if (event.kind == EventKind::Transfer) {
        fmt::format_to(std::back_inserter(out), " bytes={} ms={} {} code={}", event.bytes,
                       microseconds(event.duration) / 1000,
                       event.complete ? "complete" : "failed", event.code);
        if (!event.tls.empty()) {
            fmt::format_to(std::back_inserter(out), " tls={}{}{}{}", event.tls,
                           event.tls_bound ? "" : " tls_bound=no",
                           event.tls_kernel ? " tls_kernel=yes" : "",
                           event.tls_eof_missing ? " tls_eof=missing" : "");
        }
        if (!event.digests.empty()) {
            fmt::format_to(std::back_inserter(out), " {}", event.digests);
        }
    }
    if (event.kind == EventKind::Certificate) {
        fmt::format_to(std::back_inserter(out), " days_left={}", event.days_left);
    }
    if (!event.reason.empty()) {
        out.append(" reason=");
        append_quoted_text(out, event.reason);
    }
    if (event.session != 0) {
        fmt::format_to(std::back_inserter(out), " session={:x}", event.session);
    }
    out.push_back('\n');
}

void render_json(std::string& out, const Event& event) {
    const auto text = [&out](std::string_view key, std::string_view value) {
        if (value.empty()) { return; }
        fmt::format_to(std::back_inserter(out), ",\"{}\":", key);
        append_json_string(out, value);
    };
    out.append("{\"ts\":\"");
    append_time(out, event.when);
    fmt::format_to(std::back_inserter(out), "\",\"event\":\"{}\",\"level\":\"{}\"",
                   name_of(event.kind), name_of(event.level));
    if (event.session != 0) {
        fmt::format_to(std::back_inserter(out), ",\"session\":\"{:x}\"", event.session);
    }
    text("ip", event.ip);
    if (event.port != 0) { fmt::format_to(std::back_inserter(out), ",\"port\":{}", event.port); }
    text("user", event.user);
    text("client", event.client);
    text("cmd", event.command);
    text("path", event.path);
    text("target", event.target);
    if (event.kind == EventKind::Transfer) {
        fmt::format_to(std::back_inserter(out),
                       ",\"direction\":\"{}\",\"type\":\"{}\",\"bytes\":{},\"offset\":{}"
                       ",\"status\":\"{}\",\"code\":{}",
                       name_of(event.direction), event.ascii ? "ascii" : "binary", event.bytes,
                       event.offset, event.complete ? "complete" : "failed", event.code);
        text("digests", event.digests);
        text("tls", event.tls);
        if (!event.tls.empty()) {
            fmt::format_to(std::back_inserter(out), ",\"tls_bound\":{}", event.tls_bound);
        }
        if (event.tls_kernel) { out.append(",\"tls_kernel\":true"); }
        if (event.tls_eof_missing) { out.append(",\"tls_eof\":\"missing\""); }
    }
    if (event.kind == EventKind::Certificate) {
        fmt::format_to(std::back_inserter(out), ",\"days_left\":{}", event.days_left);
    }
    if (event.duration.ns != 0) {
        fmt::format_to(std::back_inserter(out), ",\"duration_us\":{}",
                       microseconds(event.duration));
    }
    text("reason", event.reason);
    out.append("}\n");
}

bool render_xferlog(std::string& out, const Event& event) {
    const bool is_transfer = event.kind == EventKind::Transfer &&
                             (event.direction == Direction::Download ||
                              event.direction == Direction::Upload);
    if (!is_transfer && event.kind != EventKind::Delete) { return false; }
    char date[32] = {};
    const time_t seconds = event.when.seconds;
    tm local = {};
    localtime_r(&seconds, &local);
    // The C locale's names: the program never calls setlocale.
    strftime(date, sizeof date, "%a %b %e %H:%M:%S %Y", &local);
    const char direction =
        event.kind == EventKind::Delete ? 'd'
        : event.direction == Direction::Upload ? 'i' : 'o';
    fmt::format_to(std::back_inserter(out), "{} {} ", date,
                   std::max<std::int64_t>(event.duration.in_seconds(), 1));
    append_xferlog_token(out, event.ip);
    fmt::format_to(std::back_inserter(out), " {} ", event.bytes);
    append_xferlog_token(out, event.path);
    fmt::format_to(std::back_inserter(out), " {} _ {} a ", event.ascii ? 'a' : 'b', direction);
    append_xferlog_token(out, event.password);
    fmt::format_to(std::back_inserter(out), " ftp 0 * {}\n",
                   event.complete || event.kind == EventKind::Delete ? 'c' : 'i');
    return true;
}

}  // namespace sluice::obs
