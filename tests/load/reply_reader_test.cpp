#include "reply_reader.hpp"

#include <gtest/gtest.h>

#include <string>

namespace sluice::load {
namespace {

int feed_all(ReplyReader& reader, std::string_view text) {
    reader.feed(as_bytes(text));
    return reader.next();
}

TEST(ReplyReader, TakesOneReplyAfterTheOther) {
    ReplyReader reader;
    EXPECT_EQ(feed_all(reader, "150 coming\r\n226 done\r\n22"), 150);
    EXPECT_EQ(reader.last_line(), "150 coming");
    EXPECT_EQ(reader.next(), 226);
    EXPECT_EQ(reader.next(), ReplyReader::kNone);
    EXPECT_EQ(feed_all(reader, "1 bye\r\n"), 221);
    EXPECT_EQ(reader.last_line(), "221 bye");
}

TEST(ReplyReader, EndsAMultiLineReplyOnlyWithItsOwnCodeAndABlank) {
    ReplyReader reader;
    std::string lines;
    reader.collect(&lines);
    EXPECT_EQ(feed_all(reader, "211-Features:\r\n MDTM\r\n226 not yet\r\n211-nor now\r\n"),
              ReplyReader::kNone);
    EXPECT_EQ(feed_all(reader, "211 End\r\n"), 211);
    EXPECT_EQ(lines, "211-Features:\n MDTM\n226 not yet\n211-nor now\n211 End\n");
}

TEST(ReplyReader, TellsWhatIsNoReply) {
    for (const char* text : {"hello\r\n", "600 no\r\n", "22\r\n", "220x\r\n", "\r\n"}) {
        ReplyReader reader;
        EXPECT_EQ(feed_all(reader, text), ReplyReader::kMalformed) << text;
    }
}

TEST(ReplyReader, RefusesALineAndAReplyWithoutEnd) {
    ReplyReader line;
    EXPECT_EQ(feed_all(line, std::string(ReplyReader::kLineBytesMax + 1, '2')),
              ReplyReader::kMalformed);
    ReplyReader reply;
    EXPECT_EQ(feed_all(reply, "220-\r\n"), ReplyReader::kNone);
    const std::string more = std::string(1000, 'x') + "\r\n";
    int outcome = ReplyReader::kNone;
    for (std::size_t i = 0; i < 2000 && outcome == ReplyReader::kNone; ++i) {
        outcome = feed_all(reply, more);
    }
    EXPECT_EQ(outcome, ReplyReader::kMalformed);
}

TEST(PassiveReply, ReadsThePortOf229WithAnyDelimiter) {
    EXPECT_EQ(port_of_229("229 Entering Extended Passive Mode (|||5282|)"), 5282);
    EXPECT_EQ(port_of_229("229 ok (!!!1!)"), 1);
    for (const char* text :
         {"229", "229 ", "229 (|||5282)", "229 (||5282|)", "229 (|||0|)", "229 (|||65536|)",
          "229 (||||)", "229 (|||5282|", "229 (|||x|)", "229 (1115282111)"}) {
        EXPECT_FALSE(port_of_229(text)) << text;
    }
}

TEST(PassiveReply, ReadsThePortOf227WithOrWithoutParentheses) {
    EXPECT_EQ(port_of_227("227 Entering Passive Mode (127,0,0,1,4,1)."), 1025);
    EXPECT_EQ(port_of_227("227 =127,0,0,1,255,255"), 65535);
    for (const char* text :
         {"227", "227 (127,0,0,1,4)", "227 (127,0,0,1,4,256)", "227 (127,0,0,1,0,0)",
          "227 (127.0.0.1,4,1)", "227 none", "227 (127,0,0,1,4,"}) {
        EXPECT_FALSE(port_of_227(text)) << text;
    }
}

}  // namespace
}  // namespace sluice::load
