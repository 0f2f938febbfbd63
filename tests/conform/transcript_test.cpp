// The transcript language: what is accepted, and that a slip is an error and not an empty test.
#include "transcript.hpp"

#include <gtest/gtest.h>

#include "contents.hpp"
#include "pattern.hpp"
#include "tree_steps.hpp"

namespace sluice::conform {
namespace {

std::string error_of(std::string_view text) {
    std::optional<ParseError> error;
    parse_transcript("test", text, error);
    return error ? std::to_string(error->line) + ": " + error->message : "";
}

Transcript parsed(std::string_view text) {
    std::optional<ParseError> error;
    Transcript out = parse_transcript("test", text, error);
    EXPECT_FALSE(error) << error->message;
    return out;
}

TEST(Transcript, KeepsTheBytesOfAClientLine) {
    const Transcript t = parsed(">  NOOP  \n>\n> A\\xff\n");
    ASSERT_EQ(t.steps.size(), 3u);
    EXPECT_EQ(t.steps[0].text, " NOOP  ");
    EXPECT_EQ(t.steps[1].text, "");
    EXPECT_EQ(t.steps[2].text, "A\\xff");
    EXPECT_EQ(t.steps[2].line, 3u);
}

TEST(Transcript, ReadsItsHeader) {
    const Transcript t = parsed(
        "# a comment\n# covers: MKD XMKD\nserver writable a.b=1 c.d=2\nrequires ipv6\n> NOOP\n");
    EXPECT_TRUE(t.writable);
    EXPECT_EQ(t.settings, (std::vector<std::string>{"a.b=1", "c.d=2"}));
    EXPECT_EQ(t.covers, (std::vector<std::string>{"MKD", "XMKD"}));
    EXPECT_EQ(t.requirements, (std::vector<std::string>{"ipv6"}));
}

TEST(Transcript, ReadsExpressions) {
    const Transcript t = parsed("file a 2K\nsend a from 1K to 2K + \"x y\" times 3\n");
    EXPECT_EQ(t.steps[0].number, 2048u);
    ASSERT_EQ(t.steps[1].bytes.size(), 2u);
    EXPECT_EQ(t.steps[1].bytes[0].from, 1024u);
    EXPECT_EQ(t.steps[1].bytes[0].to, 2048u);
    EXPECT_TRUE(t.steps[1].bytes[1].source.quoted);
    EXPECT_EQ(t.steps[1].bytes[1].times, 3u);
}

TEST(Transcript, ReadsRepeatedRepliesAndDifferences) {
    const Transcript t = parsed("<x20 200 *\n< 226 *\ndiffers: vsftpd 225 *\n<...\n");
    EXPECT_EQ(t.steps[0].number, 20u);
    EXPECT_EQ(t.steps[1].number, 1u);
    ASSERT_EQ(t.steps[1].differs.size(), 1u);
    EXPECT_EQ(t.steps[1].differs[0].second, "225 *");
    EXPECT_EQ(t.steps[2].word, Word::ReplyRest);
}

TEST(Transcript, KeepsAPipelineInOneStep) {
    const Transcript t = parsed("pipeline {\n  > NOOP\n  raw \"QUIT\\r\\n\"\n}\n< 200 *\n");
    ASSERT_EQ(t.steps.size(), 2u);
    ASSERT_EQ(t.steps[0].block.size(), 2u);
    EXPECT_EQ(t.steps[0].block[0].text, "NOOP");
}

TEST(Transcript, RefusesWhatWouldTestNothing) {
    EXPECT_EQ(error_of("# only a comment\n"), "1: no steps at all");
    EXPECT_EQ(error_of("> NOOP\nexpct-close\n"), "2: unknown word 'expct-close'");
    EXPECT_EQ(error_of(">NOOP\n"), "1: a blank must follow '>', '<' and '|'");
    EXPECT_EQ(error_of("| pattern\n"), "1: '|' lines belong below 'receive ~'");
    EXPECT_EQ(error_of("pipeline {\n> NOOP\n"), "2: 'pipeline {' without '}'");
    EXPECT_EQ(error_of("}\n"), "1: stray '}'");
    EXPECT_EQ(error_of("> a\\q\n"), "1: unknown escape");
    EXPECT_EQ(error_of("raw \"open\n"), "1: a quote is never closed");
    EXPECT_EQ(error_of("> NOOP\nserver writable\n"), "2: 'server' stands before the first step");
    EXPECT_EQ(error_of("server both\n> NOOP\n"),
              "1: expected 'server writable' or 'server readonly'");
    EXPECT_EQ(error_of("eventually dir x\n"), "1: 'eventually' belongs before a check of the tree");
    EXPECT_EQ(error_of("differs: vsftpd 225 *\n> NOOP\n"),
              "1: 'differs: SERVER CODE...' stands below a '<' line");
    EXPECT_EQ(error_of("content x \"y\"\n"), "1: 'content' does not take these words");
    EXPECT_EQ(error_of("mode x 9\n"), "1: 'mode' does not take these words");
    EXPECT_EQ(error_of("receive size many\n"), "1: 'receive' does not take these words");
    EXPECT_EQ(error_of("<x0 200\n"), "1: '<xN ' wants a count");
}

TEST(Pattern, MatchesStarsAndLiterals) {
    Variables v;
    EXPECT_TRUE(matches("226 *", "226 Transfer complete.", v));
    EXPECT_TRUE(matches("*", "", v));
    EXPECT_TRUE(matches("a*b*c", "a-bb-c-c", v));
    EXPECT_FALSE(matches("a*b*c", "a-bb-c-d", v));
    EXPECT_FALSE(matches("226 *", "226-", v));
    EXPECT_FALSE(matches("", "x", v));
    EXPECT_TRUE(matches("type\\*;\\xff", "type*;\xff", v));
    EXPECT_FALSE(matches("type\\*;", "typeX;", v));
}

TEST(Pattern, RemembersAndThenDemandsAVariable) {
    Variables v;
    EXPECT_FALSE(matches("150 FILE: $name!", "150 FILE: abc", v));
    EXPECT_TRUE(v.empty());
    EXPECT_TRUE(matches("150 FILE: $name", "150 FILE: abc", v));
    EXPECT_EQ(v["name"], "abc");
    EXPECT_TRUE(matches("226 * $name", "226 stored as abc", v));
    EXPECT_FALSE(matches("226 * $name", "226 stored as abd", v));
    EXPECT_EQ(expand("RETR $name\\x41 $other", v), "RETR abcA $other");
}

TEST(Pattern, TakesSeveralReplyCodes) {
    Variables v;
    EXPECT_TRUE(matches_reply("226|225 *", "225 ok", v));
    EXPECT_TRUE(matches_reply("226|225 *", "226 ok", v));
    EXPECT_FALSE(matches_reply("226|225 *", "250 ok", v));
    EXPECT_TRUE(matches_reply("229 *(|||*", "229 x (|||5|)", v));
}

TEST(Contents, EvaluatesRangesAndRepeats) {
    Contents c;
    c.put("hello", "0123456789");
    c.generate("big", 1 << 20);
    c.generate("sparse", 8ull << 30);
    Variables v = {{"who", "you"}};
    const auto value = [&](std::string_view text) {
        return c.evaluate(parsed("send " + std::string(text) + "\n").steps[0].bytes, v);
    };
    EXPECT_EQ(value("hello from 2 to 4 + \"-$who\" times 2"), "23-you-you");
    EXPECT_EQ(value("sparse from 8589934590"), std::string(2, '\0'));
    EXPECT_EQ(value("big")->size(), 1u << 20);
    EXPECT_EQ(value("unknown"), std::nullopt);
    EXPECT_EQ(value("hello from 11"), std::nullopt);
    EXPECT_EQ(value("sparse"), std::nullopt);
    Contents again;
    again.generate("big", 1 << 20);
    EXPECT_EQ(*again.find("big"), *c.find("big"));
}

TEST(TreeSteps, ReadsTimestamps) {
    EXPECT_EQ(parse_timestamp("19700101000001"), 1);
    EXPECT_EQ(parse_timestamp("20200229120000"), 1582977600);
    EXPECT_EQ(parse_timestamp("2020"), -1);
    EXPECT_EQ(parse_timestamp("2020022912000x"), -1);
}

}  // namespace
}  // namespace sluice::conform
