// The file of reply codes, the attribution of replies to commands, and what is asked of servers
// that are not sluice: all pure.
#include "codes.hpp"

#include <gtest/gtest.h>

#include "exchanges.hpp"
#include "foreign.hpp"

namespace sluice::conform {
namespace {

CodeTable parse(std::string_view text) {
    std::optional<ParseError> error;
    CodeTable table = CodeTable::parse(text, error);
    EXPECT_FALSE(error) << error->line << ": " << error->message;
    return table;
}

std::uint32_t line_of_error(std::string_view text) {
    std::optional<ParseError> error;
    (void)CodeTable::parse(text, error);
    return error ? error->line : 12345;
}

constexpr std::string_view kCodes =
    "# words\nminimum: MKD\nminimum: RETR\nMKD: 257 500 550; also 521\nRETR: 150 226 550; also "
    "450\n"
    "LIST: 150 226 550\nSITE: 500\nSITE CHMOD: 200\nXSHA1: 250\nSTAT: 211 213\nSIZE: 213 550\n"
    "MDTM: 213\nALLO: 200; also 202\nMKD, SITE CHMOD, XSHA1 451 452 -- a disk that fails\n";

TEST(CodeTable, KnowsWhatIsSentAllowedAndNotShown) {
    const CodeTable table = parse(kCodes);
    EXPECT_TRUE(table.is_legal("MKD", 257));
    EXPECT_TRUE(table.is_legal("MKD", 521));
    EXPECT_TRUE(table.is_legal("MKD", 452));
    EXPECT_TRUE(table.is_legal("XSHA1", 451));
    EXPECT_TRUE(table.is_legal("MKD", 421));
    EXPECT_FALSE(table.is_legal("MKD", 226));
    EXPECT_FALSE(table.is_legal("XYZ", 500));
    EXPECT_TRUE(table.is_legal("SITE XYZ", 500));
    EXPECT_TRUE(table.find("MKD")->is_minimum);
    EXPECT_FALSE(table.find("LIST")->is_minimum);
}

TEST(CodeTable, RefusesWhatItDoesNotUnderstand) {
    EXPECT_EQ(line_of_error("MKD: 257\nMKD: 550\n"), 2u);
    EXPECT_EQ(line_of_error("MKD: 2x7\n"), 1u);
    EXPECT_EQ(line_of_error("MKD 257\n"), 1u);
    EXPECT_EQ(line_of_error("MKD: 257\nRMD 451 -- why\n"), 2u);
    EXPECT_EQ(line_of_error("MKD: 257\nMKD -- why\n"), 2u);
    EXPECT_NE(line_of_error("minimum: PWD\n"), 12345u);
}

TEST(CodeTable, SaysWhatACaseIsMissingFor) {
    const CodeTable table = parse("MKD: 257 550\nMKD 451 -- a disk that fails\nSITE: 500\n");
    EXPECT_EQ(table.compare({{"MKD", 257}, {"MKD", 550}, {"SITE XYZ", 500}, {"MKD", 421}}), "");
    const std::string missing = table.compare({{"MKD", 257}, {"SITE", 500}});
    EXPECT_NE(missing.find("MKD: no case has seen 550"), std::string::npos) << missing;
    const std::string surprise =
        table.compare({{"MKD", 257}, {"MKD", 550}, {"MKD", 226}, {"SITE", 500}});
    EXPECT_NE(surprise.find("MKD: the server sent 226"), std::string::npos) << surprise;
    const std::string shown =
        table.compare({{"MKD", 257}, {"MKD", 550}, {"MKD", 451}, {"SITE", 500}});
    EXPECT_NE(shown.find("must not say that none can"), std::string::npos) << shown;
}

class Session {
public:
    Session() { say("220 hello"); }
    void send(std::string_view bytes) { exchanges_.sent(bytes); }
    std::string say(std::string_view line) { return exchanges_.received(line); }
    bool is_long() const { return exchanges_.is_long(); }
    std::string done() {
        std::string out;
        for (const Exchange& one : exchanges_.take()) {
            out += one.command + ' ' + std::to_string(one.code) + '\n';
        }
        return out;
    }

private:
    Exchanges exchanges_;
};

TEST(Exchanges, RepliesAnswerInOrder) {
    Session session;
    session.send("user x\r\nPASS y\n");
    session.send("SY");
    session.send("ST\r\n\r\nsite chmod 600 f\r\n");
    session.say("331 go on");
    session.say("230-one");
    session.say("500 inside");
    session.say("230 in");
    session.say("215 UNIX");
    session.say("200 ok");
    EXPECT_EQ(session.done(), "USER 331\nPASS 230\nSYST 215\nSITE CHMOD 200\n");
}

TEST(Exchanges, ATransferHasTwoRepliesAndOthersMayComeBetween) {
    Session session;
    session.send("RETR f\r\n");
    session.say("150 opening");
    session.send("STAT\r\nNOOP\r\nABOR\r\n");
    session.say("211-status");
    session.say("211 end");
    session.say("200 ok");
    session.say("426 aborted");
    session.say("226 abort");
    EXPECT_EQ(session.done(), "RETR 150\nSTAT 211\nNOOP 200\nRETR 426\nABOR 226\n");
}

TEST(Exchanges, ALongCommandHasOneReplyAndStatMayComeBeforeIt) {
    Session session;
    session.send("HASH f\r\nSTAT\r\nABOR\r\n");
    session.say("211-status");
    session.say("211 end");
    session.say("426 aborted");
    session.say("226 abort");
    session.send("HASH f\r\nSTAT f\r\n");
    session.say("213 SHA-256 0-0 00 f");
    session.say("213-status");
    EXPECT_EQ(session.done(), "STAT 211\nHASH 426\nABOR 226\nHASH 213\nSTAT 213\n");
}

TEST(Exchanges, QuitInAnUploadIsAnsweredBeforeItsEnd) {
    Session session;
    session.send("STOR f\r\nQUIT\r\n");
    session.say("150 send");
    session.say("221 bye");
    session.say("226 done");
    EXPECT_EQ(session.done(), "STOR 150\nQUIT 221\nSTOR 226\n");
}

TEST(Exchanges, ALineWithoutAnEndIsAnswered) {
    Session session;
    session.send(std::string(10'000, 'A'));
    EXPECT_EQ(session.say("500 too long"), std::string(64, 'A'));
}

TEST(Exchanges, ALongLineIsRemembered) {
    Session session;
    session.send("MKD " + std::string(600, 'a') + "\r\nMKD b\r\n");
    session.say("500 too long");
    EXPECT_TRUE(session.is_long());
    session.say("257 ok");
    EXPECT_FALSE(session.is_long());
}

TEST(Exchanges, TelnetBeforeAVerbIsNoPartOfIt) {
    EXPECT_EQ(command_of("\xff\xf4\xff\xf2"
                         "ABOR"),
              "ABOR");
    EXPECT_EQ(command_of("SITE"), "SITE");
    EXPECT_EQ(command_of("SITE  x"), "SITE");
}

TEST(Foreign, ACodeFitsWhenTheRfcAllowsItInItsClass) {
    const CodeTable table = parse(kCodes);
    EXPECT_EQ(judge_code(table, "MKD", "257 *", "257 \"/d\""), Fit::Yes);
    EXPECT_EQ(judge_code(table, "ALLO", "200 *", "202 no need"), Fit::Yes);
    EXPECT_EQ(judge_code(table, "MKD", "550 *", "521 exists"), Fit::Yes);
    EXPECT_EQ(judge_code(table, "RETR", "550 *", "450 busy"), Fit::Yes);
    EXPECT_EQ(judge_code(table, "RETR", "550 *", "553 not in the list"), Fit::No);
    EXPECT_EQ(judge_code(table, "MKD", "257 *", "550 no"), Fit::No);
    EXPECT_EQ(judge_code(table, "RETR", "550 *", "226 done"), Fit::No);
    EXPECT_EQ(judge_code(table, "MKD", "553|550 *", "550 no"), Fit::Yes);
    EXPECT_EQ(judge_code(table, "MKD", "5*", "550 no"), Fit::Yes);
    EXPECT_EQ(judge_code(table, "MKD", "5*", "257 yes"), Fit::No);
}

TEST(Foreign, ACommandThatNobodyMustHaveMayBeMissing) {
    const CodeTable table = parse(kCodes);
    EXPECT_EQ(judge_code(table, "SIZE", "213 *", "500 what"), Fit::Lacks);
    EXPECT_EQ(judge_code(table, "SITE FOO", "200 *", "502 no"), Fit::Lacks);
    EXPECT_EQ(judge_code(table, "RETR", "150 *", "502 no"), Fit::No);
    // "Unknown command" says nothing about a file.
    EXPECT_EQ(judge_code(table, "MKD", "550 *", "500 what"), Fit::No);
    EXPECT_EQ(judge_code(table, "MKD", "550 *", "500 line too long", true), Fit::Yes);
    EXPECT_EQ(judge_code(table, "MKD", "501 *", "500 syntax error"), Fit::Yes);
    EXPECT_EQ(judge_code(table, "XYZ", "500 *", "502 unknown"), Fit::Yes);
    EXPECT_EQ(judge_code(table, "XYZ", "500 *", "200 fine"), Fit::No);
}

TEST(Foreign, OnlyWhatAnRfcFixesIsCompared) {
    Variables none;
    EXPECT_TRUE(fits_text("MKD", "257 \"/d\" *", "257 \"/d\"", none));
    EXPECT_TRUE(fits_text("MKD", "257 \"/d\" *", "257 \"/d\" - made", none));
    EXPECT_FALSE(fits_text("MKD", "257 \"/d\" *", "257 /d made", none));
    EXPECT_FALSE(fits_text("MKD", "257 \"/d\" *", "257 \"d\" made", none));
    EXPECT_TRUE(fits_text("SIZE", "213 5", "213 5", none));
    EXPECT_FALSE(fits_text("SIZE", "213 5", "213 50", none));
    EXPECT_TRUE(fits_text("MDTM", "213 20200102030405", "213 20200102030405.123", none));
    EXPECT_FALSE(fits_text("MDTM", "213 20200102030405", "213 20200102030406", none));
    EXPECT_TRUE(fits_text("STAT", "213-*", "213 whatever", none));
    EXPECT_FALSE(fits_text("STOU", "150 FILE: $name", "150 Opening", none));
    EXPECT_TRUE(fits_text("STOU", "150 FILE: $name", "125 FILE: f.1", none));
    EXPECT_EQ(none["name"], "f.1");
    EXPECT_TRUE(fits_text("NOOP", "200 NOOP ok.", "200 Zzz...", none));
}

TEST(Foreign, FactsHaveNoOrderAndOnlySharedOnesAreCompared) {
    Variables none;
    constexpr std::string_view kWanted = " type=file;size=5;modify=20200102030405;perm=*;x=1; *f";
    EXPECT_TRUE(fits_facts(kWanted, " Modify=20200102030405.5;Size=5;Type=file;x=2; /f", none));
    EXPECT_TRUE(fits_facts(kWanted, " Type=file; f", none));
    EXPECT_FALSE(fits_facts(kWanted, " Size=6;Type=file; f", none));
    EXPECT_FALSE(fits_facts(kWanted, " Size=5;Type=file; g", none));
    EXPECT_FALSE(fits_facts(kWanted, "Size=5;Type=file", none));
}

TEST(Foreign, AListingHasItsOwnOrderAndLayout) {
    Variables none;
    const std::vector<std::string> wanted = {"-rw-r--r-- * 5 Jan  2  2020 a.txt", "drwx * d"};
    EXPECT_EQ(compare_listing(
                  "LIST", wanted,
                  {"total 4", "drwxr-xr-x 2 x y 4096 Jan  1 00:00 .",
                   "drwxr-xr-x 2 x y 4096 Jan  1 00:00 d", "-rw-r--r-- 1 x y 5 Jan 2 2020 a.txt"},
                  none),
              "");
    EXPECT_NE(compare_listing("LIST", wanted, {"-rw-r--r-- 1 a.txt"}, none), "");
    EXPECT_NE(compare_listing("NLST", {"a"}, {"a", "b"}, none), "");
    EXPECT_EQ(compare_listing("NLST", {"d/a", "..."}, {"/d/a", "b"}, none), "");
    EXPECT_EQ(compare_listing("MLSD", {"type=cdir;*; *", "type=file;*; f"},
                              {"Type=pdir; ..", "Type=file;Size=1; f"}, none),
              "");
    EXPECT_EQ(patterns_of("a*\r\n$b\\\r\n"), (std::vector<std::string>{"a\\*", "\\$b\\\\"}));
}

}  // namespace
}  // namespace sluice::conform
