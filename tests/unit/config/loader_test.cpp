// Whole configurations from text: messages compared as they are printed, precedence, origins.
#include "sluice/config/loader.hpp"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "config/schema.hpp"
#include "config/toml_reader.hpp"

namespace sluice::config {
namespace {

Loaded load(std::string_view text) {
    Loader loader;
    loader.add_file("s.toml", text);
    return std::move(loader).finish();
}

std::string messages(std::string_view text) {
    return load(text).diagnostics.render();
}

std::string origin(const Loaded& loaded, std::string_view key) {
    return loaded.places[find_field(key).value()].text();
}

TEST(Loader, GivesTheDefaultsWithoutAnySource) {
    const Loaded loaded = Loader().finish();
    EXPECT_TRUE(loaded.is_valid());
    EXPECT_EQ(loaded.snapshot, Snapshot{});
    EXPECT_EQ(loaded.diagnostics.render(), "");
    EXPECT_EQ(origin(loaded, "server.root"), "default");
    EXPECT_EQ(load("").snapshot, Snapshot{});
}

TEST(Loader, ReadsEveryKindOfValue) {
    const Loaded loaded = load(R"(# all kinds
[server]
listen = ["0.0.0.0:21", "[::]:21"]
root = "/srv/ftp"
engine = "epoll"
shards = 2
passive_ports = "40000-40001"
passive_wait = 0
[anonymous]
writable = true
[upload]
file_mode = "0600"
[transfer]
slice = "64KiB"
)");
    EXPECT_EQ(loaded.diagnostics.render(), "");
    Snapshot expected;
    expected.server.listen = {ListenAddress("0.0.0.0", 21), ListenAddress("::", 21)};
    expected.server.root = "/srv/ftp";
    expected.server.engine = Engine::Epoll;
    expected.server.shards = 2;
    expected.server.passive_ports = PortRange(40000, 40001);
    expected.server.passive_wait = Duration(0);
    expected.anonymous.writable = true;
    expected.upload.file_mode = 0600;
    expected.transfer.slice = 64 << 10;
    EXPECT_EQ(loaded.snapshot, expected);
    EXPECT_EQ(origin(loaded, "server.root"), "s.toml:4");
    EXPECT_EQ(origin(loaded, "log.level"), "default");
}

TEST(Loader, TakesDottedKeysInlineTablesAndASingleAddress) {
    const Loaded loaded = load("server.listen = '*:21'\r\nlimits = {max_sessions = 5}\r\n");
    EXPECT_EQ(loaded.diagnostics.render(), "");
    EXPECT_EQ(loaded.snapshot.server.listen, std::vector{ListenAddress("*", 21)});
    EXPECT_EQ(loaded.snapshot.limits.max_sessions, 5u);
}

TEST(Loader, ReportsEveryErrorAtOnceWithLineCaretAndSuggestion) {
    EXPECT_EQ(messages("[server]\n"
                       "listen = [\"0.0.0.0:21\",\n"
                       "  \"[::]\"]\n"
                       "pasive_ports = \"50000-50015\"\n"
                       "engine = \"epol\"\n"
                       "\n"
                       "[limits]\n"
                       "idle_timeout        = \"5 minutes\"\n"
                       "max_sessions = 0\n"
                       "passive_ports = 5\n"
                       "zzz = { a = 1 }\n"
                       "[sever]\n"
                       "root = \"/\"\n"
                       "[sites]\n"),
              "s.toml:3:3: 'server.listen' wants addresses like \"0.0.0.0:21\", \"[::]:21\" or "
              "\"*:21\"; got \"[::]\"\n"
              "    3 |   \"[::]\"]\n"
              "      |   ^^^^^^\n"
              "s.toml:4:1: unknown key 'server.pasive_ports'\n"
              "    4 | pasive_ports = \"50000-50015\"\n"
              "      | ^^^^^^^^^^^^ did you mean 'passive_ports'?\n"
              "s.toml:5:10: 'server.engine' wants one of \"auto\", \"io_uring\", \"epoll\"; got "
              "\"epol\"\n"
              "    5 | engine = \"epol\"\n"
              "      |          ^^^^^^ did you mean \"epoll\"?\n"
              "s.toml:8:23: 'limits.idle_timeout' wants a duration like \"90s\", \"5m\", \"1h\"; "
              "got \"5 minutes\"\n"
              "    8 | idle_timeout        = \"5 minutes\"\n"
              "      |                       ^^^^^^^^^^^\n"
              "s.toml:9:16: 'limits.max_sessions' wants a whole number from 1 to 1000000; got 0\n"
              "    9 | max_sessions = 0\n"
              "      |                ^\n"
              "s.toml:10:1: unknown key 'limits.passive_ports'\n"
              "   10 | passive_ports = 5\n"
              "      | ^^^^^^^^^^^^^ did you mean 'server.passive_ports'?\n"
              "s.toml:11:1: unknown key 'limits.zzz'\n"
              "   11 | zzz = { a = 1 }\n"
              "      | ^^^\n"
              "s.toml:12:2: unknown section 'sever'\n"
              "   12 | [sever]\n"
              "      |  ^^^^^ did you mean 'server'?\n"
              "s.toml:14:2: unknown section 'sites'\n"
              "   14 | [sites]\n"
              "      |  ^^^^^\n"
              "9 errors\n");
}

TEST(Loader, KnowsWhereAKeyAboveTheFirstSectionBelongs) {
    EXPECT_EQ(messages("root = \"/srv\"\n"),
              "s.toml:1:1: unknown key 'root'\n"
              "    1 | root = \"/srv\"\n"
              "      | ^^^^ did you mean 'server.root'?\n"
              "1 error\n");
}

TEST(Loader, NamesKindsThatNoKeyTakes) {
    EXPECT_EQ(
        messages("[log]\nfile = 1979-05-27\nlevel = 1.5\nformat = ['text']\n"
                 "transfer_file = [1]\n[helpers.threads]\n"),
        "s.toml:2:8: 'log.file' wants a path in quotes; got a date\n"
        "    2 | file = 1979-05-27\n"
        "      |        ^^^^^^^^^^\n"
        "s.toml:3:9: 'log.level' wants one of \"error\", \"warn\", \"info\", \"debug\"; got a "
        "fraction\n"
        "    3 | level = 1.5\n"
        "      |         ^^^\n"
        "s.toml:4:10: 'log.format' wants one of \"text\", \"json\"; got a list\n"
        "    4 | format = ['text']\n"
        "      |          ^^^^^^^^\n"
        "s.toml:5:17: 'log.transfer_file' wants a path in quotes; got a list of other things "
        "than texts\n"
        "    5 | transfer_file = [1]\n"
        "      |                 ^^^\n"
        "s.toml:6:1: 'helpers.threads' wants a whole number from 1 to 64; got a table\n"
        "    6 | [helpers.threads]\n"
        "      | ^^^^^^^^^^^^^^^^^\n"
        "5 errors\n");
}

TEST(Loader, GoesOnBehindALineThatIsNoToml) {
    EXPECT_EQ(messages("[server]\nroot = /srv\n[limits]\nidle_timeout = 5 minutes\nmax = 1\n"),
              "s.toml:2:8: syntax error in value: could not determine value type\n"
              "    2 | root = /srv\n"
              "      |        ^ texts want quotes; yes and no are true and false\n"
              "s.toml:4:18: syntax error in key-value pair: expected a comment or whitespace, saw "
              "'m'\n"
              "    4 | idle_timeout = 5 minutes\n"
              "      |                  ^ what is more than a number wants quotes\n"
              "s.toml:5:1: unknown key 'limits.max'\n"
              "    5 | max = 1\n"
              "      | ^^^\n"
              "3 errors\n");
}

TEST(Loader, TellsWhoForgotTheQuotesOfAUnitOrTheSecondOfAText) {
    const std::string unit = messages("[limits]\nidle_timeout = 5m\n");
    EXPECT_NE(unit.find("^ a number with a unit wants quotes\n"), std::string::npos) << unit;
    const std::string open = messages("[server]\nroot = \"/srv\nshards = 1\n");
    EXPECT_NE(open.find("^ is the closing quote missing?\n"), std::string::npos) << open;
}

TEST(Loader, ReportsARepeatedKeyAndReadsOn) {
    const std::string text = messages("[server]\nroot = 'a'\nroot = 'b'\nshards = 'x'\n");
    EXPECT_NE(text.find("s.toml:3:"), std::string::npos) << text;
    EXPECT_NE(text.find("cannot redefine existing string 'root'"), std::string::npos) << text;
    EXPECT_NE(text.find("s.toml:4:10: 'server.shards'"), std::string::npos) << text;
    EXPECT_NE(text.find("2 errors\n"), std::string::npos) << text;
}

TEST(Loader, StopsAtAFaultThatMayHaveBegunEarlierButChecksWhatStandsBefore) {
    // The open bracket makes each following line an error; only the first one is worth telling.
    const std::string open = messages("[server]\nlisten = [\"*:21\"\nroot = 'a'\nshards = 2\n");
    EXPECT_NE(open.find("s.toml:3:1: syntax error in array"), std::string::npos) << open;
    EXPECT_NE(open.find("\n1 error\n"), std::string::npos) << open;

    const std::string twice = messages("[server]\nshards = 'x'\n[server]\nroot = 5\n");
    EXPECT_NE(twice.find("s.toml:2:10: 'server.shards'"), std::string::npos) << twice;
    EXPECT_NE(twice.find("s.toml:3:1: syntax error"), std::string::npos) << twice;
    EXPECT_NE(twice.find("\n2 errors\n"), std::string::npos) << twice;
}

// toml++ 3.3.0 left its behaviour undefined for these characters outside of quotes.
TEST(Loader, ReportsLettersOutsideAsciiInABareKeyAndTakesThemInQuotes) {
    EXPECT_EQ(messages("[server]\ngröße = 1\nroot = Ω\n\"ä\" = 1\n"),
              "s.toml:2:3: syntax error in key-value pair: expected '=', saw 'ö'\n"
              "    2 | größe = 1\n"
              "      |   ^\n"
              "s.toml:3:8: syntax error in value: could not determine value type\n"
              "    3 | root = Ω\n"
              "      |        ^ texts want quotes; yes and no are true and false\n"
              "s.toml:4:1: unknown key 'server.ä'\n"
              "    4 | \"ä\" = 1\n"
              "      | ^^^\n"
              "3 errors\n");
    EXPECT_EQ(load("server.root = '/srv/größe'\n").snapshot.server.root, "/srv/größe");
}

// toml++ 3.3.0 has an assertion in the way of its own error message here.
TEST(Loader, ReportsAHeaderThatBeginsWithADot) {
    const std::string why =
        "syntax error in key: expected bare key starting character or string delimiter, saw '.'\n";
    EXPECT_EQ(messages("[.a]\n[[.a]]\n"), "s.toml:1:2: " + why +
                                              "    1 | [.a]\n"
                                              "      |  ^\n"
                                              "s.toml:2:3: " +
                                              why +
                                              "    2 | [[.a]]\n"
                                              "      |   ^\n"
                                              "2 errors\n");
}

TEST(Loader, ReportsABoundedNumberOfSyntaxErrors) {
    std::string text;
    for (int i = 0; i < 100; ++i) {
        text += "= wrong\n\n";
    }
    EXPECT_EQ(load(text).diagnostics.errors(), kSyntaxErrorsMax);
}

TEST(Loader, RefusesAFileOverTheLimit) {
    std::string text(kFileBytesMax, '\n');
    EXPECT_TRUE(load(text).is_valid());
    text += '\n';
    EXPECT_EQ(messages(text), "s.toml: the file is larger than 1048576 bytes\n1 error\n");
}

TEST(Loader, RefusesALineOverTheLimit) {
    const std::string head = "# ";
    EXPECT_TRUE(load(head + std::string(kLineBytesMax - 2, 'x') + "\n").is_valid());
    const std::string text = messages("\n" + head + std::string(kLineBytesMax - 1, 'x') + "\n");
    EXPECT_EQ(text.substr(0, text.find('\n')), "s.toml:2:1: the line is longer than 8192 bytes");
}

TEST(Loader, RefusesDeepKeysBeforeTheyCostStack) {
    // The deepest file that passes the limits: a header, a key and four nested values of 512 dots.
    const auto dotted = [] {
        std::string key = "a";
        for (std::size_t i = 0; i < kDotsPerLineMax; ++i) {
            key += ".a";
        }
        return key;
    };
    const std::string deepest = "[" + dotted() + "]\n" + dotted() + " = [\n{" + dotted() +
                                " = [\n{" + dotted() + " = 1}\n]}\n]\n";
    const std::string passed = messages(deepest);
    EXPECT_NE(passed.find("unknown section 'a'"), std::string::npos) << passed;

    std::string deep = "[a";
    for (int i = 0; i < 100'000; ++i) {
        deep += ".a";
    }
    const std::string refused = messages(deep + "]\n");
    EXPECT_NE(refused.find("the line is longer than 8192 bytes"), std::string::npos);
    const std::string dots = messages(dotted() + ".a = 1\n");
    EXPECT_NE(dots.find("the line has more than 512 dots"), std::string::npos);
    const std::string nested = messages("a = [[[[[[[[1]]]]]]]]\n");
    EXPECT_NE(nested.find("exceeded maximum nested value depth of 4\n"), std::string::npos)
        << nested;
}

TEST(Loader, BoundsTheKeysItRepeats) {
    const std::string text = messages("\"" + std::string(4000, 'k') + "\\n\" = 1\n");
    EXPECT_NE(text.find("unknown key '" + std::string(80, 'k') + "...'\n"), std::string::npos)
        << text;
}

TEST(Loader, ReadsItsOwnEnvironmentVariablesOnly) {
    const char* const environment[] = {"PATH=/bin",
                                       "SLUICE_SERVER__ROOT=/from/env",
                                       "SLUICE_LIMITS__MAX_SESSIONS_PER_IP=7",
                                       "SLUICE_SERVER__LISTEN=*:21,127.0.0.1:22",
                                       "SLUICE_PORT=tcp://10.0.0.1:21",
                                       "SLUICE_SERVICE_HOST=10.0.0.1",
                                       "sluice_server__root=/other",
                                       "SLUICE",
                                       nullptr};
    Loader loader;
    loader.add_environment(environment);
    const Loaded loaded = std::move(loader).finish();
    EXPECT_EQ(loaded.diagnostics.render(), "");
    EXPECT_EQ(loaded.snapshot.server.root, "/from/env");
    EXPECT_EQ(loaded.snapshot.limits.max_sessions_per_ip, 7u);
    EXPECT_EQ(loaded.snapshot.server.listen.size(), 2u);
    EXPECT_EQ(origin(loaded, "server.root"), "SLUICE_SERVER__ROOT");
}

TEST(Loader, ReportsWrongEnvironmentVariables) {
    const char* const environment[] = {
        "SLUICE_SERVER__SHARDS=many", "SLUICE_SERVER__ROT=/x", "SLUICE_SEVER__ROOT=/x",
        "SLUICE_Server__root=/x",     "SLUICE_X__Y=/x",        nullptr};
    Loader loader;
    loader.add_environment(environment);
    EXPECT_EQ(std::move(loader).finish().diagnostics.render(),
              "environment SLUICE_SERVER__SHARDS: 'server.shards' wants a whole number from 0 to "
              "1024; got \"many\"\n"
              "environment SLUICE_SERVER__ROT: unknown setting; did you mean "
              "'SLUICE_SERVER__ROOT'?\n"
              "environment SLUICE_SEVER__ROOT: unknown setting; did you mean "
              "'SLUICE_SERVER__ROOT'?\n"
              "environment SLUICE_Server__root: unknown setting; did you mean "
              "'SLUICE_SERVER__ROOT'?\n"
              "environment SLUICE_X__Y: unknown setting\n"
              "5 errors\n");
}

TEST(Loader, TakesAnEmptyEnvironment) {
    const char* const empty[] = {nullptr};
    Loader loader;
    loader.add_environment(nullptr);
    loader.add_environment(empty);
    EXPECT_EQ(std::move(loader).finish().snapshot, Snapshot{});
}

TEST(Loader, ReadsAssignmentsOfFlags) {
    Loader loader;
    loader.add_assignment("--set", "server.root=/a=b");
    loader.add_assignment("--set", "server.shards=3");
    loader.add_assignment("--set", "server.shards=4");
    loader.add_assignment("--set", "log.file=");
    const Loaded loaded = std::move(loader).finish();
    EXPECT_EQ(loaded.diagnostics.render(), "");
    EXPECT_EQ(loaded.snapshot.server.root, "/a=b");
    EXPECT_EQ(loaded.snapshot.server.shards, 4u);
    EXPECT_EQ(origin(loaded, "server.shards"), "--set");
}

TEST(Loader, ReportsWrongAssignments) {
    Loader loader;
    loader.add_assignment("--set", "server.root");
    loader.add_assignment("--set", "server.rot=/x");
    loader.add_assignment("--set", "sever.root=/x");
    loader.add_assignment("--set", "idle_timeout=5m");
    loader.add_assignment("--set", "=");
    loader.add_assignment("--set", "limits.idle_timeout=5");
    EXPECT_EQ(std::move(loader).finish().diagnostics.render(),
              "--set: wants section.key=value; got \"server.root\"\n"
              "--set: unknown key 'server.rot'; did you mean 'server.root'?\n"
              "--set: unknown key 'sever.root'; did you mean 'server.root'?\n"
              "--set: unknown key 'idle_timeout'; did you mean 'limits.idle_timeout'?\n"
              "--set: unknown key ''\n"
              "--set: 'limits.idle_timeout' wants a duration like \"90s\", \"5m\", \"1h\"; got "
              "\"5\"; the unit is missing\n"
              "6 errors\n");
}

TEST(Loader, LetsLaterSourcesWinAndStillReportsWhatTheyHide) {
    const char* const environment[] = {"SLUICE_SERVER__ROOT=/env", "SLUICE_LOG__LEVEL=debug",
                                       nullptr};
    Loader loader;
    loader.add_file("s.toml",
                    "[server]\nroot='/file'\nshards=1\n[log]\nlevel='warn'\nformat='json'");
    loader.add_environment(environment);
    loader.add_flag("--shards", "server.shards", "2");
    loader.add_flag("DIR", "server.root", "/flag");
    const Loaded loaded = std::move(loader).finish();
    EXPECT_EQ(loaded.diagnostics.render(), "");
    EXPECT_EQ(loaded.snapshot.server.root, "/flag");
    EXPECT_EQ(loaded.snapshot.server.shards, 2u);
    EXPECT_EQ(loaded.snapshot.log.level, LogLevel::Debug);
    EXPECT_EQ(loaded.snapshot.log.format, LogFormat::Json);
    EXPECT_EQ(origin(loaded, "server.root"), "DIR");
    EXPECT_EQ(origin(loaded, "server.shards"), "--shards");
    EXPECT_EQ(origin(loaded, "log.level"), "SLUICE_LOG__LEVEL");
    EXPECT_EQ(origin(loaded, "log.format"), "s.toml:6");

    Loader hidden;
    hidden.add_file("s.toml", "[server]\nshards=-1\n");
    hidden.add_flag("--shards", "server.shards", "2");
    EXPECT_FALSE(std::move(hidden).finish().is_valid());
}

TEST(Validate, RefusesAPassiveRangeOverAListeningPort) {
    EXPECT_EQ(messages("[server]\nlisten = '*:50010'\n"),
              "s.toml:2:10: 'server.passive_ports' contains the port of \"*:50010\" in "
              "'server.listen'\n"
              "    2 | listen = '*:50010'\n"
              "      |          ^^^^^^^^^\n"
              "1 error\n");
    EXPECT_EQ(messages("server.passive_ports = '2000-3000'\n"),
              "s.toml:1:24: 'server.passive_ports' contains the port of \"127.0.0.1:2121\" in "
              "'server.listen'\n"
              "    1 | server.passive_ports = '2000-3000'\n"
              "      |                        ^^^^^^^^^^^\n"
              "1 error\n");
}

TEST(Validate, RefusesOnePortTwice) {
    const auto error_of = [](std::string_view list) {
        const std::string text = messages("server.listen = " + std::string(list) + "\n");
        return text.substr(0, text.find('\n'));
    };
    EXPECT_EQ(error_of("['127.0.0.1:21', '127.0.0.1:21']"),
              "s.toml:1:17: 'server.listen' names \"127.0.0.1:21\" and \"127.0.0.1:21\", which are "
              "the same port twice");
    EXPECT_EQ(error_of("['*:21', '[::1]:21']"),
              "s.toml:1:17: 'server.listen' names \"*:21\" and \"[::1]:21\", which are the same "
              "port twice");
    EXPECT_EQ(error_of("['0.0.0.0:21', '[::]:21', '*:22']"), "");
    EXPECT_EQ(error_of("['127.0.0.1:0', '127.0.0.1:0', '*:0']"), "");
}

TEST(Validate, RefusesLimitsThatContradictEachOther) {
    EXPECT_EQ(messages("[limits]\nmax_sessions = 10\nmax_sessions_per_ip = 11\n"),
              "s.toml:3:23: 'limits.max_sessions_per_ip' is 11, more than 'limits.max_sessions', "
              "10\n"
              "    3 | max_sessions_per_ip = 11\n"
              "      |                       ^^\n"
              "1 error\n");
    EXPECT_EQ(messages("[limits]\nmax_sessions = 10\nmax_sessions_per_ip = 10\n"), "");
    EXPECT_EQ(messages("listing.memory_total = '8MiB'\n"),
              "s.toml:1:24: 'listing.memory' is 16MiB, more than 'listing.memory_total', 8MiB\n"
              "    1 | listing.memory_total = '8MiB'\n"
              "      |                        ^^^^^^\n"
              "1 error\n");
    EXPECT_EQ(messages("listing.memory = '8MiB'\nlisting.memory_total = '8MiB'\n"), "");
    EXPECT_EQ(messages("transfer.turn_budget = '256KiB'\n"),
              "s.toml:1:24: 'transfer.slice' is 512KiB, more than 'transfer.turn_budget', 256KiB\n"
              "    1 | transfer.turn_budget = '256KiB'\n"
              "      |                        ^^^^^^^^\n"
              "1 error\n");
}

TEST(Validate, RefusesSharedPortsWithForeignDataConnections) {
    const std::string text =
        "[server]\npassive_mode='pooled'\n[transfer]\nallow_foreign_data=true\n";
    EXPECT_EQ(messages(text),
              "s.toml:4:20: 'transfer.allow_foreign_data' needs 'server.passive_mode' to be "
              "\"auto\" or \"exclusive\"; it is \"pooled\"\n"
              "    4 | allow_foreign_data=true\n"
              "      |                    ^^^^\n"
              "1 error\n");
    EXPECT_EQ(messages("[transfer]\nallow_foreign_data=true\n"), "");
}

TEST(Validate, WarnsWhenNobodyCanLogIn) {
    const Loaded loaded = load("anonymous.enabled = false\n");
    EXPECT_TRUE(loaded.is_valid());
    EXPECT_EQ(loaded.diagnostics.render(),
              "s.toml:1:21: 'anonymous.enabled' is false and there are no other users: nobody can "
              "log in (warning)\n"
              "    1 | anonymous.enabled = false\n"
              "      |                     ^^^^^\n"
              "1 warning\n");
}

TEST(Validate, RefusesClientCertificatesThatNobodyCanVouchFor) {
    const std::string on = "[tls]\nmode='optional'\ncertificate='/c.pem'\n";
    EXPECT_EQ(messages(on + "client_certificates='required'\n"),
              "s.toml:4:21: 'tls.client_certificates' needs 'tls.client_authorities': the file with "
              "the certificates of those that vouch for clients\n"
              "    4 | client_certificates='required'\n"
              "      |                     ^^^^^^^^^^\n"
              "1 error\n");
    EXPECT_EQ(messages("[tls]\nclient_certificates='optional'\nclient_authorities='/ca.pem'\n"),
              "s.toml:2:21: 'tls.client_certificates' needs TLS, and 'tls.mode' is \"off\"\n"
              "    2 | client_certificates='optional'\n"
              "      |                     ^^^^^^^^^^\n"
              "1 error\n");
    EXPECT_EQ(messages(on + "client_certificates='optional'\nclient_authorities='/ca.pem'\n"), "");
    EXPECT_EQ(messages("[tls]\ncertificate='/c.pem'\n"),
              "s.toml:2:13: nobody is offered TLS while 'tls.mode' is \"off\" and 'tls.listen' names "
              "no address (warning)\n"
              "    2 | certificate='/c.pem'\n"
              "      |             ^^^^^^^^\n"
              "1 warning\n");
    EXPECT_EQ(messages("[tls]\nlisten='*:990'\ncertificate='/c.pem'\n"), "");
}

TEST(Validate, WarnsOfAuthoritiesThatNobodyIsAskedFor) {
    const Loaded loaded = load("[tls]\nclient_crl='/crl.pem'\n");
    EXPECT_TRUE(loaded.is_valid());
    EXPECT_NE(loaded.diagnostics.render().find("no client is asked for a certificate"),
              std::string::npos);
}

TEST(Validate, RefusesAnOcspResponseOfNoCertificate) {
    const std::string text =
        messages("[tls]\nmode='optional'\ncertificates=['/live']\nocsp='/ocsp.der'\n");
    EXPECT_NE(text.find("'tls.ocsp' belongs to 'tls.certificate', which is not set"),
              std::string::npos)
        << text;
}

TEST(Validate, WaitsUntilEachValueIsRightInItself) {
    const std::string text = messages("[server]\nlisten = '*:50010'\nshards = 'x'\n");
    EXPECT_NE(text.find("server.shards"), std::string::npos);
    EXPECT_EQ(text.find("passive_ports"), std::string::npos);
}

}  // namespace
}  // namespace sluice::config
