// The value type for addresses: text, native form, and when two spellings are one host.
#include "sluice/sys/socket_address.hpp"

#include <gtest/gtest.h>
#include <netinet/in.h>

#include <set>
#include <string>

namespace sluice::sys {
namespace {

TEST(SocketAddress, PrintsWhatItParsed) {
    for (const char* text : {"127.0.0.1", "0.0.0.0", "255.255.255.255", "192.0.2.33", "::", "::1",
                             "2001:db8::ff00:42:8329", "fe80::1"}) {
        const Result<SocketAddress> address = SocketAddress::parse(text, 2121);
        ASSERT_TRUE(address) << text;
        EXPECT_EQ(address->host_text(), text);
        EXPECT_EQ(address->port(), 2121);
        const Result<SocketAddress> again = SocketAddress::parse(address->host_text(), 2121);
        ASSERT_TRUE(again);
        EXPECT_TRUE(again->same_host(*address));
    }
}

TEST(SocketAddress, PutsBracketsAroundIpv6InFrontOfAPort) {
    EXPECT_EQ(SocketAddress::parse("127.0.0.1", 21)->text(), "127.0.0.1:21");
    EXPECT_EQ(SocketAddress::parse("::1", 65535)->text(), "[::1]:65535");
}

TEST(SocketAddress, RefusesWhatIsNoAddressWithoutAskingAnyone) {
    const std::string too_long(200, '1');
    for (const std::string_view text :
         {std::string_view(""), std::string_view("localhost"), std::string_view("127.0.0.1:21"),
          std::string_view("[::1]"), std::string_view("1.2.3"), std::string_view("1.2.3.256"),
          std::string_view("::1%lo"), std::string_view(" 127.0.0.1"),
          std::string_view("127.0.0.1\0", 10), std::string_view(too_long)}) {
        const Result<SocketAddress> address = SocketAddress::parse(text, 0);
        EXPECT_FALSE(address) << text;
    }
}

TEST(SocketAddress, TakesAMappedAddressForTheIpv4HostItStandsFor) {
    const Result<SocketAddress> mapped = SocketAddress::parse("::ffff:10.0.0.1", 80);
    ASSERT_TRUE(mapped);
    const SocketAddress plain = SocketAddress::v4(10, 0, 0, 1, 80);
    EXPECT_FALSE(mapped->is_v6());
    EXPECT_TRUE(mapped->same_host(plain));
    EXPECT_EQ(mapped->host_hash(), plain.host_hash());
    EXPECT_EQ(mapped->text(), "10.0.0.1:80");
    // Compatible addresses (::a.b.c.d, deprecated by RFC 4291 2.5.5.1) are other hosts.
    const Result<SocketAddress> compatible = SocketAddress::parse("::10.0.0.1", 80);
    ASSERT_TRUE(compatible);
    EXPECT_FALSE(compatible->same_host(plain));
}

TEST(SocketAddress, GoesThroughTheNativeFormUnchanged) {
    for (const char* text : {"192.0.2.7", "::1", "2001:db8::7"}) {
        const SocketAddress address = *SocketAddress::parse(text, 40'000);
        sockaddr_storage native;
        const socklen_t length = address.to_native(native);
        EXPECT_EQ(length, address.is_v6() ? sizeof(sockaddr_in6) : sizeof(sockaddr_in));
        const SocketAddress back = SocketAddress::from_native(native);
        EXPECT_TRUE(back.same_host(address)) << text;
        EXPECT_EQ(back.port(), 40'000);
        EXPECT_EQ(back.family(), address.family());
    }
}

TEST(SocketAddress, WritesIpv4MappedForADualStackSocketAndReadsItBackAsIpv4) {
    const SocketAddress address = SocketAddress::v4(192, 0, 2, 7, 21);
    sockaddr_storage native;
    EXPECT_EQ(address.to_native(native, AF_INET6), sizeof(sockaddr_in6));
    EXPECT_EQ(native.ss_family, AF_INET6);
    const SocketAddress back = SocketAddress::from_native(native);
    EXPECT_FALSE(back.is_v6());
    EXPECT_TRUE(back.same_host(address));
}

TEST(SocketAddress, ComparesHostsWithoutTheirPorts) {
    const SocketAddress address = SocketAddress::v4(127, 0, 0, 1, 1);
    EXPECT_TRUE(address.same_host(address.with_port(2)));
    EXPECT_EQ(address.host_hash(), address.with_port(2).host_hash());
    EXPECT_FALSE(address.same_host(SocketAddress::v4(127, 0, 0, 2, 1)));
    // The same leading bytes in another family are another host.
    const std::uint8_t sixteen[16] = {127, 0, 0, 1};
    EXPECT_FALSE(address.same_host(SocketAddress::from_bytes_v6(sixteen, 1)));
}

TEST(SocketAddress, HashesNeighboursApart) {
    std::set<std::uint64_t> low_bits;
    for (int c = 0; c < 16; ++c) {
        for (int d = 0; d < 256; ++d) {
            const SocketAddress address = SocketAddress::v4(10, 0, static_cast<std::uint8_t>(c),
                                                            static_cast<std::uint8_t>(d), 0);
            low_bits.insert(address.host_hash() % 65'536);
        }
    }
    // 4,096 random throws into 65,536 boxes hit about 3,970 different ones.
    EXPECT_GT(low_bits.size(), 3'800u);
}

TEST(SocketAddress, KnowsLoopbackAndWildcard) {
    EXPECT_TRUE(SocketAddress::parse("127.9.9.9", 0)->is_loopback());
    EXPECT_TRUE(SocketAddress::parse("::1", 0)->is_loopback());
    EXPECT_TRUE(SocketAddress::parse("::ffff:127.0.0.1", 0)->is_loopback());
    EXPECT_FALSE(SocketAddress::parse("128.0.0.1", 0)->is_loopback());
    EXPECT_FALSE(SocketAddress::parse("::2", 0)->is_loopback());
    EXPECT_FALSE(SocketAddress::parse("1::1", 0)->is_loopback());
    EXPECT_TRUE(SocketAddress::parse("0.0.0.0", 9)->is_wildcard());
    EXPECT_TRUE(SocketAddress::parse("::", 9)->is_wildcard());
    EXPECT_TRUE(SocketAddress::parse("::ffff:0.0.0.0", 9)->is_wildcard());
    EXPECT_FALSE(SocketAddress::parse("0.0.0.1", 9)->is_wildcard());
}

TEST(SocketAddress, IsUnsetUntilItIsGivenAnAddress) {
    EXPECT_FALSE(SocketAddress().is_set());
    EXPECT_EQ(SocketAddress().host_text(), "unknown");
    sockaddr_storage native = {};
    native.ss_family = AF_UNIX;
    EXPECT_FALSE(SocketAddress::from_native(native).is_set());
}

}  // namespace
}  // namespace sluice::sys
