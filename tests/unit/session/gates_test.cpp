// What is asked before a handler runs: the login, the right to write, EPSV ALL.
#include <gtest/gtest.h>

#include <string>

#include "shard_fixture.hpp"

namespace sluice::server {
namespace {

class GatesTest : public ShardTest {
protected:
    // The code of the answer to one line.
    std::string ask(Client& client, std::string_view line) {
        client.forget_received();
        client.say(line);
        EXPECT_TRUE(hears(client, 1)) << line;
        return client.codes();
    }
};
INSTANTIATE_SHARD_TESTS(GatesTest);

TEST_P(GatesTest, NothingOfTheTreeIsSaidBeforeALogin) {
    start();
    const auto client = connect();
    watch(*client);
    ASSERT_TRUE(hears(*client, 1));
    for (const char* line :
         {"CWD /", "PWD",      "MKD d",  "RMD d",  "DELE f", "RNFR f", "RNTO g", "PASV",
          "EPSV",  "EPSV ALL", "RETR f", "STOR f", "APPE f", "STOU",   "LIST",   "NLST",
          "MLSD",  "MLST",     "STAT",   "SIZE f", "MDTM f", "REST 1", "TYPE I", "SITE CHMOD 644 f",
          "ALLO 1", "SMNT /", "RMDA d", "COMB x f", "LPRT x", "LPSV", "PRET LIST", "AVBL", "DSIZ",
          "CPSV", "SSCN", "MFF UNIX.mode=0600; f"}) {
        EXPECT_EQ(ask(*client, line), "530") << line;
    }
    for (const char* line : {"NOOP", "SYST", "FEAT", "HELP", "CLNT x", "CSID x", "LANG", "HOST x"}) {
        EXPECT_LT(ask(*client, line), "300") << line;
    }
}

TEST_P(GatesTest, AReadOnlyTreeIsNeverWritten) {
    config_.anonymous.writable = false;
    write_file("f", 10);
    std::filesystem::create_directory(directory_ + "/d");
    start();
    const auto client = login();
    for (const char* line : {"MKD x", "RMD d", "DELE f", "RNFR f", "APPE f",
                             "MFMT 20200101000000 f", "SITE CHMOD 600 f", "RMDA d", "COMB x f",
                             "MFF UNIX.mode=0600; f", "SITE COPY f x", "AVBL"}) {
        EXPECT_EQ(ask(*client, line), "550") << line;
    }
    for (const char* line : {"STOR x", "STOU", "RNTO x"}) {
        EXPECT_EQ(ask(*client, line), "553") << line;
    }
    EXPECT_TRUE(std::filesystem::exists(directory_ + "/f"));
    EXPECT_TRUE(std::filesystem::exists(directory_ + "/d"));
    EXPECT_FALSE(std::filesystem::exists(directory_ + "/x"));
}

TEST_P(GatesTest, EpsvAllForbidsTheOthersAndReinForgetsIt) {
    start();
    const auto client = login();
    EXPECT_EQ(ask(*client, "EPSV ALL"), "200");
    for (const char* line : {"PASV", "PORT 127,0,0,1,8,1", "EPRT |1|127.0.0.1|2049|"}) {
        EXPECT_EQ(ask(*client, line).front(), '5') << line;
    }
    EXPECT_EQ(ask(*client, "EPSV"), "229");
    EXPECT_EQ(ask(*client, "REIN"), "220");
    EXPECT_EQ(ask(*client, "USER ftp"), "331");
    EXPECT_EQ(ask(*client, "PASS x"), "230");
    EXPECT_EQ(ask(*client, "PASV"), "227");
}

TEST_P(GatesTest, RntoFollowsRnfrAtOnceOrNotAtAll) {
    write_file("f", 10);
    start();
    const auto client = login();
    EXPECT_EQ(ask(*client, "RNTO g"), "503");
    EXPECT_EQ(ask(*client, "RNFR f"), "350");
    EXPECT_EQ(ask(*client, "NOOP"), "200");
    EXPECT_EQ(ask(*client, "RNTO g"), "503");
    EXPECT_EQ(ask(*client, "RNFR f"), "350");
    EXPECT_EQ(ask(*client, "RNTO g"), "250");
    EXPECT_TRUE(std::filesystem::exists(directory_ + "/g"));
}

}  // namespace
}  // namespace sluice::server
