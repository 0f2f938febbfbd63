// Whole command lines against a file system of one file. Nothing is opened and nothing is printed:
// what main would do comes back as a value.
#include "app/cli.hpp"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

#include "sluice/config/loader.hpp"
#include "sluice/config/print.hpp"

namespace sluice::app {
namespace {

constexpr const char* kFile = "/etc/sluice.toml";

struct World {
    std::string file = "[server]\nroot = \"/file\"\nshards = 1\n";
    std::vector<const char*> environment;
};

Invocation run(std::vector<const char*> arguments, World world = World()) {
    arguments.insert(arguments.begin(), "/usr/sbin/sluiced");
    arguments.push_back(nullptr);
    world.environment.push_back(nullptr);
    const ReadFile read_file = [&](const std::string& path,
                                   std::size_t bytes_max) -> Result<std::string> {
        if (path != kFile) {
            return fail(Errc::NotFound);
        }
        if (world.file.size() > bytes_max) {
            return fail(Errc::FileTooBig);
        }
        return world.file;
    };
    return interpret(static_cast<int>(arguments.size()) - 1, arguments.data(),
                     world.environment.data(), read_file);
}

bool serves(const Invocation& invocation) {
    return invocation.action == Invocation::Action::Serve;
}

std::vector<std::string> lines_of(const std::string& text) {
    std::vector<std::string> lines;
    for (std::size_t start = 0; start < text.size();) {
        const std::size_t end = text.find('\n', start);
        lines.push_back(text.substr(start, end - start));
        start = end == std::string::npos ? text.size() : end + 1;
    }
    return lines;
}

TEST(CommandLine, ServesTheDefaultsWithoutArguments) {
    const Invocation invocation = run({});
    EXPECT_TRUE(serves(invocation));
    EXPECT_EQ(invocation.snapshot, config::Snapshot{});
    EXPECT_EQ(invocation.output, "");
    EXPECT_EQ(invocation.messages, "");
    EXPECT_EQ(invocation.config_file, "");
}

TEST(CommandLine, TakesEachFlag) {
    const Invocation invocation =
        run({"--listen", "0.0.0.0:21", "/srv", "--listen", "[::]:21", "--passive-ports=40000-40010",
             "--public-address", "203.0.113.7", "--engine", "epoll", "--shards", "3", "--writable",
             "--set", "limits.max_sessions=9", "--set", "log.level=debug"});
    EXPECT_EQ(invocation.messages, "");
    ASSERT_TRUE(serves(invocation));
    config::Snapshot expected;
    expected.server.root = "/srv";
    expected.server.listen = {config::ListenAddress("0.0.0.0", 21),
                              config::ListenAddress("::", 21)};
    expected.server.passive_ports = config::PortRange(40000, 40010);
    expected.server.public_address = "203.0.113.7";
    expected.server.engine = config::Engine::Epoll;
    expected.server.shards = 3;
    expected.anonymous.writable = true;
    expected.limits.max_sessions = 9;
    expected.log.level = config::LogLevel::Debug;
    EXPECT_EQ(invocation.snapshot, expected);
}

TEST(CommandLine, LeavesTheDirectoryAloneBehindARepeatableFlag) {
    const Invocation listen = run({"--listen", "*:21", "/srv"});
    EXPECT_EQ(listen.snapshot.server.root, "/srv");
    EXPECT_EQ(listen.snapshot.server.listen.size(), 1u);
    EXPECT_EQ(run({"--set", "server.shards=2", "/srv"}).snapshot.server.root, "/srv");
    EXPECT_EQ(run({"--", "-odd-name"}).snapshot.server.root, "-odd-name");
}

TEST(CommandLine, PrefersFlagsToTheEnvironmentAndThatToTheFile) {
    World world;
    EXPECT_EQ(run({"-c", kFile}, world).snapshot.server.root, "/file");
    world.environment = {"SLUICE_SERVER__ROOT=/env"};
    EXPECT_EQ(run({"--config", kFile}, world).snapshot.server.root, "/env");
    EXPECT_EQ(run({"-c", kFile, "--set", "server.root=/set"}, world).snapshot.server.root, "/set");
    const Invocation all = run({"-c", kFile, "/dir", "--set", "server.root=/set"}, world);
    EXPECT_EQ(all.snapshot.server.root, "/dir");
    EXPECT_EQ(all.snapshot.server.shards, 1u);
    EXPECT_EQ(all.config_file, kFile);
}

TEST(CommandLine, FitsItsHelpOnOneScreen) {
    for (const char* flag : {"--help", "-h"}) {
        const Invocation invocation = run({flag});
        EXPECT_FALSE(serves(invocation));
        EXPECT_EQ(invocation.exit_code, 0);
        EXPECT_EQ(invocation.messages, "");
        const std::vector<std::string> lines = lines_of(invocation.output);
        EXPECT_LE(lines.size(), 24u) << invocation.output;
        for (const std::string& line : lines) {
            EXPECT_LE(line.size(), 80u) << line;
        }
    }
}

TEST(CommandLine, NamesEveryOptionInItsHelp) {
    const std::string help = run({"--help"}).output;
    for (const char* option :
         {"[DIR]", "-c, --config FILE ", "--listen ADDR:PORT ", "--passive-ports A-B ",
          "--public-address IP ", "--engine NAME ", "--shards N ", "--writable ", "--tls ",
          "--set KEY=VALUE ", "-C, --check-config ", "--dump-config ", "--print-default-config ",
          "--version ", "-h, --help "}) {
        EXPECT_NE(help.find(option), std::string::npos) << option << "\n" << help;
    }
}

TEST(CommandLine, PrintsItsVersionInOneLine) {
    const Invocation invocation = run({"--version"});
    EXPECT_EQ(invocation.exit_code, 0);
    EXPECT_EQ(lines_of(invocation.output).size(), 1u);
    EXPECT_TRUE(invocation.output.starts_with("sluiced ")) << invocation.output;
}

TEST(CommandLine, ChecksAConfiguration) {
    World world;
    for (const char* flag : {"--check-config", "-C"}) {
        const Invocation good = run({"-c", kFile, flag}, world);
        // The file is right; main goes on to ask the machine (tests/system/test_check_config.py).
        EXPECT_EQ(good.action, Invocation::Action::Check);
        EXPECT_EQ(good.output, "");
        EXPECT_EQ(good.messages, "");
    }
    world.file = "[server]\nrot = 1\nshards = 'x'\n";
    const Invocation bad = run({"-c", kFile, "-C"}, world);
    EXPECT_FALSE(serves(bad));
    EXPECT_EQ(bad.exit_code, 78);
    EXPECT_EQ(bad.output, "");
    EXPECT_EQ(bad.messages,
              "/etc/sluice.toml:2:1: unknown key 'server.rot'\n"
              "    2 | rot = 1\n"
              "      | ^^^ did you mean 'root'?\n"
              "/etc/sluice.toml:3:10: 'server.shards' wants a whole number from 0 to 1024; got "
              "\"x\"\n"
              "    3 | shards = 'x'\n"
              "      |          ^^^\n"
              "2 errors\n");
}

TEST(CommandLine, ServesWithWarnings) {
    const Invocation invocation = run({"--set", "anonymous.enabled=false"});
    EXPECT_TRUE(serves(invocation));
    EXPECT_NE(invocation.messages.find("\n1 warning\n"), std::string::npos);
    EXPECT_EQ(run({"-C", "--set", "anonymous.enabled=false"}).action, Invocation::Action::Check);
}

TEST(CommandLine, PrintsADefaultFileThatItTakesBack) {
    const Invocation printed = run({"--print-default-config"});
    EXPECT_EQ(printed.exit_code, 0);
    EXPECT_EQ(printed.output, config::print_default_config());
    World world;
    world.file = printed.output;
    const Invocation invocation = run({"-c", kFile}, world);
    EXPECT_EQ(invocation.messages, "");
    EXPECT_EQ(invocation.snapshot, config::Snapshot{});
}

TEST(CommandLine, DumpsValuesWithTheirOrigins) {
    World world;
    world.environment = {"SLUICE_LOG__FORMAT=json"};
    const Invocation invocation = run({"-c", kFile, "--dump-config", "--shards", "2"}, world);
    EXPECT_FALSE(serves(invocation));
    EXPECT_EQ(invocation.exit_code, 0);
    for (const char* line :
         {"\nroot = \"/file\"  # /etc/sluice.toml:2\n", "\nshards = 2  # --shards\n",
          "\nformat = \"json\"  # SLUICE_LOG__FORMAT\n", "\nengine = \"auto\"  # default\n"}) {
        EXPECT_NE(invocation.output.find(line), std::string::npos) << invocation.output;
    }
    world.file = "nonsense";
    EXPECT_EQ(run({"-c", kFile, "--dump-config"}, world).exit_code, 78);
}

TEST(CommandLine, EndsWith66WhenTheFileCanNotBeRead) {
    const Invocation invocation = run({"--config", "/no/such.toml"});
    EXPECT_FALSE(serves(invocation));
    EXPECT_EQ(invocation.exit_code, 66);
    EXPECT_EQ(invocation.messages,
              "sluiced: cannot read '/no/such.toml': no such file or directory\n");
    EXPECT_EQ(run({"--config", ""}).exit_code, 66);
    World world;
    world.file = std::string(config::kFileBytesMax + 1, '\n');
    EXPECT_EQ(run({"-c", kFile}, world).exit_code, 66);
}

TEST(CommandLine, EndsWith64WhenOnlyFlagsAreWrong) {
    const struct {
        std::vector<const char*> arguments;
        const char* messages;
    } rows[] = {
        {{"--engine", "epol"},
         "--engine: 'server.engine' wants one of \"auto\", \"io_uring\", \"epoll\"; got \"epol\"; "
         "did you mean \"epoll\"?\n1 error\n"},
        {{"--shards", "-1"},
         "--shards: 'server.shards' wants a whole number from 0 to 1024; got \"-1\"\n1 error\n"},
        {{"--listen", "21"},
         "--listen: 'server.listen' wants addresses like \"0.0.0.0:21\", \"[::]:21\" or \"*:21\"; "
         "got \"21\"\n1 error\n"},
        {{"--set", "sever.root=x", "--public-address", "::1"},
         "--set: unknown key 'sever.root'; did you mean 'server.root'?\n"
         "--public-address: 'server.public_address' wants an IPv4 address: PASV can not announce "
         "another, and EPSV announces none; got \"::1\"\n2 errors\n"},
        {{""}, "DIR: 'server.root' must not be empty\n1 error\n"},
        {{"--lisen", "*:21"},
         "sluiced: unknown option '--lisen'; did you mean '--listen'?\nTry 'sluiced --help'.\n"},
        {{"--shard=2"},
         "sluiced: unknown option '--shard'; did you mean '--shards'?\nTry 'sluiced --help'.\n"},
        {{"--sftp"}, "sluiced: unknown option '--sftp'\nTry 'sluiced --help'.\n"},
        {{"/a", "/b"},
         "sluiced: only one DIR can be served, what is '/b'?\nTry 'sluiced --help'.\n"},
        {{"--config"}, "sluiced: --config: 1 required FILE missing\nTry 'sluiced --help'.\n"},
    };
    for (const auto& row : rows) {
        const Invocation invocation = run(row.arguments);
        EXPECT_FALSE(serves(invocation)) << row.messages;
        EXPECT_EQ(invocation.exit_code, 64) << row.messages;
        EXPECT_EQ(invocation.messages, row.messages);
        EXPECT_EQ(invocation.output, "");
    }
}

TEST(CommandLine, RefusesAFlagGivenTwiceUnlessItIsRepeatable) {
    const Invocation invocation = run({"--engine", "auto", "--engine", "epoll"});
    EXPECT_EQ(invocation.exit_code, 64);
    EXPECT_NE(invocation.messages.find("--engine"), std::string::npos) << invocation.messages;
}

TEST(CommandLine, EndsWith78WhenTheFileOrTheEnvironmentIsWrong) {
    World world;
    world.environment = {"SLUICE_SERVER__SHARDS=x"};
    EXPECT_EQ(run({}, world).exit_code, 78);
    EXPECT_EQ(run({"--shards", "y"}, world).exit_code, 78);
    world.environment.clear();
    world.file = "[server]\nlisten = ['*:50000']\n";
    const Invocation invocation = run({"-c", kFile}, world);
    EXPECT_EQ(invocation.exit_code, 78);
    EXPECT_FALSE(serves(invocation));
}

TEST(CommandLine, SeesTheConflictBetweenAFlagAndAnother) {
    const Invocation invocation = run({"--listen", "*:2121", "--passive-ports", "2000-3000"});
    EXPECT_EQ(invocation.exit_code, 64);
    EXPECT_EQ(invocation.messages,
              "--passive-ports: 'server.passive_ports' contains the port of \"*:2121\" in "
              "'server.listen'\n1 error\n");
}

}  // namespace
}  // namespace sluice::app
