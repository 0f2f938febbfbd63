// LinuxKernel on real files: what each call promises beyond its system call's name.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <vector>

#include "sluice/sys/fd.hpp"
#include "sluice/sys/linux_kernel.hpp"
#include "temp_folder.hpp"

namespace sluice::sys {
namespace {

class KernelFiles : public testing::Test {
protected:
    Fd open(const std::string& path, int flags, std::uint64_t mode = 0) {
        OpenHow how;
        how.flags = static_cast<std::uint64_t>(flags);
        how.mode = mode;
        const Result<int> fd = kernel_.open(AT_FDCWD, path.c_str(), how);
        EXPECT_TRUE(fd) << path << ": " << text_of(fd ? Error() : fd.error());
        return fd ? Fd(kernel_, *fd) : Fd();
    }
    Fd open_folder() { return open(folder_.path(), O_DIRECTORY | O_RDONLY); }

    LinuxKernel kernel_;
    TempFolder folder_;
};

TEST_F(KernelFiles, OpensNothingThatOutlivesExec) {
    const Fd fd = open(folder_.path(), O_DIRECTORY | O_RDONLY);
    EXPECT_NE(::fcntl(fd.number(), F_GETFD) & FD_CLOEXEC, 0);
}

TEST_F(KernelFiles, KeepsAPathInsideTheRootWhenAsked) {
    folder_.write("inside", "x");
    std::filesystem::create_symlink("/inside", folder_ / "absolute");
    const Fd root = open_folder();
    OpenHow how;
    how.flags = O_RDONLY;
    how.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS;
    const Result<int> found = kernel_.open(root.number(), "../../absolute", how);
    ASSERT_TRUE(found);
    kernel_.close(*found);
}

TEST_F(KernelFiles, GivesAnUnnamedFileItsNameButNeverATakenOne) {
    const Fd root = open_folder();
    OpenHow how;
    how.flags = O_TMPFILE | O_WRONLY;
    how.mode = 0600;
    const Result<int> made = kernel_.open(root.number(), ".", how);
    if (!made) {
        GTEST_SKIP() << "the file system has no O_TMPFILE";
    }
    const Fd file(kernel_, *made);
    ASSERT_TRUE(kernel_.write_at(file.number(), as_bytes("new"), 0));
    folder_.write("taken", "old");
    const Status refused = kernel_.link_unnamed(file.number(), root.number(), "taken");
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, Errc::AlreadyExists);
    EXPECT_EQ(folder_.read("taken"), "old");
    ASSERT_TRUE(kernel_.link_unnamed(file.number(), root.number(), "free"));
    EXPECT_EQ(folder_.read("free"), "new");
}

TEST_F(KernelFiles, RenamesOverAFileOnlyWhenToldTo) {
    folder_.write("from", "1");
    folder_.write("to", "2");
    const Fd root = open_folder();
    const int at = root.number();
    const Status refused = kernel_.rename(at, "from", at, "to", false);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, Errc::AlreadyExists);
    EXPECT_EQ(folder_.read("to"), "2");
    ASSERT_TRUE(kernel_.rename(at, "from", at, "to", true));
    EXPECT_EQ(folder_.read("to"), "1");
    EXPECT_EQ(kernel_.status_at(at, "from").error().code, Errc::NotFound);
}

TEST_F(KernelFiles, ChangesTheModeThroughADescriptorThatCannotRead) {
    folder_.write("file", "");
    const Fd file = open(folder_ / "file", O_PATH);
    ASSERT_TRUE(kernel_.change_mode(file.number(), 0640));
    EXPECT_EQ(kernel_.status(file.number())->mode, 0640u);
    ASSERT_TRUE(kernel_.change_mode(file.number(), 0604));
    EXPECT_EQ(kernel_.status(file.number())->mode, 0604u);
}

TEST_F(KernelFiles, SetsTheTimeOfAFileToTheNanosecondOnAnyDescriptor) {
    folder_.write("file", "");
    for (const int flags : {O_PATH, O_RDONLY, O_WRONLY}) {
        const Fd file = open(folder_ / "file", flags);
        const WallTime wanted(1'000'000'000 + flags, 123'456'700);
        ASSERT_TRUE(kernel_.set_modified(file.number(), wanted)) << flags;
        EXPECT_EQ(kernel_.status(file.number())->modified, wanted);
    }
}

TEST_F(KernelFiles, SaysOfALinkThatItIsOne) {
    std::filesystem::create_symlink("nowhere", folder_ / "link");
    std::filesystem::create_directory(folder_ / "folder");
    folder_.write("file", "12345");
    const Fd root = open_folder();
    EXPECT_TRUE(kernel_.status_at(root.number(), "link")->is_symlink());
    EXPECT_TRUE(kernel_.status_at(root.number(), "folder")->is_directory());
    const Result<FileStatus> file = kernel_.status_at(root.number(), "file");
    ASSERT_TRUE(file);
    EXPECT_TRUE(file->is_regular());
    EXPECT_EQ(file->size, 5);
    EXPECT_EQ(file->links, 1u);
    EXPECT_EQ(file->format, static_cast<std::uint32_t>(S_IFREG));
    std::vector<std::uint8_t> target(64);
    const Result<std::size_t> length = kernel_.read_link(root.number(), "link", target);
    ASSERT_TRUE(length);
    EXPECT_EQ(as_text(Bytes(target).first(*length)), "nowhere");
}

TEST_F(KernelFiles, TellsWhyANameCannotBeRemoved) {
    std::filesystem::create_directories(folder_ / "full/inside");
    folder_.write("file", "");
    const Fd root = open_folder();
    const int at = root.number();
    EXPECT_EQ(kernel_.remove_directory(at, "full").error().code, Errc::NotEmpty);
    EXPECT_EQ(kernel_.remove_directory(at, "file").error().code, Errc::NotDirectory);
    EXPECT_EQ(kernel_.unlink(at, "full").error().code, Errc::IsDirectory);
    EXPECT_EQ(kernel_.make_directory(at, "full", 0755).error().code, Errc::AlreadyExists);
    EXPECT_TRUE(kernel_.unlink(at, "file"));
    EXPECT_EQ(kernel_.unlink(at, "file").error().code, Errc::NotFound);
}

TEST_F(KernelFiles, ReadsAndWritesAtTheOffsetAlone) {
    const Fd file = open(folder_ / "file", O_RDWR | O_CREAT, 0600);
    ASSERT_EQ(*kernel_.write_at(file.number(), as_bytes("world"), 6), 5u);
    ASSERT_EQ(*kernel_.write_at(file.number(), as_bytes("hello "), 0), 6u);
    std::vector<std::uint8_t> bytes(64);
    ASSERT_EQ(*kernel_.read_at(file.number(), bytes, 3), 8u);
    EXPECT_EQ(as_text(Bytes(bytes).first(8)), "lo world");
    EXPECT_EQ(*kernel_.read_at(file.number(), bytes, 11), 0u);
    ASSERT_TRUE(kernel_.truncate(file.number(), 4));
    ASSERT_TRUE(kernel_.sync(file.number(), true));
    ASSERT_TRUE(kernel_.sync(file.number(), false));
    EXPECT_EQ(folder_.read("file"), "hell");
}

TEST_F(KernelFiles, CountsThePagesThatAreInMemory) {
    constexpr std::size_t kPages = 16;
    const auto page = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
    const Fd file = open(folder_ / "file", O_RDWR | O_CREAT, 0600);
    const std::vector<std::uint8_t> bytes(kPages * page, 'x');
    ASSERT_EQ(*kernel_.write_at(file.number(), bytes, 0), bytes.size());
    const auto length = static_cast<std::int64_t>(bytes.size());
    const Result<std::uint64_t> cached = kernel_.cached_pages(file.number(), 0, length);
    if (!cached) {
        // Linux before 6.5 answers ENOSYS, and a sandbox may refuse the call.
        EXPECT_EQ(cached.error().code, Errc::NotSupported);
        GTEST_SKIP() << "this kernel has no cachestat";
    }
    EXPECT_EQ(*cached, kPages);
    const auto half = static_cast<std::int64_t>(kPages / 2 * page);
    EXPECT_EQ(*kernel_.cached_pages(file.number(), half, half), kPages / 2);
    EXPECT_EQ(*kernel_.cached_pages(file.number(), length, half), 0u);
}

TEST_F(KernelFiles, LocksAFileForOneOpenDescriptionAtATime) {
    folder_.write("file", "");
    const Fd other = open(folder_ / "file", O_RDWR);
    {
        const Fd holder = open(folder_ / "file", O_RDWR);
        ASSERT_TRUE(kernel_.try_lock(holder.number()));
        const Status refused = kernel_.try_lock(other.number());
        ASSERT_FALSE(refused);
        EXPECT_EQ(refused.error().code, Errc::WouldBlock);
    }
    EXPECT_TRUE(kernel_.try_lock(other.number()));
}

TEST_F(KernelFiles, KnowsTheRoomAndTheKindOfTheFileSystem) {
    const Fd root = open_folder();
    EXPECT_GT(*kernel_.free_bytes(root.number()), 0);
    EXPECT_NE(*kernel_.file_system_magic(root.number()), 0u);
}

}  // namespace
}  // namespace sluice::sys
