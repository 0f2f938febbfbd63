// Confinement: what a path may mean, by real directories and real links (security cases O-FS-1, 2,
// 3, 6 and 7). Beside each root stands a canary directory that no call may read or change.
#include "sluice/vfs/root.hpp"

#include <gtest/gtest.h>
#include <sys/sysmacros.h>

#include <memory>
#include <string>

#include "fault_kernel.hpp"
#include "sluice/sys/linux_kernel.hpp"
#include "sluice/vfs/hidden_name.hpp"
#include "temp_tree.hpp"

namespace sluice::vfs {
namespace {

using config::SymlinkPolicy;

class RootTest : public ::testing::Test {
protected:
    RootTest() {
        tree_.mkdir("canary");
        tree_.write("canary/secret", "the secret");
        tree_.mkdir("root");
        tree_.mkdir("root/dir");
        tree_.write("root/file", "content");
        tree_.write("root/dir/inner", "inner content");
        before_ = tree_.status("canary/secret");
    }
    ~RootTest() override {
        EXPECT_EQ(tree_.read("canary/secret"), "the secret");
        EXPECT_EQ(tree_.names("canary"), std::vector<std::string>{"secret"});
        const struct stat now = tree_.status("canary/secret");
        EXPECT_EQ(now.st_mode, before_.st_mode);
        EXPECT_EQ(now.st_mtim.tv_sec, before_.st_mtim.tv_sec);
        EXPECT_EQ(now.st_ctim.tv_nsec, before_.st_ctim.tv_nsec);
    }

    void open(SymlinkPolicy policy = SymlinkPolicy::InRoot) {
        RootRules rules;
        rules.symlinks = policy;
        Result<std::unique_ptr<Root>> opened = Root::open(kernel_, tree_.at("root").c_str(), rules);
        ASSERT_TRUE(opened.has_value());
        root_ = std::move(*opened);
    }

    Errc open_error(const std::string& path, Lookup lookup = Lookup::MaySleep) {
        const Result<File> file = root_->open_for_reading(path, lookup);
        return file ? Errc::Ok : file.error().code;
    }
    std::string content_of(const std::string& path) {
        const Result<File> file = root_->open_for_reading(path, Lookup::MaySleep);
        if (!file) {
            return "error: " + std::string(text_of(file.error()));
        }
        std::uint8_t bytes[64];
        const Result<std::size_t> read = kernel_.read_at(file->fd.number(), bytes, 0);
        return read ? std::string(as_text(Bytes(bytes, *read))) : "error";
    }
    static Errc code(const Status& status) { return status ? Errc::Ok : status.error().code; }
    template <class T>
    static Errc code(const Result<T>& result) {
        return result ? Errc::Ok : result.error().code;
    }

    TempTree tree_;
    sys::LinuxKernel kernel_;
    std::unique_ptr<Root> root_;
    struct stat before_;
};

TEST_F(RootTest, ReadsAFileOfTheTree) {
    open();
    EXPECT_EQ(content_of("/file"), "content");
    EXPECT_EQ(content_of("/dir/inner"), "inner content");
    const Result<File> file = root_->open_for_reading("/file", Lookup::MaySleep);
    ASSERT_TRUE(file.has_value());
    EXPECT_EQ(file->status.size, 7);
    EXPECT_TRUE(file->status.is_regular());
}

TEST_F(RootTest, AnswersCachedNamesWithoutSleeping) {
    open();
    ASSERT_TRUE(root_->can_look_up_cached());
    ASSERT_EQ(open_error("/dir/inner"), Errc::Ok);
    EXPECT_EQ(open_error("/dir/inner", Lookup::CachedOnly), Errc::Ok);
    EXPECT_TRUE(root_->status("/dir", Lookup::CachedOnly).has_value());
    EXPECT_TRUE(root_->directory_exists("/dir", Lookup::CachedOnly).has_value());
    EXPECT_TRUE(root_->open_directory("/dir", Lookup::CachedOnly).has_value());
    ASSERT_EQ(open_error("/missing"), Errc::NotFound);
}

TEST_F(RootTest, ClimbingPathsStayInside) {
    open();
    // proto::normalise takes out every "..", so these do not come from clients; should one ever do,
    // the kernel clamps it at the root.
    EXPECT_EQ(open_error("/../canary/secret"), Errc::NotFound);
    EXPECT_EQ(content_of("/../../../../../../file"), "content");
    EXPECT_EQ(open_error("/dir/../../canary/secret"), Errc::NotFound);
    EXPECT_EQ(open_error("//etc/passwd"), Errc::NotFound);
    EXPECT_EQ(open_error("/..\\canary\\secret"), Errc::NotFound);
}

TEST_F(RootTest, LinksHaveTheirChrootMeaning) {
    open();
    tree_.link(tree_.at("canary/secret"), "root/absolute");
    tree_.link("../canary/secret", "root/relative");
    tree_.link(tree_.at("canary"), "root/outside");
    tree_.link("..", "root/up");
    tree_.link("file", "root/inside");
    tree_.link("/dir/inner", "root/absolute_inside");
    tree_.link("/dir", "root/directory");
    EXPECT_EQ(open_error("/absolute"), Errc::NotFound);
    EXPECT_EQ(open_error("/relative"), Errc::NotFound);
    EXPECT_EQ(open_error("/outside/secret"), Errc::NotFound);
    EXPECT_EQ(open_error("/up/canary/secret"), Errc::NotFound);
    EXPECT_EQ(content_of("/inside"), "content");
    EXPECT_EQ(content_of("/absolute_inside"), "inner content");
    EXPECT_EQ(content_of("/directory/inner"), "inner content");
    EXPECT_EQ(content_of("/up/file"), "content");
    // The same for everything that changes something.
    EXPECT_EQ(code(root_->make_directory("/outside/new", 0755)), Errc::NotFound);
    EXPECT_EQ(code(root_->make_directory("/up/canary/new", 0755)), Errc::NotFound);
    EXPECT_EQ(code(root_->remove_file("/outside/secret")), Errc::NotFound);
    EXPECT_EQ(code(root_->remove_file("/up/canary/secret")), Errc::NotFound);
    EXPECT_EQ(code(root_->remove_directory("/up/canary")), Errc::NotFound);
    EXPECT_EQ(code(root_->rename("/outside/secret", "/stolen", true)), Errc::NotFound);
    EXPECT_EQ(code(root_->rename("/file", "/outside/secret", true)), Errc::NotFound);
    EXPECT_EQ(code(root_->change_mode("/absolute", 0600)), Errc::NotFound);
    EXPECT_EQ(code(root_->change_mode("/relative", 0600)), Errc::NotFound);
    EXPECT_EQ(code(root_->set_modified("/relative", WallTime(1))), Errc::NotFound);
    EXPECT_EQ(code(root_->directory_exists("/outside", Lookup::MaySleep)), Errc::NotFound);
    EXPECT_EQ(code(root_->open_directory("/outside", Lookup::MaySleep)), Errc::NotFound);
    EXPECT_EQ(code(root_->status("/absolute", Lookup::MaySleep)), Errc::NotFound);
}

TEST_F(RootTest, BeneathRefusesWhatLeavesAndAllAbsoluteLinks) {
    open(SymlinkPolicy::Beneath);
    tree_.link("file", "root/inside");
    tree_.link("/file", "root/absolute");
    tree_.link("../canary/secret", "root/relative");
    EXPECT_EQ(content_of("/inside"), "content");
    EXPECT_EQ(open_error("/absolute"), Errc::OutsideRoot);
    EXPECT_EQ(open_error("/relative"), Errc::OutsideRoot);
    EXPECT_EQ(open_error("/../canary/secret"), Errc::OutsideRoot);
}

TEST_F(RootTest, NeverFollowsNoLinkAtAll) {
    open(SymlinkPolicy::Never);
    tree_.link("file", "root/inside");
    tree_.link("dir", "root/directory");
    EXPECT_EQ(content_of("/file"), "content");
    EXPECT_EQ(open_error("/inside"), Errc::LinkLoop);
    EXPECT_EQ(open_error("/directory/inner"), Errc::LinkLoop);
    const Result<sys::FileStatus> link = root_->link_status("/inside", Lookup::MaySleep);
    ASSERT_TRUE(link.has_value());
    EXPECT_TRUE(link->is_symlink());
}

TEST_F(RootTest, LoopsAndDanglingLinksAreErrors) {
    open();
    tree_.link("loop", "root/loop");
    tree_.link("ping", "root/pong");
    tree_.link("pong", "root/ping");
    tree_.link("nowhere", "root/dangling");
    EXPECT_EQ(open_error("/loop"), Errc::LinkLoop);
    EXPECT_EQ(open_error("/ping"), Errc::LinkLoop);
    EXPECT_EQ(open_error("/dangling"), Errc::NotFound);
    EXPECT_EQ(code(root_->status("/loop", Lookup::MaySleep)), Errc::LinkLoop);
    EXPECT_TRUE(root_->link_status("/loop", Lookup::MaySleep).has_value());
    EXPECT_TRUE(root_->link_status("/dangling", Lookup::MaySleep).has_value());
}

TEST_F(RootTest, DanglingLinksToTheOutsideCreateNothingThere) {
    open();
    tree_.link(tree_.at("canary/new"), "root/x");
    EXPECT_EQ(code(root_->make_directory("/x", 0755)), Errc::AlreadyExists);
    EXPECT_TRUE(root_->rename("/file", "/x", true).has_value());  // the link itself is replaced
    EXPECT_EQ(content_of("/x"), "content");
    EXPECT_FALSE(S_ISLNK(tree_.status("root/x").st_mode));
}

TEST_F(RootTest, OnlyRegularFilesAreRead) {
    open();
    tree_.fifo("root/fifo");
    EXPECT_EQ(open_error("/fifo"), Errc::NotRegularFile);
    EXPECT_EQ(open_error("/fifo", Lookup::CachedOnly), Errc::NotRegularFile);
    EXPECT_EQ(open_error("/dir"), Errc::IsDirectory);
    EXPECT_EQ(open_error("/dir", Lookup::CachedOnly), Errc::IsDirectory);
    EXPECT_EQ(open_error("/"), Errc::IsDirectory);
    if (::mknod(tree_.at("root/zero").c_str(), S_IFCHR | 0666, makedev(1, 5)) == 0) {
        EXPECT_EQ(open_error("/zero"), Errc::NotRegularFile);
    }
}

TEST_F(RootTest, MachineFileSystemsAreNeverARoot) {
    const Result<std::unique_ptr<Root>> proc = Root::open(kernel_, "/proc/self", RootRules());
    ASSERT_FALSE(proc.has_value());
    EXPECT_EQ(proc.error().code, Errc::NotSupported);
}

TEST_F(RootTest, NothingOfAMachineFileSystemBelowTheRootIsServed) {
    const Result<std::unique_ptr<Root>> machine = Root::open(kernel_, "/", RootRules());
    ASSERT_TRUE(machine.has_value());
    // Regular by their mode, but the machine's inside; and the links of /proc are magic.
    EXPECT_EQ(code((*machine)->open_for_reading("/proc/self/environ", Lookup::MaySleep)),
              Errc::NotRegularFile);
    EXPECT_EQ(code((*machine)->open_for_reading("/proc/self/mem", Lookup::MaySleep)),
              Errc::NotRegularFile);
    EXPECT_EQ(code((*machine)->open_for_reading("/proc/self/root/etc/passwd", Lookup::MaySleep)),
              Errc::LinkLoop);
    // Another file system is never entered by a cached look-up.
    EXPECT_EQ(code((*machine)->status("/proc/version", Lookup::CachedOnly)), Errc::WouldBlock);
}

TEST_F(RootTest, BadBytesAndHiddenNamesAreRefused) {
    open();
    EXPECT_EQ(open_error(std::string("/fi\0le", 6)), Errc::BadName);
    EXPECT_EQ(open_error("/fi\nle"), Errc::BadName);
    EXPECT_EQ(open_error("/fi\rle"), Errc::BadName);
    EXPECT_EQ(open_error("file"), Errc::BadName);
    EXPECT_EQ(open_error(""), Errc::BadName);
    EXPECT_EQ(code(root_->make_directory("/a\nb", 0755)), Errc::BadName);
    EXPECT_EQ(code(root_->rename("/file", "/a\rb", true)), Errc::BadName);

    const std::string hidden(make_hidden_name(5).view());
    tree_.write("root/" + hidden, "half an upload");
    EXPECT_EQ(open_error("/" + hidden), Errc::NotFound);
    EXPECT_EQ(code(root_->status("/" + hidden, Lookup::MaySleep)), Errc::NotFound);
    EXPECT_EQ(code(root_->remove_file("/" + hidden)), Errc::NotFound);
    EXPECT_EQ(code(root_->rename("/" + hidden, "/x", true)), Errc::NotFound);
    EXPECT_EQ(code(root_->rename("/file", "/" + hidden, true)), Errc::BadName);
    EXPECT_EQ(code(root_->make_directory("/" + hidden, 0755)), Errc::BadName);
    EXPECT_EQ(code(root_->change_mode("/" + hidden, 0600)), Errc::NotFound);
    EXPECT_EQ(tree_.read("root/" + hidden), "half an upload");
}

TEST_F(RootTest, LongPathsFailByTheirLengthOnly) {
    open();
    EXPECT_EQ(open_error("/" + std::string(255, 'a')), Errc::NotFound);
    EXPECT_EQ(open_error("/" + std::string(256, 'a')), Errc::NameTooLong);
    EXPECT_EQ(code(root_->make_directory("/" + std::string(255, 'a'), 0755)), Errc::Ok);
    EXPECT_EQ(code(root_->make_directory("/" + std::string(256, 'a'), 0755)), Errc::NameTooLong);
    std::string deep;
    while (deep.size() + 2 <= Root::kPathBytesMax) {
        deep += "/a";
    }
    EXPECT_EQ(open_error(deep), Errc::NotFound);
    EXPECT_EQ(open_error(deep + "/a/a"), Errc::NameTooLong);
    EXPECT_EQ(code(root_->directory_exists(deep + "/a", Lookup::MaySleep)), Errc::NameTooLong);
}

TEST_F(RootTest, MakesAndRemovesDirectoriesWithTheRuledMode) {
    open();
    EXPECT_EQ(code(root_->make_directory("/new", 0755)), Errc::Ok);
    EXPECT_EQ(tree_.status("root/new").st_mode & 07777u, 0755u);
    EXPECT_EQ(code(root_->make_directory("/new", 0755)), Errc::AlreadyExists);
    EXPECT_EQ(code(root_->make_directory("/", 0755)), Errc::AlreadyExists);
    EXPECT_EQ(code(root_->make_directory("/missing/new", 0755)), Errc::NotFound);
    EXPECT_EQ(code(root_->make_directory("/file/new", 0755)), Errc::NotDirectory);
    EXPECT_EQ(code(root_->remove_directory("/new")), Errc::Ok);
    EXPECT_EQ(code(root_->remove_directory("/new")), Errc::NotFound);
    EXPECT_EQ(code(root_->remove_directory("/dir")), Errc::NotEmpty);
    EXPECT_EQ(code(root_->remove_directory("/file")), Errc::NotDirectory);
    EXPECT_EQ(code(root_->remove_directory("/")), Errc::AccessDenied);
}

TEST_F(RootTest, RemovesNamesAndNotWhatLinksPointAt) {
    open();
    tree_.link("file", "root/link");
    tree_.link("dir", "root/directory");
    EXPECT_EQ(code(root_->remove_file("/link")), Errc::Ok);
    EXPECT_EQ(content_of("/file"), "content");
    EXPECT_EQ(code(root_->remove_directory("/directory")), Errc::NotDirectory);
    EXPECT_EQ(code(root_->remove_file("/directory")), Errc::Ok);
    EXPECT_EQ(code(root_->remove_file("/dir")), Errc::IsDirectory);
    EXPECT_EQ(code(root_->remove_file("/")), Errc::IsDirectory);
    EXPECT_EQ(code(root_->remove_file("/file")), Errc::Ok);
    EXPECT_EQ(code(root_->remove_file("/file")), Errc::NotFound);
}

TEST_F(RootTest, RenamesOverFilesButNeverOverFilledDirectories) {
    open();
    tree_.write("root/other", "other");
    EXPECT_EQ(code(root_->rename("/file", "/other", false)), Errc::AlreadyExists);
    EXPECT_EQ(tree_.read("root/other"), "other");
    EXPECT_EQ(code(root_->rename("/file", "/other", true)), Errc::Ok);
    EXPECT_EQ(tree_.read("root/other"), "content");
    EXPECT_FALSE(tree_.exists("root/file"));
    EXPECT_EQ(code(root_->rename("/other", "/dir", true)), Errc::IsDirectory);
    tree_.mkdir("root/second");
    EXPECT_EQ(code(root_->rename("/second", "/dir", true)), Errc::NotEmpty);
    EXPECT_EQ(code(root_->rename("/dir", "/second", false)), Errc::AlreadyExists);
    EXPECT_EQ(code(root_->rename("/dir", "/dir/below", true)), Errc::BadArgument);
    EXPECT_EQ(code(root_->rename("/", "/x", true)), Errc::AccessDenied);
    EXPECT_EQ(code(root_->rename("/other", "/", true)), Errc::AccessDenied);
    EXPECT_EQ(code(root_->rename("/missing", "/x", true)), Errc::NotFound);
    EXPECT_EQ(code(root_->rename("/other", "/dir/moved", false)), Errc::Ok);
    EXPECT_EQ(content_of("/dir/moved"), "content");
}

TEST_F(RootTest, RenamesExclusivelyWhereTheFileSystemCannot) {
    FaultKernel kernel;
    const Result<std::unique_ptr<Root>> root =
        Root::open(kernel, tree_.at("root").c_str(), RootRules());
    ASSERT_TRUE(root.has_value());
    kernel.fail_name = "rename_exclusive";
    kernel.fail_name_errno = EINVAL;  // NFS
    tree_.write("root/other", "other");
    EXPECT_EQ(code((*root)->rename("/file", "/other", false)), Errc::AlreadyExists);
    EXPECT_EQ(tree_.read("root/other"), "other");
    EXPECT_EQ(code((*root)->rename("/file", "/free", false)), Errc::Ok);
    EXPECT_EQ(tree_.read("root/free"), "content");
}

TEST_F(RootTest, ChangesModesAndTimesThroughLinksInside) {
    open();
    tree_.link("/file", "root/link");
    EXPECT_EQ(code(root_->change_mode("/link", 0640)), Errc::Ok);
    EXPECT_EQ(tree_.status("root/file").st_mode & 07777u, 0640u);
    EXPECT_EQ(code(root_->change_mode("/file", 04755)), Errc::BadArgument);
    EXPECT_EQ(tree_.status("root/file").st_mode & 07777u, 0640u);
    EXPECT_EQ(code(root_->set_modified("/link", WallTime(1'000'000'000, 500))), Errc::Ok);
    EXPECT_EQ(tree_.status("root/file").st_mtim.tv_sec, 1'000'000'000);
    EXPECT_EQ(tree_.status("root/file").st_mtim.tv_nsec, 500);
    EXPECT_EQ(code(root_->set_modified("/missing", WallTime(1))), Errc::NotFound);
}

TEST_F(RootTest, DirectoryExistsOnlyForDirectories) {
    open();
    tree_.link("dir", "root/directory");
    EXPECT_EQ(code(root_->directory_exists("/", Lookup::MaySleep)), Errc::Ok);
    EXPECT_EQ(code(root_->directory_exists("/dir", Lookup::MaySleep)), Errc::Ok);
    EXPECT_EQ(code(root_->directory_exists("/directory", Lookup::MaySleep)), Errc::Ok);
    EXPECT_EQ(code(root_->directory_exists("/file", Lookup::MaySleep)), Errc::NotDirectory);
    EXPECT_EQ(code(root_->directory_exists("/missing", Lookup::MaySleep)), Errc::NotFound);
}

TEST_F(RootTest, ADirectoryMovedOutsideIsGone) {
    open();
    ASSERT_EQ(::rename(tree_.at("root/dir").c_str(), tree_.at("moved").c_str()), 0);
    EXPECT_EQ(open_error("/dir/inner"), Errc::NotFound);
    EXPECT_EQ(open_error("/dir/../canary/secret"), Errc::NotFound);
}

TEST_F(RootTest, ReadsLinksByteForByte) {
    open();
    tree_.link("../canary/secret", "root/link");
    std::uint8_t bytes[Root::kPathBytesMax];
    const Result<std::size_t> length = root_->read_link("/link", bytes);
    ASSERT_TRUE(length.has_value());
    EXPECT_EQ(as_text(Bytes(bytes, *length)), "../canary/secret");
    EXPECT_EQ(code(root_->read_link("/file", bytes)), Errc::BadArgument);
}

TEST_F(RootTest, ResolvingAgainIsBounded) {
    FaultKernel kernel;
    const Result<std::unique_ptr<Root>> root =
        Root::open(kernel, tree_.at("root").c_str(), RootRules());
    ASSERT_TRUE(root.has_value());
    kernel.reset();
    kernel.fail_at = 0;
    kernel.fail_errno = EAGAIN;  // one race with a rename
    EXPECT_EQ(code((*root)->status("/file", Lookup::MaySleep)), Errc::Ok);
    kernel.reset();
    kernel.fail_name = "open";
    kernel.fail_name_errno = EAGAIN;
    EXPECT_EQ(code((*root)->status("/file", Lookup::MaySleep)), Errc::Busy);
    EXPECT_EQ(kernel.calls.size(), static_cast<std::size_t>(Root::kResolveTriesMax));
    // A cached look-up asks once.
    kernel.calls.clear();
    EXPECT_EQ(code((*root)->status("/file", Lookup::CachedOnly)), Errc::WouldBlock);
    EXPECT_EQ(kernel.calls.size(), 1u);
}

TEST_F(RootTest, AKernelWithoutCachedLookUpsGoesToHelpers) {
    FaultKernel kernel;
    kernel.refuse_open = [](const sys::OpenHow& how) {
        return (how.resolve & 0x20) != 0 ? EINVAL : 0;  // RESOLVE_CACHED before Linux 5.12
    };
    const Result<std::unique_ptr<Root>> root =
        Root::open(kernel, tree_.at("root").c_str(), RootRules());
    ASSERT_TRUE(root.has_value());
    EXPECT_FALSE((*root)->can_look_up_cached());
    EXPECT_EQ(code((*root)->status("/file", Lookup::MaySleep)), Errc::Ok);
}

TEST_F(RootTest, AKernelWithoutOpenat2IsRefusedAtTheStart) {
    FaultKernel kernel;
    kernel.refuse_open = [](const sys::OpenHow& how) { return how.resolve != 0 ? ENOSYS : 0; };
    const Result<std::unique_ptr<Root>> root =
        Root::open(kernel, tree_.at("root").c_str(), RootRules());
    ASSERT_FALSE(root.has_value());
    EXPECT_EQ(root.error().code, Errc::NotSupported);
    EXPECT_TRUE(kernel.open_files.empty());
}

TEST_F(RootTest, ClassifiesFileSystems) {
    EXPECT_EQ(classify_file_system(0x01021994), FsClass::Memory);
    EXPECT_EQ(classify_file_system(0xEF53), FsClass::LocalDisk);
    EXPECT_EQ(classify_file_system(0x58465342), FsClass::LocalDisk);
    EXPECT_EQ(classify_file_system(0x6969), FsClass::Remote);      // nfs
    EXPECT_EQ(classify_file_system(0x65735546), FsClass::Remote);  // fuse
    EXPECT_EQ(classify_file_system(0xDEADBEEF), FsClass::Remote);  // unknown
    EXPECT_TRUE(may_write_inline(FsClass::Memory));
    EXPECT_FALSE(may_write_inline(FsClass::LocalDisk));
    EXPECT_FALSE(may_read_cached_inline(FsClass::Remote));
    const Result<std::unique_ptr<Root>> memory = Root::open(kernel_, "/dev/shm", RootRules());
    ASSERT_TRUE(memory.has_value());
    EXPECT_EQ((*memory)->fs_class(), FsClass::Memory);
}

}  // namespace
}  // namespace sluice::vfs
