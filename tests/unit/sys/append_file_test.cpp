// Log files: appending, rotation, and a disk that takes no more.
#include "sluice/sys/append_file.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>

#include "temp_folder.hpp"

namespace sluice::sys {
namespace {

TEST(AppendFile, AddsBehindWhatIsThere) {
    const TempFolder folder;
    folder.write("log", "old\n");
    AppendFile file;
    ASSERT_TRUE(file.open(folder / "log"));
    ASSERT_TRUE(file.write("one\n"));
    ASSERT_TRUE(file.write("two\n"));
    EXPECT_EQ(folder.read("log"), "old\none\ntwo\n");
}

TEST(AppendFile, MakesAFileThatOthersCannotRead) {
    const TempFolder folder;
    AppendFile file;
    ASSERT_TRUE(file.open(folder / "log"));
    struct stat native = {};
    ASSERT_EQ(::stat((folder / "log").c_str(), &native), 0);
    EXPECT_EQ(native.st_mode & 0137, 0u);
}

TEST(AppendFile, ProbeTellsWhetherOpeningWouldDoAndMakesNothing) {
    const TempFolder folder;
    EXPECT_TRUE(AppendFile::probe(""));
    EXPECT_TRUE(AppendFile::probe(folder / "log"));
    EXPECT_FALSE(std::filesystem::exists(folder / "log"));
    folder.write("old", "1\n");
    EXPECT_TRUE(AppendFile::probe(folder / "old"));
    EXPECT_EQ(folder.read("old"), "1\n");
    const Status missing = AppendFile::probe(folder / "none/log");
    ASSERT_FALSE(missing);
    EXPECT_EQ(missing.error().code, Errc::NotFound);
    EXPECT_FALSE(AppendFile::probe(folder / "old/log"));
    EXPECT_FALSE(AppendFile::probe(folder / "."));
}

TEST(AppendFile, FollowsTheRenamedFileUntilItIsReopened) {
    const TempFolder folder;
    AppendFile file;
    ASSERT_TRUE(file.open(folder / "log"));
    ASSERT_TRUE(file.write("1\n"));
    std::filesystem::rename(folder / "log", folder / "log.1");
    ASSERT_TRUE(file.write("2\n"));
    ASSERT_TRUE(file.reopen());
    ASSERT_TRUE(file.write("3\n"));
    EXPECT_EQ(folder.read("log.1"), "1\n2\n");
    EXPECT_EQ(folder.read("log"), "3\n");
}

TEST(AppendFile, KeepsTheOldFileWhenItCannotBeOpenedAgain) {
    const TempFolder folder;
    std::filesystem::create_directory(folder / "logs");
    AppendFile file;
    ASSERT_TRUE(file.open(folder / "logs/log"));
    std::filesystem::rename(folder / "logs", folder / "moved");
    const Status reopened = file.reopen();
    ASSERT_FALSE(reopened);
    EXPECT_EQ(reopened.error().code, Errc::NotFound);
    ASSERT_TRUE(file.write("still here\n"));
    EXPECT_EQ(folder.read("moved/log"), "still here\n");
}

TEST(AppendFile, SaysWhenTheDiskIsFull) {
    AppendFile file;
    ASSERT_TRUE(file.open("/dev/full"));
    const Status written = file.write("lost\n");
    ASSERT_FALSE(written);
    EXPECT_EQ(written.error().code, Errc::NoSpace);
}

TEST(AppendFile, SaysWhenThereIsNoFile) {
    AppendFile file;
    EXPECT_FALSE(file.write("lost\n"));
    EXPECT_FALSE(file.open("/nowhere/at/all"));
    EXPECT_FALSE(file.write("lost\n"));
}

}  // namespace
}  // namespace sluice::sys
