// Method: one claim per rule of the grammar, with the inputs of O-PAR.
#include "sluice/proto/parser.hpp"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "sluice/base/prng.hpp"

namespace sluice::proto {
namespace {

TEST(ParseCommand, TakesTheArgumentByteForByteBehindOneBlank) {
    const ParsedLine parsed = parse_command("CWD  two blanks ");
    EXPECT_EQ(parsed.kind, ParseKind::Command);
    EXPECT_EQ(parsed.command.verb, Verb("CWD"));
    EXPECT_EQ(parsed.command.argument, " two blanks ");
    EXPECT_TRUE(parsed.command.has_argument);
}

TEST(ParseCommand, TellsNoArgumentFromAnEmptyOne) {
    EXPECT_FALSE(parse_command("CWD").command.has_argument);
    EXPECT_TRUE(parse_command("CWD ").command.has_argument);
    EXPECT_EQ(parse_command("CWD ").command.argument, "");
}

TEST(ParseCommand, IgnoresTheCaseOfTheVerbOnly) {
    const ParsedLine parsed = parse_command("rEtR File");
    EXPECT_EQ(parsed.command.verb, Verb("RETR"));
    EXPECT_EQ(parsed.command.argument, "File");
}

TEST(ParseCommand, RefusesWhatIsNoVerb) {
    for (const std::string_view line : {" NOOP", "\x80USER x", "NOOP\tx", "NO-OP", "\r", "1234",
                                        "RETRIEVE x", "\"\"", "%n%s%x"}) {
        EXPECT_EQ(parse_command(line).kind, ParseKind::BadVerb) << line;
    }
    EXPECT_EQ(parse_command(std::string(300, 'A')).kind, ParseKind::BadVerb);
}

TEST(ParseCommand, RefusesNulAnywhere) {
    for (const std::string_view line :
         {std::string_view("MKD a\0b", 7), std::string_view("\0", 1), std::string_view("NOOP\0", 5),
          std::string_view("MKD a\r\0b", 8)}) {
        EXPECT_EQ(parse_command(line).kind, ParseKind::NulByte);
        EXPECT_EQ(parse_request(line).kind, RequestKind::Refused);
        EXPECT_EQ(parse_request(line).code, ReplyCode::BadArgument);
    }
}

TEST(ParseRequest, IgnoresAnEmptyLine) {
    EXPECT_EQ(parse_request("").kind, RequestKind::Empty);
}

TEST(ParseRequest, TellsUnknownFromNotImplemented) {
    EXPECT_EQ(parse_request("FROB x").code, ReplyCode::UnknownCommand);
    EXPECT_EQ(parse_request("X").code, ReplyCode::UnknownCommand);
    EXPECT_EQ(parse_request("ADAT x").code, ReplyCode::NotImplemented);
    EXPECT_EQ(parse_request("THMB JPG 1 1 f").code, ReplyCode::NotImplemented);
    EXPECT_EQ(parse_request("THMB JPG 1 1 f").kind, RequestKind::Refused);
}

TEST(ParseRequest, IgnoresBlanksBehindAVerbWithoutArgument) {
    EXPECT_EQ(parse_request("NOOP   ").kind, RequestKind::Command);
    EXPECT_EQ(parse_request("pasv ").kind, RequestKind::Command);
    EXPECT_EQ(parse_request("PASV x").code, ReplyCode::BadArgument);
}

TEST(ParseRequest, NeedsAnArgumentWhereTheTableSaysSo) {
    for (const CommandRow& row : kCommandTable) {
        const Verb::Text verb = row.verb.text();
        const bool needs = row.argument == ArgumentRule::Required ||
                           row.argument == ArgumentRule::Path ||
                           row.argument == ArgumentRule::Number;
        for (const std::string& line : {std::string(verb.view()), std::string(verb.view()) + " "}) {
            const Request request = parse_request(line);
            if (needs) {
                EXPECT_EQ(request.kind, RequestKind::Refused) << line;
                EXPECT_EQ(request.code, ReplyCode::BadArgument) << line;
            } else {
                EXPECT_EQ(request.kind, RequestKind::Command) << line;
                EXPECT_EQ(request.row, &row) << line;
            }
        }
    }
}

// O-NUM-1.
TEST(ParseRequest, TakesOnlyPlainDecimalsForRest) {
    for (const std::string_view good : {"0", "5", "007", "9223372036854775807"}) {
        EXPECT_EQ(parse_request("REST " + std::string(good)).kind, RequestKind::Command) << good;
    }
    for (const std::string_view bad :
         {"-1", "9223372036854775808", "18446744073709551616", "18446744073709551621", "1e5", " 5",
          "5 ", "0x10", "+5", "", "5;6"}) {
        const Request request = parse_request("REST " + std::string(bad));
        EXPECT_EQ(request.kind, RequestKind::Refused) << bad;
        EXPECT_EQ(request.code, ReplyCode::BadArgument) << bad;
    }
}

TEST(ParseRequest, KeepsAPathOfBlanks) {
    const Request request = parse_request("CWD  ");
    EXPECT_EQ(request.kind, RequestKind::Command);
    EXPECT_EQ(request.command.argument, " ");
}

TEST(ForeignProtocol, IsRecognised) {
    for (const std::string_view line :
         {"GET / HTTP/1.1", "get / HTTP/1.0", "HEAD /", "POST /x HTTP/1.1", "PUT /x",
          "OPTIONS * HTTP/1.1", "CONNECT a:443 HTTP/1.1", "PRI * HTTP/2.0", "HTTP/1.1 200 OK",
          "Host: example.org", "User-Agent:x", "EHLO mail.example.org", "HELO", "MAIL FROM:<a@b>",
          "SSH-2.0-OpenSSH_9.2", "\x16\x03\x01\x02", "FOO / HTTP/1.1"}) {
        EXPECT_TRUE(is_foreign_protocol(line)) << line;
        EXPECT_EQ(parse_request(line).kind, RequestKind::Foreign) << line;
        EXPECT_EQ(parse_request(line).code, ReplyCode::UnknownCommand) << line;
    }
    // A TLS hello holds NUL bytes.
    EXPECT_EQ(parse_request(std::string_view("\x16\x03\x01\0\xF0", 5)).kind, RequestKind::Foreign);
}

TEST(ForeignProtocol, IsNotSeenInPathsOfFtpCommands) {
    for (const std::string_view line :
         {"RETR HTTP/1.1", "RETR a HTTP/1.1", "CWD Host:", "STOR GET / HTTP/1.1", "PASS SSH-2.0",
          "USER GET", "MKD a: b", "PASS Host: x", "NOOP"}) {
        EXPECT_FALSE(is_foreign_protocol(line)) << line;
        EXPECT_NE(parse_request(line).kind, RequestKind::Foreign) << line;
    }
    for (const std::string_view line : {"", "x", ":", "FROB x", "\x16", "SSH", " GET /"}) {
        EXPECT_FALSE(is_foreign_protocol(line)) << line;
    }
}

TEST(ForeignProtocol, HidesNoCommandOfTheTable) {
    for (const CommandRow& row : kCommandTable) {
        const Verb::Text verb = row.verb.text();
        EXPECT_FALSE(is_foreign_protocol(verb.view())) << verb.view();
        EXPECT_FALSE(is_foreign_protocol(std::string(verb.view()) + " x: HTTP/1.1")) << verb.view();
    }
}

TEST(ParseRequest, AlwaysDecidesOnRandomBytes) {
    for (std::uint64_t seed = 1; seed <= 20'000; ++seed) {
        Prng prng(seed);
        std::string line;
        const std::uint64_t size = prng.below(40);
        for (std::uint64_t i = 0; i < size; ++i) {
            line += static_cast<char>(prng.below(256));
        }
        const Request request = parse_request(line);
        ASSERT_EQ(request.kind == RequestKind::Empty, line.empty()) << "seed " << seed;
        ASSERT_EQ(request.kind == RequestKind::Command, request.row != nullptr);
        if (request.kind == RequestKind::Refused || request.kind == RequestKind::Foreign) {
            ASSERT_GE(static_cast<int>(request.code), 500);
            ASSERT_FALSE(request.text.empty());
        }
    }
}

}  // namespace
}  // namespace sluice::proto
