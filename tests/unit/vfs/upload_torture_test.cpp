// Every call of an upload fails once, with each errno that matters (security case O-DUR-13 for this
// module). After each run must hold: under the name stands the old file whole or the new one whole
// (in place: what was written is a prefix of what was sent); Ok is said only when it is the new
// one; no stray name stays, but a hidden one where removing it was what failed; no descriptor stays
// open; and the next upload works.
#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "fault_kernel.hpp"
#include "sluice/vfs/hidden_name.hpp"
#include "sluice/vfs/upload_target.hpp"
#include "temp_tree.hpp"
#include "test_loop.hpp"

namespace sluice::vfs {
namespace {

using config::Durability;
using config::PartialUpload;

constexpr const char* kOld = "the old content, which is longer than the new";
constexpr const char* kNew = "new content";
constexpr const char* kOlderPart = "what an earlier attempt left";

struct Scenario {
    const char* name;
    const char* path;
    UploadIntent intent = UploadIntent::Replace;
    bool existing = false;   // "target" holds kOld
    bool break_off = false;  // abandon instead of commit
    Durability durability = Durability::Full;
    PartialUpload partial = PartialUpload::Keep;
    Root::UnnamedLinks links = Root::UnnamedLinks::Work;
};

const Scenario kScenarios[] = {
    {.name = "new", .path = "/target"},
    {.name = "new_unknown", .path = "/target", .links = Root::UnnamedLinks::Unknown},
    {.name = "new_named", .path = "/target", .links = Root::UnnamedLinks::Fail},
    {.name = "replace", .path = "/target", .existing = true},
    {.name = "replace_named",
     .path = "/target",
     .existing = true,
     .links = Root::UnnamedLinks::Fail},
    {.name = "replace_through_link", .path = "/link", .existing = true},
    {.name = "replace_without_sync",
     .path = "/target",
     .existing = true,
     .durability = Durability::None},
    {.name = "append_new", .path = "/target", .intent = UploadIntent::Append},
    {.name = "append_new_named",
     .path = "/target",
     .intent = UploadIntent::Append,
     .links = Root::UnnamedLinks::Fail},
    {.name = "append", .path = "/target", .intent = UploadIntent::Append, .existing = true},
    {.name = "resume", .path = "/target", .intent = UploadIntent::ResumeAt, .existing = true},
    {.name = "keep_partial", .path = "/target", .break_off = true},
    {.name = "keep_partial_named",
     .path = "/target",
     .break_off = true,
     .links = Root::UnnamedLinks::Fail},
    {.name = "drop_partial",
     .path = "/target",
     .break_off = true,
     .partial = PartialUpload::Discard},
    {.name = "drop_partial_of_existing", .path = "/target", .existing = true, .break_off = true},
    {.name = "dot_partial",
     .path = "/target",
     .existing = true,
     .break_off = true,
     .partial = PartialUpload::DotPartial},
    {.name = "dot_partial_named",
     .path = "/target",
     .break_off = true,
     .partial = PartialUpload::DotPartial,
     .links = Root::UnnamedLinks::Fail},
    {.name = "replace_and_remove_dot_partial",
     .path = "/target",
     .existing = true,
     .partial = PartialUpload::DotPartial},
};

class UploadTortureTest : public ::testing::TestWithParam<Scenario> {
protected:
    struct Outcome {
        bool ok = false;    // commit said Ok
        bool kept = false;  // abandon said that something is left
        std::size_t calls = 0;
        std::string failed_call;  // "" when the fault was never reached
    };

    Outcome run(int fail_at, int error) {
        const Scenario& s = GetParam();
        // In memory where there is such a place: 4,000 uploads with their syncs take a disk half a
        // minute. The calls are the same.
        files_ = std::make_unique<TempTree>(::access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
        files_->link("target", "link");
        if (s.partial == PartialUpload::DotPartial) {
            files_->write("target.partial", kOlderPart);
        }
        if (s.existing) {
            files_->write("target", kOld);
        }
        kernel_.reset();
        root_ = std::move(*Root::open(kernel_, files_->c_str(), RootRules()));
        root_->learn_unnamed_links(s.links);
        Tree tree(*root_, loop_.reactor());
        kernel_.reset();
        kernel_.fail_at = fail_at;
        kernel_.fail_errno = error;

        Outcome outcome;
        UploadTarget target(tree);
        UploadRequest request;
        request.path = s.path;
        request.intent = s.intent;
        request.resume_at = s.intent == UploadIntent::ResumeAt ? 4 : 0;
        request.durability = s.durability;
        request.partial = s.partial;
        if (loop_.run(target.begin(request))) {
            const Result<std::size_t> written =
                kernel_.write_at(target.fd(), as_bytes(kNew), target.offset());
            if (written) {
                target.advance(*written);
            }
            if (written && !s.break_off) {
                outcome.ok = loop_.run(target.commit()).has_value();
            } else {
                outcome.kept = loop_.run(target.abandon());
            }
        }
        outcome.calls = kernel_.calls.size();
        outcome.failed_call = kernel_.failed_call;
        return outcome;
    }

    // What stands under the name when all went well.
    std::string expected_new() const {
        std::string text = GetParam().existing ? kOld : "";
        if (GetParam().intent == UploadIntent::Append) {
            return text + kNew;
        }
        if (GetParam().intent == UploadIntent::ResumeAt) {
            return text.replace(4, std::string(kNew).size(), kNew);
        }
        return kNew;
    }

    void check(const Outcome& outcome, const std::string& where) {
        const Scenario& s = GetParam();
        ASSERT_EQ(kernel_.open_files.size(), 1u) << where;

        std::size_t hidden = 0;
        for (const std::string& name : files_->names()) {
            if (name == "link" || name == "target") {
                continue;
            }
            if (name == "target.partial" && s.partial == PartialUpload::DotPartial) {
                continue;
            }
            ASSERT_TRUE(is_hidden_name(name)) << where << ": stray " << name;
            ++hidden;
        }
        ASSERT_LE(hidden, outcome.failed_call == "unlink" ? 1u : 0u) << where;
        ASSERT_TRUE(S_ISLNK(files_->status("link").st_mode)) << where;

        if (s.partial == PartialUpload::DotPartial) {
            check_dot_partial(outcome, where);
            if (s.break_off) {
                return;
            }
        }
        const bool exists = files_->exists("target");
        if (!exists) {
            ASSERT_FALSE(s.existing) << where << ": the old file is gone";
            ASSERT_FALSE(outcome.ok || outcome.kept) << where;
            return;
        }
        const std::string content = files_->read("target");
        const bool is_old = s.existing && content == kOld;
        const bool is_new = content == expected_new();
        ASSERT_TRUE(is_old || is_new) << where << ": " << content;
        if (outcome.ok) {
            ASSERT_TRUE(is_new) << where;
        }
        if (outcome.kept) {
            ASSERT_TRUE(is_new) << where;
        }
        if (s.break_off && s.existing) {
            ASSERT_TRUE(is_old) << where;
        }
        // A new name stands there only as what was promised, or when only the last step, the sync
        // of the directory, failed.
        if (!s.existing && !outcome.ok && !outcome.kept) {
            ASSERT_EQ(outcome.failed_call, "sync_all") << where;
        }
    }

    // The older part or the new one, and the new one if that was said; nothing of it is the file.
    void check_dot_partial(const Outcome& outcome, const std::string& where) {
        const Scenario& s = GetParam();
        const bool exists = files_->exists("target.partial");
        if (!s.break_off) {
            // Gone with the whole upload, unless just that failed or it did not come so far.
            const bool may_stay = !outcome.ok || outcome.failed_call == "status_at" ||
                                  outcome.failed_call == "unlink";
            ASSERT_TRUE(!exists || may_stay) << where;
            return;
        }
        ASSERT_TRUE(exists) << where;
        const std::string content = files_->read("target.partial");
        ASSERT_EQ(content, outcome.kept ? kNew : kOlderPart) << where;
        ASSERT_EQ(files_->exists("target"), s.existing) << where;
        if (s.existing) {
            ASSERT_EQ(files_->read("target"), kOld) << where;
        }
    }

    void upload_again(const std::string& where) {
        kernel_.reset();
        Tree tree(*root_, loop_.reactor());
        UploadTarget target(tree);
        UploadRequest request;
        request.path = "/target";
        ASSERT_TRUE(loop_.run(target.begin(request)).has_value()) << where;
        const Result<std::size_t> written = kernel_.write_at(target.fd(), as_bytes("again"), 0);
        ASSERT_TRUE(written.has_value());
        target.advance(*written);
        ASSERT_TRUE(loop_.run(target.commit()).has_value()) << where;
        ASSERT_EQ(files_->read("target"), "again") << where;
    }

    InlineHelperPool pool_;
    FaultKernel kernel_;
    TestLoop loop_{kernel_, io::EngineKind::Epoll, &pool_};
    std::unique_ptr<TempTree> files_;
    std::unique_ptr<Root> root_;
};

TEST_P(UploadTortureTest, KeepsItsPromiseWhicheverCallFails) {
    const Outcome healthy = run(-1, 0);
    ASSERT_EQ(healthy.ok, !GetParam().break_off);
    check(healthy, "healthy");
    ASSERT_GT(healthy.calls, 4u);
    for (const int error : {EIO, ENOSPC, EDQUOT, EMFILE, ENOMEM, EACCES, EAGAIN, EINVAL, ENOENT,
                            EOPNOTSUPP, EEXIST, EISDIR, EROFS, EINTR}) {
        // A fault may lead to more calls than the healthy way has; stop where it is not reached.
        int call = 0;
        for (; call < 64; ++call) {
            const Outcome outcome = run(call, error);
            if (outcome.failed_call.empty()) {
                break;
            }
            const std::string where = std::string(GetParam().name) + ", call " +
                                      std::to_string(call) + " (" + outcome.failed_call +
                                      ") fails with " + strerrorname_np(error);
            // A name that the kernel calls missing and that is there at the end is one that came
            // meanwhile, and STOR replaces what stands there: here the link itself.
            const bool came_meanwhile = outcome.failed_call == "status_at" && error == ENOENT;
            if (!came_meanwhile) {
                check(outcome, where);
            }
            if (HasFatalFailure()) {
                return;
            }
            upload_again(where);
            if (HasFatalFailure()) {
                return;
            }
        }
        EXPECT_GE(call, static_cast<int>(healthy.calls));
        EXPECT_LT(call, 64);
    }
}

INSTANTIATE_TEST_SUITE_P(Scenarios, UploadTortureTest, ::testing::ValuesIn(kScenarios),
                         [](const auto& tested) { return std::string(tested.param.name); });

}  // namespace
}  // namespace sluice::vfs
