// Method: times given and read back through the real kernel, values that somebody else wrote, and
// file systems that keep none, by faults.
#include "sluice/vfs/creation_time.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/xattr.h>

#include <cerrno>
#include <string>

#include "fault_kernel.hpp"
#include "sluice/vfs/root.hpp"
#include "temp_tree.hpp"

namespace sluice::vfs {
namespace {

class CreationTimeTest : public ::testing::Test {
protected:
    CreationTimeTest() : root_(std::move(*Root::open(kernel_, files_.c_str(), RootRules()))) {
        files_.write("f", "x");
        files_.mkdir("d");
    }

    void SetUp() override {
        if (::setxattr(files_.at("d").c_str(), "user.sluice.probe", "1", 1, 0) != 0) {
            GTEST_SKIP() << "no user attributes here";
        }
    }

    void fail(const char* call, int error) {
        kernel_.fail_name = call;
        kernel_.fail_name_errno = error;
    }
    void write_attribute(const std::string& name, const std::string& value) {
        ASSERT_EQ(::setxattr(files_.at(name).c_str(), kCreationAttribute, value.data(),
                             value.size(), 0),
                  0);
    }
    // As a listing looks at a name, and as MLST does: both say the same.
    sys::FileStatus looked_at(const std::string& name) {
        const Result<sys::FileStatus> before =
            root_->link_status("/" + name, Lookup::MaySleep);
        EXPECT_TRUE(before.has_value());
        sys::FileStatus status = *before;
        const Result<sys::Fd> folder = root_->open_directory("/", Lookup::MaySleep);
        EXPECT_TRUE(folder.has_value());
        read_creation_time(kernel_, folder->number(), name.c_str(), status);
        const sys::FileStatus again = root_->with_given_creation("/" + name, *before);
        EXPECT_EQ(again.has_created, status.has_created);
        EXPECT_EQ(again.created.seconds, status.created.seconds);
        return status;
    }
    std::int64_t birth_of(const std::string& name) {
        return root_->link_status("/" + name, Lookup::MaySleep)->created.seconds;
    }

    TempTree files_;
    FaultKernel kernel_;
    std::unique_ptr<Root> root_;
};

TEST_F(CreationTimeTest, IsReadBackAsItWasGiven) {
    for (const std::int64_t seconds : {kCreationSecondsMin, std::int64_t{-1}, std::int64_t{0},
                                       std::int64_t{1577934245}, kCreationSecondsMax}) {
        for (const char* name : {"f", "d"}) {
            const Status given = root_->give_created(std::string("/") + name, WallTime(seconds));
            ASSERT_TRUE(given.has_value()) << seconds;
            EXPECT_TRUE(looked_at(name).has_created);
            EXPECT_EQ(looked_at(name).created.seconds, seconds);
        }
    }
}

TEST_F(CreationTimeTest, RefusesYearsThatNoFactCanShow) {
    for (const std::int64_t seconds : {kCreationSecondsMin - 1, kCreationSecondsMax + 1,
                                       INT64_MIN, INT64_MAX}) {
        const Status given = root_->give_created("/f", WallTime(seconds));
        ASSERT_FALSE(given.has_value()) << seconds;
        EXPECT_EQ(given.error().code, Errc::BadArgument);
    }
    EXPECT_EQ(looked_at("f").created.seconds, birth_of("f"));
}

TEST_F(CreationTimeTest, BelievesNothingThatIsNotOurs) {
    for (const std::string& value :
         {std::string(), std::string("x"), std::string("1577934245 "), std::string("+1"),
          std::string("0x10"), std::string("1e9"), std::string("1\0", 2), std::string("-"),
          std::string("99999999999999999999999999"), std::string("9223372036854775807"),
          std::string("-9223372036854775808"), std::string("253402300800"),
          std::string(4000, '1')}) {
        write_attribute("f", value);
        EXPECT_EQ(looked_at("f").created.seconds, birth_of("f")) << value.substr(0, 30);
    }
    write_attribute("f", "1577934245");
    EXPECT_EQ(looked_at("f").created.seconds, 1577934245);
}

TEST_F(CreationTimeTest, IsOfTheFileAndNotOfALinkToIt) {
    files_.link("f", "l");
    ASSERT_TRUE(root_->give_created("/l", WallTime(5)).has_value());
    EXPECT_EQ(looked_at("f").created.seconds, 5);
    EXPECT_EQ(looked_at("l").created.seconds, birth_of("l"));
}

TEST_F(CreationTimeTest, SaysWhereTheFileSystemKeepsNone) {
    fail("set_attribute", EOPNOTSUPP);
    const Status given = root_->give_created("/f", WallTime(5));
    ASSERT_FALSE(given.has_value());
    EXPECT_EQ(given.error().code, Errc::NotSupported);
    EXPECT_EQ(looked_at("f").created.seconds, birth_of("f"));
}

TEST_F(CreationTimeTest, AnErrorWhileReadingLeavesTheBirthTime) {
    ASSERT_TRUE(root_->give_created("/f", WallTime(5)).has_value());
    const Result<sys::FileStatus> status = root_->link_status("/f", Lookup::MaySleep);
    ASSERT_TRUE(status.has_value());
    for (const int error : {EIO, ENOMEM, EACCES, EOPNOTSUPP, ERANGE}) {
        fail("attribute_at", error);
        EXPECT_EQ(root_->with_given_creation("/f", *status).created.seconds, birth_of("f"));
    }
    kernel_.fail_name.clear();
    EXPECT_EQ(root_->with_given_creation("/f", *status).created.seconds, 5);
    EXPECT_EQ(root_->with_given_creation("/gone", *status).created.seconds, birth_of("f"));
}

}  // namespace
}  // namespace sluice::vfs
