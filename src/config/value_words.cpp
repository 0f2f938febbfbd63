// What is said of values: how they are printed, described and refused.
#include "config/value_words.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "sluice/base/units.hpp"

namespace sluice::config {
namespace {

// As much of a wrong value as a message repeats: a whole terminal line at most.
constexpr std::size_t kGotBytesMax = 60;

// What the type wants, with an example: "a duration like "90s", "5m", "1h"".
std::string wanted(const Field& field) {
    switch (field.type) {
        case Type::Boolean:
            return "true or false";
        case Type::Integer:
            return fmt::format("a whole number from {} to {}", field.min, field.max);
        case Type::Choice: {
            std::string list;
            for (const std::string_view word : choices_of(field)) {
                if (!list.empty()) {
                    list += ", ";
                }
                list += quoted(word);
            }
            return "one of " + list;
        }
        case Type::Duration:
            return R"(a duration like "90s", "5m", "1h")";
        case Type::Size:
            return R"(a size like "512KiB", "64MiB", "1GB")";
        case Type::Mode:
            return R"(an octal mode like "0644")";
        case Type::Text:
        case Type::Lines:
            return "a text in quotes";
        case Type::Name:
            return R"(a name of letters, digits, "-" and "_" in quotes)";
        case Type::Path:
            return "a path in quotes";
        case Type::Paths:
            return R"(paths like "/etc/letsencrypt/live/ftp.example.org")";
        case Type::Ipv4:
            return R"(an IPv4 address like "203.0.113.7", or "" for the one the client dialled)";
        case Type::PortRange:
            return R"(ports like "50000-50255", or a single one)";
        case Type::ListenList:
            return R"(addresses like "0.0.0.0:21", "[::]:21" or "*:21")";
        case Type::HostNames:
            return R"(names like "ftp.example.org")";
        case Type::Words:
            return "texts in quotes, without commas and control characters";
        case Type::TlsRules:
            return R"(rules like "required for named" or "optional from 192.0.2.0/24")";
    }
    return "";
}

std::string format_number(const Field& field, std::int64_t number) {
    switch (field.type) {
        case Type::Duration:
            return format_duration(Duration(number));
        case Type::Size:
            return format_size(static_cast<std::uint64_t>(number));
        case Type::Mode:
            return fmt::format("{:04o}", number);
        case Type::Boolean:
            return number != 0 ? "true" : "false";
        case Type::Choice: {
            const std::vector<std::string_view> words = choices_of(field);
            const auto index = static_cast<std::size_t>(number);
            return index < words.size() ? std::string(words[index]) : std::string();
        }
        default:
            return fmt::format("{}", number);
    }
}

std::string range_text(const Field& field) {
    return fmt::format("{} to {}", format_number(field, field.min),
                       format_number(field, field.max));
}

// What people mistake about units: "5 m" has a space, and 5 could be anything.
std::string unit_hint(const Field& field, const RawValue& raw) {
    const bool has_unit = field.type == Type::Duration || field.type == Type::Size;
    const bool is_short = raw.text.size() <= kGotBytesMax;
    if (!has_unit || !is_short || raw.text.empty() || raw.kind == RawValue::Kind::Other) {
        return "";
    }
    if (raw.text.find_first_not_of("0123456789") == std::string::npos) {
        return "the unit is missing";
    }
    std::string packed = raw.text;
    packed.erase(std::remove(packed.begin(), packed.end(), ' '), packed.end());
    const bool fits = field.type == Type::Duration ? parse_duration(packed).has_value()
                                                   : parse_size(packed).has_value();
    return fits && packed != raw.text ? fmt::format("did you mean \"{}\"?", packed) : "";
}

}  // namespace

std::string got(const RawValue& raw) {
    switch (raw.kind) {
        case RawValue::Kind::Word:
        case RawValue::Kind::String:
            return quoted(raw.text, kGotBytesMax);
        case RawValue::Kind::Integer:
        case RawValue::Kind::Boolean:
        case RawValue::Kind::Other:
            return raw.text;
        case RawValue::Kind::List:
            return "a list";
    }
    return "";
}

tl::unexpected<Complaint> unwanted(const Field& field, const RawValue& raw) {
    Complaint complaint;
    complaint.text = fmt::format("wants {}; got {}", wanted(field), got(raw));
    complaint.hint = unit_hint(field, raw);
    return tl::unexpected<Complaint>(std::move(complaint));
}

tl::unexpected<Complaint> refused(std::string text) {
    Complaint complaint;
    complaint.text = std::move(text);
    return tl::unexpected<Complaint>(std::move(complaint));
}

tl::unexpected<Complaint> out_of_range(const Field& field, const RawValue& raw) {
    if (field.type == Type::Integer) {
        return unwanted(field, raw);
    }  // names the range itself
    std::string text = fmt::format("must be from {}", range_text(field));
    if (!field.zero.empty()) {
        text += fmt::format(", or \"0\" ({})", field.zero);
    }
    return refused(fmt::format("{}; got {}", text, got(raw)));
}

std::vector<std::string> format_items(const Value& value) {
    std::vector<std::string> items = value.names;
    for (const ListenAddress& address : value.listen) {
        items.push_back(address.is_ipv6() ? fmt::format("[{}]:{}", address.host, address.port)
                                          : fmt::format("{}:{}", address.host, address.port));
    }
    for (const TlsRule& rule : value.tls_rules) {
        items.push_back(tls_rule_text(rule));
    }
    return items;
}

std::string format_value(const Field& field, const Value& value) {
    switch (field.type) {
        case Type::Text:
        case Type::Lines:
        case Type::Name:
        case Type::Path:
        case Type::Ipv4:
            return value.text;
        case Type::PortRange:
            return value.ports.count() == 1
                       ? fmt::format("{}", value.ports.first)
                       : fmt::format("{}-{}", value.ports.first, value.ports.last);
        case Type::ListenList:
        case Type::HostNames:
        case Type::Words:
        case Type::Paths:
        case Type::TlsRules:
            return fmt::format("{}", fmt::join(format_items(value), ","));
        default:
            return format_number(field, value.number);
    }
}

std::string describe(const Field& field) {
    switch (field.type) {
        case Type::Boolean:
            return "true or false";
        case Type::Choice:
            return fmt::format("one of {}", fmt::join(choices_of(field), ", "));
        case Type::Integer:
        case Type::Duration:
        case Type::Size:
        case Type::Mode:
            break;
        case Type::Text:
            return fmt::format("text, {} to {} bytes", field.min, field.max);
        case Type::Lines:
            return fmt::format("text, also of several lines, {} to {} bytes", field.min, field.max);
        case Type::Name:
            return "name";
        case Type::Path:
            return "path";
        case Type::Ipv4:
            return "IPv4 address";
        case Type::PortRange:
            return "ports, \"A-B\" or \"A\"";
        case Type::ListenList:
            return "list of \"ADDR:PORT\"";
        case Type::HostNames:
            return "list of host names";
        case Type::Words:
            return fmt::format("list of texts, {} to {} bytes each", field.min, field.max);
        case Type::Paths:
            return "list of paths";
        case Type::TlsRules:
            return "list of rules";
    }
    std::string_view noun = field.unit;
    if (field.type == Type::Duration) {
        noun = "duration";
    }
    if (field.type == Type::Size) {
        noun = "size";
    }
    if (field.type == Type::Mode) {
        noun = "octal mode";
    }
    std::string text = fmt::format("{}, {}", noun, range_text(field));
    if (!field.zero.empty()) {
        const std::string_view zero = field.type == Type::Integer ? "0" : "\"0\"";
        text += fmt::format("; {} = {}", zero, field.zero);
    }
    return text;
}

std::string quoted(std::string_view text, std::size_t shown_max) {
    std::string out = "\"";
    std::size_t shown = 0;
    for (const char c : text) {
        // Cut between code points only.
        if (shown >= shown_max && (static_cast<unsigned char>(c) & 0xC0u) != 0x80u) {
            break;
        }
        ++shown;
        switch (c) {
            case '"':
                out += "\\\"";
                break;
            case '\\':
                out += "\\\\";
                break;
            case '\n':
                out += "\\n";
                break;
            case '\r':
                out += "\\r";
                break;
            case '\t':
                out += "\\t";
                break;
            default:
                if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) {
                    fmt::format_to(std::back_inserter(out), "\\u{:04X}", static_cast<unsigned>(c));
                } else {
                    out += c;
                }
        }
    }
    return out + (shown < text.size() ? "\"..." : "\"");
}

}  // namespace sluice::config
