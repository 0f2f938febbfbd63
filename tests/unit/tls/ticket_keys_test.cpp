// The life of ticket keys: rotation with overlap, and the keys of a file.
#include "sluice/tls/ticket_keys.hpp"

#include <gtest/gtest.h>

namespace sluice::tls {
namespace {

constexpr Duration kLifetime = Duration::seconds(3600);

Instant at(std::int64_t seconds) {
    return Instant() + Duration::seconds(seconds);
}

std::string line_of(char digit) {
    return std::string(160, digit) + "\n";
}

TEST(TicketKeys, StayForOneLifetimeAndOpenForAnother) {
    TicketKeys keys(kLifetime, at(0));
    const TicketKey first = keys.newest(at(0));
    EXPECT_EQ(keys.newest(at(3599)).name, first.name);
    const TicketKey second = keys.newest(at(3600));
    EXPECT_NE(second.name, first.name);
    EXPECT_NE(second.cipher, first.cipher);
    // What was sealed a second before the change is good for a lifetime.
    ASSERT_TRUE(keys.find(first.name, at(7198)));
    EXPECT_EQ(keys.find(first.name, at(7198))->mac, first.mac);
    EXPECT_FALSE(keys.find(first.name, at(7200)));
    EXPECT_TRUE(keys.find(second.name, at(7200)));
}

TEST(TicketKeys, AreAllForgottenAfterALongSilence) {
    TicketKeys keys(kLifetime, at(0));
    const TicketKey first = keys.newest(at(0));
    EXPECT_FALSE(keys.find(first.name, at(7200)));
    EXPECT_NE(keys.newest(at(7200)).name, first.name);
}

TEST(TicketKeys, OfAFileSealWithTheFirstAndOpenWithAll) {
    TicketKeys keys(kLifetime, at(0));
    std::string refusal;
    ASSERT_TRUE(
        keys.load("# ours\n" + line_of('a') + "\n  " + line_of('0') + line_of('F'), refusal))
        << refusal;
    EXPECT_EQ(keys.newest(at(0)).name[0], 0xAA);
    EXPECT_EQ(keys.newest(at(0)).mac[31], 0xAA);
    const std::array<std::uint8_t, 16> zero = {};
    EXPECT_TRUE(keys.find(zero, at(0)));
    // They belong to several nodes: we do not replace them.
    EXPECT_EQ(keys.newest(at(1'000'000)).name[0], 0xAA);
    EXPECT_TRUE(keys.find(zero, at(1'000'000)));
}

TEST(TicketKeys, OfABadFileChangeNothing) {
    TicketKeys keys(kLifetime, at(0));
    const TicketKey first = keys.newest(at(0));
    std::string refusal;
    EXPECT_FALSE(keys.load(line_of('a') + "abc\n", refusal));
    EXPECT_EQ(refusal, "line 2: a key is 160 hexadecimal digits (openssl rand -hex 80)");
    EXPECT_FALSE(keys.load(line_of('g'), refusal));
    EXPECT_FALSE(keys.load("# nothing\n\n", refusal));
    EXPECT_EQ(refusal, "no key in it");
    std::string many;
    for (int i = 0; i < 17; ++i) {
        many += line_of('a');
    }
    EXPECT_FALSE(keys.load(many, refusal));
    EXPECT_EQ(refusal, "line 17: more than 16 keys");
    EXPECT_EQ(keys.newest(at(0)).name, first.name);
}

}  // namespace
}  // namespace sluice::tls
