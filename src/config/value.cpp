#include "config/value.hpp"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <iterator>
#include <limits>
#include <type_traits>
#include <utility>

#include "config/schema.hpp"
#include "sluice/base/parse_number.hpp"
#include "sluice/base/units.hpp"
#include "sluice/config/near_miss.hpp"

namespace sluice::config {
namespace {

// As much of a wrong value as a message repeats: a whole terminal line at most.
constexpr std::size_t kGotBytesMax = 60;

using Parsed = tl::expected<Value, Complaint>;

Value number_value(std::int64_t number) {
    Value value;
    value.number = number;
    return value;
}

Value text_value(std::string_view text) {
    Value value;
    value.text = text;
    return value;
}

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
            return "a text in quotes";
        case Type::Name:
            return R"(a name of letters, digits, "-" and "_" in quotes)";
        case Type::Path:
            return "a path in quotes";
        case Type::Ipv4:
            return R"(an IPv4 address like "203.0.113.7", or "" for the one the client dialled)";
        case Type::PortRange:
            return R"(ports like "50000-50255", or a single one)";
        case Type::ListenList:
            return R"(addresses like "0.0.0.0:21", "[::]:21" or "*:21")";
    }
    return "";
}

// How the value is repeated in a message: as it stands in the file.
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
    return tl::unexpected<Complaint>(std::move(complaint));
}

tl::unexpected<Complaint> refused(std::string text) {
    Complaint complaint;
    complaint.text = std::move(text);
    return tl::unexpected<Complaint>(std::move(complaint));
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

// The number is within the row's range, or is a 0 that means something special.
Parsed in_range(const Field& field, const RawValue& raw, std::int64_t number) {
    const bool is_special = number == 0 && !field.zero.empty();
    if (!is_special && (number < field.min || number > field.max)) {
        return out_of_range(field, raw);
    }
    return number_value(number);
}

// The result of one of base's parsers: wrong form, too big, or a number to hold against the range.
template <class Number>
Parsed checked(const Field& field, const RawValue& raw, const Result<Number>& number) {
    if (!number && number.error().code == Errc::BadArgument) {
        return unwanted(field, raw);
    }
    if (!number) {
        return out_of_range(field, raw);
    }
    if constexpr (std::is_same_v<Number, Duration>) {
        return in_range(field, raw, number->ns);
    } else {
        if (*number > std::uint64_t{std::numeric_limits<std::int64_t>::max()}) {
            return out_of_range(field, raw);
        }
        return in_range(field, raw, static_cast<std::int64_t>(*number));
    }
}

Parsed parse_boolean(const Field& field, const RawValue& raw) {
    if (raw.text == "true") {
        return number_value(1);
    }
    if (raw.text == "false") {
        return number_value(0);
    }
    return unwanted(field, raw);
}

Parsed parse_choice(const Field& field, const RawValue& raw) {
    const std::vector<std::string_view> words = choices_of(field);
    const auto found = std::find(words.begin(), words.end(), raw.text);
    if (found != words.end()) {
        return number_value(found - words.begin());
    }
    tl::unexpected<Complaint> complaint = unwanted(field, raw);
    const std::string_view near = near_miss(raw.text, words);
    if (!near.empty()) {
        complaint.value().hint = fmt::format("did you mean \"{}\"?", near);
    }
    return complaint;
}

bool is_control(char c) {
    const auto byte = static_cast<unsigned char>(c);
    // 0xFF is no character of UTF-8, and the start of a Telnet command where it is sent (RFC 854).
    return byte < 0x20 || byte == 0x7F || byte == 0xFF;
}

bool is_name_character(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_';
}

Parsed parse_text(const Field& field, const RawValue& raw) {
    const std::string& text = raw.text;
    if (std::any_of(text.begin(), text.end(), is_control)) {
        return refused("must not contain control characters");
    }
    if (field.type == Type::Name && !std::all_of(text.begin(), text.end(), is_name_character)) {
        return unwanted(field, raw);
    }
    const auto bytes = static_cast<std::int64_t>(text.size());
    if (bytes < field.min) {
        return refused("must not be empty");
    }
    if (bytes > field.max) {
        return refused(fmt::format("must not be longer than {} bytes; got {}", field.max, bytes));
    }
    return text_value(text);
}

// The address in the spelling of inet_ntop, or "" when it is none of this family.
std::string numeric_address(int family, std::string_view text) {
    char input[INET6_ADDRSTRLEN + 1] = {};
    if (text.size() >= sizeof input || text.find('\0') != std::string_view::npos) {
        return "";
    }
    std::copy(text.begin(), text.end(), input);
    unsigned char address[sizeof(in6_addr)];
    char output[INET6_ADDRSTRLEN] = {};
    if (inet_pton(family, input, address) != 1) {
        return "";
    }
    return inet_ntop(family, address, output, sizeof output) == nullptr ? "" : output;
}

Parsed parse_ipv4(const Field& field, const RawValue& raw) {
    if (raw.text.empty() || raw.text == "auto") {
        return text_value("");
    }
    const std::string address = numeric_address(AF_INET, raw.text);
    if (address == "0.0.0.0") {
        return unwanted(field, raw);
    }
    if (!address.empty()) {
        return text_value(address);
    }
    if (!numeric_address(AF_INET6, raw.text).empty()) {
        return refused(fmt::format(
            "wants an IPv4 address: PASV can not announce another, and EPSV announces none; got {}",
            got(raw)));
    }
    return unwanted(field, raw);
}

Parsed parse_ports(const Field& field, const RawValue& raw) {
    const std::string_view text = raw.text;
    const std::size_t dash = text.find('-');
    const bool is_single = dash == std::string_view::npos;
    const Result<std::uint16_t> first = parse_decimal<std::uint16_t>(text.substr(0, dash));
    const Result<std::uint16_t> last =
        is_single ? first : parse_decimal<std::uint16_t>(text.substr(dash + 1));
    const auto is_malformed = [](const Result<std::uint16_t>& port) {
        return !port && port.error().code == Errc::BadArgument;
    };
    if (is_malformed(first) || is_malformed(last)) {
        return unwanted(field, raw);
    }
    if (!first || !last || *first == 0 || *last == 0) {
        return refused(fmt::format("wants ports from 1 to 65535; got {}", got(raw)));
    }
    if (*first > *last) {
        return refused(
            fmt::format("wants the lower port first, \"{}-{}\"; got {}", *last, *first, got(raw)));
    }
    Value value;
    value.ports = PortRange(*first, *last);
    return value;
}

// "ADDR:PORT", "[ADDR6]:PORT" or "*:PORT".
tl::expected<ListenAddress, Complaint> parse_listen_item(const Field& field,
                                                         const std::string& text) {
    RawValue raw;
    raw.text = text;
    const std::size_t colon = text.rfind(':');
    if (colon == std::string::npos) {
        return unwanted(field, raw);
    }
    const std::string_view host = std::string_view(text).substr(0, colon);
    const Result<std::uint16_t> port =
        parse_decimal<std::uint16_t>(std::string_view(text).substr(colon + 1));
    const bool is_bracketed = host.size() >= 2 && host.front() == '[' && host.back() == ']';
    if (!port && port.error().code == Errc::OutOfRange) {
        return refused(fmt::format("wants a port from 0 to 65535; got {}", got(raw)));
    }
    std::string address;
    if (host == "*") {
        address = "*";
    } else if (is_bracketed) {
        address = numeric_address(AF_INET6, host.substr(1, host.size() - 2));
    } else {
        address = numeric_address(AF_INET, host);
    }
    if (!port || address.empty()) {
        return unwanted(field, raw);
    }
    return ListenAddress(std::move(address), *port);
}

Parsed parse_listen(const Field& field, const RawValue& raw) {
    std::vector<std::string> items = raw.items;
    if (raw.kind != RawValue::Kind::List) {
        // One string may hold several, as the environment has no lists.
        std::string_view rest = raw.text;
        for (std::size_t comma = 0; comma != std::string_view::npos;) {
            comma = rest.find(',');
            items.emplace_back(rest.substr(0, comma));
            rest.remove_prefix(comma == std::string_view::npos ? rest.size() : comma + 1);
        }
    }
    if (items.empty()) {
        return refused("wants at least one address; got an empty list");
    }
    if (items.size() > kListenMax) {
        return refused(fmt::format("wants at most {} addresses; got {}", kListenMax, items.size()));
    }
    Value value;
    for (std::size_t i = 0; i < items.size(); ++i) {
        tl::expected<ListenAddress, Complaint> address = parse_listen_item(field, items[i]);
        if (!address) {
            address.error().item = i;
            return tl::unexpected<Complaint>(std::move(address.error()));
        }
        value.listen.push_back(std::move(*address));
    }
    return value;
}

// Whether a value of this TOML kind can be of the row's type at all. A bare 0 needs no unit, and a
// single port may stand without quotes.
bool fits_kind(const Field& field, const RawValue& raw) {
    switch (raw.kind) {
        case RawValue::Kind::Word:
            return true;
        case RawValue::Kind::String:
            return field.type != Type::Boolean && field.type != Type::Integer;
        case RawValue::Kind::Integer:
            return field.type == Type::Integer || field.type == Type::PortRange ||
                   ((field.type == Type::Duration || field.type == Type::Size) && raw.text == "0");
        case RawValue::Kind::Boolean:
            return field.type == Type::Boolean;
        case RawValue::Kind::List:
            return field.type == Type::ListenList;
        case RawValue::Kind::Other:
            return false;
    }
    return false;
}

}  // namespace

tl::expected<Value, Complaint> parse_value(const Field& field, const RawValue& raw) {
    if (!fits_kind(field, raw)) {
        return unwanted(field, raw);
    }
    switch (field.type) {
        case Type::Boolean:
            return parse_boolean(field, raw);
        case Type::Integer:
            return checked(field, raw, parse_decimal<std::uint64_t>(raw.text));
        case Type::Choice:
            return parse_choice(field, raw);
        case Type::Duration:
            return checked(field, raw, parse_duration(raw.text));
        case Type::Size:
            return checked(field, raw, parse_size(raw.text));
        case Type::Mode:
            return checked(field, raw, parse_octal<std::uint64_t>(raw.text));
        case Type::Text:
        case Type::Name:
        case Type::Path:
            return parse_text(field, raw);
        case Type::Ipv4:
            return parse_ipv4(field, raw);
        case Type::PortRange:
            return parse_ports(field, raw);
        case Type::ListenList:
            return parse_listen(field, raw);
    }
    return unwanted(field, raw);
}

std::vector<std::string> format_items(const Value& value) {
    std::vector<std::string> items;
    for (const ListenAddress& address : value.listen) {
        items.push_back(address.is_ipv6() ? fmt::format("[{}]:{}", address.host, address.port)
                                          : fmt::format("{}:{}", address.host, address.port));
    }
    return items;
}

std::string format_value(const Field& field, const Value& value) {
    switch (field.type) {
        case Type::Text:
        case Type::Name:
        case Type::Path:
        case Type::Ipv4:
            return value.text;
        case Type::PortRange:
            return value.ports.count() == 1
                       ? fmt::format("{}", value.ports.first)
                       : fmt::format("{}-{}", value.ports.first, value.ports.last);
        case Type::ListenList:
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
