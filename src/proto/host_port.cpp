#include "sluice/proto/host_port.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <cstring>

#include "proto/text_writer.hpp"
#include "sluice/proto/type_mode.hpp"
#include "sluice/proto/verb.hpp"

namespace sluice::proto {
namespace {

constexpr std::array<std::uint8_t, 12> kMappedPrefix = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF};

// Text of at most three digits up to 255.
Result<std::uint8_t> parse_byte(std::string_view text) {
    if (text.size() > 3) {
        return fail(Errc::BadArgument);
    }
    const Result<std::int64_t> value = parse_decimal(text);
    if (!value || *value > 255) {
        return fail(Errc::BadArgument);
    }
    return static_cast<std::uint8_t>(*value);
}

Result<std::uint16_t> parse_port_number(std::string_view text) {
    if (text.size() > 5) {
        return fail(Errc::BadArgument);
    }
    const Result<std::int64_t> value = parse_decimal(text);
    if (!value || *value > 65535) {  // 0 is well formed; RFC 2577 section 3 refuses it later
        return fail(Errc::BadArgument);
    }
    return static_cast<std::uint16_t>(*value);
}

// inet_pton wants a terminated text.
bool parse_address(int family, std::string_view text, void* out) {
    char terminated[INET6_ADDRSTRLEN + 1];
    if (text.empty() || text.size() >= sizeof(terminated) ||
        text.find('\0') != std::string_view::npos) {
        return false;
    }
    *write_text(terminated, text) = '\0';
    return inet_pton(family, terminated, out) == 1;
}

// The longest is "255,255,255,255,255,255".
constexpr std::size_t kPortTextBytesMax = 24;

char* write_port_text(char* out, const HostPort& host_port) {
    for (std::size_t i = 0; i < 4; ++i) {
        out = write_decimal(out, host_port.address[i]);
        *out++ = ',';
    }
    out = write_decimal(out, host_port.port >> 8);
    *out++ = ',';
    return write_decimal(out, host_port.port & 0xFF);
}

std::string_view text_between(const char* begin, const char* end) {
    return {begin, static_cast<std::size_t>(end - begin)};
}

}  // namespace

HostPort HostPort::v4(std::array<std::uint8_t, 4> bytes, std::uint16_t port) {
    HostPort host_port;
    std::copy(bytes.begin(), bytes.end(), host_port.address.begin());
    host_port.port = port;
    return host_port;
}

HostPort HostPort::v6(const std::array<std::uint8_t, 16>& bytes, std::uint16_t port) {
    if (std::equal(kMappedPrefix.begin(), kMappedPrefix.end(), bytes.begin())) {
        return v4({bytes[12], bytes[13], bytes[14], bytes[15]}, port);
    }
    HostPort host_port;
    host_port.is_v6 = true;
    host_port.address = bytes;
    host_port.port = port;
    return host_port;
}

Result<HostPort> parse_port(std::string_view argument) {
    std::array<std::uint8_t, 6> numbers = {};
    for (std::size_t i = 0; i < numbers.size(); ++i) {
        const bool is_last = i + 1 == numbers.size();
        const std::size_t end = is_last ? argument.size() : argument.find(',');
        if (end == std::string_view::npos) {
            return fail(Errc::BadArgument);
        }
        const Result<std::uint8_t> number = parse_byte(argument.substr(0, end));
        if (!number) {
            return fail(number.error());
        }
        numbers[i] = *number;
        if (!is_last) {
            argument.remove_prefix(end + 1);
        }
    }
    const auto port = static_cast<std::uint16_t>((numbers[4] << 8) | numbers[5]);
    return HostPort::v4({numbers[0], numbers[1], numbers[2], numbers[3]}, port);
}

Result<HostPort> parse_eprt(std::string_view argument) {
    // <d>protocol<d>address<d>port<d>
    if (argument.size() < 2) {
        return fail(Errc::BadArgument);
    }
    const char delimiter = argument.front();
    if (delimiter < 33 || delimiter > 126) {
        return fail(Errc::BadArgument);
    }
    argument.remove_prefix(1);
    std::array<std::string_view, 3> fields;
    for (std::string_view& field : fields) {
        const std::size_t end = argument.find(delimiter);
        if (end == std::string_view::npos) {
            return fail(Errc::BadArgument);
        }
        field = argument.substr(0, end);
        argument.remove_prefix(end + 1);
    }
    if (!argument.empty()) {
        return fail(Errc::BadArgument);
    }

    const Result<std::int64_t> protocol = parse_decimal(fields[0]);
    if (!protocol) {
        return fail(Errc::BadArgument);
    }
    if (*protocol != 1 && *protocol != 2) {
        return fail(Errc::NotSupported);
    }
    const Result<std::uint16_t> port = parse_port_number(fields[2]);
    if (!port) {
        return fail(port.error());
    }

    if (*protocol == 1) {
        std::array<std::uint8_t, 4> bytes = {};
        if (!parse_address(AF_INET, fields[1], bytes.data())) {
            return fail(Errc::BadArgument);
        }
        return HostPort::v4(bytes, *port);
    }
    std::array<std::uint8_t, 16> bytes = {};
    if (!parse_address(AF_INET6, fields[1], bytes.data())) {
        return fail(Errc::BadArgument);
    }
    return HostPort::v6(bytes, *port);
}

EpsvKind parse_epsv(std::string_view argument) {
    while (!argument.empty() && argument.back() == ' ') {
        argument.remove_suffix(1);
    }
    if (argument.empty()) {
        return EpsvKind::Any;
    }
    if (equal_ignoring_case(argument, "ALL")) {
        return EpsvKind::All;
    }
    const Result<std::int64_t> number = parse_decimal(argument);
    if (!number) {
        return EpsvKind::Malformed;
    }
    if (*number == 1) {
        return EpsvKind::V4;
    }
    if (*number == 2) {
        return EpsvKind::V6;
    }
    return EpsvKind::NotSupported;
}

std::string print_port(const HostPort& host_port) {
    char text[kPortTextBytesMax];
    return std::string(text_between(text, write_port_text(text, host_port)));
}

std::string print_address(const HostPort& host_port) {
    char text[INET6_ADDRSTRLEN + 1] = {};
    const int family = host_port.is_v6 ? AF_INET6 : AF_INET;
    if (inet_ntop(family, host_port.address.data(), text, sizeof(text)) == nullptr) {
        return {};
    }
    return text;
}

std::string print_eprt(const HostPort& host_port) {
    char port[kDecimalDigitsMax];
    std::string text = host_port.is_v6 ? "|2|" : "|1|";
    text += print_address(host_port);
    text += '|';
    text += text_between(port, write_decimal(port, host_port.port));
    text += '|';
    return text;
}

void append_passive_reply(ReplyBuffer& out, const HostPort& host_port) {
    if (host_port.is_v6) {
        append_reply(out, ReplyCode::CannotOpenData, "Use EPSV on an IPv6 connection.");
        return;
    }
    char text[kPortTextBytesMax];
    append_reply(
        out, ReplyCode::PassiveMode,
        {"Entering Passive Mode (", text_between(text, write_port_text(text, host_port)), ")"});
}

void append_extended_passive_reply(ReplyBuffer& out, std::uint16_t port) {
    char text[kDecimalDigitsMax];
    append_reply(out, ReplyCode::ExtendedPassiveMode,
                 {"Entering Extended Passive Mode (|||",
                  text_between(text, write_decimal(text, port)), "|)"});
}

void append_protocol_refusal(ReplyBuffer& out, NetworkProtocols usable) {
    const std::string_view list =
        usable.v4 ? (usable.v6 ? "(1,2)" : "(1)") : (usable.v6 ? "(2)" : "()");
    append_reply(out, ReplyCode::ProtocolNotSupported,
                 {"Network protocol not supported, use ", list});
}

}  // namespace sluice::proto
