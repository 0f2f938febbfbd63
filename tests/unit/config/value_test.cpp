// Each type: the forms it takes, and the exact message for each that it does not. Values come as
// from --set unless a row says which kind TOML gave them.
#include "config/value.hpp"

#include <gtest/gtest.h>

#include <string>

namespace sluice::config {
namespace {

const Field& field_named(std::string_view key) {
    return fields()[find_field(key).value()];
}

RawValue raw_of(RawValue::Kind kind, std::string_view text) {
    RawValue raw;
    raw.kind = kind;
    raw.text = text;
    return raw;
}

// The canonical text of the value, or "! " and the complaint.
std::string verdict(std::string_view key, const RawValue& raw) {
    const Field& field = field_named(key);
    const tl::expected<Value, Complaint> value = parse_value(field, raw);
    if (value) {
        return format_value(field, *value);
    }
    const Complaint& complaint = value.error();
    return "! " + complaint.text + (complaint.hint.empty() ? "" : " | " + complaint.hint);
}

std::string verdict(std::string_view key, std::string_view text) {
    return verdict(key, raw_of(RawValue::Kind::Word, text));
}
std::string verdict_string(std::string_view key, std::string_view text) {
    return verdict(key, raw_of(RawValue::Kind::String, text));
}
std::string verdict_integer(std::string_view key, std::string_view text) {
    return verdict(key, raw_of(RawValue::Kind::Integer, text));
}

TEST(BooleanValue, IsTrueOrFalseOnly) {
    EXPECT_EQ(verdict("anonymous.writable", "true"), "true");
    EXPECT_EQ(verdict("anonymous.writable", "false"), "false");
    EXPECT_EQ(verdict("anonymous.writable", "yes"), "! wants true or false; got \"yes\"");
    EXPECT_EQ(verdict("anonymous.writable", ""), "! wants true or false; got \"\"");
    EXPECT_EQ(verdict_string("anonymous.writable", "true"), "! wants true or false; got \"true\"");
    EXPECT_EQ(verdict_integer("anonymous.writable", "1"), "! wants true or false; got 1");
}

TEST(IntegerValue, IsDecimalWithinItsRange) {
    EXPECT_EQ(verdict("helpers.threads", "1"), "1");
    EXPECT_EQ(verdict("helpers.threads", "64"), "64");
    EXPECT_EQ(verdict_integer("helpers.threads", "8"), "8");
    for (const char* text :
         {"0", "65", "-1", "four", "", " 4", "4.0", "0x4", "99999999999999999999999"}) {
        EXPECT_EQ(verdict("helpers.threads", text),
                  "! wants a whole number from 1 to 64; got " + quoted(text));
    }
    EXPECT_EQ(verdict_integer("helpers.threads", "65"),
              "! wants a whole number from 1 to 64; got 65");
    EXPECT_EQ(verdict_integer("helpers.threads", "-9223372036854775808"),
              "! wants a whole number from 1 to 64; got -9223372036854775808");
    EXPECT_EQ(verdict_string("helpers.threads", "4"),
              "! wants a whole number from 1 to 64; got \"4\"");
    EXPECT_EQ(verdict("server.shards", "0"), "0");
}

TEST(ChoiceValue, IsOneOfItsWordsAndHelpsWithMisspeltOnes) {
    EXPECT_EQ(verdict("server.engine", "io_uring"), "io_uring");
    EXPECT_EQ(verdict("server.engine", "epol"),
              "! wants one of \"auto\", \"io_uring\", \"epoll\"; got \"epol\" | "
              "did you mean \"epoll\"?");
    EXPECT_EQ(verdict("server.engine", "io-uring"),
              "! wants one of \"auto\", \"io_uring\", \"epoll\"; got \"io-uring\" | "
              "did you mean \"io_uring\"?");
    EXPECT_EQ(verdict("server.engine", "kqueue"),
              "! wants one of \"auto\", \"io_uring\", \"epoll\"; got \"kqueue\"");
    EXPECT_EQ(verdict_integer("upload.durability", "1"),
              "! wants one of \"none\", \"data\", \"full\"; got 1");
}

TEST(DurationValue, HasAUnitAndARange) {
    EXPECT_EQ(verdict("limits.idle_timeout", "90s"), "1m30s");
    EXPECT_EQ(verdict("limits.idle_timeout", "1h30m"), "1h30m");
    EXPECT_EQ(verdict("server.passive_wait", "500ms"), "500ms");
    EXPECT_EQ(verdict("limits.idle_timeout", "5 minutes"),
              "! wants a duration like \"90s\", \"5m\", \"1h\"; got \"5 minutes\"");
    EXPECT_EQ(verdict("limits.idle_timeout", "300"),
              "! wants a duration like \"90s\", \"5m\", \"1h\"; got \"300\" | the unit is missing");
    EXPECT_EQ(verdict_integer("limits.idle_timeout", "300"),
              "! wants a duration like \"90s\", \"5m\", \"1h\"; got 300 | the unit is missing");
    EXPECT_EQ(verdict("limits.idle_timeout", "5 m"),
              "! wants a duration like \"90s\", \"5m\", \"1h\"; got \"5 m\" | "
              "did you mean \"5m\"?");
    EXPECT_EQ(verdict("limits.idle_timeout", " 5x"),
              "! wants a duration like \"90s\", \"5m\", \"1h\"; got \" 5x\"");
    EXPECT_EQ(verdict("limits.min_rate", "10 KiB"),
              "! wants a size like \"512KiB\", \"64MiB\", \"1GB\"; got \"10 KiB\" | "
              "did you mean \"10KiB\"?");
    EXPECT_EQ(verdict("limits.idle_timeout", "500ms"),
              "! must be from 1s to 7d, or \"0\" (never); got \"500ms\"");
    EXPECT_EQ(verdict("limits.idle_timeout", "8d"),
              "! must be from 1s to 7d, or \"0\" (never); got \"8d\"");
    EXPECT_EQ(verdict("limits.idle_timeout", "99999999999999999999d"),
              "! must be from 1s to 7d, or \"0\" (never); got \"99999999999999999999d\"");
}

TEST(DurationValue, MayBeZeroWhereThatMeansSomething) {
    EXPECT_EQ(verdict("limits.idle_timeout", "0"), "0");
    EXPECT_EQ(verdict_string("limits.idle_timeout", "0"), "0");
    EXPECT_EQ(verdict_integer("limits.idle_timeout", "0"), "0");
    EXPECT_EQ(verdict("limits.stall_timeout", "0"), "! must be from 1s to 1d; got \"0\"");
    EXPECT_EQ(verdict_integer("limits.stall_timeout", "0"), "! must be from 1s to 1d; got 0");
}

TEST(SizeValue, HasAUnitAndARange) {
    EXPECT_EQ(verdict("limits.transfer_buffer_memory", "64MiB"), "64MiB");
    EXPECT_EQ(verdict("limits.transfer_buffer_memory", "1GB"), "1GB");
    EXPECT_EQ(verdict("listing.cache", "0"), "0");
    EXPECT_EQ(verdict("listing.cache", "64MiB"), "64MiB");
    EXPECT_NE(verdict("listing.cache", "1KiB").find("! must be"), std::string::npos);
    EXPECT_NE(verdict("listing.memory", "0").find("! must be"), std::string::npos);
    EXPECT_EQ(verdict("transfer.slice", "512KiB"), "512KiB");
    EXPECT_EQ(verdict_integer("transfer.slice", "524288"),
              "! wants a size like \"512KiB\", \"64MiB\", \"1GB\"; got 524288 | the unit is missing");
    EXPECT_EQ(verdict("transfer.slice", "512K"),
              "! wants a size like \"512KiB\", \"64MiB\", \"1GB\"; got \"512K\"");
    EXPECT_EQ(verdict("transfer.slice", "0"), "! must be from 4KiB to 64MiB; got \"0\"");
    EXPECT_EQ(verdict("transfer.slice", "18446744073709551615B"),
              "! must be from 4KiB to 64MiB; got \"18446744073709551615B\"");
    EXPECT_EQ(verdict("transfer.slice", "99999999999TiB"),
              "! must be from 4KiB to 64MiB; got \"99999999999TiB\"");
}

TEST(ModeValue, IsOctalInQuotes) {
    EXPECT_EQ(verdict("upload.file_mode", "0640"), "0640");
    EXPECT_EQ(verdict("upload.file_mode", "640"), "0640");
    EXPECT_EQ(verdict("upload.directory_mode", "2775"), "2775");
    EXPECT_EQ(verdict("upload.file_mode", "0888"),
              "! wants an octal mode like \"0644\"; got \"0888\"");
    EXPECT_EQ(verdict("upload.file_mode", "rw-r--r--"),
              "! wants an octal mode like \"0644\"; got \"rw-r--r--\"");
    // 0o644 of TOML arrives as 420, and 644 of someone who forgot the quotes as 644.
    EXPECT_EQ(verdict_integer("upload.file_mode", "420"),
              "! wants an octal mode like \"0644\"; got 420");
    // No set-user-ID: an uploaded program must not run as the server.
    EXPECT_EQ(verdict("upload.file_mode", "4755"), "! must be from 0000 to 0777; got \"4755\"");
}

TEST(TextValue, IsOneLineWithinItsLength) {
    EXPECT_EQ(verdict("server.banner", "Grüß Gott, \"FTP\"\\o/"), "Grüß Gott, \"FTP\"\\o/");
    EXPECT_EQ(verdict("server.banner", ""), "! must not be empty");
    EXPECT_EQ(verdict("server.banner", "two\nlines"), "two\nlines");
    EXPECT_EQ(verdict("server.banner", "two\r\nlines"), "! must not contain control characters");
    EXPECT_EQ(verdict("messages.directory_file", "a\nb"), "! must not contain control characters");
    EXPECT_EQ(verdict("server.banner", "telnet \xff\xf4"), "! must not contain control characters");
    EXPECT_EQ(verdict("server.banner", std::string(4096, 'b')), std::string(4096, 'b'));
    EXPECT_EQ(verdict("server.banner", std::string(4097, 'b')),
              "! must not be longer than 4096 bytes; got 4097");
    EXPECT_EQ(verdict_integer("server.banner", "5"), "! wants a text in quotes; got 5");
}

TEST(PathValue, TakesAnyBytesButControlCharacters) {
    EXPECT_EQ(verdict("server.root", "/srv/f t p/ä"), "/srv/f t p/ä");
    EXPECT_EQ(verdict("server.root", "/srv/latin1-\xe4"), "/srv/latin1-\xe4");
    EXPECT_EQ(verdict("server.root", ""), "! must not be empty");
    EXPECT_EQ(verdict("server.root", std::string_view("/srv\0/x", 7)),
              "! must not contain control characters");
    EXPECT_EQ(verdict("server.root", std::string(4096, 'p')),
              "! must not be longer than 4095 bytes; got 4096");
    EXPECT_EQ(verdict("log.file", ""), "");
    EXPECT_EQ(verdict_integer("log.file", "5"), "! wants a path in quotes; got 5");
}

TEST(NameValue, IsLettersDigitsAndDashes) {
    EXPECT_EQ(verdict("transfer.congestion", "bbr2_x-y"), "bbr2_x-y");
    EXPECT_EQ(verdict("transfer.congestion", ""), "");
    EXPECT_EQ(verdict("transfer.congestion", "../x"),
              "! wants a name of letters, digits, \"-\" and \"_\" in quotes; got \"../x\"");
    EXPECT_EQ(verdict("transfer.congestion", "sixteen-bytes-xx"),
              "! must not be longer than 15 bytes; got 16");
}

TEST(PublicAddress, IsIpv4OrNothing) {
    EXPECT_EQ(verdict("server.public_address", "203.0.113.7"), "203.0.113.7");
    EXPECT_EQ(verdict("server.public_address", ""), "");
    EXPECT_EQ(verdict("server.public_address", "auto"), "");
    const std::string wants =
        "! wants an IPv4 address like \"203.0.113.7\", or \"\" for the one the client dialled; "
        "got ";
    for (const char* text : {"ftp.example.org", "203.0.113", "203.0.113.256", "0.0.0.0",
                             "203.0.113.7 ", "203.0.113.7:21", "0x7f.1"}) {
        EXPECT_EQ(verdict("server.public_address", text), wants + quoted(text));
    }
    EXPECT_EQ(verdict("server.public_address", "2001:db8::1"),
              "! wants an IPv4 address: PASV can not announce another, and EPSV announces none; "
              "got \"2001:db8::1\"");
}

TEST(PassivePorts, AreARangeOrASinglePort) {
    EXPECT_EQ(verdict("server.passive_ports", "50000-50255"), "50000-50255");
    EXPECT_EQ(verdict("server.passive_ports", "50000"), "50000");
    EXPECT_EQ(verdict("server.passive_ports", "50000-50000"), "50000");
    EXPECT_EQ(verdict("server.passive_ports", "1-65535"), "1-65535");
    EXPECT_EQ(verdict_integer("server.passive_ports", "50000"), "50000");
    for (const char* text : {"", "-", "50000-", "-50255", "50000 - 50255", "50000:50255", "a-b",
                             "50000-50100-50200", "50000,50001"}) {
        EXPECT_EQ(verdict("server.passive_ports", text),
                  "! wants ports like \"50000-50255\", or a single one; got " + quoted(text));
    }
    EXPECT_EQ(verdict("server.passive_ports", "0-10"),
              "! wants ports from 1 to 65535; got \"0-10\"");
    EXPECT_EQ(verdict("server.passive_ports", "60000-70000"),
              "! wants ports from 1 to 65535; got \"60000-70000\"");
    EXPECT_EQ(verdict_integer("server.passive_ports", "65536"),
              "! wants ports from 1 to 65535; got 65536");
    EXPECT_EQ(verdict("server.passive_ports", "50255-50000"),
              "! wants the lower port first, \"50000-50255\"; got \"50255-50000\"");
}

TEST(ListenList, KnowsBothFamiliesAndTheStar) {
    EXPECT_EQ(verdict("server.listen", "0.0.0.0:21"), "0.0.0.0:21");
    EXPECT_EQ(verdict("server.listen", "[::]:21"), "[::]:21");
    EXPECT_EQ(verdict("server.listen", "*:21"), "*:21");
    EXPECT_EQ(verdict("server.listen", "127.0.0.1:0"), "127.0.0.1:0");
    EXPECT_EQ(verdict("server.listen", "[2001:DB8:0::1]:2121"), "[2001:db8::1]:2121");
    EXPECT_EQ(verdict("server.listen", "0.0.0.0:21,[::]:21"), "0.0.0.0:21,[::]:21");
}

TEST(ListenList, NamesTheItemThatIsWrong) {
    const std::string wants =
        "! wants addresses like \"0.0.0.0:21\", \"[::]:21\" or \"*:21\"; got ";
    for (const char* text :
         {"", "21", ":21", "localhost:21", "::1:21", "[::1]", "[127.0.0.1]:21", "127.0.0.1",
          "127.0.0.1:", "127.0.0.1:ftp", "127.0.0.1:-1", "[]:21", "[:21", "]:21", "*"}) {
        EXPECT_EQ(verdict("server.listen", text), wants + quoted(text));
    }
    EXPECT_EQ(verdict("server.listen", "127.0.0.1:65536"),
              "! wants a port from 0 to 65535; got \"127.0.0.1:65536\"");
    EXPECT_EQ(verdict("server.listen", "127.0.0.1:21,"), wants + "\"\"");
    EXPECT_EQ(verdict_integer("server.listen", "21"), wants + "21");

    RawValue raw;
    raw.kind = RawValue::Kind::List;
    EXPECT_EQ(verdict("server.listen", raw), "! wants at least one address; got an empty list");
    raw.items = {"127.0.0.1:21", "127.0.0.1"};
    const tl::expected<Value, Complaint> value = parse_value(field_named("server.listen"), raw);
    ASSERT_FALSE(value.has_value());
    EXPECT_EQ(value.error().item, 1u);
}

TEST(ListenList, HasABound) {
    RawValue raw;
    raw.kind = RawValue::Kind::List;
    raw.items.assign(kListenMax, "127.0.0.1:0");
    EXPECT_TRUE(parse_value(field_named("server.listen"), raw).has_value());
    raw.items.emplace_back("127.0.0.1:0");
    EXPECT_EQ(verdict("server.listen", raw), "! wants at most 64 addresses; got 65");
}

TEST(ListenAddress, TellsFamiliesApart) {
    EXPECT_TRUE(ListenAddress("*", 21).is_any());
    EXPECT_FALSE(ListenAddress("*", 21).is_ipv6());
    EXPECT_TRUE(ListenAddress("::", 21).is_ipv6());
    EXPECT_FALSE(ListenAddress("0.0.0.0", 21).is_ipv6());
}

TEST(ParseValue, RefusesKindsThatNoSettingHas) {
    EXPECT_EQ(verdict("server.root", raw_of(RawValue::Kind::Other, "a date")),
              "! wants a path in quotes; got a date");
    EXPECT_EQ(verdict("server.root", raw_of(RawValue::Kind::Boolean, "true")),
              "! wants a path in quotes; got true");
    EXPECT_EQ(verdict("server.root", raw_of(RawValue::Kind::List, "")),
              "! wants a path in quotes; got a list");
}

TEST(ParseValue, TakesTextsWithoutCommasAsAList) {
    const Field& field = field_named("clients.single_line");
    const auto names = [&field](const RawValue& raw) {
        const auto value = parse_value(field, raw);
        return value ? value->names : std::vector<std::string>{"refused"};
    };
    EXPECT_EQ(names(raw_of(RawValue::Kind::Word, "")), std::vector<std::string>{});
    EXPECT_EQ(names(raw_of(RawValue::Kind::Word, "a b,C\"9")),
              (std::vector<std::string>{"a b", "C\"9"}));
    RawValue list = raw_of(RawValue::Kind::List, "");
    list.items = {"DCP-9", std::string(64, 'x')};
    EXPECT_EQ(names(list), list.items);
    list.items.assign(kWordsMax, "x");
    EXPECT_EQ(names(list).size(), kWordsMax);
    list.items.emplace_back("x");
    EXPECT_EQ(names(list), std::vector<std::string>{"refused"});
    for (const std::string& bad : {std::string(), std::string(65, 'x'), std::string("a,b"),
                                   std::string("a\nb"), std::string("a\0b", 3)}) {
        list.items = {"fine", bad};
        const auto value = parse_value(field, list);
        ASSERT_FALSE(value) << bad;
        EXPECT_EQ(value.error().item, 1u);
    }
}

TEST(Describe, NamesTypeRangeAndTheMeaningOfZero) {
    EXPECT_EQ(describe(field_named("limits.idle_timeout")), "duration, 1s to 7d; \"0\" = never");
    EXPECT_EQ(describe(field_named("server.shards")), "threads, 0 to 1024; 0 = one per core");
    EXPECT_EQ(describe(field_named("server.engine")), "one of auto, io_uring, epoll");
    EXPECT_EQ(describe(field_named("upload.file_mode")), "octal mode, 0000 to 0777");
    for (const Field& field : fields()) {
        EXPECT_FALSE(describe(field).empty()) << field.key();
    }
}

TEST(Quoted, EscapesAndCutsBetweenCodePoints) {
    EXPECT_EQ(quoted("a\"b\\c\n\x01"), "\"a\\\"b\\\\c\\n\\u0001\"");
    EXPECT_EQ(quoted("abc", 3), "\"abc\"");
    EXPECT_EQ(quoted("abcd", 3), "\"abc\"...");
    EXPECT_EQ(quoted("ääää", 3), "\"ää\"...");
}

}  // namespace
}  // namespace sluice::config
