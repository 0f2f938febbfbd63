// The simulated file system against the real one: random calls, the same on both, must have the
// same results and leave the same tree. Then what only the simulated one can do: power cuts.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "sim/world.hpp"
#include "sluice/sys/linux_kernel.hpp"

namespace sluice::sim {
namespace {

// One kernel and its root, and the descriptors of both under the same slot numbers.
struct Machine {
    sys::Kernel* kernel = nullptr;
    int root = -1;
};

std::string say(const Status& status) {
    return status ? "ok" : std::strerror(status.error().sys_errno);
}
template <class T>
std::string say(const Result<T>& result) {
    return result ? "ok " + std::to_string(*result) : std::strerror(result.error().sys_errno);
}

std::string describe(const Result<sys::FileStatus>& got) {
    if (!got) { return std::strerror(got.error().sys_errno); }
    std::string text = "type " + std::to_string(static_cast<int>(got->type));
    text += " format " + std::to_string(got->format) + " mode " + std::to_string(got->mode);
    // Sizes and link counts of directories are each file system's own affair.
    if (!got->is_directory()) {
        text += " size " + std::to_string(got->size) + " links " + std::to_string(got->links);
    }
    return text;
}

std::set<std::string> names_in(sys::Kernel& kernel, int directory) {
    std::set<std::string> names;
    alignas(8) std::uint8_t buffer[256];
    while (true) {
        const Result<std::size_t> got = kernel.read_entries(directory, buffer);
        if (!got || *got == 0) { return names; }
        for (std::size_t at = 0; at < *got;) {
            std::uint16_t length = 0;
            std::memcpy(&length, buffer + at + 16, sizeof length);
            const auto type = static_cast<int>(buffer[at + 18]);
            names.insert(std::string(reinterpret_cast<char*>(buffer + at + 19)) + " " +
                         std::to_string(type));
            at += length;
        }
    }
}

class FilesAgainstLinux : public testing::Test {
protected:
    void SetUp() override {
        char name[] = "/tmp/sluice-sim-XXXXXX";
        ASSERT_NE(mkdtemp(name), nullptr);
        path_ = name;
        mask_ = umask(0);
    }
    void TearDown() override {
        umask(mask_);
        const std::string command = "rm -rf " + path_;
        ASSERT_EQ(std::system(command.c_str()), 0);
    }

    std::string path_;
    mode_t mask_ = 0;
};

// Names that hit each other often, and a few paths of each kind.
const char* const kNames[] = {"a", "b", "c", "d", "link", "loop", "abs", "up"};
const char* const kPaths[] = {
    ".",         "..",     "/",         "a",           "a/",        "a/b",     "a/b/c", "./a/./b",
    "b/..",      "b/../a", "../../a",   "/a",          "//a//b/",   "link",    "link/", "link/b",
    "loop",      "loop/x", "abs",       "abs/b",       "up",        "up/a",    "c",     "c/.",
    "d/../../c", "",       "missing/x", "a/b/../../d", "link/../c", "d/d/d/d", "/..",   "/../b/"};
const char* const kTargets[] = {"a", "b/", "../c", "/d", "loop", "/../a/b", "..", ".", "missing"};

TEST_F(FilesAgainstLinux, AnswerTheSameCallsAlike) {
    sys::LinuxKernel real;
    for (std::uint64_t seed = 1; seed <= 300; ++seed) {
        SCOPED_TRACE("seed " + std::to_string(seed));
        World world(seed);
        Prng prng(seed * 77);
        const std::string base = path_ + "/" + std::to_string(seed);
        ASSERT_EQ(::mkdir(base.c_str(), 0755), 0);
        world.files.add_directory("/srv");
        world.files.guard("/srv");
        sys::OpenHow as_root;
        as_root.flags = O_RDONLY | O_DIRECTORY;
        Machine machines[2] = {{&real, *real.open(AT_FDCWD, base.c_str(), as_root)},
                               {&world.kernel, *world.kernel.open(AT_FDCWD, "/srv", as_root)}};
        std::vector<std::pair<int, int>> open;  // real, simulated
        const auto directory = [&](int machine) { return machines[machine].root; };
        for (int step = 0; step < 150; ++step) {
            const std::uint64_t what = prng.below(16);
            const std::string name = kNames[prng.below(std::size(kNames))];
            const std::string other = kNames[prng.below(std::size(kNames))];
            const char* path = kPaths[prng.below(std::size(kPaths))];
            const char* target = kTargets[prng.below(std::size(kTargets))];
            const std::uint64_t number = prng.below(20'000);
            const std::size_t slot = open.empty() ? 0 : prng.below(open.size());
            sys::OpenHow how;
            const std::uint64_t kFlags[] = {O_RDONLY | O_NONBLOCK,
                                            O_RDWR,
                                            O_WRONLY | O_CREAT,
                                            O_RDWR | O_CREAT | O_EXCL,
                                            O_WRONLY | O_CREAT | O_TRUNC,
                                            O_RDONLY | O_DIRECTORY,
                                            O_PATH,
                                            O_PATH | O_NOFOLLOW,
                                            O_RDONLY | O_NOFOLLOW,
                                            O_PATH | O_DIRECTORY | O_NOFOLLOW,
                                            O_RDWR | O_TMPFILE,
                                            O_RDONLY | O_TMPFILE,
                                            O_PATH | O_CREAT};
            how.flags = kFlags[prng.below(std::size(kFlags))] | O_CLOEXEC;
            const bool creates = (how.flags & O_CREAT) != 0 || (how.flags & O_TMPFILE) == O_TMPFILE;
            how.mode = creates || prng.chance(1, 30) ? 0640 : 0;
            const std::uint64_t kResolve[] = {
                RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS, RESOLVE_IN_ROOT, RESOLVE_BENEATH,
                RESOLVE_IN_ROOT | RESOLVE_NO_SYMLINKS, RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS};
            how.resolve = kResolve[prng.below(std::size(kResolve))];
            std::string said[2];
            int fds[2] = {-1, -1};
            for (int m = 0; m < 2; ++m) {
                sys::Kernel& kernel = *machines[m].kernel;
                const int at = directory(m);
                const int held =
                    open.empty() ? -1 : (m == 0 ? open[slot].first : open[slot].second);
                const auto regular = [&] {
                    if (held < 0) { return false; }
                    const Result<sys::FileStatus> status = kernel.status(held);
                    return status && status->is_regular();
                };
                switch (what) {
                    case 0:
                        said[m] = say(kernel.make_directory(at, name.c_str(), 0751));
                        break;
                    case 1:
                        said[m] = say(kernel.unlink(at, name.c_str()));
                        break;
                    case 2:
                        said[m] = say(kernel.remove_directory(at, name.c_str()));
                        break;
                    case 3:
                        said[m] = say(
                            kernel.rename(at, name.c_str(), at, other.c_str(), number % 2 == 0));
                        break;
                    case 4:
                        if (m == 0) {
                            const int made = ::symlinkat(target, at, name.c_str());
                            ASSERT_TRUE(made == 0 || errno == EEXIST);
                        } else if (world.files.find("/srv/" + name) == 0) {
                            world.files.add_symlink("/srv/" + name, target);
                        }
                        break;
                    case 5:
                        said[m] = describe(kernel.status_at(at, name.c_str()));
                        break;
                    case 6: {
                        std::uint8_t text[64];
                        const Result<std::size_t> got = kernel.read_link(at, name.c_str(), text);
                        said[m] = got ? std::string(as_text(Bytes(text, *got))) : say(got);
                        break;
                    }
                    case 7:
                        if (regular()) {
                            if (m == 1 && (world.kernel.status(held)->size > (1 << 20))) { break; }
                            said[m] = describe(kernel.status(held));
                        }
                        break;
                    case 8:
                        if (held >= 0 && regular()) {
                            const int flags = ::fcntl(open[slot].first, F_GETFL);
                            if ((flags & O_ACCMODE) == O_RDWR) {
                                std::vector<std::uint8_t> bytes(number % 9000);
                                fill_pattern(seed, 0, bytes);
                                said[m] = say(kernel.write_at(
                                    held, bytes, static_cast<std::int64_t>(number * 3)));
                                if (number % 3 == 0) {
                                    said[m] += say(
                                        kernel.truncate(held, static_cast<std::int64_t>(number)));
                                }
                            }
                        }
                        break;
                    case 9:
                        if (held >= 0 && regular()) {
                            const int flags = ::fcntl(open[slot].first, F_GETFL);
                            if ((flags & O_PATH) == 0 && (flags & O_ACCMODE) != O_WRONLY) {
                                std::vector<std::uint8_t> bytes(10'000);
                                const Result<std::size_t> got = kernel.read_at(
                                    held, bytes, static_cast<std::int64_t>(number * 2));
                                said[m] = say(got);
                                if (got) { said[m] += as_text(Bytes(bytes.data(), *got)); }
                            }
                        }
                        break;
                    case 10:
                        if (held >= 0 && regular()) {
                            said[m] = say(kernel.link_unnamed(held, at, name.c_str()));
                        }
                        break;
                    case 11:
                        if (held >= 0) {
                            said[m] = say(kernel.change_mode(held, 0600 + number % 64));
                        }
                        break;
                    default: {
                        const Result<int> got = kernel.open(at, path, how);
                        said[m] = got ? "opened" : say(got);
                        if (got) { fds[m] = *got; }
                    }
                }
            }
            ASSERT_EQ(said[0], said[1])
                << "step " << step << " call " << what << " name " << name << " other " << other
                << " path \"" << path << "\" flags " << std::oct << how.flags << " mode "
                << how.mode << " resolve " << std::hex << how.resolve;
            if (fds[0] >= 0) { open.emplace_back(fds[0], fds[1]); }
        }
        EXPECT_EQ(names_in(real, machines[0].root), names_in(world.kernel, machines[1].root));
        for (const auto& [real_fd, sim_fd] : open) {
            EXPECT_EQ(describe(real.status(real_fd)), describe(world.kernel.status(sim_fd)));
            real.close(real_fd);
            world.kernel.close(sim_fd);
        }
        real.close(machines[0].root);
        world.kernel.close(machines[1].root);
        EXPECT_EQ(world.kernel.open_descriptors(), 0u);
        EXPECT_EQ(world.files.open_total(), 0u);
    }
}

TEST(Files, GiveEachEntryOnceWhileOthersComeAndGo) {
    World world(11);
    world.files.add_directory("/d");
    for (int i = 0; i < 300; ++i) {
        world.files.add_file("/d/keep" + std::to_string(i), 1, 1);
        world.files.add_file("/d/gone" + std::to_string(i), 1, 1);
    }
    sys::OpenHow how;
    how.flags = O_RDONLY | O_DIRECTORY;
    const int fd = *world.kernel.open(AT_FDCWD, "/d", how);
    std::map<std::string, int> seen;
    alignas(8) std::uint8_t buffer[512];
    int round = 0;
    while (true) {
        const std::size_t got = *world.kernel.read_entries(fd, buffer);
        if (got == 0) { break; }
        for (std::size_t at = 0; at < got;) {
            std::uint16_t length = 0;
            std::memcpy(&length, buffer + at + 16, sizeof length);
            ++seen[reinterpret_cast<char*>(buffer + at + 19)];
            at += length;
        }
        if (round < 300) { world.files.remove("/d/gone" + std::to_string(round)); }
        world.files.add_file("/d/new" + std::to_string(round++), 1, 1);
    }
    world.kernel.close(fd);
    for (const auto& [name, count] : seen) {
        EXPECT_EQ(count, 1) << name;
    }
    for (int i = 0; i < 300; ++i) {
        EXPECT_EQ(seen.count("keep" + std::to_string(i)), 1u) << i;
    }
}

TEST(Files, KeepBigFilesAsAPattern) {
    World world(12);
    world.files.add_file("/big", 99, std::int64_t{8} << 30);
    sys::OpenHow how;
    how.flags = O_RDONLY;
    const int fd = *world.kernel.open(AT_FDCWD, "/big", how);
    std::vector<std::uint8_t> bytes(70'000);
    const std::int64_t offset = (std::int64_t{8} << 30) - 50'001;
    const Result<std::size_t> got = world.kernel.read_at(fd, bytes, offset);
    ASSERT_TRUE(got);
    EXPECT_EQ(*got, 50'001u);
    EXPECT_TRUE(is_pattern(99, offset, Bytes(bytes.data(), *got)));
    EXPECT_FALSE(is_pattern(98, offset, Bytes(bytes.data(), *got)));
    world.kernel.close(fd);
}

TEST(FilesDeathTest, EndTheTestWhenAPathLeavesTheServedTree) {
    World world(13);
    world.files.add_directory("/srv");
    world.files.add_directory("/srv/d");
    world.files.add_symlink("/srv/out", "/");
    world.files.guard("/srv");
    sys::OpenHow how;
    how.flags = O_PATH;
    const int root = *world.kernel.open(AT_FDCWD, "/srv", how);
    EXPECT_DEATH((void)world.kernel.open(root, "..", how), "outside of it");
    EXPECT_DEATH((void)world.kernel.open(root, "out", how), "outside of it");
    EXPECT_DEATH((void)world.kernel.status_at(root, "out/srv"), "single name");
    EXPECT_DEATH((void)world.kernel.status_at(root, ".."), "single name");
    const int below = *world.kernel.open(root, "d", how);
    const Result<sys::FileStatus> above = world.kernel.status_at(below, "..");
    ASSERT_TRUE(above);
    EXPECT_EQ(above->inode, world.kernel.status(root)->inode);
    world.kernel.close(below);
    how.resolve = RESOLVE_IN_ROOT;
    const Result<int> inside = world.kernel.open(root, "out/../..", how);
    ASSERT_TRUE(inside);
    world.kernel.close(*inside);
    world.kernel.close(root);
}

// After a power cut: what was synced is there and whole, and every tree that is left is one that
// could have been on disk.
TEST(Files, KeepWhatWasSyncedThroughAPowerCut) {
    int content_lost = 0;
    int name_lost = 0;
    for (std::uint64_t seed = 1; seed <= 200; ++seed) {
        SCOPED_TRACE(seed);
        World world(seed);
        world.files.add_directory("/srv");
        world.files.track_crashes();
        sys::OpenHow how;
        how.flags = O_RDONLY | O_DIRECTORY;
        const int root = *world.kernel.open(AT_FDCWD, "/srv", how);
        const auto store = [&](const char* name, bool data, bool name_too) {
            sys::OpenHow unnamed;
            unnamed.flags = O_WRONLY | O_TMPFILE;
            unnamed.mode = 0644;
            const int file = *world.kernel.open(root, ".", unnamed);
            std::vector<std::uint8_t> bytes(30'000);
            fill_pattern(5, 0, bytes);
            ASSERT_TRUE(world.kernel.write_at(file, bytes, 0));
            if (data) { ASSERT_TRUE(world.kernel.sync(file, true)); }
            ASSERT_TRUE(world.kernel.link_unnamed(file, root, name));
            if (name_too) { ASSERT_TRUE(world.kernel.sync(root, false)); }
            world.kernel.close(file);
        };
        store("none1", false, false);
        store("full", true, true);
        store("data", true, false);
        store("none2", false, false);
        world.files.crash();
        world.kernel.forget_all();
        const auto is_whole = [&](const char* path) {
            std::vector<std::uint8_t> bytes(30'001);
            const FileData& data = world.files.get(world.files.find(path)).data;
            return data.read(0, bytes) == 30'000 && is_pattern(5, 0, Bytes(bytes.data(), 30'000));
        };
        ASSERT_NE(world.files.find("/srv/full"), 0u);
        EXPECT_TRUE(is_whole("/srv/full"));
        // The journal is in order: the name before a synced one is on disk too, its data need not.
        ASSERT_NE(world.files.find("/srv/none1"), 0u);
        if (!is_whole("/srv/none1")) { ++content_lost; }
        const bool data_there = world.files.find("/srv/data") != 0;
        if (data_there) { EXPECT_TRUE(is_whole("/srv/data")); }
        if (!data_there) { ++name_lost; }
        if (!data_there) { EXPECT_EQ(world.files.find("/srv/none2"), 0u); }
    }
    EXPECT_GT(content_lost, 50);
    EXPECT_GT(name_lost, 20);
}

TEST(Files, RenameIsOldOrNewAfterAPowerCutNeverNothing) {
    int old_left = 0;
    for (std::uint64_t seed = 1; seed <= 100; ++seed) {
        World world(seed);
        world.files.add_directory("/srv");
        const InodeId before = world.files.add_file("/srv/f", 1, 10'000);
        world.files.add_file("/srv/t", 2, 20'000);
        world.files.track_crashes();
        world.files.move("/srv/t", "/srv/f");
        world.files.crash();
        const InodeId after = world.files.find("/srv/f");
        ASSERT_NE(after, 0u) << seed;
        EXPECT_EQ(after == before, world.files.find("/srv/t") != 0) << seed;
        if (after == before) { ++old_left; }
    }
    EXPECT_GT(old_left, 10);
    EXPECT_LT(old_left, 90);
}

}  // namespace
}  // namespace sluice::sim
