#include "sluice/proto/modify_facts.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "sluice/proto/timestamp.hpp"
#include "sluice/proto/verb.hpp"

namespace sluice::proto {
namespace {

Status take_fact(std::string_view name, std::string_view value, FactChanges& changes) {
    if (equal_ignoring_case(name, "Modify")) {
        const Result<WallTime> time = parse_time_value(value);
        if (!time || changes.modified) { return fail(Errc::BadArgument); }
        changes.modified = *time;
    } else if (equal_ignoring_case(name, "Create")) {
        const Result<WallTime> time = parse_time_value(value);
        if (!time || changes.created) { return fail(Errc::BadArgument); }
        changes.created = *time;
    } else if (equal_ignoring_case(name, "UNIX.mode")) {
        const Result<std::uint32_t> mode = parse_octal_mode(value);
        if (!mode || changes.mode) { return fail(Errc::BadArgument); }
        changes.mode = *mode;
    } else if (equal_ignoring_case(name, "UNIX.group")) {
        if (value.empty() || changes.group) { return fail(Errc::BadArgument); }
        changes.group = value;
    } else {
        return fail(Errc::NotSupported);
    }
    return {};
}

}  // namespace

Result<std::uint32_t> parse_octal_mode(std::string_view text) {
    constexpr std::size_t kDigitsMax = 4;
    if (text.empty() || text.size() > kDigitsMax) { return fail(Errc::BadArgument); }
    std::uint32_t mode = 0;
    for (const char c : text) {
        if (c < '0' || c > '7') { return fail(Errc::BadArgument); }
        mode = mode * 8 + static_cast<std::uint32_t>(c - '0');
    }
    return mode;
}

Result<FactChanges> parse_fact_changes(std::string_view argument) {
    // Facts hold no blank, so the first one ends them (RFC 3659 section 7.2).
    const std::size_t blank = argument.find(' ');
    if (blank == std::string_view::npos || blank + 1 == argument.size()) {
        return fail(Errc::BadArgument);
    }
    FactChanges changes;
    changes.path = argument.substr(blank + 1);
    std::string_view facts = argument.substr(0, blank);
    if (facts.empty()) { return fail(Errc::BadArgument); }
    while (!facts.empty()) {
        const std::size_t end = std::min(facts.find(';'), facts.size());
        const std::size_t equals = facts.substr(0, end).find('=');
        if (equals == std::string_view::npos) { return fail(Errc::BadArgument); }
        const Status taken = take_fact(facts.substr(0, equals),
                                       facts.substr(equals + 1, end - equals - 1), changes);
        if (!taken) { return fail(taken.error()); }
        facts.remove_prefix(std::min(end + 1, facts.size()));
    }
    return changes;
}

std::string print_fact_changes(const FactChanges& changes) {
    std::string text;
    if (changes.modified) {
        text += fmt::format("Modify={};", print_time_value(*changes.modified));
    }
    if (changes.created) { text += fmt::format("Create={};", print_time_value(*changes.created)); }
    if (changes.group) { text += fmt::format("UNIX.group={};", *changes.group); }
    if (changes.mode) { text += fmt::format("UNIX.mode={:04o};", *changes.mode); }
    text += ' ';
    text += changes.path;
    return text;
}

}  // namespace sluice::proto
