// tls.rules: every form a rule takes, the exact message for what is none, and who it is for.
#include "sluice/config/tls_rules.hpp"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "config/schema.hpp"
#include "config/value.hpp"
#include "sluice/config/loader.hpp"
#include "sluice/config/print.hpp"

namespace sluice::config {
namespace {

const Field& rules_field() {
    return fields()[find_field("tls.rules").value()];
}

// The rules as they are printed, or "! " and why not, with the hint behind it.
std::string verdict(std::string_view text) {
    RawValue raw;
    raw.text = text;
    const tl::expected<Value, Complaint> value = parse_value(rules_field(), raw);
    if (value) {
        return format_value(rules_field(), *value);
    }
    const Complaint& complaint = value.error();
    return "! " + complaint.text + (complaint.hint.empty() ? "" : " -- " + complaint.hint);
}

std::vector<TlsRule> rules_of(std::string_view text) {
    RawValue raw;
    raw.text = text;
    const tl::expected<Value, Complaint> value = parse_value(rules_field(), raw);
    EXPECT_TRUE(value.has_value()) << text;
    return value ? value->tls_rules : std::vector<TlsRule>();
}

TlsEnd v4(std::uint8_t a, std::uint8_t b, std::uint8_t c, std::uint8_t d, std::uint16_t port) {
    TlsEnd end;
    end.address = {a, b, c, d};
    end.port = port;
    return end;
}

TlsEnd v6(std::uint8_t first, std::uint8_t last, std::uint16_t port) {
    TlsEnd end;
    end.address[0] = first;
    end.address[15] = last;
    end.is_ipv6 = true;
    end.port = port;
    return end;
}

const TlsEnd kHere = v4(192, 0, 2, 1, 21);
const TlsEnd kClient = v4(198, 51, 100, 7, 40000);

// "o" offered, "l" no login in clear, "d" no data in clear.
std::string policy(const TlsSection& tls, TlsUsers users, const TlsEnd& client = kClient,
                   const TlsEnd& dialled = kHere) {
    const TlsPolicy found = tls_policy(tls, users, client, dialled);
    return std::string(found.offered ? "o" : "-") + (found.login ? "l" : "-") +
           (found.data ? "d" : "-");
}

TlsSection with(std::string_view rules) {
    TlsSection tls;
    tls.rules = rules_of(rules);
    return tls;
}

TEST(TlsRules, TakeEveryForm) {
    for (const char* text :
         {"", "off", "optional", "required", "data", "data for anonymous", "required for named",
          "off from 192.0.2.0/24", "off from 0.0.0.0/0", "off from ::/0",
          "required from 2001:db8::/32", "optional to 192.0.2.1", "optional to *:990",
          "optional to ::1", "optional to [::1]:21", "optional to 192.0.2.1:21",
          "data for named from 192.0.2.128/25 to [2001:db8::1]:990",
          "off from 10.0.0.0/8,data for named,required"}) {
        EXPECT_EQ(verdict(text), text);
    }
}

TEST(TlsRules, ArePrintedInOneSpelling) {
    EXPECT_EQ(verdict(" off\tto *:21   from 10.1.2.3 "), "off from 10.1.2.3/32 to *:21");
    EXPECT_EQ(verdict("off from 2001:DB8:0::7"), "off from 2001:db8::7/128");
    EXPECT_EQ(verdict("off to [::1]"), "off to ::1");
}

TEST(TlsRules, SayWhatIsWrong) {
    const std::pair<const char*, const char*> cases[] = {
        {"require",
         "! wants one of \"off\", \"optional\", \"required\", \"data\"; got \"require\" -- did you "
         "mean \"required\"?"},
        {" ", "! wants one of \"off\", \"optional\", \"required\", \"data\"; got nothing"},
        {"off,", "! wants one of \"off\", \"optional\", \"required\", \"data\"; got nothing"},
        {"data form 10.0.0.0/8",
         "! wants \"for USERS\", \"from NETWORK\" or \"to ADDRESS\" behind the level; got "
         "\"form\" -- did you mean \"for\"?"},
        {"data for anonymus",
         "! wants one of \"anonymous\", \"named\" behind \"for\"; got \"anonymus\" -- did you mean "
         "\"anonymous\"?"},
        {"data for", "! wants one of \"anonymous\", \"named\" behind \"for\"; got nothing"},
        {"data for named for named", "! has \"for\" twice in one rule"},
        {"data from 10.0.0.0/8 from 10.0.0.0/8", "! has \"from\" twice in one rule"},
        {"data from 10.0.0.1/8",
         "! names an address inside the network, \"10.0.0.1/8\" -- did you mean \"10.0.0.0/8\"?"},
        {"data from 2001:db8::1/32",
         "! names an address inside the network, \"2001:db8::1/32\" -- did you mean "
         "\"2001:db8::/32\"?"},
        {"data from 10.0.0.0/33",
         "! wants a prefix from 0 to 32 behind the \"/\"; got \"10.0.0.0/33\""},
        {"data from ::/129", "! wants a prefix from 0 to 128 behind the \"/\"; got \"::/129\""},
        {"data from 10.0.0.0/",
         "! wants a prefix from 0 to 32 behind the \"/\"; got \"10.0.0.0/\""},
        {"data from 10.0.0.0/-1",
         "! wants a prefix from 0 to 32 behind the \"/\"; got \"10.0.0.0/-1\""},
        {"data from 10.0.0.0/256",
         "! wants a prefix from 0 to 32 behind the \"/\"; got \"10.0.0.0/256\""},
    };
    for (const auto& [text, message] : cases) {
        EXPECT_EQ(verdict(text), message);
    }
    for (const char* text : {"", "localhost", "10.0.0", "10.0.0.0.0/8", "[::1]", ":", "/8", "*",
                             "1000:2000:3000:4000:5000:6000:7000:8000:9000:a000:b000:c000"}) {
        EXPECT_TRUE(verdict("off from " + std::string(text))
                        .starts_with("! wants a network like \"192.0.2.0/24\""))
            << text;
    }
    for (const char* text : {"", "localhost", "192.0.2.1:0", "192.0.2.1:65536", "192.0.2.1:x",
                             "192.0.2.1:", "[192.0.2.1]:21", "[::1", "[", "[]", "[]:21", "[::1]21",
                             "::1]:21", "*:", ":21", "*:*"}) {
        EXPECT_TRUE(verdict("off to " + std::string(text))
                        .starts_with("! wants an address like \"192.0.2.1\""))
            << text << ": " << verdict("off to " + std::string(text));
    }
}

TEST(TlsRules, AreBounded) {
    RawValue raw;
    raw.kind = RawValue::Kind::List;
    for (std::size_t i = 0; i < kTlsRulesMax; ++i) {
        raw.items.push_back("off from 10.0.0." + std::to_string(i));
    }
    EXPECT_TRUE(parse_value(rules_field(), raw).has_value());
    raw.items.emplace_back("data");
    const auto value = parse_value(rules_field(), raw);
    ASSERT_FALSE(value);
    EXPECT_EQ(value.error().text, "wants at most 64 rules; got 65");
}

// Whoever reads the file would believe it.
TEST(TlsRules, ThatNeverDecideAreRefused) {
    for (const char* text :
         {"required,off", "required,required", "off from 10.0.0.0/8,data from 10.1.0.0/16",
          "off from 10.0.0.0/8,data for named from 10.1.2.3 to *:21",
          "off to *:21,data to ::1,"
          "off to [::1]:21",
          "off for named,data for named", "off to 192.0.2.1,data to 192.0.2.1:21",
          "off from ::/0,data from 2001:db8::/32"}) {
        EXPECT_NE(verdict(text).find("which never decides"), std::string::npos)
            << text << ": " << verdict(text);
    }
    for (const char* text : {"off for named,data", "off from 10.1.0.0/16,data from 10.0.0.0/8",
                             "off from ::/0,data from 0.0.0.0/0", "off to *:21,data to 192.0.2.1",
                             "off to 192.0.2.1:21,data to *:21", "off for anonymous,data for named",
                             "off from 10.0.0.0/8 to *:21,data from 10.0.0.0/8"}) {
        EXPECT_EQ(verdict(text), text);
    }
}

TEST(TlsRules, WithoutOneTheModeDecides) {
    TlsSection tls;
    EXPECT_EQ(policy(tls, TlsUsers::Named), "---");
    tls.mode = TlsMode::Optional;
    EXPECT_EQ(policy(tls, TlsUsers::Named), "o--");
    tls.protect_data = true;
    EXPECT_EQ(policy(tls, TlsUsers::Anonymous), "o-d");
    tls.mode = TlsMode::Required;
    EXPECT_EQ(policy(tls, TlsUsers::Anonymous), "old");
    tls.rules = rules_of("optional from 10.0.0.0/8");
    EXPECT_EQ(policy(tls, TlsUsers::Anonymous), "old");
    EXPECT_EQ(policy(tls, TlsUsers::Anonymous, v4(10, 255, 0, 1, 1)), "o--");
}

TEST(TlsRules, TheFirstThatFitsDecidesAlone) {
    const TlsSection tls = with("off from 10.0.0.0/8,optional for anonymous,data");
    EXPECT_EQ(policy(tls, TlsUsers::Named, v4(10, 0, 0, 1, 1)), "---");
    EXPECT_EQ(policy(tls, TlsUsers::Anonymous), "o--");
    EXPECT_EQ(policy(tls, TlsUsers::Named), "old");
    EXPECT_EQ(policy(with("required"), TlsUsers::Named), "ol-");
}

TEST(TlsRules, NetworksEndWhereTheirPrefixSays) {
    const TlsSection tls = with("data from 198.51.100.0/29,data from 2001:db8::/61");
    EXPECT_EQ(policy(tls, TlsUsers::Named, v4(198, 51, 100, 7, 1)), "old");
    EXPECT_EQ(policy(tls, TlsUsers::Named, v4(198, 51, 100, 8, 1)), "---");
    TlsEnd client = v6(0x20, 1, 1);
    client.address[1] = 0x01;
    client.address[2] = 0x0d;
    client.address[3] = 0xb8;
    client.address[7] = 0x07;
    EXPECT_EQ(policy(tls, TlsUsers::Named, client), "old");
    client.address[7] = 0x08;
    EXPECT_EQ(policy(tls, TlsUsers::Named, client), "---");
    // An IPv6 client is in no network of IPv4, whatever its first bytes are.
    EXPECT_EQ(policy(with("data from 0.0.0.0/0"), TlsUsers::Named, client), "---");
    EXPECT_EQ(policy(with("data from ::/0"), TlsUsers::Named, client), "old");
    EXPECT_EQ(policy(with("data from ::/0"), TlsUsers::Named), "---");
}

TEST(TlsRules, AddressesAreThoseThatTheClientDialled) {
    EXPECT_EQ(policy(with("data to 192.0.2.1"), TlsUsers::Named), "old");
    EXPECT_EQ(policy(with("data to 192.0.2.1:21"), TlsUsers::Named), "old");
    EXPECT_EQ(policy(with("data to 192.0.2.1:990"), TlsUsers::Named), "---");
    EXPECT_EQ(policy(with("data to 192.0.2.2"), TlsUsers::Named), "---");
    EXPECT_EQ(policy(with("data to *:21"), TlsUsers::Named), "old");
    EXPECT_EQ(policy(with("data to *:990"), TlsUsers::Named), "---");
    EXPECT_EQ(policy(with("data to ::1"), TlsUsers::Named), "---");
    EXPECT_EQ(policy(with("data to ::1"), TlsUsers::Named, kClient, v6(0, 1, 21)), "old");
}

TEST(TlsRules, TurnTlsOnByThemselves) {
    EXPECT_FALSE(TlsSection().is_on());
    EXPECT_FALSE(with("off from 10.0.0.0/8").is_on());
    EXPECT_TRUE(with("off from 10.0.0.0/8,optional").is_on());
}

Loaded load(std::string_view text) {
    Loader loader;
    loader.add_file("s.toml", text);
    return std::move(loader).finish();
}

TEST(TlsRules, OfAFileAreToldApartByPlaceAndComeBack) {
    const Loaded good = load(
        "[tls]\nself_signed = true\nrules = [\n  \"optional for anonymous\",\n"
        "  \"data from 10.0.0.0/8\",\n]\n");
    EXPECT_EQ(good.diagnostics.render(), "");
    EXPECT_EQ(good.snapshot.tls.rules, rules_of("optional for anonymous,data from 10.0.0.0/8"));
    EXPECT_EQ(load(print_config(good.snapshot)).snapshot, good.snapshot);

    const Loaded bad = load(
        "[tls]\nself_signed = true\nrules = [\n  \"optional for anonymous\",\n"
        "  \"date from 10.0.0.0/8\",\n]\n");
    const std::string said = bad.diagnostics.render();
    EXPECT_NE(said.find("s.toml:5:3: 'tls.rules' wants one of"), std::string::npos) << said;
    EXPECT_NE(said.find("did you mean \"data\"?"), std::string::npos) << said;
}

TEST(TlsRules, NamePortsThatAreThere) {
    const auto said = [](std::string_view rules, std::string_view listen) {
        return load("[server]\nlisten = [\"127.0.0.1:21\"]\n[tls]\nself_signed = true\nlisten = [" +
                    std::string(listen) + "]\nrules = [\"" + std::string(rules) + "\"]\n")
            .diagnostics.render();
    };
    EXPECT_EQ(said("data to *:21", ""), "");
    EXPECT_EQ(said("data to *:990", "\"*:990\""), "");
    EXPECT_NE(said("data to *:2121", "\"*:990\"").find("names a port that is neither in"),
              std::string::npos);
    EXPECT_NE(said("off to *:990", "\"*:990\"").find("names a port where TLS begins at once"),
              std::string::npos);
    // A port that the kernel chooses may be any.
    EXPECT_EQ(said("data to *:2121", "\"127.0.0.1:0\""), "");
}

}  // namespace
}  // namespace sluice::config
