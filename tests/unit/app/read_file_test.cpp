// On real files in a fresh temporary folder: the Kernel's calls are what is under test here.
#include "app/read_file.hpp"

#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/stat.h>

#include <cstdio>
#include <filesystem>
#include <string>

#include "sluice/sys/linux_kernel.hpp"

namespace sluice::app {
namespace {

class ReadFileTest : public testing::Test {
protected:
    void SetUp() override {
        std::string pattern = testing::TempDir() + "sluice-read-file-XXXXXX";
        ASSERT_NE(mkdtemp(pattern.data()), nullptr);
        folder_ = pattern;
    }
    void TearDown() override { std::filesystem::remove_all(folder_); }

    std::string write(const std::string& name, const std::string& content) {
        const std::string path = folder_ + "/" + name;
        std::FILE* const file = std::fopen(path.c_str(), "wb");
        EXPECT_NE(file, nullptr);
        EXPECT_EQ(std::fwrite(content.data(), 1, content.size(), file), content.size());
        std::fclose(file);
        return path;
    }
    Errc error_of(const std::string& path) {
        const Result<std::string> text = read_file(kernel_, path, 100);
        return text ? Errc::Ok : text.error().code;
    }

    sys::LinuxKernel kernel_;
    std::string folder_;
};

TEST_F(ReadFileTest, ReadsAllBytes) {
    const std::string content("a\0b\xff\n", 5);
    EXPECT_EQ(read_file(kernel_, write("f", content), 100).value(), content);
    EXPECT_EQ(read_file(kernel_, write("empty", ""), 100).value(), "");
}

TEST_F(ReadFileTest, StopsAtTheBound) {
    EXPECT_EQ(read_file(kernel_, write("fits", std::string(100, 'x')), 100)->size(), 100u);
    EXPECT_EQ(error_of(write("big", std::string(101, 'x'))), Errc::FileTooBig);
}

TEST_F(ReadFileTest, RefusesWhatIsNoFile) {
    EXPECT_EQ(error_of(folder_ + "/missing"), Errc::NotFound);
    EXPECT_EQ(error_of(folder_), Errc::IsDirectory);
    const std::string pipe = folder_ + "/pipe";
    ASSERT_EQ(mkfifo(pipe.c_str(), 0600), 0);
    EXPECT_EQ(error_of(pipe), Errc::NotRegularFile);
}

TEST_F(ReadFileTest, TellsWhatStandsBehindALink) {
    const std::string path = write("file", "abc");
    ASSERT_EQ(::chmod(path.c_str(), 0604), 0);
    std::filesystem::create_symlink("file", folder_ + "/link");
    const Result<sys::FileStatus> status = status_of(kernel_, folder_ + "/link");
    ASSERT_TRUE(status);
    EXPECT_TRUE(status->is_regular());
    EXPECT_EQ(status->size, 3);
    EXPECT_EQ(status->mode, 0604u);
    EXPECT_EQ(status_of(kernel_, folder_ + "/none").error().code, Errc::NotFound);
}

TEST_F(ReadFileTest, NamesWhatIsInAFolderUpToABound) {
    write("b", "");
    write("a", "");
    const Result<std::vector<std::string>> names = names_in(folder_, 2);
    ASSERT_TRUE(names);
    EXPECT_EQ(*names, (std::vector<std::string>{"a", "b"}));
    EXPECT_EQ(names_in(folder_, 1).error().code, Errc::LimitReached);
    EXPECT_EQ(names_in(folder_ + "/none", 1).error().code, Errc::NotFound);
    EXPECT_EQ(names_in(folder_ + "/a", 1).error().code, Errc::NotDirectory);
}

}  // namespace
}  // namespace sluice::app
