// Where PORT and EPRT may lead: O-DAT-1 to 4 and 14.
#include "sluice/net/peer_rules.hpp"

#include <gtest/gtest.h>

namespace sluice::net {
namespace {

sys::SocketAddress at(const char* host, int port) {
    return *sys::SocketAddress::parse(host, static_cast<std::uint16_t>(port));
}

// A server on 127.0.0.1:2121 and [::]:2121 with passive ports 50000-50100.
PeerRules rules(bool allow_foreign = false) {
    PeerRules rules;
    rules.allow_foreign = allow_foreign;
    rules.own_listeners = {at("0.0.0.0", 2121), at("::", 2222)};
    rules.passive_first = 50'000;
    rules.passive_last = 50'100;
    return rules;
}
bool is_allowed(const PeerRules& rules, const sys::SocketAddress& target, const char* peer,
                const char* local) {
    const Status status = check_active_target(rules, target, at(peer, 40'000), at(local, 2121));
    if (!status) {
        EXPECT_EQ(status.error().code, Errc::AccessDenied);
    }
    return status.has_value();
}

TEST(PeerRules, AllowsAnUnprivilegedPortOfTheClientItself) {
    EXPECT_TRUE(is_allowed(rules(), at("192.0.2.7", 1024), "192.0.2.7", "192.0.2.1"));
    EXPECT_TRUE(is_allowed(rules(), at("192.0.2.7", 65'535), "192.0.2.7", "192.0.2.1"));
    EXPECT_TRUE(is_allowed(rules(), at("2001:db8::7", 5000), "2001:db8::7", "2001:db8::1"));
    EXPECT_TRUE(is_allowed(rules(), at("127.0.0.1", 40'001), "127.0.0.1", "127.0.0.1"));
}

// O-DAT-1: the bounce attack, CVE-1999-0017.
TEST(PeerRules, RefusesAnotherHost) {
    EXPECT_FALSE(is_allowed(rules(), at("10.0.0.1", 80), "192.0.2.7", "192.0.2.1"));
    EXPECT_FALSE(is_allowed(rules(), at("10.0.0.1", 25'601), "192.0.2.7", "192.0.2.1"));
    EXPECT_FALSE(is_allowed(rules(), at("192.0.2.8", 25'601), "192.0.2.7", "192.0.2.1"));
    EXPECT_FALSE(is_allowed(rules(), at("2001:db8::8", 25'601), "2001:db8::7", "2001:db8::1"));
}

// O-DAT-2: the same in the clothes of IPv6; the client's own address in them is its own.
TEST(PeerRules, SeesThroughMappedAddresses) {
    EXPECT_FALSE(is_allowed(rules(), at("::ffff:10.0.0.1", 25'600), "192.0.2.7", "192.0.2.1"));
    EXPECT_TRUE(is_allowed(rules(), at("::ffff:192.0.2.7", 25'600), "192.0.2.7", "192.0.2.1"));
    EXPECT_TRUE(is_allowed(rules(), at("192.0.2.7", 25'600), "::ffff:192.0.2.7", "192.0.2.1"));
}

// O-DAT-3: RFC 2577 section 3, also for those who may name foreign hosts.
TEST(PeerRules, RefusesPrivilegedPortsAndNone) {
    for (const bool foreign : {false, true}) {
        for (const int port : {0, 1, 21, 80, 1023}) {
            EXPECT_FALSE(
                is_allowed(rules(foreign), at("127.0.0.1", port), "127.0.0.1", "127.0.0.1"))
                << port;
        }
    }
}

// O-DAT-4: no connection to one of our own listening sockets.
TEST(PeerRules, RefusesOurOwnListenersOnEveryAddressOfTheSession) {
    for (const bool foreign : {false, true}) {
        for (const int port : {2121, 2222, 50'000, 50'050, 50'100}) {
            const PeerRules set = rules(foreign);
            EXPECT_FALSE(is_allowed(set, at("127.0.0.1", port), "127.0.0.1", "127.0.0.1"));
            EXPECT_FALSE(is_allowed(set, at("127.7.7.7", port), "127.7.7.7", "127.0.0.1"));
            EXPECT_FALSE(is_allowed(set, at("::1", port), "::1", "::1"));
            EXPECT_FALSE(is_allowed(set, at("::ffff:127.0.0.1", port), "127.0.0.1", "127.0.0.1"));
            // A client on the server's own machine, by its outer address.
            EXPECT_FALSE(is_allowed(set, at("192.0.2.1", port), "192.0.2.1", "192.0.2.1"));
        }
    }
    // A control port that listens everywhere is refused on every host: 192.0.2.7 may be another
    // address of this machine, dialled from there.
    EXPECT_FALSE(is_allowed(rules(), at("192.0.2.7", 2121), "192.0.2.7", "192.0.2.1"));
    PeerRules one_host = rules();
    one_host.own_listeners = {at("192.0.2.1", 2121)};
    EXPECT_TRUE(is_allowed(one_host, at("192.0.2.7", 2121), "192.0.2.7", "192.0.2.1"));
    EXPECT_FALSE(is_allowed(one_host, at("192.0.2.1", 2121), "192.0.2.1", "192.0.2.1"));
    // Passive ports of the client's machine are its own affair.
    EXPECT_TRUE(is_allowed(rules(), at("192.0.2.7", 50'050), "192.0.2.7", "192.0.2.1"));
    EXPECT_TRUE(is_allowed(rules(), at("127.0.0.1", 49'999), "127.0.0.1", "127.0.0.1"));
    EXPECT_TRUE(is_allowed(rules(), at("127.0.0.1", 50'101), "127.0.0.1", "127.0.0.1"));
}

// O-DAT-14: FXP is opt-in.
TEST(PeerRules, AllowsAnotherHostOnlyWhenToldTo) {
    EXPECT_FALSE(is_allowed(rules(false), at("127.0.0.2", 25'600), "127.0.0.1", "127.0.0.1"));
    EXPECT_TRUE(is_allowed(rules(true), at("127.0.0.2", 25'600), "127.0.0.1", "127.0.0.1"));
    EXPECT_FALSE(is_allowed(rules(true), at("0.0.0.0", 25'600), "127.0.0.1", "127.0.0.1"));
    EXPECT_FALSE(is_allowed(rules(true), at("::", 25'600), "::1", "::1"));
}

}  // namespace
}  // namespace sluice::net
