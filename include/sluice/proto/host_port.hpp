// Addresses in PORT, EPRT, EPSV and in their answers.
//
// An address of our own: proto sees no sockets. IPv4 written as IPv4-mapped IPv6 is the same
// address and becomes plain IPv4 as soon as it is parsed or made. Pure, any thread.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "sluice/base/result.hpp"
#include "sluice/proto/reply.hpp"

namespace sluice::proto {

struct HostPort {
    bool is_v6 = false;
    std::array<std::uint8_t, 16> address = {};  // IPv4 in the first four bytes, the rest 0
    std::uint16_t port = 0;

    static HostPort v4(std::array<std::uint8_t, 4> bytes, std::uint16_t port);
    // A mapped address (::ffff:a.b.c.d) comes out as IPv4.
    static HostPort v6(const std::array<std::uint8_t, 16>& bytes, std::uint16_t port);

    // Same host, whatever the ports.
    bool has_same_address(const HostPort& other) const {
        return is_v6 == other.is_v6 && address == other.address;
    }
    friend bool operator==(const HostPort&, const HostPort&) = default;
};

// PORT h1,h2,h3,h4,p1,p2 (RFC 959 4.1.2): six decimals of 0-255 without blanks. Which ports are
// allowed (none below 1024, so not 0 either) is the peer rules' matter.
// Errc::BadArgument -> 501.
Result<HostPort> parse_port(std::string_view argument);

// EPRT |1|a.b.c.d|port| or |2|v6|port| with any delimiter of 33..126 (RFC 2428 2).
// Errc::BadArgument -> 501; Errc::NotSupported (another network protocol number) -> 522.
Result<HostPort> parse_eprt(std::string_view argument);

enum class EpsvKind : std::uint8_t {
    Any,           // no argument: the protocol of the control connection
    V4,            // 1
    V6,            // 2
    All,           // ALL: from now on only EPSV
    NotSupported,  // another number: 522
    Malformed,     // 501
};
EpsvKind parse_epsv(std::string_view argument);

// "1,2,3,4,5,6" of an IPv4 address.
std::string print_port(const HostPort& host_port);
// "|2|::1|5282|".
std::string print_eprt(const HostPort& host_port);
// "192.0.2.1" or "2001:db8::1".
std::string print_address(const HostPort& host_port);

// "227 Entering Passive Mode (1,2,3,4,5,6)": nothing numeric behind it, curl looks for six numbers
// anywhere in the line. Only for IPv4; answers 425 for an IPv6 address rather than a wrong 227.
void append_passive_reply(ReplyBuffer& out, const HostPort& host_port);
// "229 Entering Extended Passive Mode (|||5282|)" without a dot behind it: a BT middlebox disliked
// it.
void append_extended_passive_reply(ReplyBuffer& out, std::uint16_t port);

struct NetworkProtocols {
    bool v4 = true;
    bool v6 = true;
};
// "522 Network protocol not supported, use (1,2)", naming only what this session can use.
void append_protocol_refusal(ReplyBuffer& out, NetworkProtocols usable);

}  // namespace sluice::proto
