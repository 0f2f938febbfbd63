// An IPv4 or IPv6 address with a port: a value of 20 bytes, comparable, without the sockaddr zoo.
//
// A v4-mapped IPv6 address (::ffff:a.b.c.d, RFC 4291 2.5.5.2) is stored as IPv4, so that one host
// has one spelling: peer checks (RFC 2577) compare hosts and would otherwise be fooled.
#pragma once

#include <sys/socket.h>

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "sluice/base/result.hpp"

namespace sluice::sys {

class SocketAddress {
public:
    SocketAddress() = default;

    static SocketAddress v4(std::uint8_t a, std::uint8_t b, std::uint8_t c, std::uint8_t d,
                            std::uint16_t port);
    static SocketAddress from_bytes_v4(const std::uint8_t* four, std::uint16_t port);
    // A v4-mapped address becomes IPv4.
    static SocketAddress from_bytes_v6(const std::uint8_t* sixteen, std::uint16_t port);
    // An address in text form without a port: "127.0.0.1", "::1". Never a name: sluice asks no DNS.
    static Result<SocketAddress> parse(std::string_view address, std::uint16_t port);
    static SocketAddress from_native(const sockaddr_storage& native);

    // Fills `native` and returns its length. `wanted_family` AF_INET6 writes an IPv4 address in its
    // mapped form, for a dual-stack socket.
    socklen_t to_native(sockaddr_storage& native, int wanted_family = AF_UNSPEC) const;

    bool is_set() const { return family_ != 0; }
    bool is_v6() const { return family_ == AF_INET6; }
    int family() const { return family_; }
    std::uint16_t port() const { return port_; }
    SocketAddress with_port(std::uint16_t port) const {
        SocketAddress copy = *this;
        copy.port_ = port;
        return copy;
    }
    // The 4 or 16 bytes in network order.
    const std::uint8_t* bytes() const { return bytes_.data(); }

    bool is_wildcard() const;
    bool is_loopback() const;
    bool same_host(const SocketAddress& other) const {
        return family_ == other.family_ && bytes_ == other.bytes_;
    }
    // A hash of the host alone; the port does not count.
    std::uint64_t host_hash() const;
    // "127.0.0.1" or "::1".
    std::string host_text() const;
    // "127.0.0.1:21" or "[::1]:21".
    std::string text() const;

    friend bool operator==(const SocketAddress&, const SocketAddress&) = default;

private:
    std::array<std::uint8_t, 16> bytes_ = {};
    std::uint16_t family_ = 0;
    std::uint16_t port_ = 0;
};

}  // namespace sluice::sys
