#include "sluice/proto/modify_facts.hpp"

#include <gtest/gtest.h>

namespace sluice::proto {
namespace {

Errc code_of(std::string_view argument) {
    const Result<FactChanges> parsed = parse_fact_changes(argument);
    return parsed ? Errc::Ok : parsed.error().code;
}

TEST(FactChanges, ReadsFactsInAnyOrderAndCase) {
    const Result<FactChanges> parsed =
        parse_fact_changes("unix.MODE=0640;MODIFY=20200102030405;Unix.Group=users; a b ");
    ASSERT_TRUE(parsed.has_value());
    EXPECT_EQ(parsed->path, "a b ");
    EXPECT_EQ(parsed->mode.value(), 0640u);
    EXPECT_EQ(parsed->group.value(), "users");
    EXPECT_EQ(parsed->modified->seconds, 1577934245);
}

TEST(FactChanges, PrintsWhatWillBeDone) {
    EXPECT_EQ(print_fact_changes(
                  parse_fact_changes("unix.mode=7;unix.group=g;modify=20200102030405; f").value()),
              "Modify=20200102030405;UNIX.group=g;UNIX.mode=0007; f");
}

// "MFF Modify=20200102030405;Create=20261121151102 up": ncftpput 3.2.6.
TEST(FactChanges, NeedsNoSemicolonBehindTheLastFact) {
    const Result<FactChanges> parsed =
        parse_fact_changes("Modify=20200102030405;Create=20261121151102 up");
    ASSERT_TRUE(parsed.has_value());
    EXPECT_EQ(parsed->path, "up");
    EXPECT_EQ(parsed->modified->seconds, 1577934245);
    EXPECT_EQ(parsed->created->seconds, 1795273862);
    EXPECT_EQ(print_fact_changes(*parsed), "Modify=20200102030405;Create=20261121151102; up");
    EXPECT_EQ(code_of("Modify=20200102030405 "), Errc::BadArgument);
}

TEST(FactChanges, TellsUnknownFactsFromGarbage) {
    EXPECT_EQ(code_of("Type=dir; f"), Errc::NotSupported);
    EXPECT_EQ(code_of("Unix.owner=root; f"), Errc::NotSupported);
    for (const char* text :
         {"", " ", "f", " f", "; f", "Modify; f", "Modify=; f", "Create=; f",
          "Modify=20200102030405;", "Modify=20200102030405; ", "UNIX.mode=8; f",
          "UNIX.mode=00644; f", "UNIX.mode=; f", "UNIX.group=; f", "UNIX.mode=1;UNIX.mode=1; f",
          "Modify=20200102030405;Modify=20200102030405; f", "Modify=20200102030405;; f",
          "Create=20200102030405;create=20200102030405; f", "Create=20201302030405; f"}) {
        EXPECT_EQ(code_of(text), Errc::BadArgument) << text;
    }
}

}  // namespace
}  // namespace sluice::proto
