// The table of client profiles, and who is taken for whom.
#include "session/quirks.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>


namespace sluice::session {
namespace {

const config::ClientsSection kDefaults;

struct Heard {
    Sign sign;
    std::string said;
};

// The profile of a session that has heard these in turn.
std::uint8_t after(const std::vector<Heard>& all,
                   const config::ClientsSection& clients = kDefaults) {
    std::uint8_t profile = 0;
    for (const Heard& heard : all) {
        profile = recognised(profile, heard.sign, heard.said, clients);
    }
    return profile;
}

std::string name_after(const std::vector<Heard>& all,
                       const config::ClientsSection& clients = kDefaults) {
    return std::string(client_profiles()[after(all, clients)].name);
}

bool overrides(const Quirks& quirks) { return quirks.no_mode_z || quirks.single_line; }

TEST(Quirks, EveryRowHasANameAReasonAndCanBeReached) {
    EXPECT_EQ(client_profiles()[0].name, "");
    EXPECT_FALSE(overrides(client_profiles()[0].quirks));
    for (std::size_t i = 1; i < client_profiles().size(); ++i) {
        const ClientProfile& row = client_profiles()[i];
        EXPECT_FALSE(row.name.empty()) << i;
        EXPECT_FALSE(row.why.empty()) << row.name;
        if (row.sign == Sign::Configured) { continue; }
        EXPECT_FALSE(row.prefix.empty()) << row.name;
        // No row before it takes what it is there for.
        EXPECT_EQ(after({{row.sign, std::string(row.prefix)}}), i) << row.name;
    }
}

// Anybody may begin with FEAT: what is done otherwise must hang on more than that.
TEST(Quirks, AFirstCommandAloneOverridesNothing) {
    for (const ClientProfile& row : client_profiles()) {
        if (row.sign == Sign::Opening) { EXPECT_FALSE(overrides(row.quirks)) << row.name; }
    }
}

TEST(Quirks, ComparesPrefixesInAnyCase) {
    EXPECT_EQ(name_after({{Sign::Announced, "lftp/4.9.2"}}), "lftp");
    EXPECT_EQ(name_after({{Sign::Announced, "LFTP/5"}}), "lftp");
    EXPECT_EQ(name_after({{Sign::Announced, "lftp"}}), "");
    EXPECT_EQ(name_after({{Sign::Announced, " lftp/4.9.2"}}), "");
    EXPECT_EQ(name_after({{Sign::Announced, "xlftp/4.9.2"}}), "");
    EXPECT_EQ(name_after({{Sign::Password, "ieuser@"}}), "Explorer");
    EXPECT_EQ(name_after({{Sign::Password, "lftp/4.9.2"}}), "");  // a sign has rows of its own
    EXPECT_EQ(name_after({{Sign::Announced, "IEUser@"}}), "");
}

TEST(Quirks, BelievesWhatIsSaidOnPurposeMost) {
    EXPECT_EQ(name_after({{Sign::Opening, "FEAT"}, {Sign::Password, "IEUser@"}}), "Explorer");
    EXPECT_EQ(name_after({{Sign::Opening, "FEAT"}, {Sign::Password, "me@"}}), "lftp");
    EXPECT_EQ(name_after({{Sign::Opening, "OPTS UTF8"}, {Sign::Opening, "FEAT"}}), "ftp.exe");
    EXPECT_EQ(name_after({{Sign::Announced, "WinSCP"}, {Sign::Password, "IEUser@"}}), "WinSCP");
    EXPECT_EQ(name_after({{Sign::Announced, "WinSCP"}, {Sign::Opening, "FEAT"}}), "WinSCP");
    EXPECT_EQ(name_after({{Sign::Password, "lftp@"}, {Sign::Announced, "NcFTP"}}), "ncftp");
}

TEST(Quirks, ANameThatNobodyKnowsEndsWhatWasTakenForGranted) {
    EXPECT_EQ(name_after({{Sign::Opening, "FEAT"}, {Sign::Announced, "gvfs"}}), "");
    EXPECT_EQ(name_after({{Sign::Announced, "lftp/4.9.2"}, {Sign::Announced, "gvfs"}}), "");
    EXPECT_EQ(name_after({{Sign::Announced, "gvfs"}, {Sign::Announced, "lftp/4.9.2"}}), "lftp");
}

TEST(Quirks, HostileNamesAreNobody) {
    const std::string nul("lft\0p/", 6);
    for (const std::string& said :
         {std::string(), nul, std::string(1 << 20, 'l'), std::string("\xFF\xFE\xC0\xAFlftp/"),
          std::string("%n%s"), std::string("\x1B[2J"), std::string("lftp\xEF\xBC\x8F")}) {
        EXPECT_EQ(name_after({{Sign::Announced, said}}), "") << said.size();
        EXPECT_EQ(name_after({{Sign::Password, said}}), "") << said.size();
    }
    // What follows a prefix does not matter, whatever it is.
    EXPECT_EQ(name_after({{Sign::Announced, "lftp/" + std::string(1 << 20, '\xFF')}}), "lftp");
}

TEST(Quirks, AConfiguredDeviceStaysOne) {
    config::ClientsSection clients;
    clients.single_line = {"scan", "Old Cam"};
    EXPECT_EQ(name_after({{Sign::Password, "Scanner 3"}}, clients), "single-line device");
    EXPECT_EQ(name_after({{Sign::Announced, "old cam"}, {Sign::Announced, "lftp/4.9.2"}}, clients),
              "single-line device");
    EXPECT_EQ(name_after({{Sign::Announced, "lftp/4.9.2"}, {Sign::Password, "scan"}}, clients),
              "single-line device");
    EXPECT_EQ(name_after({{Sign::Password, "my scanner"}}, clients), "");
    // Its prefix is no reason to take an opening for it.
    clients.single_line = {"F"};
    EXPECT_EQ(name_after({{Sign::Opening, "FEAT"}}, clients), "lftp");
}

TEST(Quirks, TheSwitchEndsTheOverridesOfTheTableAndNoOthers) {
    config::ClientsSection clients;
    clients.single_line = {"scan"};
    const std::uint8_t lftp = after({{Sign::Announced, "lftp/4.9.2"}}, clients);
    const std::uint8_t device = after({{Sign::Announced, "scan"}}, clients);
    EXPECT_TRUE(quirks_of(lftp, clients).no_mode_z);
    EXPECT_FALSE(quirks_of(lftp, clients).single_line);
    EXPECT_TRUE(quirks_of(device, clients).single_line);
    clients.profiles = false;
    EXPECT_FALSE(overrides(quirks_of(lftp, clients)));
    EXPECT_TRUE(quirks_of(device, clients).single_line);
    EXPECT_FALSE(overrides(quirks_of(0, clients)));
}

TEST(Quirks, FindsTheNameInCsid) {
    EXPECT_EQ(name_in_csid("Name=lftp/4.9.2;Version=4.9.2;"), "lftp/4.9.2");
    EXPECT_EQ(name_in_csid("Version=1;nAmE=x y"), "x y");
    EXPECT_EQ(name_in_csid("Name=a;Name=b;"), "a");
    for (const char* argument : {"", ";", ";;;;", "=", "Name", "Name=", "Name=;Name=x;", "XName=x;",
                                 "Version=Name=x;"}) {
        EXPECT_EQ(name_in_csid(argument), "") << argument;
    }
    EXPECT_EQ(name_in_csid("Name=" + std::string(1 << 20, 'x') + ";").size(), 1u << 20);
}

}  // namespace
}  // namespace sluice::session
