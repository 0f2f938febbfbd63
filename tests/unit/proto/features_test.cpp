// Method: the exact FEAT answer, and HELP and the page against the table.
#include "sluice/proto/features.hpp"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace sluice::proto {
namespace {

TEST(Features, ListsWhatTheTableSays) {
    ReplyBuffer out;
    append_features(out, FactSet::initial(), {}, "SHA-256*;MD5");
    EXPECT_EQ(out.view(),
              "211-Features:\r\n"
              " AUTH TLS\r\n"
              " AVBL\r\n"
              " CCC\r\n"
              " CLNT\r\n"
              " COMB\r\n"
              " CPSV\r\n"
              " CSID\r\n"
              " DSIZ\r\n"
              " EPRT\r\n"
              " EPSV\r\n"
              " HASH SHA-256*;MD5\r\n"
              " HOST\r\n"
              " LANG EN*\r\n"
              " MD5\r\n"
              " MDTM\r\n"
              " MFCT\r\n"
              " MFF Modify;Create;UNIX.group;UNIX.mode;\r\n"
              " MFMT\r\n"
              " MLST type*;size*;modify*;perm*;unique*;UNIX.mode*;UNIX.owner;UNIX.group;"
              "create;UNIX.ownername;UNIX.groupname;media-type;\r\n"
              " MODE Z\r\n"
              " PBSZ\r\n"
              " PRET\r\n"
              " PROT\r\n"
              " RANG STREAM\r\n"
              " REST STREAM\r\n"
              " RMDA\r\n"
              " SITE COPY\r\n"
              " SITE MKDIR\r\n"
              " SITE RMDIR\r\n"
              " SITE SYMLINK\r\n"
              " SITE UTIME\r\n"
              " SIZE\r\n"
              " SSCN\r\n"
              " TVFS\r\n"
              " UTF8\r\n"
              " XCRC\r\n"
              " XMD5\r\n"
              " XSHA1\r\n"
              " XSHA256\r\n"
              " XSHA512\r\n"
              "211 End\r\n");
}

TEST(Features, LeavesOutWhatIsDenied) {
    CommandSet denied;
    denied.set(static_cast<std::size_t>(CommandId::Epsv));
    denied.set(static_cast<std::size_t>(CommandId::Site));
    ReplyBuffer out;
    append_features(out, FactSet::initial(), denied);
    EXPECT_EQ(out.view().find("EPSV"), std::string_view::npos);
    EXPECT_EQ(out.view().find("SITE"), std::string_view::npos);
    EXPECT_NE(out.view().find(" EPRT\r\n"), std::string_view::npos);
}

TEST(Features, MarksTheFactsThatAreOn) {
    ReplyBuffer out;
    append_features(out, parse_facts("size;"));
    EXPECT_NE(out.view().find(" MLST type;size*;modify;"), std::string_view::npos);
}

TEST(Help, NamesEveryCommandOnce) {
    ReplyBuffer out;
    append_help(out);
    const std::string text(out.view());
    EXPECT_TRUE(text.starts_with("214-"));
    EXPECT_FALSE(out.is_overflowed());
    for (const CommandRow& row : kCommandTable) {
        const Verb::Text verb = row.verb.text();
        const std::string word = " " + std::string(verb.view()) + " ";
        const bool is_named =
            text.find(word) != std::string::npos ||
            text.find(" " + std::string(verb.view()) + "\r\n") != std::string::npos;
        EXPECT_EQ(is_named, !row.flags.is_alias) << verb.view();
    }
    const std::size_t last = text.rfind("\r\n", text.size() - 3);
    EXPECT_EQ(text.substr(last + 2, 4), "214 ");
}

TEST(Help, LeavesOutWhatIsDenied) {
    CommandSet denied;
    denied.set(static_cast<std::size_t>(CommandId::Dele));
    ReplyBuffer out;
    append_help(out, denied);
    EXPECT_EQ(out.view().find("DELE"), std::string_view::npos);
    EXPECT_NE(out.view().find("RETR"), std::string_view::npos);
}

TEST(CommandHelp, ShowsTheSyntax) {
    const auto help = [](std::string_view name) {
        ReplyBuffer out;
        append_command_help(out, name);
        return std::string(out.view());
    };
    EXPECT_EQ(help("retr"), "214 Syntax: RETR <file>\r\n");
    EXPECT_EQ(help("NOOP "), "214 Syntax: NOOP\r\n");
    EXPECT_EQ(help("XPWD"), "214 Syntax: XPWD\r\n");
    EXPECT_TRUE(help("SITE").starts_with("214-"));
    EXPECT_NE(help("site").find("CHMOD"), std::string::npos);
    EXPECT_TRUE(help("ADAT").starts_with("502 "));
    EXPECT_TRUE(help("FROB").starts_with("501 "));
    EXPECT_TRUE(help("a\r\nb").starts_with("501 "));
}

TEST(CommandPage, HasARowForEveryVerb) {
    const std::string page = command_page();
    for (const CommandRow& row : kCommandTable) {
        const Verb::Text verb = row.verb.text();
        EXPECT_NE(page.find("| `" + std::string(verb.view())), std::string::npos) << verb.view();
        EXPECT_NE(page.find(row.reference), std::string::npos) << row.reference;
    }
    for (const UnimplementedVerb& entry : kUnimplementedVerbs) {
        EXPECT_NE(page.find(entry.reference), std::string::npos) << entry.reference;
    }
    // A bar inside a cell would split it.
    EXPECT_NE(page.find("<\\|1 or 2\\|address\\|port\\|>"), std::string::npos);
    EXPECT_NE(page.find("| `NOOP` | yes | yes | RFC 959 4.1.3 |\n"), std::string::npos);
    EXPECT_NE(page.find("| `XPWD` |  |  | RFC 775, RFC 1123 4.1.3.1 |\n"), std::string::npos);
}

}  // namespace
}  // namespace sluice::proto
