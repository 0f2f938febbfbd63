// Method: the finder against a linear search, and the rows against the lists of the RFCs.
#include "sluice/proto/command_table.hpp"

#include <gtest/gtest.h>

#include <set>
#include <string>
#include <string_view>

#include "sluice/base/prng.hpp"

namespace sluice::proto {
namespace {

TEST(CommandTable, FindsEveryRowByItsVerb) {
    for (const CommandRow& row : kCommandTable) {
        EXPECT_EQ(find_command(row.verb), &row);
    }
}

TEST(CommandTable, FindsNothingElse) {
    Prng prng(1);
    for (int i = 0; i < 200'000; ++i) {
        std::string text;
        const std::uint64_t size = 1 + prng.below(Verb::kLettersMax);
        for (std::uint64_t at = 0; at < size; ++at) {
            text += static_cast<char>('A' + prng.below(26));
        }
        const CommandRow* expected = nullptr;
        for (const CommandRow& row : kCommandTable) {
            if (row.verb == Verb(text)) {
                expected = &row;
            }
        }
        ASSERT_EQ(find_command(Verb(text)), expected) << text;
    }
    EXPECT_EQ(find_command(Verb()), nullptr);
}

TEST(CommandTable, HoldsTheCommandsOfTheRfcs) {
    // RFC 959, RFC 1123 X-forms, RFC 1639, RFC 2389, RFC 2428, RFC 2640, RFC 3659, RFC 7151.
    for (const std::string_view verb :
         {"USER", "PASS", "ACCT", "CWD",  "CDUP", "QUIT", "REIN", "PORT", "PASV", "TYPE",
          "STRU", "MODE", "RETR", "STOR", "STOU", "APPE", "ALLO", "REST", "RNFR", "RNTO",
          "ABOR", "DELE", "RMD",  "MKD",  "PWD",  "LIST", "NLST", "SITE", "SYST", "STAT",
          "HELP", "NOOP", "XCWD", "XCUP", "XPWD", "XMKD", "XRMD", "FEAT", "OPTS", "EPRT",
          "EPSV", "SIZE", "MDTM", "MLST", "MLSD", "MFMT", "CLNT",
          "SMNT", "LPRT", "LPSV", "LANG", "HOST", "HASH", "RANG", "XCRC", "XMD5", "XSHA",
          "XSHA1", "XSHA256", "XSHA512", "MD5"}) {
        EXPECT_NE(find_command(Verb(verb)), nullptr) << verb;
    }
}

TEST(CommandTable, XFormsShareTheCommandOfTheirBase) {
    for (const auto& [alias, base] :
         {std::pair{"XCWD", "CWD"}, std::pair{"XCUP", "CDUP"}, std::pair{"XPWD", "PWD"},
          std::pair{"XMKD", "MKD"}, std::pair{"XRMD", "RMD"}, std::pair{"P@SW", "PASV"},
          std::pair{"XSHA", "XSHA1"}, std::pair{"NOP", "NOOP"}}) {
        const CommandRow* const alias_row = find_command(Verb(alias));
        const CommandRow* const base_row = find_command(Verb(base));
        ASSERT_NE(alias_row, nullptr);
        ASSERT_NE(base_row, nullptr);
        EXPECT_EQ(alias_row->id, base_row->id);
        EXPECT_EQ(alias_row->argument, base_row->argument);
        EXPECT_EQ(alias_row->flags.writes_tree, base_row->flags.writes_tree);
        EXPECT_TRUE(alias_row->flags.is_alias);
        EXPECT_FALSE(base_row->flags.is_alias);
        EXPECT_EQ(&command_row(alias_row->id), base_row);
    }
}

TEST(CommandTable, LetsOnlyFourCommandsIntoATransfer) {
    std::set<CommandId> live;
    for (const CommandRow& row : kCommandTable) {
        if (row.flags.during_transfer) {
            live.insert(row.id);
        }
    }
    EXPECT_EQ(live, (std::set<CommandId>{CommandId::Abor, CommandId::Stat, CommandId::Quit,
                                         CommandId::Noop}));
}

TEST(CommandTable, NeedsALoginForEverythingThatTouchesTheTree) {
    for (const CommandRow& row : kCommandTable) {
        if (row.flags.writes_tree || row.flags.needs_data || row.argument == ArgumentRule::Path ||
            row.argument == ArgumentRule::OptionalPath) {
            EXPECT_FALSE(row.flags.before_login) << row.verb.packed;
        }
    }
}

TEST(CommandTable, MarksWhatWrites) {
    std::set<CommandId> writing;
    for (const CommandRow& row : kCommandTable) {
        if (row.flags.writes_tree) {
            writing.insert(row.id);
        }
    }
    EXPECT_EQ(writing, (std::set<CommandId>{CommandId::Mkd, CommandId::Rmd, CommandId::Dele,
                                            CommandId::Rnfr, CommandId::Rnto, CommandId::Stor,
                                            CommandId::Appe, CommandId::Stou, CommandId::Mfmt,
                                            CommandId::Mfct, CommandId::Mff, CommandId::Rmda,
                                            CommandId::Comb}));
}

TEST(CommandTable, KnowsVerbsItDoesNotOffer) {
    for (const std::string_view verb : {"ADAT", "CONF", "ENC", "MIC", "MMD5", "THMB"}) {
        EXPECT_EQ(find_command(Verb(verb)), nullptr) << verb;
        const UnimplementedVerb* const entry = find_unimplemented(Verb(verb));
        ASSERT_NE(entry, nullptr) << verb;
        EXPECT_FALSE(entry->reference.empty());
    }
    EXPECT_EQ(find_unimplemented(Verb("FROB")), nullptr);
    EXPECT_EQ(find_unimplemented(Verb()), nullptr);
}

TEST(SiteTable, IsSearchedInAnyCase) {
    ASSERT_NE(find_site_command("chmod"), nullptr);
    EXPECT_EQ(find_site_command("chmod")->id, SiteId::Chmod);
    EXPECT_EQ(find_site_command("UTIME")->id, SiteId::Utime);
    EXPECT_EQ(find_site_command("Help")->id, SiteId::Help);
    EXPECT_EQ(find_site_command("EXEC"), nullptr);
    EXPECT_EQ(find_site_command(""), nullptr);
}

}  // namespace
}  // namespace sluice::proto
