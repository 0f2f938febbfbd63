// Listings: everything that is there, nothing twice, constant memory, and loud errors.
#include "sluice/vfs/directory.hpp"

#include <gtest/gtest.h>

#include <cstring>
#include <memory>
#include <set>
#include <string>

#include "fault_kernel.hpp"
#include "sluice/vfs/hidden_name.hpp"
#include "sluice/vfs/tree.hpp"
#include "temp_tree.hpp"
#include "test_loop.hpp"
#include "vfs/entry_record.hpp"

namespace sluice::vfs {
namespace {

class DirectoryTest : public ::testing::Test {
protected:
    DirectoryTest()
        : loop_(kernel_, io::EngineKind::Epoll, &pool_),
          root_(std::move(*Root::open(kernel_, files_.c_str(), RootRules()))),
          tree_(*root_, loop_.reactor()) {}
    ~DirectoryTest() override { EXPECT_EQ(kernel_.open_files.size(), 1u); }

    Directory open(const char* path, EntryContent content) {
        Result<Directory> opened = loop_.run(tree_.open_directory(path, content));
        EXPECT_TRUE(opened.has_value());
        return std::move(*opened);
    }
    // All names of the directory, in batches; checks each batch against its bounds.
    std::multiset<std::string> list(Directory& directory) {
        std::multiset<std::string> names;
        EntryBatch batch;
        while (true) {
            const Result<bool> more = loop_.run(directory.next_batch(batch));
            EXPECT_TRUE(more.has_value());
            if (!more || !*more) {
                return names;
            }
            ++batches_;
            EXPECT_GT(batch.size(), 0u);
            EXPECT_LE(batch.size(), EntryBatch::kEntriesMax);
            for (const Entry& entry : batch) {
                names.insert(std::string(entry.name));
            }
        }
    }

    TempTree files_;
    FaultKernel kernel_;
    InlineHelperPool pool_;
    TestLoop loop_;
    std::unique_ptr<Root> root_;
    Tree tree_;
    int batches_ = 0;
};

TEST_F(DirectoryTest, ShowsStatusAndLinkTargets) {
    files_.write("file", "1234567", 0640);
    files_.mkdir("dir");
    files_.link("/no/where", "link");
    files_.fifo("fifo");
    Directory directory = open("/", EntryContent::Full);
    EntryBatch batch;
    ASSERT_TRUE(*loop_.run(directory.next_batch(batch)));
    ASSERT_EQ(batch.size(), 4u);
    for (const Entry& entry : batch) {
        if (entry.name == "file") {
            EXPECT_TRUE(entry.status.is_regular());
            EXPECT_EQ(entry.status.size, 7);
            EXPECT_EQ(entry.status.mode, 0640u);
        } else if (entry.name == "dir") {
            EXPECT_TRUE(entry.status.is_directory());
        } else if (entry.name == "link") {
            EXPECT_TRUE(entry.status.is_symlink());
            EXPECT_EQ(entry.link_target, "/no/where");
        } else {
            EXPECT_EQ(entry.name, "fifo");
            EXPECT_EQ(entry.status.type, sys::FileStatus::Type::Other);
            EXPECT_TRUE(entry.link_target.empty());
        }
    }
    EXPECT_FALSE(*loop_.run(directory.next_batch(batch)));
    EXPECT_TRUE(batch.is_empty());
    EXPECT_FALSE(*loop_.run(directory.next_batch(batch)));
}

TEST_F(DirectoryTest, AnEmptyDirectoryEndsAtOnce) {
    Directory directory = open("/", EntryContent::Full);
    EXPECT_TRUE(list(directory).empty());
    EXPECT_EQ(batches_, 0);
}

TEST_F(DirectoryTest, ListsTenThousandNamesOnceEach) {
    files_.mkdir("big");
    std::multiset<std::string> expected;
    for (int i = 0; i < 10'000; ++i) {
        const std::string name = "a-file-with-a-number-" + std::to_string(i);
        expected.insert(name);
        ASSERT_GE(::close(::open(files_.at("big/" + name).c_str(), O_CREAT | O_WRONLY, 0600)), 0);
    }
    Directory full = open("/big", EntryContent::Full);
    EXPECT_EQ(list(full), expected);
    EXPECT_GE(batches_, 20);
    EXPECT_EQ(pool_.jobs, static_cast<std::uint32_t>(batches_) + 1);

    kernel_.calls.clear();
    Directory names = open("/big", EntryContent::NamesOnly);
    EXPECT_EQ(list(names), expected);
    for (const std::string& call : kernel_.calls) {
        EXPECT_NE(call, "status_at");
    }
}

TEST_F(DirectoryTest, LongNamesAndTargetsEndABatchEarlyAndNotTheListing) {
    std::multiset<std::string> expected;
    const std::string target(3000, 't');
    for (int i = 0; i < 100; ++i) {
        std::string name = std::to_string(i);
        name.resize(255, 'n');
        expected.insert(name);
        files_.link(target, name);
    }
    Directory directory = open("/", EntryContent::Full);
    EXPECT_EQ(list(directory), expected);
    EXPECT_GE(batches_, 5);  // 64 KiB hold 18 of them
}

TEST_F(DirectoryTest, HidesUploads) {
    files_.write(std::string(make_hidden_name(1).view()), "half");
    files_.write(".in.mine", "a user's own");
    files_.write(".dot", "");
    for (const EntryContent content : {EntryContent::Full, EntryContent::NamesOnly}) {
        Directory directory = open("/", content);
        EXPECT_EQ(list(directory), (std::multiset<std::string>{".dot", ".in.mine"}));
    }
}

TEST_F(DirectoryTest, SkipsNamesThatVanishMeanwhile) {
    for (int i = 0; i < 20; ++i) {
        files_.write("f" + std::to_string(i), "");
    }
    Directory directory = open("/", EntryContent::Full);
    int looked = 0;
    kernel_.before = [&](const std::string& call) {
        if (call != "status_at" || ++looked != 5) {
            return;
        }
        for (int i = 0; i < 10; ++i) {
            ::unlink(files_.at("f" + std::to_string(i)).c_str());
        }
    };
    const std::multiset<std::string> names = list(directory);
    for (int i = 10; i < 20; ++i) {
        EXPECT_EQ(names.count("f" + std::to_string(i)), 1u);
    }
    EXPECT_GE(names.size(), 10u);
    EXPECT_LE(names.size(), 14u);
}

TEST_F(DirectoryTest, ErrorsAreToldAndNotTakenForTheEnd) {
    files_.write("a", "");
    files_.write("b", "");
    for (const char* call : {"read_entries", "status_at"}) {
        kernel_.reset();
        Directory directory = open("/", EntryContent::Full);
        kernel_.fail_name = call;
        kernel_.fail_name_errno = EIO;
        EntryBatch batch;
        const Result<bool> more = loop_.run(directory.next_batch(batch));
        ASSERT_FALSE(more.has_value()) << call;
        EXPECT_EQ(more.error().code, Errc::InputOutput);
    }
    kernel_.reset();
}

TEST_F(DirectoryTest, ADirectoryRemovedWhileOpenIsAnError) {
    files_.mkdir("dir");
    Directory directory = open("/dir", EntryContent::Full);
    ASSERT_EQ(::rmdir(files_.at("dir").c_str()), 0);
    EntryBatch batch;
    const Result<bool> more = loop_.run(directory.next_batch(batch));
    ASSERT_FALSE(more.has_value());
    EXPECT_EQ(more.error().code, Errc::NotFound);
}

TEST_F(DirectoryTest, ABatchIsReusedBetweenDirectories) {
    files_.mkdir("one");
    files_.mkdir("two");
    files_.write("one/x", "");
    files_.write("two/y", "");
    EntryBatch batch;
    Directory one = open("/one", EntryContent::Full);
    ASSERT_TRUE(*loop_.run(one.next_batch(batch)));
    EXPECT_EQ(batch[0].name, "x");
    Directory two = open("/two", EntryContent::Full);
    ASSERT_TRUE(*loop_.run(two.next_batch(batch)));
    ASSERT_EQ(batch.size(), 1u);
    EXPECT_EQ(batch[0].name, "y");
}

TEST(EntryRecord, RefusesBrokenRecords) {
    std::uint8_t raw[32] = {};
    const std::uint16_t length = 24;
    std::memcpy(raw + 16, &length, sizeof length);
    std::memcpy(raw + 19, "ab", 3);
    const Result<EntryRecord> good = parse_entry_record(raw);
    ASSERT_TRUE(good.has_value());
    EXPECT_EQ(good->text(), "ab");
    EXPECT_EQ(good->length, 24);
    EXPECT_FALSE(parse_entry_record(Bytes(raw, 19)).has_value());
    EXPECT_FALSE(parse_entry_record(Bytes(raw, 23)).has_value());  // longer than what is there
    std::memset(raw + 19, 'x', 5);                                 // no NUL in the record
    EXPECT_FALSE(parse_entry_record(raw).has_value());
    const std::uint16_t none = 0;
    std::memcpy(raw + 16, &none, sizeof none);
    EXPECT_FALSE(parse_entry_record(raw).has_value());
}

}  // namespace
}  // namespace sluice::vfs
