#include "options_parse.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "usage.hpp"

namespace sluice::load {
namespace {

Parsed<std::string> two_phases(const std::string& path, std::size_t) {
    if (path != "mix.toml") {
        return refuse("cannot read '" + path + "': No such file or directory");
    }
    return std::string(
        "[[work]]\naction = \"noop\"\n"
        "[[phase]]\nsessions = 4\nhold = \"2s\"\n[[phase]]\nsessions = 9\nramp = \"1s\"\n");
}

Invocation run(std::vector<const char*> words) {
    words.insert(words.begin(), "sluice-load");
    return interpret(static_cast<int>(words.size()), words.data(), two_phases);
}

std::string error_of(std::vector<const char*> words) {
    const Invocation invocation = run(std::move(words));
    EXPECT_EQ(invocation.action, Invocation::Action::Exit);
    EXPECT_EQ(invocation.exit_code, kExitUsage);
    EXPECT_EQ(invocation.output, "");
    return invocation.messages;
}

bool complains(std::vector<const char*> words, std::string_view about) {
    const std::string message = error_of(std::move(words));
    EXPECT_NE(message.find(about), std::string::npos) << message;
    return message.starts_with("sluice-load: ") && message.ends_with("--help'.\n");
}

TEST(CommandLine, OfAUrlAloneIsADownload) {
    const Invocation invocation = run({"ftp://localhost:2121/big.bin"});
    ASSERT_EQ(invocation.action, Invocation::Action::Run) << invocation.messages;
    const Options& options = invocation.options;
    EXPECT_EQ(options.scenario, "download");
    ASSERT_EQ(options.mix.size(), 1u);
    EXPECT_EQ(options.mix[0].action, Action::Download);
    EXPECT_EQ(options.mix[0].paths, std::vector<std::string>{"big.bin"});
    ASSERT_EQ(options.phases.size(), 1u);
    EXPECT_EQ(options.phases[0].sessions, 16u);
    EXPECT_EQ(options.phases[0].hold, Duration::seconds(10));
    EXPECT_EQ(options.arrivals, Arrivals::Closed);
}

TEST(CommandLine, TakesTheScenarioAsAWordOrAsAnOption) {
    EXPECT_EQ(run({"noop", "ftp://h/"}).options.mix[0].action, Action::Noop);
    EXPECT_EQ(run({"ftp://h/", "--scenario", "idle"}).options.mix[0].action, Action::Idle);
    EXPECT_EQ(run({"slow-readers", "ftp://h/f"}).options.mix[0].action, Action::SlowReader);
    EXPECT_EQ(run({"mixed", "ftp://h/f"}).options.mix.size(), 3u);
    EXPECT_TRUE(complains({"noop", "--scenario", "idle", "ftp://h/"}, "two scenarios"));
    EXPECT_TRUE(complains({"downlaod", "ftp://h/"}, "did you mean 'download'?"));
}

TEST(CommandLine, ReadsEveryOption) {
    const Invocation invocation =
        run({"small-files", "ftp://h/dir/", "--path",       "a",         "--path",
             "b%",          "--sessions",   "100",          "--rate",    "2500/s",
             "--poisson",   "--duration",   "1m30s",        "--warmup",  "500ms",
             "--ramp",      "10s",          "--transfers",  "7",         "--threads",
             "2",           "--size",       "4KiB..1MiB",   "--data",    "pasv",
             "--source",    "127.0.0.0/16", "--engine",     "epoll",     "--manifest",
             "m",           "--timeout",    "3s",           "--seed",    "9",
             "--label",     "one",          "--server-pid", "12",        "--json",
             "r.json",      "--html",       "r.html",       "--require", "p99<5ms,errors==0",
             "--require",   "rate>1",       "--progress",   "none",      "--congestion",
             "bbr"});
    ASSERT_EQ(invocation.action, Invocation::Action::Run) << invocation.messages;
    const Options& options = invocation.options;
    EXPECT_EQ(options.mix[0].paths, (std::vector<std::string>{"dir/a", "dir/b%"}));
    EXPECT_EQ(options.mix[0].sizes.kind, Sizes::Kind::Uniform);
    EXPECT_EQ(options.mix[0].sizes.max, 1u << 20);
    EXPECT_EQ(options.sessions, 100u);
    EXPECT_EQ(options.phases[0].rate, 2500);
    EXPECT_EQ(options.phases[0].ramp, Duration::seconds(10));
    EXPECT_EQ(options.phases[0].hold, Duration::seconds(90));
    EXPECT_EQ(options.duration, Duration::seconds(100));
    EXPECT_EQ(options.arrivals, Arrivals::Poisson);
    EXPECT_EQ(options.warmup, Duration::milliseconds(500));
    EXPECT_EQ(options.transfers_max, 7u);
    EXPECT_EQ(options.threads, 2u);
    EXPECT_EQ(options.data_mode, DataMode::Pasv);
    EXPECT_EQ(options.source_network, "127.0.0.0/16");
    EXPECT_EQ(options.engine, "epoll");
    EXPECT_EQ(options.congestion, "bbr");
    EXPECT_TRUE(options.verify) << "a manifest is read to check against it";
    EXPECT_EQ(options.timeout, Duration::seconds(3));
    EXPECT_EQ(options.seed, 9u);
    EXPECT_EQ(options.label, "one");
    EXPECT_EQ(options.server_pid, 12u);
    EXPECT_EQ(options.json_file, "r.json");
    EXPECT_EQ(options.html_file, "r.html");
    EXPECT_EQ(options.requirements.size(), 3u);
    EXPECT_EQ(invocation.requirements.size(), 3u);
    EXPECT_EQ(options.progress, Options::Progress::None);
}

TEST(CommandLine, WithTransfersAloneStillEnds) {
    EXPECT_EQ(run({"noop", "ftp://h/", "--transfers", "5"}).options.duration, kDurationOfTransfers);
    EXPECT_EQ(run({"noop", "ftp://h/", "--transfers", "5", "--duration", "2s"}).options.duration,
              Duration::seconds(2));
}

TEST(CommandLine, SaysWhatIsWrongWithAValueAndWhatWouldBeRight) {
    EXPECT_TRUE(complains({}, "the URL is missing"));
    EXPECT_TRUE(complains({"ftp://h/f", "ftp://i/f"}, "two URLs"));
    EXPECT_TRUE(complains({"ftp://h/"}, "reads files, so it needs one"));
    EXPECT_TRUE(
        complains({"ftp://h/f", "--duration", "30"}, "--duration: '30' has no unit: is it 30s"));
    EXPECT_TRUE(complains({"ftp://h/f", "--size", "4k"}, "--size: '4k' is no size"));
    EXPECT_TRUE(complains({"ftp://h/f", "--size", "2MiB..1MiB"}, "ends before it begins"));
    EXPECT_TRUE(complains({"ftp://h/f", "--sessions", "0"}, "from 1 to 1000000"));
    EXPECT_TRUE(complains({"ftp://h/f", "--sessions", "1000001"}, "from 1 to 1000000"));
    EXPECT_TRUE(complains({"ftp://h/f", "--rate", "-1"}, "--rate"));
    EXPECT_TRUE(complains({"ftp://h/f", "--data", "pasiv"}, "did you mean 'pasv'?"));
    EXPECT_TRUE(complains({"ftp://h/f", "--engine", "iouring"}, "did you mean 'io_uring'?"));
    EXPECT_TRUE(complains({"ftp://h/f", "--source", "127.0.0.0/33"}, "is no network"));
    EXPECT_TRUE(complains({"ftp://h/f", "--progress", "bar"}, "is none of auto, line, none, tui"));
    EXPECT_TRUE(complains({"ftp://h/f", "--progress", "line", "--tui"}, "ask for the same"));
    EXPECT_TRUE(complains({"ftp://h/f", "--congestion", "a b"}, "'a b' is no name like cubic"));
    EXPECT_TRUE(complains({"ftp://h/f", "--congestion", "sixteen-letters-"}, "is no name"));
    EXPECT_TRUE(complains({"ftp://h/f", "--poisson"}, "give one, like --rate 100"));
    EXPECT_TRUE(complains({"ftp://h/f", "--duration", "0"}, "must be above 0"));
    EXPECT_TRUE(complains({"ftp://h/f", "--durration", "1s"}, "did you mean '--duration'?"));
    EXPECT_TRUE(complains({"ftp://h/f", "--require", "p99<5"}, "\n      ^"));
    EXPECT_TRUE(
        complains({"ftp://h/f", "--server-pid", "1", "--server-cgroup", "x"}, "one of them"));
}

TEST(CommandLine, ChoosesTls) {
    const Invocation plain = run({"ftp://h/f"});
    EXPECT_EQ(plain.options.url.tls, TlsMode::Off);
    EXPECT_TRUE(plain.options.tls.protects_data);
    EXPECT_EQ(plain.options.tls.resume, TlsResume::Data);
    const Invocation all = run({"ftp://h/f", "--tls", "explicit", "--data-protection", "clear",
                                "--tls-version", "1.3", "--tls-ciphers", "TLS_AES_128_GCM_SHA256",
                                "--tls-resume", "all", "--tls-ca", "ca.pem"});
    ASSERT_EQ(all.action, Invocation::Action::Run) << all.messages;
    EXPECT_EQ(all.options.url.tls, TlsMode::Explicit);
    EXPECT_EQ(all.options.url.port, 21);
    EXPECT_FALSE(all.options.tls.protects_data);
    EXPECT_EQ(all.options.tls.version, TlsVersion::Tls13);
    EXPECT_EQ(all.options.tls.ciphers, "TLS_AES_128_GCM_SHA256");
    EXPECT_EQ(all.options.tls.resume, TlsResume::All);
    EXPECT_EQ(all.options.tls.authorities_file, "ca.pem");
}

TEST(CommandLine, GivesThePortThatGoesWithTls) {
    EXPECT_EQ(run({"ftps://h/f"}).options.url.port, 990);
    EXPECT_EQ(run({"ftp://h/f", "--tls", "implicit"}).options.url.port, 990);
    EXPECT_EQ(run({"ftp://h:2121/f", "--tls", "implicit"}).options.url.port, 2121);
    // Many write ftps:// for either kind.
    const Invocation other = run({"ftps://h/f", "--tls", "explicit"});
    EXPECT_EQ(other.options.url.tls, TlsMode::Explicit);
    EXPECT_EQ(other.options.url.port, 21);
}

TEST(CommandLine, RefusesTlsThatCannotBe) {
    EXPECT_TRUE(complains({"ftps://h/f", "--tls", "off"}, "do not agree"));
    EXPECT_TRUE(complains({"ftp://h/f", "--tls", "implict"}, "did you mean 'implicit'?"));
    EXPECT_TRUE(complains({"ftps://h/f", "--tls-version", "1.1"}, "none of any, 1.2, 1.3"));
    EXPECT_TRUE(complains({"ftps://h/f", "--tls-resume", "logins"}, "none of none, data, all"));
    EXPECT_TRUE(complains({"ftps://h/f", "--data-protection", "P"}, "none of clear, private"));
    EXPECT_TRUE(complains({"ftps://h/f", "--tls-ca", ""}, "the value is empty"));
    for (const char* name :
         {"--tls-resume", "--tls-version", "--data-protection", "--tls-ca", "--tls-ciphers"}) {
        const char* value = "any";
        if (std::string_view(name) == "--tls-resume") {
            value = "data";
        } else if (std::string_view(name) == "--data-protection") {
            value = "clear";
        }
        EXPECT_TRUE(complains({"ftp://h/f", name, value}, "needs TLS: --tls explicit")) << name;
    }
}

TEST(CommandLine, TakesTheWorkloadFromItsFile) {
    const Invocation invocation = run({"ftp://h/", "--workload", "mix.toml"});
    ASSERT_EQ(invocation.action, Invocation::Action::Run) << invocation.messages;
    EXPECT_EQ(invocation.options.phases.size(), 2u);
    EXPECT_EQ(invocation.options.sessions, 9u);
    EXPECT_EQ(invocation.options.duration, Duration::seconds(3));
    EXPECT_TRUE(complains({"ftp://h/", "--workload", "no.toml"}, "cannot read 'no.toml'"));
    EXPECT_TRUE(complains({"noop", "ftp://h/", "--workload", "mix.toml"}, "both say what to do"));
    EXPECT_TRUE(complains({"ftp://h/", "--workload", "mix.toml", "--sessions", "3"},
                          "--sessions and the phases"));
    EXPECT_TRUE(complains({"ftp://h/", "--workload", "mix.toml", "--path", "x"},
                          "belongs into the workload file"));
}

TEST(CommandLine, ComparesTwoFilesOrMore) {
    const Invocation invocation = run({"compare", "a.json", "b.json", "--html", "c.html"});
    EXPECT_EQ(invocation.action, Invocation::Action::Compare);
    EXPECT_EQ(invocation.compare_files, (std::vector<std::string>{"a.json", "b.json"}));
    EXPECT_EQ(invocation.html_file, "c.html");
    EXPECT_TRUE(complains({"compare", "a.json"}, "two files"));
}

TEST(CommandLine, HelpFitsAScreenAndNamesEveryOption) {
    const Invocation invocation = run({"--help"});
    EXPECT_EQ(invocation.exit_code, 0);
    EXPECT_EQ(invocation.messages, "");
    std::size_t lines = 0;
    std::size_t width = 0;
    for (const char c : invocation.output) {
        width = c == '\n' ? 0 : width + 1;
        lines += c == '\n' ? 1 : 0;
        ASSERT_LE(width, 80u) << "line " << lines + 1;
    }
    EXPECT_LE(lines, 24u);
    for (const char* name :
         {"--scenario",       "--workload",      "--sessions",    "--rate",       "--poisson",
          "--duration",       "--warmup",        "--ramp",        "--transfers",  "--threads",
          "--path",           "--size",          "--data",        "--source",     "--engine",
          "--verify",         "--manifest",      "--timeout",     "--seed",       "--label",
          "--server-pid",     "--server-cgroup", "--json",        "--html",       "--require",
          "--progress",       "--tui",           "--version",     "--help",       "compare",
          "--tls ",           "--tls-version",   "--tls-ciphers", "--tls-resume", "--tls-ca",
          "--data-protection"}) {
        EXPECT_NE((" " + invocation.output).find(name), std::string::npos) << name;
    }
    EXPECT_EQ(run({"--version"}).output.substr(0, 12), "sluice-load ");
}

}  // namespace
}  // namespace sluice::load
