// Method: the forms lftp, WinSCP and wu-ftpd's clients send, and malformed ones.
#include "sluice/proto/site.hpp"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace sluice::proto {
namespace {

TEST(Site, SplitsNameAndArgument) {
    const SiteCommand command = parse_site("chmod 644  a ");
    ASSERT_NE(command.row, nullptr);
    EXPECT_EQ(command.row->id, SiteId::Chmod);
    EXPECT_EQ(command.argument, "644  a ");
    EXPECT_EQ(parse_site("HELP").row->id, SiteId::Help);
    EXPECT_EQ(parse_site("HELP").argument, "");
    EXPECT_EQ(parse_site("EXEC ls").row, nullptr);
    EXPECT_EQ(parse_site("").row, nullptr);
    EXPECT_EQ(parse_site(" CHMOD 644 a").row, nullptr);
}

TEST(SiteChmod, TakesOneToFourOctalDigits) {
    EXPECT_EQ(parse_chmod("644 a").value().mode, 0644u);
    EXPECT_EQ(parse_chmod("0755 a b").value().mode, 0755u);
    EXPECT_EQ(parse_chmod("0755 a b").value().path, "a b");
    EXPECT_EQ(parse_chmod("7777 a").value().mode, 07777u);
    EXPECT_EQ(parse_chmod("0 a").value().mode, 0u);
    for (const std::string_view bad :
         {"", "644", "644 ", " 644 a", "888 a", "07777a x", "00644 a", "u+x a", "-1 a", "0x1 a"}) {
        EXPECT_FALSE(parse_chmod(bad).has_value()) << bad;
    }
}

TEST(SiteUtime, TakesTheShortForm) {
    const UtimeRequest got = parse_utime("20010909014640 a b").value();
    EXPECT_EQ(got.modified, WallTime(1'000'000'000));
    EXPECT_EQ(got.accessed, WallTime(1'000'000'000));
    EXPECT_EQ(got.path, "a b");
    EXPECT_EQ(parse_utime("200109090146 a").value().modified, WallTime(1'000'000'000 - 40));
}

TEST(SiteUtime, TakesTheLongFormWithBlanksInThePath) {
    const UtimeRequest got =
        parse_utime("my file 20010909014639 20010909014640 20010909014641 UTC").value();
    EXPECT_EQ(got.path, "my file");
    EXPECT_EQ(got.accessed, WallTime(999'999'999));
    EXPECT_EQ(got.modified, WallTime(1'000'000'000));
}

TEST(SiteUtime, RefusesOtherForms) {
    for (const std::string_view bad :
         {"", "a", "20010909014640", "20010909014640 ", "20011309014640 a", "a b c d e",
          "a 20010909014640 20010909014640 20010909014640 CET",
          " 20010909014640 20010909014640 20010909014640 UTC", "2001 a", "2001090901464 a"}) {
        EXPECT_FALSE(parse_utime(bad).has_value()) << bad;
    }
}

TEST(SiteHelp, ListsTheTable) {
    ReplyBuffer out;
    append_site_help(out);
    EXPECT_TRUE(out.view().starts_with("214-"));
    for (const SiteRow& row : kSiteTable) {
        EXPECT_NE(out.view().find("\r\n " + std::string(row.name)), std::string_view::npos);
    }
    EXPECT_NE(out.view().find("\r\n214 "), std::string_view::npos);
}

}  // namespace
}  // namespace sluice::proto
