// What an upload leaves behind, state by state, on real directories; with unnamed files and with
// hidden names, as a file system without O_TMPFILE would make us.
#include "sluice/vfs/upload_target.hpp"

#include <gtest/gtest.h>
#include <sys/file.h>

#include <algorithm>
#include <memory>
#include <string>

#include "fault_kernel.hpp"
#include "sluice/vfs/hidden_name.hpp"
#include "temp_tree.hpp"
#include "test_loop.hpp"

namespace sluice::vfs {
namespace {

using config::Durability;
using config::PartialUpload;
using Names = std::vector<std::string>;

enum class Way { Unnamed, Named };

class UploadTargetTest : public ::testing::TestWithParam<Way> {
protected:
    UploadTargetTest() : loop_(kernel_, io::EngineKind::Epoll, &pool_) {
        files_.mkdir("root");
        open();
    }
    ~UploadTargetTest() override { EXPECT_EQ(kernel_.open_files.size(), 1u); }

    void open(config::SymlinkPolicy policy = config::SymlinkPolicy::InRoot) {
        RootRules rules;
        rules.symlinks = policy;
        tree_.reset();
        root_.reset();
        root_ = std::move(*Root::open(kernel_, files_.at("root").c_str(), rules));
        // What the first upload of a process finds out.
        root_->learn_unnamed_links(GetParam() == Way::Named ? Root::UnnamedLinks::Fail
                                                            : Root::UnnamedLinks::Work);
        tree_ = std::make_unique<Tree>(*root_, loop_.reactor());
    }

    static UploadRequest stor(const char* path) {
        UploadRequest request;
        request.path = path;
        return request;
    }
    Errc begin(UploadTarget& target, const UploadRequest& request) {
        const Status begun = loop_.run(target.begin(request));
        return begun ? Errc::Ok : begun.error().code;
    }
    Errc commit(UploadTarget& target) {
        const Status committed = loop_.run(target.commit());
        EXPECT_EQ(target.state(), UploadTarget::State::Closed);
        return committed ? Errc::Ok : committed.error().code;
    }
    bool abandon(UploadTarget& target) {
        const bool left = loop_.run(target.abandon());
        EXPECT_EQ(target.state(), UploadTarget::State::Closed);
        return left;
    }
    void write(UploadTarget& target, std::string_view text) {
        const Result<std::size_t> written =
            kernel_.write_at(target.fd(), as_bytes(text), target.offset());
        ASSERT_TRUE(written.has_value());
        target.advance(*written);
    }
    Errc upload(const UploadRequest& request, std::string_view text) {
        UploadTarget target(*tree_);
        const Errc begun = begin(target, request);
        if (begun != Errc::Ok) {
            return begun;
        }
        write(target, text);
        return commit(target);
    }
    std::string content(const std::string& name) { return files_.read("root/" + name); }
    Names names() { return files_.names("root"); }

    TempTree files_;
    FaultKernel kernel_;
    InlineHelperPool pool_;
    TestLoop loop_;
    std::unique_ptr<Root> root_;
    std::unique_ptr<Tree> tree_;
};

TEST_P(UploadTargetTest, ANewFileAppearsWholeAtCommit) {
    UploadTarget target(*tree_);
    ASSERT_EQ(begin(target, stor("/new")), Errc::Ok);
    EXPECT_EQ(target.state(), UploadTarget::State::Open);
    EXPECT_EQ(target.offset(), 0);
    EXPECT_EQ(target.fs_class(), FsClass::LocalDisk);
    write(target, "12345");
    write(target, "678");
    EXPECT_EQ(target.bytes_written(), 8);
    EXPECT_FALSE(files_.exists("root/new"));
    EXPECT_EQ(commit(target), Errc::Ok);
    EXPECT_EQ(content("new"), "12345678");
    EXPECT_EQ(files_.status("root/new").st_mode & 07777u, 0644u);
    EXPECT_EQ(names(), Names{"new"});
}

TEST_P(UploadTargetTest, TheOldFileStaysWholeUntilTheNewOneTakesItsPlace) {
    files_.write("root/file", "old content", 0755);
    const int reader = ::open(files_.at("root/file").c_str(), O_RDONLY | O_CLOEXEC);
    UploadTarget target(*tree_);
    ASSERT_EQ(begin(target, stor("/file")), Errc::Ok);
    write(target, "new");
    EXPECT_EQ(content("file"), "old content");
    EXPECT_EQ(commit(target), Errc::Ok);
    EXPECT_EQ(content("file"), "new");
    EXPECT_EQ(files_.status("root/file").st_mode & 07777u, 0755u);  // a script stays executable
    EXPECT_EQ(names(), Names{"file"});
    char bytes[32];
    EXPECT_EQ(::read(reader, bytes, sizeof bytes), 11);  // a download in progress sees the old one
    ::close(reader);
}

TEST_P(UploadTargetTest, AnEmptyUploadIsAnEmptyFile) {
    EXPECT_EQ(upload(stor("/empty"), ""), Errc::Ok);
    EXPECT_EQ(content("empty"), "");
    files_.write("root/file", "old");
    EXPECT_EQ(upload(stor("/file"), ""), Errc::Ok);
    EXPECT_EQ(content("file"), "");
}

TEST_P(UploadTargetTest, ABrokenUploadOfANewNameIsKeptOrDiscarded) {
    for (const PartialUpload partial : {PartialUpload::Keep, PartialUpload::Discard}) {
        UploadTarget target(*tree_);
        UploadRequest request = stor("/part");
        request.partial = partial;
        ASSERT_EQ(begin(target, request), Errc::Ok);
        write(target, "first half");
        const bool keep = partial == PartialUpload::Keep;
        EXPECT_EQ(abandon(target), keep);
        EXPECT_EQ(files_.exists("root/part"), keep);
        if (keep) {
            EXPECT_EQ(content("part"), "first half");
            EXPECT_EQ(names(), Names{"part"});
            ::unlink(files_.at("root/part").c_str());
        }
    }
    EXPECT_EQ(names(), Names{});
}

TEST_P(UploadTargetTest, ABrokenUploadIsKeptAsDotPartialAndEndedByAWholeOne) {
    UploadRequest request = stor("/file");
    request.partial = PartialUpload::DotPartial;
    for (const bool existing : {false, true}) {
        if (existing) {
            files_.write("root/file", "old content");
        }
        for (const std::string_view part : {"a longer part", "part"}) {
            UploadTarget target(*tree_);
            ASSERT_EQ(begin(target, request), Errc::Ok);
            write(target, part);
            EXPECT_TRUE(abandon(target));
            EXPECT_EQ(content("file.partial"), part) << "in place of an older one";
            EXPECT_EQ(files_.exists("root/file"), existing);
        }
        ASSERT_EQ(upload(request, "whole"), Errc::Ok);
        EXPECT_EQ(names(), Names{"file"});
        EXPECT_EQ(content("file"), "whole");
    }
}

TEST_P(UploadTargetTest, WhatIsNoPlainFileOfOursIsNotReplacedByAPart) {
    UploadRequest request = stor("/file");
    request.partial = PartialUpload::DotPartial;
    const auto break_off = [&] {
        UploadTarget target(*tree_);
        EXPECT_EQ(begin(target, request), Errc::Ok);
        write(target, "part");
        return abandon(target);
    };
    files_.mkdir("root/file.partial");
    EXPECT_FALSE(break_off());
    EXPECT_EQ(names(), Names{"file.partial"});
    files_.link("elsewhere", "root/link.partial");
    request.path = "/link";
    EXPECT_FALSE(break_off());
    const std::string longest(Root::kNameBytesMax - 7, 'n');
    const std::string path = "/" + longest;
    request.path = path;
    EXPECT_FALSE(break_off());
    EXPECT_EQ(upload(request, "whole"), Errc::Ok);
    EXPECT_EQ(names(), (Names{"file.partial", "link.partial", longest}));
}

TEST_P(UploadTargetTest, ACallerMaySayThatNothingIsWorthKeeping) {
    for (const PartialUpload partial : {PartialUpload::Keep, PartialUpload::DotPartial}) {
        UploadRequest request = stor("/file");
        request.partial = partial;
        UploadTarget target(*tree_);
        ASSERT_EQ(begin(target, request), Errc::Ok);
        write(target, "garbage");
        EXPECT_FALSE(loop_.run(target.abandon(false)));
        EXPECT_EQ(names(), Names{});
    }
}

TEST_P(UploadTargetTest, ABrokenUploadWithoutDataChangesNothing) {
    UploadTarget target(*tree_);
    ASSERT_EQ(begin(target, stor("/new")), Errc::Ok);
    EXPECT_FALSE(abandon(target));
    EXPECT_EQ(names(), Names{});
}

TEST_P(UploadTargetTest, ABrokenUploadNeverTouchesACompleteFile) {
    files_.write("root/file", "old content");
    UploadTarget target(*tree_);
    ASSERT_EQ(begin(target, stor("/file")), Errc::Ok);
    write(target, "new");
    EXPECT_FALSE(abandon(target));
    EXPECT_EQ(content("file"), "old content");
    EXPECT_EQ(names(), Names{"file"});
}

TEST_P(UploadTargetTest, ABrokenUploadNeverReplacesAFileThatCameMeanwhile) {
    UploadTarget target(*tree_);
    ASSERT_EQ(begin(target, stor("/new")), Errc::Ok);
    write(target, "partial");
    files_.write("root/new", "whole");
    EXPECT_FALSE(abandon(target));
    EXPECT_EQ(content("new"), "whole");
    EXPECT_EQ(names(), Names{"new"});
}

TEST_P(UploadTargetTest, OfTwoUploadsOfOneNewNameTheLastWins) {
    UploadTarget first(*tree_);
    UploadTarget second(*tree_);
    ASSERT_EQ(begin(first, stor("/new")), Errc::Ok);
    ASSERT_EQ(begin(second, stor("/new")), Errc::Ok);
    write(first, "first");
    write(second, "second");
    EXPECT_EQ(commit(second), Errc::Ok);
    EXPECT_EQ(content("new"), "second");
    EXPECT_EQ(commit(first), Errc::Ok);
    EXPECT_EQ(content("new"), "first");
    EXPECT_EQ(names(), Names{"new"});
}

TEST_P(UploadTargetTest, ATargetThatIsForgottenLeavesNothing) {
    {
        UploadTarget target(*tree_);
        ASSERT_EQ(begin(target, stor("/new")), Errc::Ok);
        write(target, "data");
    }
    EXPECT_EQ(names(), Names{});
}

TEST_P(UploadTargetTest, WhatCannotWorkIsRefusedBeforeAnyData) {
    files_.mkdir("root/dir");
    files_.fifo("root/fifo");
    files_.write("root/file", "x");
    UploadTarget target(*tree_);
    EXPECT_EQ(begin(target, stor("/dir")), Errc::IsDirectory);
    EXPECT_EQ(begin(target, stor("/")), Errc::IsDirectory);
    EXPECT_EQ(begin(target, stor("/fifo")), Errc::NotRegularFile);
    EXPECT_EQ(begin(target, stor("/missing/file")), Errc::NotFound);
    EXPECT_EQ(begin(target, stor("/file/file")), Errc::NotDirectory);
    EXPECT_EQ(begin(target, stor("/a\nb")), Errc::BadName);
    EXPECT_EQ(begin(target, stor("/a\rb")), Errc::BadName);
    const std::string long_name = "/" + std::string(256, 'a');
    EXPECT_EQ(begin(target, stor(long_name.c_str())), Errc::NameTooLong);
    const std::string hidden = "/" + std::string(make_hidden_name(3).view());
    EXPECT_EQ(begin(target, stor(hidden.c_str())), Errc::BadName);
    UploadRequest append = stor("/fifo");
    append.intent = UploadIntent::Append;
    EXPECT_EQ(begin(target, append), Errc::NotRegularFile);
    EXPECT_EQ(target.state(), UploadTarget::State::Idle);
    EXPECT_EQ(kernel_.open_files.size(), 1u);
    EXPECT_EQ(names(), (Names{"dir", "fifo", "file"}));
    // And it can still begin.
    EXPECT_EQ(begin(target, stor("/good")), Errc::Ok);
    EXPECT_EQ(commit(target), Errc::Ok);
}

TEST_P(UploadTargetTest, AReadOnlyFileSystemIsToldAtOnce) {
    kernel_.refuse_open = [](const sys::OpenHow& how) {
        return (how.flags & O_WRONLY) != 0 ? EROFS : 0;
    };
    UploadTarget target(*tree_);
    EXPECT_EQ(begin(target, stor("/new")), Errc::ReadOnly);
    kernel_.refuse_open = [](const sys::OpenHow& how) {
        return (how.flags & O_WRONLY) != 0 ? EACCES : 0;
    };
    EXPECT_EQ(begin(target, stor("/new")), Errc::AccessDenied);
    kernel_.refuse_open = nullptr;
}

TEST_P(UploadTargetTest, AFileProtectedByItsOwnerIsNotReplaced) {
    files_.write("root/file", "old", 0444);
    kernel_.refuse_open = [](const sys::OpenHow& how) {
        const bool writes_existing = (how.flags & O_WRONLY) != 0 && (how.flags & O_CREAT) == 0 &&
                                     (how.flags & O_TMPFILE) != O_TMPFILE;
        return writes_existing ? EACCES : 0;
    };
    UploadTarget target(*tree_);
    EXPECT_EQ(begin(target, stor("/file")), Errc::AccessDenied);
    kernel_.refuse_open = nullptr;
    EXPECT_EQ(content("file"), "old");
}

TEST_P(UploadTargetTest, ResumesInPlaceWithoutTruncating) {
    files_.write("root/file", "0123456789");
    UploadRequest request = stor("/file");
    request.intent = UploadIntent::ResumeAt;
    request.resume_at = 4;
    UploadTarget target(*tree_);
    ASSERT_EQ(begin(target, request), Errc::Ok);
    EXPECT_EQ(target.offset(), 4);
    write(target, "abc");
    EXPECT_EQ(commit(target), Errc::Ok);
    EXPECT_EQ(content("file"), "0123abc789");
    request.resume_at = 10;
    EXPECT_EQ(upload(request, "xyz"), Errc::Ok);
    EXPECT_EQ(content("file"), "0123abc789xyz");
    request.resume_at = 14;
    EXPECT_EQ(upload(request, "xyz"), Errc::OutOfRange);
    request.path = "/missing";
    EXPECT_EQ(upload(request, "xyz"), Errc::OutOfRange);
    EXPECT_EQ(names(), Names{"file"});
}

// RANG 0 n and STOR: the file that is there, from its first byte on.
TEST_P(UploadTargetTest, ResumesAtTheStartInPlaceToo) {
    files_.write("root/file", "0123456789");
    UploadRequest request = stor("/file");
    request.intent = UploadIntent::ResumeAt;
    EXPECT_EQ(upload(request, "ab"), Errc::Ok);
    EXPECT_EQ(content("file"), "ab23456789");
    request.path = "/new";
    EXPECT_EQ(upload(request, "ab"), Errc::Ok);
    EXPECT_EQ(content("new"), "ab");
}

TEST_P(UploadTargetTest, TellsTheStatusOfWhatItLeavesWhereItIsAsked) {
    files_.write("root/old", "0123456789");
    const auto inode_of = [this](const char* path) {
        const Result<sys::FileStatus> status = root_->status(path, Lookup::MaySleep);
        EXPECT_TRUE(status);
        return status->inode;
    };
    for (const char* path : {"/new", "/old"}) {
        UploadRequest request = stor(path);
        UploadTarget silent(*tree_);
        ASSERT_EQ(begin(silent, request), Errc::Ok);
        EXPECT_EQ(commit(silent), Errc::Ok);
        EXPECT_FALSE(silent.status_at_end());
        request.tells_status = true;
        UploadTarget target(*tree_);
        ASSERT_EQ(begin(target, request), Errc::Ok);
        write(target, "abc");
        EXPECT_EQ(commit(target), Errc::Ok);
        EXPECT_FALSE(target.is_in_place());
        ASSERT_TRUE(target.status_at_end());
        EXPECT_EQ(target.status_at_end()->size, 3);
        const Result<sys::FileStatus> now = root_->status(path, Lookup::MaySleep);
        EXPECT_EQ(target.status_at_end()->inode, inode_of(path));
        EXPECT_EQ(target.status_at_end()->changed, now->changed) << "giving the name moves it";
    }
    UploadRequest request = stor("/old");
    request.intent = UploadIntent::Append;
    request.tells_status = true;
    UploadTarget target(*tree_);
    ASSERT_EQ(begin(target, request), Errc::Ok);
    write(target, "d");
    EXPECT_TRUE(abandon(target));
    EXPECT_TRUE(target.is_in_place());
    ASSERT_TRUE(target.status_at_end());
    EXPECT_EQ(target.status_at_end()->size, 4);
}

TEST_P(UploadTargetTest, AppendsInPlaceAndMakesWhatIsMissing) {
    UploadRequest request = stor("/log");
    request.intent = UploadIntent::Append;
    EXPECT_EQ(upload(request, "one "), Errc::Ok);
    EXPECT_EQ(upload(request, "two"), Errc::Ok);
    EXPECT_EQ(content("log"), "one two");
    UploadTarget target(*tree_);
    ASSERT_EQ(begin(target, request), Errc::Ok);
    EXPECT_EQ(target.offset(), 7);
    write(target, " three");
    EXPECT_TRUE(abandon(target));  // what was written in place stays
    EXPECT_EQ(content("log"), "one two three");
}

TEST_P(UploadTargetTest, AppendingToANewNameNeverReplacesAnothersFile) {
    UploadRequest request = stor("/log");
    request.intent = UploadIntent::Append;
    UploadTarget target(*tree_);
    ASSERT_EQ(begin(target, request), Errc::Ok);
    write(target, "mine");
    files_.write("root/log", "theirs");
    EXPECT_EQ(commit(target), Errc::AlreadyExists);
    EXPECT_EQ(content("log"), "theirs");
    EXPECT_EQ(names(), Names{"log"});
}

TEST_P(UploadTargetTest, UniqueNamesAreAnnouncedAndNew) {
    UploadRequest request = stor("/stou");
    request.intent = UploadIntent::Unique;
    files_.write("root/stou", "taken");
    std::string first;
    for (int i = 0; i < 2; ++i) {
        UploadTarget target(*tree_);
        ASSERT_EQ(begin(target, request), Errc::Ok);
        const std::string name(target.name());
        EXPECT_EQ(name.substr(0, 5), "stou.");
        EXPECT_EQ(name.size(), 17u);
        EXPECT_NE(name, first);
        first = name;
        write(target, "data");
        EXPECT_EQ(commit(target), Errc::Ok);
        EXPECT_EQ(target.name(), name);
        EXPECT_EQ(content(name), "data");
    }
    EXPECT_EQ(content("stou"), "taken");
    EXPECT_EQ(names().size(), 3u);
    const std::string long_base = "/" + std::string(255, 'u');
    request.path = long_base;
    UploadTarget target(*tree_);
    ASSERT_EQ(begin(target, request), Errc::Ok);
    EXPECT_EQ(target.name().size(), 255u);
    EXPECT_FALSE(abandon(target));
}

TEST_P(UploadTargetTest, ALinkMeansTheFileItPointsAt) {
    files_.mkdir("root/real");
    files_.mkdir("root/links");
    files_.write("root/real/file", "old");
    files_.link("../real/file", "root/links/relative");
    files_.link("/real/file", "root/links/absolute");
    files_.link("absolute", "root/links/chain");
    files_.link("/real", "root/directory");
    for (const char* path :
         {"/links/relative", "/links/absolute", "/links/chain", "/directory/file"}) {
        EXPECT_EQ(upload(stor(path), path), Errc::Ok) << path;
        EXPECT_EQ(content("real/file"), path);
        EXPECT_FALSE(S_ISLNK(files_.status("root/real/file").st_mode));
    }
    EXPECT_TRUE(S_ISLNK(files_.status("root/links/relative").st_mode));
    EXPECT_TRUE(S_ISLNK(files_.status("root/links/absolute").st_mode));
    // ".." behind a linked directory is that of the real one: the kernel's meaning, not the text's.
    files_.mkdir("root/real/deep");
    files_.link("/real/deep", "root/links/deep");
    files_.link("deep/../fresh", "root/links/through");
    EXPECT_EQ(upload(stor("/links/through"), "fresh"), Errc::Ok);
    EXPECT_EQ(content("real/fresh"), "fresh");
}

TEST_P(UploadTargetTest, LinksLeadNowhereOutside) {
    files_.mkdir("canary");
    files_.write("canary/secret", "the secret");
    files_.link(files_.at("canary/secret"), "root/absolute");
    files_.link("../canary/secret", "root/relative");
    files_.link("../../../../../../../../../.." + files_.at("canary/new"), "root/climbing");
    files_.link(files_.at("canary/new"), "root/dangling");
    files_.link("loop", "root/loop");
    files_.link("dir/", "root/slash");
    for (const UploadIntent intent :
         {UploadIntent::Replace, UploadIntent::Append, UploadIntent::ResumeAt}) {
        for (const char* path : {"/absolute", "/relative", "/climbing", "/dangling"}) {
            UploadRequest request = stor(path);
            request.intent = intent;
            EXPECT_NE(upload(request, "attack"), Errc::Ok) << path;
        }
        UploadRequest loop = stor("/loop");
        loop.intent = intent;
        EXPECT_EQ(upload(loop, "attack"), Errc::LinkLoop);
    }
    EXPECT_EQ(upload(stor("/slash"), "x"), Errc::IsDirectory);
    EXPECT_EQ(files_.read("canary/secret"), "the secret");
    EXPECT_EQ(files_.names("canary"), Names{"secret"});
}

TEST_P(UploadTargetTest, ADanglingLinkInsideCreatesWhatItNames) {
    files_.mkdir("root/dir");
    files_.link("dir/new", "root/link");
    EXPECT_EQ(upload(stor("/link"), "data"), Errc::Ok);
    EXPECT_EQ(content("dir/new"), "data");
    EXPECT_TRUE(S_ISLNK(files_.status("root/link").st_mode));
}

TEST_P(UploadTargetTest, StricterLinkRulesHoldForUploads) {
    files_.write("root/file", "old");
    files_.link("file", "root/inside");
    files_.link("/file", "root/absolute");
    open(config::SymlinkPolicy::Beneath);
    EXPECT_EQ(upload(stor("/inside"), "new"), Errc::Ok);
    EXPECT_EQ(content("file"), "new");
    EXPECT_EQ(upload(stor("/absolute"), "x"), Errc::OutsideRoot);
    open(config::SymlinkPolicy::Never);
    EXPECT_EQ(upload(stor("/inside"), "x"), Errc::LinkLoop);
    EXPECT_EQ(upload(stor("/file"), "newer"), Errc::Ok);
    EXPECT_EQ(content("file"), "newer");
}

TEST_P(UploadTargetTest, ADirectoryThatCameMeanwhileIsNotReplaced) {
    UploadTarget target(*tree_);
    ASSERT_EQ(begin(target, stor("/name")), Errc::Ok);
    write(target, "data");
    files_.mkdir("root/name");
    EXPECT_EQ(commit(target), Errc::IsDirectory);
    EXPECT_TRUE(S_ISDIR(files_.status("root/name").st_mode));
    EXPECT_EQ(names(), Names{"name"});
}

TEST_P(UploadTargetTest, AFileThatGoesBetweenTwoLooksLeavesItsNameToTheUpload) {
    for (const UploadIntent intent : {UploadIntent::Replace, UploadIntent::Append}) {
        files_.write("root/file", "old");
        std::string last;
        bool has_gone = false;
        kernel_.before = [this, &last, &has_gone](const std::string& call) {
            if (last == "status_at" && call == "open" && !has_gone) {
                ::unlink(files_.at("root/file").c_str());
                has_gone = true;
            }
            last = call;
        };
        UploadRequest request = stor("/file");
        request.intent = intent;
        EXPECT_EQ(upload(request, "new"), Errc::Ok);
        EXPECT_TRUE(has_gone);
        EXPECT_EQ(content("file"), "new");
        kernel_.reset();
    }
}

TEST_P(UploadTargetTest, WhatIsGoneAtEveryLookIsNotFound) {
    std::string last;
    int looks = 0;
    kernel_.before = [this, &last, &looks](const std::string& call) {
        if (call == "status_at") {
            files_.write("root/file", "old");
            ++looks;
        } else if (last == "status_at" && call == "open") {
            ::unlink(files_.at("root/file").c_str());
        }
        last = call;
    };
    UploadTarget target(*tree_);
    EXPECT_EQ(begin(target, stor("/file")), Errc::NotFound);
    EXPECT_EQ(looks, 4);
    EXPECT_EQ(target.state(), UploadTarget::State::Idle);
}

TEST_P(UploadTargetTest, DataComesToTheDiskBeforeTheNameAndTheNameBeforeTheDirectory) {
    for (const bool existing : {false, true}) {
        for (const Durability durability : {Durability::None, Durability::Data, Durability::Full}) {
            UploadRequest request = stor(existing ? "/old" : "/new");
            if (existing) {
                files_.write("root/old", "old");
            }
            request.durability = durability;
            UploadTarget target(*tree_);
            ASSERT_EQ(begin(target, request), Errc::Ok);
            write(target, "data");
            kernel_.calls.clear();
            EXPECT_EQ(commit(target), Errc::Ok);
            const auto position = [this](const char* call) {
                return std::find(kernel_.calls.begin(), kernel_.calls.end(), call) -
                       kernel_.calls.begin();
            };
            const auto none = static_cast<std::ptrdiff_t>(kernel_.calls.size());
            const std::ptrdiff_t name =
                GetParam() == Way::Unnamed ? position("link_unnamed") : position("rename");
            ASSERT_LT(name, none);
            if (durability == Durability::None) {
                EXPECT_EQ(position("sync_data"), none);
            } else {
                EXPECT_LT(position("sync_data"), name);
            }
            if (durability == Durability::Full) {
                EXPECT_EQ(position("sync_all"), none - 1);  // the last of all
            } else {
                EXPECT_EQ(position("sync_all"), none);
            }
            ::unlink(files_.at("root/new").c_str());
        }
    }
}

TEST_P(UploadTargetTest, AFailedSyncIsFinalAndTheUploadDropped) {
    for (const int error : {EIO, ENOSPC, EDQUOT}) {
        kernel_.reset();
        files_.write("root/file", "old");
        UploadRequest request = stor("/file");
        request.durability = Durability::Data;
        UploadTarget target(*tree_);
        ASSERT_EQ(begin(target, request), Errc::Ok);
        write(target, "new");
        kernel_.calls.clear();
        kernel_.fail_name = "sync_data";
        kernel_.fail_name_errno = error;
        const Errc code = commit(target);
        EXPECT_EQ(code, error_from_errno(error).code);
        EXPECT_EQ(std::count(kernel_.calls.begin(), kernel_.calls.end(), "sync_data"), 1);
        EXPECT_EQ(content("file"), "old");
        EXPECT_EQ(names(), Names{"file"});
    }
}

TEST_P(UploadTargetTest, FullDurabilityNeedsADirectoryThatCanBeSynced) {
    kernel_.refuse_open = [](const sys::OpenHow& how) {
        const bool for_sync = how.flags == static_cast<std::uint64_t>(O_RDONLY | O_DIRECTORY);
        return for_sync ? EACCES : 0;
    };
    UploadRequest request = stor("/new");
    request.durability = Durability::Full;
    UploadTarget target(*tree_);
    EXPECT_EQ(begin(target, request), Errc::AccessDenied);
    kernel_.refuse_open = nullptr;
    EXPECT_EQ(names(), Names{});
}

TEST_P(UploadTargetTest, RemoteFileSystemsAreAskedWhetherTheDataArrived) {
    kernel_.magic = 0x6969;  // nfs
    open();
    kernel_.magic = 0x6969;
    UploadTarget target(*tree_);
    ASSERT_EQ(begin(target, stor("/new")), Errc::Ok);
    EXPECT_EQ(target.fs_class(), FsClass::Remote);
    write(target, "data");
    kernel_.fail_name = "sync_data";
    kernel_.fail_name_errno = EDQUOT;  // the server refuses what the client had taken
    EXPECT_EQ(commit(target), Errc::QuotaExceeded);
    EXPECT_EQ(names(), Names{});
    kernel_.fail_name_errno = EINVAL;  // no fsync there
    EXPECT_EQ(upload(stor("/new"), "data"), Errc::Ok);
}

TEST_P(UploadTargetTest, ErrorsOfTheDiskStayApart) {
    for (const int error : {ENOSPC, EDQUOT, EIO, EROFS}) {
        UploadTarget target(*tree_);
        kernel_.reset();
        kernel_.fail_name = GetParam() == Way::Unnamed ? "link_unnamed" : "rename";
        kernel_.fail_name_errno = error;
        ASSERT_EQ(begin(target, stor("/new")), Errc::Ok);
        write(target, "data");
        EXPECT_EQ(commit(target), error_from_errno(error).code);
        EXPECT_EQ(names(), Names{});
    }
}

INSTANTIATE_TEST_SUITE_P(Ways, UploadTargetTest, ::testing::Values(Way::Unnamed, Way::Named),
                         [](const auto& tested) {
                             return tested.param == Way::Unnamed ? "unnamed" : "named";
                         });

// ---- how the way is chosen

class UploadWayTest : public ::testing::Test {
protected:
    UploadWayTest()
        : loop_(kernel_, io::EngineKind::Epoll, &pool_),
          root_(std::move(*Root::open(kernel_, files_.c_str(), RootRules()))),
          tree_(*root_, loop_.reactor()) {}

    Errc upload(const char* path) {
        UploadTarget target(tree_);
        UploadRequest request;
        request.path = path;
        const Status begun = loop_.run(target.begin(request));
        if (!begun) {
            return begun.error().code;
        }
        const Result<std::size_t> written = kernel_.write_at(target.fd(), as_bytes("data"), 0);
        target.advance(*written);
        during_ = files_.names();
        const Status committed = loop_.run(target.commit());
        return committed ? Errc::Ok : committed.error().code;
    }

    TempTree files_;
    FaultKernel kernel_;
    InlineHelperPool pool_;
    TestLoop loop_;
    std::unique_ptr<Root> root_;
    Tree tree_;
    std::vector<std::string> during_;
};

TEST_F(UploadWayTest, TheFirstUploadLearnsWhetherUnnamedFilesCanBeNamed) {
    EXPECT_EQ(root_->unnamed_links(), Root::UnnamedLinks::Unknown);
    EXPECT_EQ(upload("/a"), Errc::Ok);
    EXPECT_EQ(root_->unnamed_links(), Root::UnnamedLinks::Work);
    EXPECT_TRUE(during_.empty());
    EXPECT_EQ(files_.names(), std::vector<std::string>{"a"});
}

TEST_F(UploadWayTest, WithoutAWayToNameThemHiddenNamesAreUsed) {
    kernel_.fail_name = "link_unnamed";  // no /proc, an old kernel, no capability
    kernel_.fail_name_errno = ENOENT;
    EXPECT_EQ(upload("/a"), Errc::Ok);
    EXPECT_EQ(root_->unnamed_links(), Root::UnnamedLinks::Fail);
    ASSERT_EQ(during_.size(), 1u);
    EXPECT_TRUE(is_hidden_name(during_[0]));
    EXPECT_EQ(upload("/a"), Errc::Ok);
    EXPECT_EQ(files_.names(), std::vector<std::string>{"a"});
}

TEST_F(UploadWayTest, WithoutUnnamedFilesHiddenNamesAreUsed) {
    for (const int error : {EOPNOTSUPP, EISDIR, ENOENT, EINVAL}) {
        kernel_.refuse_open = [error](const sys::OpenHow& how) {
            return (how.flags & O_TMPFILE) == O_TMPFILE ? error : 0;
        };
        EXPECT_EQ(upload("/a"), Errc::Ok) << error;
        ASSERT_FALSE(during_.empty());
        EXPECT_TRUE(is_hidden_name(during_[0])) << during_[0];
        EXPECT_EQ(files_.names(), std::vector<std::string>{"a"});
    }
    EXPECT_EQ(root_->unnamed_links(), Root::UnnamedLinks::Unknown);
}

TEST_F(UploadWayTest, AHiddenNameIsLockedWhileItsUploadLives) {
    root_->learn_unnamed_links(Root::UnnamedLinks::Fail);
    UploadTarget target(tree_);
    UploadRequest request;
    request.path = "/a";
    ASSERT_TRUE(loop_.run(target.begin(request)).has_value());
    ASSERT_EQ(files_.names().size(), 1u);
    const int other = ::open(files_.at(files_.names()[0]).c_str(), O_RDWR | O_CLOEXEC);
    EXPECT_EQ(::flock(other, LOCK_EX | LOCK_NB), -1);
    EXPECT_FALSE(loop_.run(target.abandon()));
    EXPECT_EQ(::flock(other, LOCK_EX | LOCK_NB), 0);
    ::close(other);
}

}  // namespace
}  // namespace sluice::vfs
