// IPv4 addresses, port ranges and listening addresses.
#include "config/value_addresses.hpp"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <iterator>
#include <utility>

#include "config/value_words.hpp"
#include "sluice/base/parse_number.hpp"

namespace sluice::config {
namespace {

Value text_value(std::string_view text) {
    Value value;
    value.text = text;
    return value;
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

// A comma would not come back from the flags and the environment.
bool is_word(std::string_view text, const Field& field) {
    const auto bytes = static_cast<std::int64_t>(text.size());
    return bytes >= field.min && bytes <= field.max &&
           std::none_of(text.begin(), text.end(), [](char c) {
               const auto byte = static_cast<unsigned char>(c);
               return byte < 0x20 || byte == 0x7F || c == ',';
           });
}

// Letters, digits, '-' and '.', as in the DNS; HOST compares without case.
bool is_host_name(std::string_view text) {
    constexpr std::size_t kBytesMax = 253;  // RFC 1035 section 2.3.4, without the root's dot
    return !text.empty() && text.size() <= kBytesMax &&
           std::all_of(text.begin(), text.end(), [](char c) {
               return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                      c == '-' || c == '.';
           });
}

// A list whose items all fit; the complaint names the first that does not.
template <class Fits>
Parsed parse_items(const Field& field, const RawValue& raw, std::size_t most,
                   std::string_view noun, Fits fits) {
    Value value;
    if (raw.kind != RawValue::Kind::List && raw.text.empty()) {
        return value;
    }
    value.names = items_of(raw);
    if (value.names.size() > most) {
        return refused(fmt::format("wants at most {} {}; got {}", most, noun, value.names.size()));
    }
    const auto bad = std::find_if_not(value.names.begin(), value.names.end(), fits);
    if (bad != value.names.end()) {
        RawValue item;
        item.text = *bad;
        tl::unexpected<Complaint> complaint = unwanted(field, item);
        complaint.value().item = static_cast<std::size_t>(bad - value.names.begin());
        return complaint;
    }
    return value;
}

}  // namespace

// One string may hold several items, as the environment has no lists.
std::vector<std::string> items_of(const RawValue& raw) {
    std::vector<std::string> items = raw.items;
    if (raw.kind == RawValue::Kind::List) {
        return items;
    }
    std::string_view rest = raw.text;
    for (std::size_t comma = 0; comma != std::string_view::npos;) {
        comma = rest.find(',');
        items.emplace_back(rest.substr(0, comma));
        rest.remove_prefix(comma == std::string_view::npos ? rest.size() : comma + 1);
    }
    return items;
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

Parsed parse_listen(const Field& field, const RawValue& raw) {
    // Where none is the default, none can be asked for.
    if (field.fallback.empty() && (raw.kind == RawValue::Kind::List ? items_of(raw).empty()
                                                                     : raw.text.empty())) {
        return Value();
    }
    const std::vector<std::string> items = items_of(raw);
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

Parsed parse_host_names(const Field& field, const RawValue& raw) {
    return parse_items(field, raw, kHostNamesMax, "names", is_host_name);
}

Parsed parse_words(const Field& field, const RawValue& raw) {
    return parse_items(field, raw, kWordsMax, "texts",
                       [&field](const std::string& text) { return is_word(text, field); });
}

Parsed parse_paths(const Field& field, const RawValue& raw) {
    return parse_items(field, raw, kPathsMax, "paths", [&field](const std::string& path) {
        return !path.empty() && path.size() <= static_cast<std::size_t>(field.max) &&
               path.find_first_of(std::string_view("\0\r\n", 3)) == std::string::npos;
    });
}

}  // namespace sluice::config
