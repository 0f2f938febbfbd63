#include "sluice/config/tls_rules.hpp"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <iterator>

#include "config/tls_rule_words.hpp"
#include "sluice/config/snapshot.hpp"

namespace sluice::config {
namespace {

bool same_network(const AddressBytes& a, const AddressBytes& b, unsigned bits) {
    const std::size_t whole = bits / 8;
    if (!std::equal(a.begin(), a.begin() + static_cast<std::ptrdiff_t>(whole), b.begin())) {
        return false;
    }
    const unsigned rest = bits % 8;
    return rest == 0 || (a[whole] ^ b[whole]) >> (8 - rest) == 0;
}

std::string address_text(const AddressBytes& address, bool is_ipv6) {
    char text[INET6_ADDRSTRLEN] = {};
    const int family = is_ipv6 ? AF_INET6 : AF_INET;
    return inet_ntop(family, address.data(), text, sizeof text) == nullptr ? "" : text;
}

TlsPolicy policy_of(TlsNeed need) {
    TlsPolicy policy;
    policy.offered = need != TlsNeed::Off;
    policy.login = need == TlsNeed::Required || need == TlsNeed::Data;
    policy.data = need == TlsNeed::Data;
    return policy;
}

}  // namespace

bool TlsRule::fits(const TlsEnd& client, const TlsEnd& dialled) const {
    if (has_from &&
        (from_ipv6 != client.is_ipv6 || !same_network(from, client.address, from_bits))) {
        return false;
    }
    if (!has_to) {
        return true;
    }
    return (to_port == 0 || to_port == dialled.port) &&
           (to_any || (to_ipv6 == dialled.is_ipv6 && to == dialled.address));
}

bool TlsRule::is_behind(const TlsRule& earlier) const {
    if (earlier.users != TlsUsers::All && earlier.users != users) {
        return false;
    }
    if (earlier.has_from &&
        (!has_from || earlier.from_ipv6 != from_ipv6 || earlier.from_bits > from_bits ||
         !same_network(earlier.from, from, earlier.from_bits))) {
        return false;
    }
    if (!earlier.has_to) {
        return true;
    }
    if (!has_to || (earlier.to_port != 0 && earlier.to_port != to_port)) {
        return false;
    }
    return earlier.to_any || (!to_any && earlier.to_ipv6 == to_ipv6 && earlier.to == to);
}

TlsPolicy tls_policy(const TlsSection& tls, TlsUsers users, const TlsEnd& client,
                     const TlsEnd& dialled) {
    for (const TlsRule& rule : tls.rules) {
        const bool is_theirs = rule.users == TlsUsers::All || rule.users == users;
        if (is_theirs && rule.fits(client, dialled)) {
            return policy_of(rule.need);
        }
    }
    TlsPolicy policy;
    policy.offered = tls.mode != TlsMode::Off;
    policy.login = tls.mode == TlsMode::Required;
    policy.data = tls.protect_data;
    return policy;
}

std::string tls_rule_text(const TlsRule& rule) {
    std::string text(kTlsNeedWords[static_cast<std::size_t>(rule.need)]);
    if (rule.users != TlsUsers::All) {
        fmt::format_to(std::back_inserter(text), " for {}",
                       kTlsUsersWords[static_cast<std::size_t>(rule.users)]);
    }
    if (rule.has_from) {
        fmt::format_to(std::back_inserter(text), " from {}/{}",
                       address_text(rule.from, rule.from_ipv6), rule.from_bits);
    }
    if (!rule.has_to) {
        return text;
    }
    const std::string host = rule.to_any ? "*" : address_text(rule.to, rule.to_ipv6);
    const bool brackets = rule.to_ipv6 && rule.to_port != 0;
    text += brackets ? " to [" : " to ";
    text += host;
    text += brackets ? "]" : "";
    if (rule.to_port != 0) {
        fmt::format_to(std::back_inserter(text), ":{}", rule.to_port);
    }
    return text;
}

}  // namespace sluice::config
