// Method: each way in which this server changes a tree, against the marks of the folders whose
// listings show it, before and after; then what a change costs while no cache is on.
#include "vfs/changes.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cerrno>
#include <string>
#include <vector>

#include "fault_kernel.hpp"
#include "sluice/vfs/root.hpp"
#include "sluice/vfs/subtree.hpp"
#include "sluice/vfs/tree.hpp"
#include "sluice/vfs/upload_target.hpp"
#include "temp_tree.hpp"
#include "test_loop.hpp"

namespace sluice::vfs {
namespace {

class ChangesTest : public ::testing::Test {
protected:
    ChangesTest()
        : loop_(kernel_, io::EngineKind::Epoll, &helpers_),
          root_(std::move(*Root::open(kernel_, files_.c_str(), RootRules()))),
          tree_(*root_, loop_.reactor()) {
        for (const char* folder : {"d", "d/sub", "other", "far"}) { files_.mkdir(folder); }
        files_.write("d/f", "12345");
        root_->marks().turn_on();
    }

    UploadRequest request(std::string_view path, UploadIntent intent = UploadIntent::Replace) {
        UploadRequest made;
        made.path = path;
        made.intent = intent;
        return made;
    }
    // Ends as `end` says, with `text` in it.
    template <class End>
    void upload(const UploadRequest& request, std::string_view text, End end) {
        UploadTarget target(tree_);
        ASSERT_TRUE(loop_.run(target.begin(request)));
        if (!text.empty()) {
            ASSERT_TRUE(kernel_.write_at(target.fd(), as_bytes(text), target.offset()));
            target.advance(text.size());
        }
        end(target);
    }
    void store(const UploadRequest& request) {
        upload(request, "text", [&](UploadTarget& t) { EXPECT_TRUE(loop_.run(t.commit())); });
    }
    void break_off(const UploadRequest& request) {
        upload(request, "text", [&](UploadTarget& t) { EXPECT_TRUE(loop_.run(t.abandon())); });
    }

    ChangeMarks::Stamp of(const std::string& path) {
        const Result<sys::FileStatus> status = root_->status(path, Lookup::MaySleep);
        EXPECT_TRUE(status.has_value()) << path;
        return root_->marks().of(status->device, status->inode);
    }
    // `change` is to be seen in the listings of `folders`.
    template <class Change>
    void expect_seen(const char* what, const std::vector<std::string>& folders, Change change) {
        std::vector<ChangeMarks::Stamp> before;
        for (const std::string& folder : folders) { before.push_back(of(folder)); }
        change();
        for (std::size_t i = 0; i < folders.size(); ++i) {
            EXPECT_FALSE(of(folders[i]) == before[i]) << what << " in " << folders[i];
        }
    }
    // The same, and not in that of /far.
    template <class Change>
    void expect_seen_only(const char* what, const std::vector<std::string>& folders,
                          Change change) {
        const ChangeMarks::Stamp before = of("/far");
        expect_seen(what, folders, change);
        EXPECT_TRUE(of("/far") == before) << what;
    }

    FaultKernel kernel_;
    InlineHelperPool helpers_;
    TempTree files_;
    TestLoop loop_;
    std::unique_ptr<Root> root_;
    Tree tree_;
};

// A folder's own line, with its time, stands in the listing of the folder above.
TEST_F(ChangesTest, OfNamesAreSeenInTheFolderAndTheOneAbove) {
    expect_seen_only("MKD", {"/d/sub", "/d"},
                     [&] { EXPECT_TRUE(root_->make_directory("/d/sub/e", 0755)); });
    expect_seen_only("RMD", {"/d/sub", "/d"},
                     [&] { EXPECT_TRUE(root_->remove_directory("/d/sub/e")); });
    expect_seen_only("SITE SYMLINK", {"/d/sub", "/d"},
                     [&] { EXPECT_TRUE(root_->make_symlink("x", "/d/sub/l")); });
    expect_seen_only("DELE", {"/d/sub", "/d"},
                     [&] { EXPECT_TRUE(root_->remove_file("/d/sub/l")); });
    expect_seen_only("RNTO", {"/d", "/d/sub", "/"},
                     [&] { EXPECT_TRUE(root_->rename("/d/f", "/d/sub/g", true)); });
    expect_seen_only("RNTO without replacing", {"/d", "/d/sub", "/"},
                     [&] { EXPECT_TRUE(root_->rename("/d/sub/g", "/d/f", false)); });
    kernel_.fail_name = "rename_exclusive";
    kernel_.fail_name_errno = EINVAL;
    expect_seen_only("RNTO where the file system cannot", {"/d", "/d/sub", "/"},
                     [&] { EXPECT_TRUE(root_->rename("/d/f", "/d/sub/g", false)); });
}

TEST_F(ChangesTest, OfAttributesAreSeenInTheFolder) {
    expect_seen_only("SITE CHMOD", {"/d"}, [&] { EXPECT_TRUE(root_->change_mode("/d/f", 0600)); });
    expect_seen_only("MFMT", {"/d"},
                     [&] { EXPECT_TRUE(root_->set_modified("/d/f", WallTime(1))); });
    expect_seen_only("SITE CHGRP", {"/d"},
                     [&] { EXPECT_TRUE(root_->change_group("/d/f", ::getegid())); });
    // What may be done in a folder is said in its own listing, too, and in those below.
    expect_seen("SITE CHMOD of a folder", {"/", "/d", "/d/sub"},
                [&] { EXPECT_TRUE(root_->change_mode("/d", 0700)); });
    expect_seen("MFMT of a folder", {"/", "/d"},
                [&] { EXPECT_TRUE(root_->set_modified("/d", WallTime(1))); });
}

TEST_F(ChangesTest, OfUploadsAreSeenHoweverTheyEnd) {
    for (const bool unnamed : {true, false}) {
        root_->learn_unnamed_links(unnamed ? Root::UnnamedLinks::Work : Root::UnnamedLinks::Fail);
        expect_seen_only("STOR", {"/d", "/"}, [&] { store(request("/d/new")); });
        expect_seen_only("STOR over a file", {"/d", "/"}, [&] { store(request("/d/new")); });
        expect_seen_only("STOU", {"/d", "/"},
                         [&] { store(request("/d/u", UploadIntent::Unique)); });
        expect_seen_only("APPE", {"/d"}, [&] { store(request("/d/f", UploadIntent::Append)); });
        UploadRequest resumed = request("/d/f", UploadIntent::ResumeAt);
        resumed.resume_at = 2;
        expect_seen_only("REST and STOR", {"/d"}, [&] { store(resumed); });
        expect_seen_only("APPE, broken off", {"/d"},
                         [&] { break_off(request("/d/f", UploadIntent::Append)); });
        expect_seen_only("STOR, kept in part", {"/d", "/"}, [&] { break_off(request("/d/part")); });
        UploadRequest dotted = request("/d/dotted");
        dotted.partial = config::PartialUpload::DotPartial;
        expect_seen_only("STOR, kept as .partial", {"/d", "/"}, [&] { break_off(dotted); });
        expect_seen_only("STOR that ends .partial", {"/d", "/"}, [&] { store(dotted); });
        EXPECT_FALSE(files_.exists("d/dotted.partial"));
        for (const char* name : {"new", "part", "dotted"}) {
            EXPECT_TRUE(root_->remove_file(std::string("/d/") + name));
        }
    }
}

// Its bytes are in the file, whatever the answer is.
TEST_F(ChangesTest, OfAnAppendThatFailsAtItsEndAreSeen) {
    UploadRequest synced = request("/d/f", UploadIntent::Append);
    synced.durability = config::Durability::Data;
    expect_seen_only("APPE", {"/d"}, [&] {
        upload(synced, "text", [&](UploadTarget& target) {
            kernel_.fail_name = "sync_data";
            kernel_.fail_name_errno = EIO;
            EXPECT_FALSE(loop_.run(target.commit()));
        });
    });
    EXPECT_EQ(files_.read("d/f"), "12345text");
}

TEST_F(ChangesTest, OfATreeThatIsRemovedAreSeenInEachOfItsFolders) {
    for (const char* folder : {"d/x", "d/x/y"}) { files_.mkdir(folder); }
    files_.write("d/x/y/f", "1");
    const std::vector<std::string> removed = {"/d/x", "/d/x/y"};
    std::vector<sys::FileStatus> statuses;
    std::vector<ChangeMarks::Stamp> before;
    for (const std::string& folder : removed) {
        statuses.push_back(*root_->status(folder, Lookup::MaySleep));
        before.push_back(of(folder));
    }
    expect_seen_only("RMDA", {"/d", "/"}, [&] {
        Subtree subtree(tree_, SubtreeWork::Remove);
        ASSERT_TRUE(loop_.run(subtree.begin("/d/x")));
        for (bool more = true; more;) {
            const Result<bool> stepped = loop_.run(subtree.step());
            ASSERT_TRUE(stepped.has_value());
            more = *stepped;
        }
    });
    EXPECT_FALSE(files_.exists("d/x"));
    for (std::size_t i = 0; i < removed.size(); ++i) {
        EXPECT_FALSE(root_->marks().of(statuses[i].device, statuses[i].inode) == before[i]);
    }
}

TEST_F(ChangesTest, WhoseFoldersCannotBeNamedAreSeenEverywhere) {
    files_.link("../d/f", "other/link");
    expect_seen("SITE CHMOD of a link", {"/d", "/far"},
                [&] { EXPECT_TRUE(root_->change_mode("/other/link", 0600)); });
    const auto link_again = [&] {
        ASSERT_EQ(::link(files_.at("d/f").c_str(), files_.at("other/second").c_str()), 0);
    };
    link_again();
    expect_seen("MFMT of one name of two", {"/d"},
                [&] { EXPECT_TRUE(root_->set_modified("/other/second", WallTime(2))); });
    expect_seen("APPE to one name of two", {"/d"},
                [&] { store(request("/other/second", UploadIntent::Append)); });
    // LIST shows how many names a file has.
    expect_seen("DELE of one name of two", {"/d"},
                [&] { EXPECT_TRUE(root_->remove_file("/other/second")); });
    link_again();
    expect_seen("STOR over one name of two", {"/d"}, [&] { store(request("/other/second")); });
    EXPECT_TRUE(root_->remove_file("/other/second"));
    link_again();
    kernel_.fail_name = "status_at";
    kernel_.fail_name_errno = EIO;
    expect_seen("a change in a folder that cannot be asked", {"/d", "/far"},
                [&] { EXPECT_TRUE(root_->make_directory("/other/new", 0755)); });
}

TEST_F(ChangesTest, ThatFailAreNotSeen) {
    const ChangeMarks::Stamp before = of("/d");
    EXPECT_FALSE(root_->make_directory("/d/sub", 0755));
    EXPECT_FALSE(root_->remove_file("/d/missing"));
    EXPECT_FALSE(root_->remove_directory("/d/f"));
    EXPECT_FALSE(root_->rename("/d/f", "/d/sub", false));
    EXPECT_FALSE(root_->change_mode("/d/missing", 0600));
    EXPECT_TRUE(of("/d") == before);
}

TEST_F(ChangesTest, CostNothingMoreWhileNoCacheIsOn) {
    const std::unique_ptr<Root> plain =
        std::move(*Root::open(kernel_, files_.c_str(), RootRules()));
    const ChangeMarks::Stamp before = plain->marks().of(0, 0);
    kernel_.reset();
    EXPECT_TRUE(plain->make_directory("/d/new", 0755));
    EXPECT_TRUE(plain->rename("/d/new", "/d/newer", true));
    EXPECT_TRUE(plain->remove_directory("/d/newer"));
    EXPECT_TRUE(plain->change_mode("/d/f", 0600));
    for (const std::string& call : kernel_.calls) {
        EXPECT_EQ(call.find("status"), std::string::npos) << call;
    }
    EXPECT_TRUE(plain->marks().of(0, 0) == before);
}

}  // namespace
}  // namespace sluice::vfs
