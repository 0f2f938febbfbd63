#include "config/value.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <type_traits>
#include <utility>

#include "config/schema.hpp"
#include "config/value_addresses.hpp"
#include "config/value_tls_rules.hpp"
#include "config/value_words.hpp"
#include "sluice/base/parse_number.hpp"
#include "sluice/base/units.hpp"
#include "sluice/config/near_miss.hpp"

namespace sluice::config {
namespace {

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
    const bool has_lines = field.type == Type::Lines;
    const auto is_refused = [has_lines](char c) {
        return is_control(c) && !(has_lines && (c == '\n' || c == '\t'));
    };
    if (std::any_of(text.begin(), text.end(), is_refused)) {
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
            return field.type == Type::ListenList || field.type == Type::HostNames ||
                   field.type == Type::Words || field.type == Type::Paths ||
                   field.type == Type::TlsRules;
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
        case Type::Lines:
        case Type::Name:
        case Type::Path:
            return parse_text(field, raw);
        case Type::Ipv4:
            return parse_ipv4(field, raw);
        case Type::PortRange:
            return parse_ports(field, raw);
        case Type::ListenList:
            return parse_listen(field, raw);
        case Type::HostNames:
            return parse_host_names(field, raw);
        case Type::Words:
            return parse_words(field, raw);
        case Type::Paths:
            return parse_paths(field, raw);
        case Type::TlsRules:
            return parse_tls_rules(field, raw);
    }
    return unwanted(field, raw);
}

}  // namespace sluice::config
