// The table of replies, row by row: SECURITY.md, "What an upload promises"; RFC 959 section 5.4.
#include "session/reply_for_error.hpp"

#include <gtest/gtest.h>

#include <cerrno>
#include <vector>

namespace sluice::session {
namespace {

constexpr PathUse kUses[] = {PathUse::Existing, PathUse::NewName, PathUse::Append};

unsigned number(proto::ReplyCode code) { return static_cast<unsigned>(code); }
unsigned code_of(int sys_errno, PathUse use) {
    return number(code_for(error_from_errno(sys_errno).code, use));
}

TEST(ReplyForError, OfAFullOrBrokenDiskIsTheSameForEveryCommand) {
    for (const PathUse use : kUses) {
        EXPECT_EQ(code_of(ENOSPC, use), 452u);
        EXPECT_EQ(code_of(EDQUOT, use), 552u);
        EXPECT_EQ(code_of(EFBIG, use), 552u);
        EXPECT_EQ(code_of(EIO, use), 451u);
        EXPECT_EQ(code_of(EMFILE, use), 451u);
        EXPECT_EQ(code_of(ENFILE, use), 451u);
        EXPECT_EQ(code_of(ENOMEM, use), 451u);
        EXPECT_EQ(code_of(EBUSY, use), 450u);
    }
}

TEST(ReplyForError, OfAMissingFolderIs550ForEveryCommand) {
    for (const PathUse use : {PathUse::Existing, PathUse::Append, PathUse::NewName}) {
        EXPECT_EQ(code_of(ENOENT, use), 550u);
        EXPECT_EQ(code_of(ENOTDIR, use), 550u);
    }
}

TEST(ReplyForError, OfAPathIs550But553ForNewNames) {
    for (const int error : {EROFS, EACCES, EPERM, EISDIR, EEXIST, ELOOP}) {
        EXPECT_EQ(code_of(error, PathUse::Existing), 550u) << error;
        EXPECT_EQ(code_of(error, PathUse::Append), 550u) << error;
        EXPECT_EQ(code_of(error, PathUse::NewName), 553u) << error;
    }
}

TEST(ReplyForError, OfABadNameIs553WhereANameIsMade) {
    for (const int error : {ENAMETOOLONG, EINVAL, EILSEQ}) {
        EXPECT_EQ(code_of(error, PathUse::Existing), 550u) << error;
        EXPECT_EQ(code_of(error, PathUse::Append), 553u) << error;
        EXPECT_EQ(code_of(error, PathUse::NewName), 553u) << error;
    }
}

TEST(ReplyForError, OfARestartOffsetOutsideTheFileIs554) {
    for (const PathUse use : kUses) { EXPECT_EQ(number(code_for(Errc::OutOfRange, use)), 554u); }
}

TEST(ReplyForError, OfABrokenTransferTellsConnectionFromFile) {
    for (const Errc code : {Errc::Stopped, Errc::EndOfStream, Errc::TimedOut,
                            Errc::ConnectionReset, Errc::Protocol, Errc::WrongSize}) {
        EXPECT_EQ(number(code_for_broken_transfer(code)), 426u) << text_of(code);
    }
    for (const Errc code : {Errc::InputOutput, Errc::Truncated, Errc::NoDescriptors,
                            Errc::NoMemory, Errc::Other}) {
        EXPECT_EQ(number(code_for_broken_transfer(code)), 451u) << text_of(code);
    }
    EXPECT_EQ(number(code_for_broken_transfer(Errc::NoSpace)), 452u);
    EXPECT_EQ(number(code_for_broken_transfer(Errc::QuotaExceeded)), 552u);
    EXPECT_EQ(number(code_for_broken_transfer(Errc::FileTooBig)), 552u);
}

// Whatever goes wrong, the client hears a refusal.
TEST(ReplyForError, IsNeverASuccess) {
    for (int code = 1; code <= static_cast<int>(Errc::Other); ++code) {
        for (const PathUse use : kUses) {
            EXPECT_GE(number(code_for(static_cast<Errc>(code), use)), 400u) << code;
        }
        EXPECT_GE(number(code_for_broken_transfer(static_cast<Errc>(code))), 400u) << code;
    }
}

}  // namespace
}  // namespace sluice::session
