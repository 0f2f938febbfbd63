// SITE commands on what a file says about itself, where a transcript cannot know the machine.
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <string>

#include "shard_fixture.hpp"

namespace sluice::server {
namespace {

class SiteFilesTest : public ShardTest {};
INSTANTIATE_SHARD_TESTS(SiteFilesTest);

// A group that this process is in, and one that it is not, whatever rights it has.
TEST_P(SiteFilesTest, GivesAFileToAGroupOfTheServerAndToNoOther) {
    write_file("f", 1);
    start();
    const auto client = login();
    client->say("SITE CHGRP " + std::to_string(::getegid()) + " f");
    client->say("SITE CHGRP 4294967294 f");
    ASSERT_TRUE(hears(*client, 2));
    EXPECT_EQ(client->codes(), "200 550");
    struct stat status = {};
    ASSERT_EQ(::stat((directory_ + "/f").c_str(), &status), 0);
    EXPECT_EQ(status.st_gid, ::getegid());
}

}  // namespace
}  // namespace sluice::server
