// tls.rules: how much TLS a session must use, by its user, its network and the address it came to.
//
//     rules = ["optional for anonymous from 192.0.2.0/24", "data from 0.0.0.0/0", "required"]
//
// The first rule that fits a session decides alone; where none does, tls.mode and tls.protect_data
// do. A rule is a value, and matching it is pure: the session asks whenever it has to know, so that
// nothing is remembered that a REIN or another USER would have to undo.
// Thread: any.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace sluice::config {

struct TlsSection;

// The order of the enumerators is that of their words in tls_rules.cpp.
enum class TlsNeed : std::uint8_t { Off, Optional, Required, Data };
enum class TlsUsers : std::uint8_t { All, Anonymous, Named };

// Bytes of an address in network order; an IPv4 address is the first four.
using AddressBytes = std::array<std::uint8_t, 16>;

// An end of a control connection. A v4-mapped IPv6 address is to be given as IPv4.
struct TlsEnd {
    AddressBytes address = {};
    bool is_ipv6 = false;
    std::uint16_t port = 0;
};

struct TlsRule {
    TlsNeed need = TlsNeed::Off;
    TlsUsers users = TlsUsers::All;
    // "from": the client's network; bits behind the prefix are 0.
    bool has_from = false;
    bool from_ipv6 = false;
    std::uint8_t from_bits = 0;
    AddressBytes from = {};
    // "to": the address that the client has dialled, which is one of a listener that is "*".
    bool has_to = false;
    bool to_any = false;  // "*"
    bool to_ipv6 = false;
    std::uint16_t to_port = 0;  // 0: any
    AddressBytes to = {};

    bool fits(const TlsEnd& client, const TlsEnd& dialled) const;
    // Whatever this one fits, `earlier` fits, too, so that it never decides.
    bool is_behind(const TlsRule& earlier) const;
    friend bool operator==(const TlsRule&, const TlsRule&) = default;
};

// What holds for a session.
struct TlsPolicy {
    bool offered = false;  // AUTH TLS
    bool login = false;    // no USER in clear
    bool data = false;     // no data in clear
};

inline constexpr std::size_t kTlsRulesMax = 64;

// For users of one kind, which is never All.
TlsPolicy tls_policy(const TlsSection& tls, TlsUsers users, const TlsEnd& client,
                     const TlsEnd& dialled);

// In the spelling of the file.
std::string tls_rule_text(const TlsRule& rule);

}  // namespace sluice::config
