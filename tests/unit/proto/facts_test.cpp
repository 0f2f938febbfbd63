// Method: exact lines, the longest entry against the bound, and a reader that takes lines apart
// again.
#include "sluice/proto/facts.hpp"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

#include "sluice/base/prng.hpp"

namespace sluice::proto {
namespace {

std::string render(const EntryFacts& entry, FactSet facts) {
    std::vector<char> out(kEntryLineBytesMax);
    FactsRenderer renderer(facts);
    return {out.data(), renderer.render(entry, out)};
}

EntryFacts file_entry() {
    EntryFacts entry;
    entry.name = "a b.txt";
    entry.size = 1234;
    entry.modified_seconds = 1'000'000'000;
    entry.device = 0x801;
    entry.inode = 0xABC;
    entry.mode = kModeFile | 0644;
    entry.uid = 1000;
    entry.gid = 100;
    return entry;
}

FactSet only(Fact fact) {
    FactSet facts;
    facts.add(fact);
    return facts;
}

TEST(FactsRenderer, WritesEveryFactOfAFile) {
    EXPECT_EQ(render(file_entry(), FactSet::all()),
              "type=file;size=1234;modify=20010909014640;perm=r;unique=801-abc;UNIX.mode=0644;"
              "UNIX.owner=1000;UNIX.group=100;UNIX.ownername=1000;UNIX.groupname=100;"
              "media-type=text/plain; a b.txt\r\n");
    EntryFacts entry = file_entry();
    entry.has_created = true;
    entry.created_seconds = 999'999'999;
    EXPECT_EQ(render(entry, only(Fact::Create)), "create=20010909014639; a b.txt\r\n");
}

TEST(FactsRenderer, WritesNoSizeOfADirectory) {
    EntryFacts entry = file_entry();
    entry.mode = kModeDirectory | 01755;
    EXPECT_EQ(render(entry, FactSet::initial()),
              "type=dir;modify=20010909014640;perm=el;unique=801-abc;UNIX.mode=1755; a b.txt\r\n");
}

TEST(FactsRenderer, KeepsTheBlankWhenNoFactIsOn) {
    EXPECT_EQ(render(file_entry(), FactSet()), " a b.txt\r\n");
}

TEST(FactsRenderer, NamesTheType) {
    const auto type = [](std::uint32_t mode, EntryRole role, std::string_view target) {
        EntryFacts entry;
        entry.name = "n";
        entry.mode = mode;
        entry.role = role;
        entry.link_target = target;
        return render(entry, only(Fact::Type));
    };
    EXPECT_EQ(type(kModeDirectory, EntryRole::CurrentDirectory, ""), "type=cdir; n\r\n");
    EXPECT_EQ(type(kModeDirectory, EntryRole::ParentDirectory, ""), "type=pdir; n\r\n");
    EXPECT_EQ(type(kModeSymlink, EntryRole::Plain, "/t"), "type=OS.unix=slink:/t; n\r\n");
    EXPECT_EQ(type(kModeSymlink, EntryRole::Plain, ""), "type=OS.unix=symlink; n\r\n");
    EXPECT_EQ(type(kModeFifo, EntryRole::Plain, ""), "type=OS.unix=fifo; n\r\n");
    EXPECT_EQ(type(kModeSocket, EntryRole::Plain, ""), "type=OS.unix=socket; n\r\n");
    EXPECT_EQ(type(kModeCharacterDevice, EntryRole::Plain, ""), "type=OS.unix=chr; n\r\n");
    EXPECT_EQ(type(kModeBlockDevice, EntryRole::Plain, ""), "type=OS.unix=blk; n\r\n");
}

// A blank in a fact would end the facts, a ';' would end the fact.
TEST(FactsRenderer, HidesATargetThatWouldBreakTheLine) {
    for (const std::string_view target : {"a b", "a;size=9", "a\r\nb", "a\tb"}) {
        EntryFacts entry;
        entry.name = "n";
        entry.mode = kModeSymlink | 0777;
        entry.link_target = target;
        EXPECT_EQ(render(entry, only(Fact::Type)), "type=OS.unix=symlink; n\r\n") << target;
    }
}

TEST(FactsRenderer, TellsWhatTheSessionMayDo) {
    const auto permissions = [](std::uint32_t mode, EntryRights rights) {
        EntryFacts entry;
        entry.name = "n";
        entry.mode = mode;
        entry.rights = rights;
        return render(entry, only(Fact::Perm));
    };
    const EntryRights full = {
        .read = true, .enter = true, .write = true, .append = true, .remove = true};
    const EntryRights none = {.read = false, .enter = false};
    // A file that may be written in a folder that may not be changed: STOR replaces, APPE does not.
    const EntryRights appends = {.read = true, .append = true};
    EXPECT_EQ(permissions(kModeFile, appends), "perm=ar; n\r\n");
    EXPECT_EQ(permissions(kModeFile, full), "perm=adfrw; n\r\n");
    EXPECT_EQ(permissions(kModeDirectory, full), "perm=cdeflmp; n\r\n");
    EXPECT_EQ(permissions(kModeFile, none), "perm=; n\r\n");
    EXPECT_EQ(permissions(kModeDirectory, none), "perm=; n\r\n");
    EXPECT_EQ(permissions(kModeDirectory, {}), "perm=el; n\r\n");
}

TEST(FactsRenderer, TellsTheMediaTypeOfKnownExtensionsOfFiles) {
    const auto media = [](std::string_view name, std::uint32_t mode) {
        EntryFacts entry;
        entry.name = name;
        entry.mode = mode;
        return render(entry, only(Fact::MediaType));
    };
    EXPECT_EQ(media("a.tar.GZ", kModeFile), "media-type=application/gzip; a.tar.GZ\r\n");
    EXPECT_EQ(media("a.7z", kModeFile), "media-type=application/x-7z-compressed; a.7z\r\n");
    EXPECT_EQ(media("a.zst", kModeFile), "media-type=application/zstd; a.zst\r\n");
    for (const std::string_view name : {"a", "a.", ".txt", "a.unknown", "a.txtx", "txt"}) {
        EXPECT_EQ(media(name, kModeFile), " " + std::string(name) + "\r\n");
    }
    EXPECT_EQ(media("a.txt", kModeDirectory), " a.txt\r\n");
}

TEST(FactsRenderer, NeverWritesALineEndOfAName) {
    EntryFacts entry;
    entry.name = std::string_view("a\rb\nc\0d", 7);
    EXPECT_EQ(render(entry, FactSet()), " a?b?c?d\r\n");
}

TEST(FactsRenderer, WritesOwnersAsOneWord) {
    EntryFacts entry = file_entry();
    entry.owner = "domain users;x";
    entry.group = "staff";
    FactSet facts = only(Fact::UnixOwner);
    facts.add(Fact::UnixGroup);
    EXPECT_EQ(render(entry, facts), "UNIX.owner=domain_users_x;UNIX.group=staff; a b.txt\r\n");
}

TEST(FactsRenderer, FitsTheLongestEntryIntoTheBound) {
    const std::string name(4095, 'n');
    const std::string target(4095, 't');
    const std::string owner(1000, 'o');
    EntryFacts entry;
    entry.name = name;
    entry.link_target = target;
    entry.owner = owner;
    entry.group = owner;
    entry.size = UINT64_MAX;
    entry.modified_seconds = INT64_MAX;
    entry.device = UINT64_MAX;
    entry.inode = UINT64_MAX;
    entry.rights = {.read = true, .enter = true, .write = true, .append = true, .remove = true};
    entry.has_created = true;
    entry.created_seconds = INT64_MIN;
    for (const std::uint32_t type :
         {kModeSymlink, kModeFile, kModeDirectory, kModeCharacterDevice}) {
        entry.mode = type | 07777;
        const std::string line = render(entry, FactSet::all());
        EXPECT_TRUE(line.ends_with(" " + name + "\r\n"));
        EXPECT_NE(line.find("UNIX.group=" + std::string(kOwnerNameBytesMax, 'o') + ";"),
                  std::string::npos);
        // The room the renderer asks for suffices: nothing is written behind it.
        std::vector<char> out(kEntryLineBytesMax, '#');
        FactsRenderer renderer(FactSet::all());
        std::size_t room = line.size();
        while (renderer.render(entry, std::span<char>(out).first(room)) == 0) {
            ++room;
        }
        EXPECT_EQ(out[room], '#');
        EXPECT_LE(room, kEntryLineBytesMax);
    }
}

TEST(FactsRenderer, WritesNothingIntoTooSmallABuffer) {
    std::vector<char> out(64, '#');
    FactsRenderer renderer(FactSet::all());
    EXPECT_EQ(renderer.render(file_entry(), out), 0u);
    EXPECT_EQ(std::string(out.begin(), out.end()), std::string(64, '#'));
}

TEST(FactsRenderer, AgreesWithItselfWhateverDayCameBefore) {
    FactsRenderer renderer(only(Fact::Modify));
    std::vector<char> out(kEntryLineBytesMax);
    Prng prng(7);
    for (int i = 0; i < 20'000; ++i) {
        EntryFacts entry;
        entry.name = "n";
        entry.modified_seconds = static_cast<std::int64_t>(prng.below(400'000)) - 200'000;
        const std::string line(out.data(), renderer.render(entry, out));
        ASSERT_EQ(line, render(entry, only(Fact::Modify))) << entry.modified_seconds;
    }
}

TEST(Facts, AreChosenByNameInAnyCase) {
    EXPECT_EQ(parse_facts("Type;size;UNIX.mode;").has(Fact::UnixMode), true);
    FactSet expected;
    expected.add(Fact::Type);
    expected.add(Fact::Modify);
    EXPECT_EQ(parse_facts("TYPE;MODIFY;"), expected);
    EXPECT_EQ(parse_facts("type;modify"), expected);
    EXPECT_EQ(parse_facts("modify;type;frob;lang;"), expected);
    EXPECT_TRUE(parse_facts("").is_empty());
    EXPECT_TRUE(parse_facts(";;;").is_empty());
    EXPECT_TRUE(parse_facts("typ;types").is_empty());
}

TEST(Facts, AnswerNamesWhatIsOn) {
    ReplyBuffer out;
    append_facts_reply(out, parse_facts("size;type;"));
    append_facts_reply(out, FactSet());
    EXPECT_EQ(out.view(), "200 MLST OPTS type;size;\r\n200 MLST OPTS\r\n");
}

TEST(Facts, FeatureLineEndsEveryFactInASemicolon) {
    std::string line;
    append_facts_feature(line, FactSet::initial());
    EXPECT_EQ(line, "MLST type*;size*;modify*;perm*;unique*;UNIX.mode*;UNIX.owner;UNIX.group;"
                    "create;UNIX.ownername;UNIX.groupname;media-type;");
}

TEST(Facts, LineOfAnMlstAnswerBeginsWithOneBlank) {
    ReplyBuffer out;
    append_facts_line(out, only(Fact::Size), file_entry());
    EXPECT_EQ(out.view(), " size=1234; a b.txt\r\n");
}

}  // namespace
}  // namespace sluice::proto
