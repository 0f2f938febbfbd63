// Method: exact texts, a list of bad ones, and parse(print(x)) == x over random addresses.
#include "sluice/proto/host_port.hpp"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "sluice/base/prng.hpp"

namespace sluice::proto {
namespace {

std::array<std::uint8_t, 16> bytes_of_v6(std::uint8_t first, std::uint8_t last) {
    std::array<std::uint8_t, 16> bytes = {};
    bytes[0] = first;
    bytes[15] = last;
    return bytes;
}

TEST(Port, ReadsSixNumbers) {
    const Result<HostPort> got = parse_port("192,0,2,1,14,178");
    ASSERT_TRUE(got.has_value());
    EXPECT_EQ(*got, HostPort::v4({192, 0, 2, 1}, 14 * 256 + 178));
}

TEST(Port, RefusesEverythingElse) {
    for (const std::string_view bad :
         {"", "1", "1,2,3,4,5", "1,2,3,4,5,6,7", "1,2,3,4,5,256", "256,2,3,4,5,6", "1,2,3,4,5,-1",
          " 1,2,3,4,5,6", "1,2,3,4,5,6 ", "1, 2,3,4,5,6", "1,2,3,4,5,", ",2,3,4,5,6", "1,,3,4,5,6",
          "1.2.3.4,5,6", "a,2,3,4,5,6", "0001,2,3,4,5,6", "1,2,3,4,5,+6",
          "99999999999999999999,2,3,4,5,6"}) {
        const Result<HostPort> got = parse_port(bad);
        ASSERT_FALSE(got.has_value()) << bad;
        EXPECT_EQ(got.error().code, Errc::BadArgument) << bad;
    }
}

// A well-formed port below 1024 is refused by the peer rules (504, RFC 2577 3), 0 like the others.
TEST(Port, LeavesLowPortsToThePeerRules) {
    EXPECT_EQ(parse_port("1,2,3,4,0,0").value().port, 0);
    EXPECT_EQ(parse_port("1,2,3,4,0,21").value().port, 21);
    EXPECT_EQ(parse_eprt("|1|1.2.3.4|0|").value().port, 0);
}

TEST(Eprt, ReadsBothProtocolsWithAnyDelimiter) {
    EXPECT_EQ(parse_eprt("|1|132.235.1.2|6275|").value(), HostPort::v4({132, 235, 1, 2}, 6275));
    EXPECT_EQ(parse_eprt("!1!132.235.1.2!6275!").value(), HostPort::v4({132, 235, 1, 2}, 6275));
    const HostPort v6 = parse_eprt("|2|2000::1|5282|").value();
    EXPECT_EQ(v6, HostPort::v6(bytes_of_v6(0x20, 1), 5282));
    EXPECT_TRUE(v6.is_v6);
}

TEST(Eprt, TakesAMappedAddressForIpv4) {
    const HostPort mapped = parse_eprt("|2|::ffff:192.0.2.9|2000|").value();
    EXPECT_FALSE(mapped.is_v6);
    EXPECT_TRUE(mapped.has_same_address(HostPort::v4({192, 0, 2, 9}, 1)));
    EXPECT_NE(mapped, HostPort::v4({192, 0, 2, 9}, 1));
}

TEST(Eprt, TellsAnUnknownProtocolFromNonsense) {
    for (const std::string_view unknown : {"|3|1.2.3.4|5|", "|0|x|1|", "|9999|::1|80|"}) {
        const Result<HostPort> got = parse_eprt(unknown);
        ASSERT_FALSE(got.has_value()) << unknown;
        EXPECT_EQ(got.error().code, Errc::NotSupported) << unknown;
    }
    for (const std::string_view bad :
         {"", "|", "||", "||||", "|1|1.2.3.4|5", "1|1.2.3.4|5|",

          "|1|1.2.3.4|65536|", "|1|1.2.3.4|5|x", "|1|::1|5|", "|2|1.2.3.4|5|", "|1|1.2.3|5|",
          "|1|01.2.3.4|5|", "|1|1.2.3.4| 5|", "|2|fe80::1%eth0|5|", "|x|1.2.3.4|5|",
          " 1 1.2.3.4 5 ",
          "\x7F"
          "1\x7F"
          "1.2.3.4\x7F"
          "5\x7F",
          "\xFF"
          "1\xFF"
          "1.2.3.4\xFF"
          "5\xFF",
          "|1|1.2.3.4|99999999999|"}) {
        const Result<HostPort> got = parse_eprt(bad);
        ASSERT_FALSE(got.has_value()) << bad;
        EXPECT_EQ(got.error().code, Errc::BadArgument) << bad;
    }
    EXPECT_FALSE(parse_eprt("|2|" + std::string(500, ':') + "|5|").has_value());
    EXPECT_FALSE(parse_eprt(std::string_view("|1|1.2.3.4\0|5|", 14)).has_value());
}

TEST(HostPort, IsReadBackFromWhatIsPrinted) {
    for (std::uint64_t seed = 1; seed <= 5000; ++seed) {
        Prng prng(seed);
        const auto port = static_cast<std::uint16_t>(1 + prng.below(65535));
        std::array<std::uint8_t, 16> bytes = {};
        for (std::uint8_t& byte : bytes) {
            byte = prng.chance(1, 2) ? std::uint8_t{0} : static_cast<std::uint8_t>(prng.below(256));
        }
        const HostPort v4 = HostPort::v4({bytes[0], bytes[1], bytes[2], bytes[3]}, port);
        ASSERT_EQ(parse_port(print_port(v4)).value(), v4) << "seed " << seed;
        ASSERT_EQ(parse_eprt(print_eprt(v4)).value(), v4) << "seed " << seed;
        const HostPort v6 = HostPort::v6(bytes, port);
        ASSERT_EQ(parse_eprt(print_eprt(v6)).value(), v6) << "seed " << seed;
    }
}

TEST(Epsv, ReadsItsArgument) {
    EXPECT_EQ(parse_epsv(""), EpsvKind::Any);
    EXPECT_EQ(parse_epsv("  "), EpsvKind::Any);
    EXPECT_EQ(parse_epsv("1"), EpsvKind::V4);
    EXPECT_EQ(parse_epsv("2"), EpsvKind::V6);
    EXPECT_EQ(parse_epsv("all"), EpsvKind::All);
    EXPECT_EQ(parse_epsv("ALL "), EpsvKind::All);
    EXPECT_EQ(parse_epsv("3"), EpsvKind::NotSupported);
    EXPECT_EQ(parse_epsv("0"), EpsvKind::NotSupported);
    for (const std::string_view bad : {"x", "-1", "1x", "ALLE", "1 2", "99999999999999999999"}) {
        EXPECT_EQ(parse_epsv(bad), EpsvKind::Malformed) << bad;
    }
}

// M5: exactly these bytes.
TEST(PassiveReply, HasSixNumbersInParenthesesAndNothingBehind) {
    ReplyBuffer out;
    append_passive_reply(out, HostPort::v4({192, 168, 0, 255}, 50001));
    EXPECT_EQ(out.view(), "227 Entering Passive Mode (192,168,0,255,195,81)\r\n");
}

TEST(PassiveReply, IsNeverMadeForIpv6) {
    ReplyBuffer out;
    append_passive_reply(out, HostPort::v6(bytes_of_v6(0x20, 1), 50001));
    EXPECT_TRUE(out.view().starts_with("425 "));
    EXPECT_NE(out.view().find("EPSV"), std::string_view::npos);
}

TEST(ExtendedPassiveReply, EndsWithoutADot) {
    ReplyBuffer out;
    append_extended_passive_reply(out, 50001);
    EXPECT_EQ(out.view(), "229 Entering Extended Passive Mode (|||50001|)\r\n");
}

TEST(ProtocolRefusal, NamesOnlyWhatCanBeUsed) {
    const auto text = [](bool v4, bool v6) {
        ReplyBuffer out;
        append_protocol_refusal(out, {.v4 = v4, .v6 = v6});
        return std::string(out.view());
    };
    EXPECT_EQ(text(true, true), "522 Network protocol not supported, use (1,2)\r\n");
    EXPECT_EQ(text(true, false), "522 Network protocol not supported, use (1)\r\n");
    EXPECT_EQ(text(false, true), "522 Network protocol not supported, use (2)\r\n");
}

TEST(PrintAddress, GivesTheUsualText) {
    EXPECT_EQ(print_address(HostPort::v4({192, 0, 2, 1}, 1)), "192.0.2.1");
    EXPECT_EQ(print_address(HostPort::v6(bytes_of_v6(0x20, 1), 1)), "2000::1");
}

}  // namespace
}  // namespace sluice::proto
