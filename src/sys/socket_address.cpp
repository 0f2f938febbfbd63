#include "sluice/sys/socket_address.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <algorithm>
#include <cstring>

namespace sluice::sys {
namespace {

constexpr std::uint8_t kMappedPrefix[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF};

}  // namespace

SocketAddress SocketAddress::v4(std::uint8_t a, std::uint8_t b, std::uint8_t c, std::uint8_t d,
                                std::uint16_t port) {
    const std::uint8_t four[4] = {a, b, c, d};
    return from_bytes_v4(four, port);
}

SocketAddress SocketAddress::from_bytes_v4(const std::uint8_t* four, std::uint16_t port) {
    SocketAddress address;
    std::copy_n(four, 4, address.bytes_.begin());
    address.family_ = AF_INET;
    address.port_ = port;
    return address;
}

SocketAddress SocketAddress::from_bytes_v6(const std::uint8_t* sixteen, std::uint16_t port) {
    if (std::memcmp(sixteen, kMappedPrefix, sizeof kMappedPrefix) == 0) {
        return from_bytes_v4(sixteen + sizeof kMappedPrefix, port);
    }
    SocketAddress address;
    std::copy_n(sixteen, 16, address.bytes_.begin());
    address.family_ = AF_INET6;
    address.port_ = port;
    return address;
}

Result<SocketAddress> SocketAddress::parse(std::string_view address, std::uint16_t port) {
    char text[INET6_ADDRSTRLEN + 1] = {};
    if (address.empty() || address.size() >= sizeof text) { return fail(Errc::BadArgument); }
    // inet_pton would stop at a NUL and take what stands in front of it.
    if (address.find('\0') != std::string_view::npos) { return fail(Errc::BadArgument); }
    std::copy(address.begin(), address.end(), text);
    std::uint8_t bytes[16];
    if (inet_pton(AF_INET, text, bytes) == 1) { return from_bytes_v4(bytes, port); }
    if (inet_pton(AF_INET6, text, bytes) == 1) { return from_bytes_v6(bytes, port); }
    return fail(Errc::BadArgument);
}

SocketAddress SocketAddress::from_native(const sockaddr_storage& native) {
    if (native.ss_family == AF_INET) {
        sockaddr_in in;
        std::memcpy(&in, &native, sizeof in);
        std::uint8_t four[4];
        std::memcpy(four, &in.sin_addr, sizeof four);
        return from_bytes_v4(four, ntohs(in.sin_port));
    }
    if (native.ss_family == AF_INET6) {
        sockaddr_in6 in6;
        std::memcpy(&in6, &native, sizeof in6);
        std::uint8_t sixteen[16];
        std::memcpy(sixteen, &in6.sin6_addr, sizeof sixteen);
        return from_bytes_v6(sixteen, ntohs(in6.sin6_port));
    }
    return {};
}

socklen_t SocketAddress::to_native(sockaddr_storage& native, int wanted_family) const {
    std::memset(&native, 0, sizeof native);
    if (family_ == AF_INET && wanted_family != AF_INET6) {
        sockaddr_in in = {};
        in.sin_family = AF_INET;
        in.sin_port = htons(port_);
        std::memcpy(&in.sin_addr, bytes_.data(), 4);
        std::memcpy(&native, &in, sizeof in);
        return sizeof in;
    }
    sockaddr_in6 in6 = {};
    in6.sin6_family = AF_INET6;
    in6.sin6_port = htons(port_);
    if (family_ == AF_INET) {
        std::memcpy(in6.sin6_addr.s6_addr, kMappedPrefix, sizeof kMappedPrefix);
        std::memcpy(in6.sin6_addr.s6_addr + sizeof kMappedPrefix, bytes_.data(), 4);
    } else {
        std::memcpy(&in6.sin6_addr, bytes_.data(), 16);
    }
    std::memcpy(&native, &in6, sizeof in6);
    return sizeof in6;
}

bool SocketAddress::is_wildcard() const {
    return std::all_of(bytes_.begin(), bytes_.end(), [](std::uint8_t b) { return b == 0; });
}

bool SocketAddress::is_loopback() const {
    if (family_ == AF_INET) { return bytes_[0] == 127; }
    return bytes_[15] == 1 &&
           std::all_of(bytes_.begin(), bytes_.end() - 1, [](std::uint8_t b) { return b == 0; });
}

std::uint64_t SocketAddress::host_hash() const {
    std::uint64_t high = 0;
    std::uint64_t low = 0;
    std::memcpy(&high, bytes_.data(), 8);
    std::memcpy(&low, bytes_.data() + 8, 8);
    std::uint64_t x = high * 0x9E3779B97F4A7C15ull + low + family_;
    x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9ull;
    return x ^ (x >> 27);
}

std::string SocketAddress::host_text() const {
    char text[INET6_ADDRSTRLEN] = "unknown";
    if (is_set()) { inet_ntop(family_, bytes_.data(), text, sizeof text); }
    return text;
}

std::string SocketAddress::text() const {
    const std::string host = host_text();
    return (is_v6() ? "[" + host + "]" : host) + ":" + std::to_string(port_);
}

}  // namespace sluice::sys
