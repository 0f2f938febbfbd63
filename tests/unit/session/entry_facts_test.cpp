// Method: a table of who looks at what in which folder, against what the kernel would allow.
#include "session/entry_facts.hpp"

#include <gtest/gtest.h>

#include <string>

#include "sluice/proto/facts.hpp"

namespace sluice::session {
namespace {

using Type = sys::FileStatus::Type;

std::string perm(bool may_write, const sys::Credentials& who, const vfs::FolderRights& around,
                 Type type, std::uint32_t mode, std::uint32_t uid = 7, std::uint32_t gid = 8,
                 bool is_fixed = false) {
    sys::FileStatus status;
    status.type = type;
    status.mode = mode;
    status.format = type == Type::Directory ? proto::kModeDirectory
                    : type == Type::Regular ? proto::kModeFile
                                            : proto::kModeFifo;
    status.uid = uid;
    status.gid = gid;
    status.is_fixed = is_fixed;
    Viewer viewer;
    viewer.may_write = may_write;
    viewer.who = &who;
    proto::FactSet facts;
    facts.add(proto::Fact::Perm);
    std::string line(proto::kEntryLineBytesMax, '\0');
    line.resize(proto::FactsRenderer(facts).render(facts_of(viewer, around, "n", status), line));
    return line.substr(5, line.find(';') - 5);
}

sys::Credentials user(std::uint32_t uid, std::uint32_t gid) {
    sys::Credentials who;
    who.uid = uid;
    who.gid = gid;
    return who;
}

vfs::FolderRights folder(bool may_change) {
    vfs::FolderRights rights;
    rights.may_change = may_change;
    rights.owner = 99;
    return rights;
}

TEST(EntryRights, FollowTheBitsThatHoldForTheServer) {
    const vfs::FolderRights open = folder(true);
    const sys::Credentials owner = user(7, 1);
    EXPECT_EQ(perm(true, owner, open, Type::Regular, 0600), "adfrw");
    EXPECT_EQ(perm(true, owner, open, Type::Regular, 0077), "df");  // the owner's bits come first
    EXPECT_EQ(perm(true, user(1, 8), open, Type::Regular, 0640), "dfr");
    EXPECT_EQ(perm(true, user(1, 1), open, Type::Regular, 0640), "df");
    sys::Credentials member = user(1, 1);
    member.groups[member.group_count++] = 8;
    EXPECT_EQ(perm(true, member, open, Type::Regular, 0660), "adfrw");
    EXPECT_EQ(perm(true, owner, open, Type::Directory, 0700), "cdeflmp");
    EXPECT_EQ(perm(true, owner, open, Type::Directory, 0500), "defl");
    EXPECT_EQ(perm(true, owner, open, Type::Directory, 0600), "df");  // names without a look
    EXPECT_EQ(perm(true, owner, open, Type::Other, 0666), "df");      // a FIFO is never sent
}

TEST(EntryRights, AreThoseOfAReaderWhereNothingMayBeWritten) {
    EXPECT_EQ(perm(false, user(7, 8), folder(true), Type::Regular, 0666), "r");
    EXPECT_EQ(perm(false, user(7, 8), folder(true), Type::Directory, 0777), "el");
    EXPECT_EQ(perm(false, user(1, 1), folder(true), Type::Regular, 0600), "");
}

TEST(EntryRights, NeedAFolderThatTakesChanges) {
    // STOR replaces the file, which the folder does not allow; APPE writes into it.
    EXPECT_EQ(perm(true, user(7, 8), folder(false), Type::Regular, 0666), "ar");
    EXPECT_EQ(perm(true, user(7, 8), folder(false), Type::Directory, 0777), "celmp");
    vfs::FolderRights frozen = folder(false);
    frozen.is_read_only = true;
    EXPECT_EQ(perm(true, user(7, 8), frozen, Type::Regular, 0666), "r");
    EXPECT_EQ(perm(true, user(7, 8), frozen, Type::Directory, 0777), "el");
    EXPECT_EQ(perm(true, user(7, 8), folder(true), Type::Regular, 0666, 7, 8, true), "r");
}

TEST(EntryRights, LeaveOthersFilesInStickyFoldersAlone) {
    vfs::FolderRights sticky = folder(true);
    sticky.is_sticky = true;
    EXPECT_EQ(perm(true, user(1, 8), sticky, Type::Regular, 0666), "ar");
    EXPECT_EQ(perm(true, user(7, 8), sticky, Type::Regular, 0666), "adfrw");
    EXPECT_EQ(perm(true, user(99, 8), sticky, Type::Regular, 0666), "adfrw");  // the folder's owner
    sys::Credentials powerful = user(1, 1);
    powerful.overrides_owners = true;
    EXPECT_EQ(perm(true, powerful, sticky, Type::Regular, 0666), "adfrw");
}

TEST(EntryRights, OverrideModesWithTheCapability) {
    sys::Credentials powerful = user(0, 0);
    powerful.overrides_modes = true;
    EXPECT_EQ(perm(true, powerful, folder(true), Type::Regular, 0), "adfrw");
    EXPECT_EQ(perm(true, powerful, folder(true), Type::Directory, 0), "cdeflmp");
}

TEST(Owners, AreHiddenUnlessShown) {
    sys::FileStatus status;
    status.uid = 1234;
    status.gid = 5678;
    Viewer viewer;
    const sys::Credentials who;
    viewer.who = &who;
    EXPECT_EQ(facts_of(viewer, {}, "n", status).owner, "ftp");
    EXPECT_EQ(facts_of(viewer, {}, "n", status).group, "ftp");
    viewer.sees_owners = true;
    EXPECT_EQ(facts_of(viewer, {}, "n", status).owner, "");
    EXPECT_EQ(facts_of(viewer, {}, "n", status).uid, 1234u);
    EXPECT_EQ(facts_of(viewer, {}, "n", status).gid, 5678u);
}

}  // namespace
}  // namespace sluice::session
