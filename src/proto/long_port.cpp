#include "sluice/proto/long_port.hpp"

#include <algorithm>
#include <array>

#include "sluice/proto/type_mode.hpp"

namespace sluice::proto {
namespace {

// RFC 1639 section 4: the numbers are versions of IP.
constexpr std::uint8_t kFamilyV4 = 4;
constexpr std::uint8_t kFamilyV6 = 6;
constexpr std::size_t kPortBytes = 2;
// The family, two lengths, the longest address and the port.
constexpr std::size_t kNumbersMax = 3 + 16 + kPortBytes;

struct Numbers {
    std::array<std::uint8_t, kNumbersMax> values = {};
    std::size_t count = 0;
};

Result<Numbers> parse_numbers(std::string_view text) {
    Numbers numbers;
    while (true) {
        const std::size_t comma = text.find(',');
        const std::string_view word = text.substr(0, comma);
        const Result<std::int64_t> number = parse_decimal(word);
        if (!number || *number > 255 || word.size() > 3 || numbers.count == kNumbersMax) {
            return fail(Errc::BadArgument);
        }
        numbers.values[numbers.count++] = static_cast<std::uint8_t>(*number);
        if (comma == std::string_view::npos) { return numbers; }
        text.remove_prefix(comma + 1);
    }
}

}  // namespace

Result<HostPort> parse_long_port(std::string_view argument) {
    const Result<Numbers> parsed = parse_numbers(argument);
    if (!parsed) { return fail(parsed.error()); }
    const std::array<std::uint8_t, kNumbersMax>& values = parsed->values;
    const std::uint8_t family = values[0];
    if (parsed->count < 2) { return fail(Errc::BadArgument); }
    if (family != kFamilyV4 && family != kFamilyV6) { return fail(Errc::NotSupported); }
    const std::size_t address_bytes = family == kFamilyV4 ? 4 : 16;
    if (values[1] != address_bytes || parsed->count != 3 + address_bytes + kPortBytes ||
        values[2 + address_bytes] != kPortBytes) {
        return fail(Errc::BadArgument);
    }
    const std::size_t at = 3 + address_bytes;
    const auto port = static_cast<std::uint16_t>((values[at] << 8) | values[at + 1]);
    if (family == kFamilyV4) {
        return HostPort::v4({values[2], values[3], values[4], values[5]}, port);
    }
    std::array<std::uint8_t, 16> address = {};
    std::copy_n(values.begin() + 2, address.size(), address.begin());
    return HostPort::v6(address, port);
}

std::string print_long_port(const HostPort& host_port) {
    const std::size_t address_bytes = host_port.is_v6 ? 16 : 4;
    std::string text = host_port.is_v6 ? "6,16," : "4,4,";
    for (std::size_t i = 0; i < address_bytes; ++i) {
        text += std::to_string(host_port.address[i]);
        text += ',';
    }
    text += "2,";
    text += std::to_string(host_port.port >> 8);
    text += ',';
    text += std::to_string(host_port.port & 0xFF);
    return text;
}

void append_long_passive_reply(ReplyBuffer& out, const HostPort& host_port) {
    append_reply(out, ReplyCode::LongPassiveMode,
                 {"Entering Long Passive Mode (", print_long_port(host_port), ")"});
}

void append_family_refusal(ReplyBuffer& out, bool is_v6) {
    append_reply(out, ReplyCode::FamilyNotSupported,
                 {"Supported address families are (", is_v6 ? "6" : "4", ")"});
}

}  // namespace sluice::proto
