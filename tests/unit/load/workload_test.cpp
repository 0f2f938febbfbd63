#include "workload.hpp"

#include <gtest/gtest.h>

#include <string>

namespace sluice::load {
namespace {

std::string error_of(std::string_view text) {
    const Parsed<Workload> workload = parse_workload("w.toml", text);
    return workload ? "none" : workload.error();
}

bool tells(std::string_view text, std::string_view place, std::string_view what) {
    const std::string error = error_of(text);
    const bool is_told =
        error.find(place) != std::string::npos && error.find(what) != std::string::npos;
    EXPECT_TRUE(is_told) << error;
    return is_told;
}

TEST(Workload, ReadsWorkSizesThinkTimesAndPhases) {
    const Parsed<Workload> workload = parse_workload("w.toml", R"(
[run]
arrivals = "poisson"
seed = 7
warmup = "2s"
[[work]]
action = "download"
weight = 2.5
paths = ["a.bin", "b/%.bin"]
think = "10ms..200ms"
[[work]]
action = "upload"
size = { median = "64KiB", sigma = 1.5, min = "1KiB", max = "16MiB" }
seed = 3
[[work]]
action = "list"
listing = "list"
[[phase]]
sessions = 100
rate = 500
ramp = "5s"
hold = "30s"
[[phase]]
rate = 50.5
hold = "1m"
)");
    ASSERT_TRUE(workload) << workload.error();
    EXPECT_EQ(workload->arrivals, Arrivals::Poisson);
    EXPECT_EQ(workload->seed, 7u);
    EXPECT_EQ(workload->warmup, Duration::seconds(2));
    ASSERT_EQ(workload->mix.size(), 3u);
    EXPECT_EQ(workload->mix[0].weight, 2.5);
    EXPECT_EQ(workload->mix[0].paths.size(), 2u);
    EXPECT_EQ(workload->mix[0].think_min, Duration::milliseconds(10));
    EXPECT_EQ(workload->mix[0].think_max, Duration::milliseconds(200));
    const Sizes& sizes = workload->mix[1].sizes;
    EXPECT_EQ(sizes.kind, Sizes::Kind::LogNormal);
    EXPECT_EQ(sizes.median, 65536);
    EXPECT_EQ(sizes.seed, 3u) << "of these sizes";
    EXPECT_FALSE(workload->mix[0].sizes.seed);
    EXPECT_EQ(sizes.sigma, 1.5);
    EXPECT_EQ(sizes.min, 1024u);
    EXPECT_EQ(sizes.max, 16u << 20);
    EXPECT_EQ(workload->mix[1].paths, std::vector<std::string>{"load-%.bin"});
    EXPECT_FALSE(workload->mix[2].machine_listing);
    ASSERT_EQ(workload->phases.size(), 2u);
    EXPECT_EQ(workload->phases[1].sessions, 100u) << "as in the phase before";
    EXPECT_EQ(workload->phases[1].rate, 50.5);

    Options options;
    apply(*workload, options);
    EXPECT_EQ(options.duration, Duration::seconds(95));
    EXPECT_EQ(options.sessions, 100u);
    EXPECT_EQ(options.arrivals, Arrivals::Poisson);
    EXPECT_EQ(options.seed, 7u);
}

TEST(Workload, TellsLineColumnAndTheKeyThatWasMeant) {
    tells("[[work]]\naction = \"noop\"\n  wieght = 2\n", "w.toml:3", "column 3: ");
    tells("[[work]]\naction = \"noop\"\n  wieght = 2\n", "wieght", "did you mean 'weight'?");
    tells("[[work]]\naction = \"downlaod\"\npaths = [\"a\"]\n", "w.toml:2",
          "did you mean 'download'?");
    tells("[[wrok]]\naction = \"noop\"\n", "w.toml:1", "did you mean 'work'?");
    tells("[run]\narrivals = \"poison\"\n[[work]]\naction = \"noop\"\n", "w.toml:2",
          "did you mean 'poisson'?");
}

TEST(Workload, TellsAllMistakesTogether) {
    const std::string error = error_of(
        "[[work]]\naction = \"noop\"\nweight = -1\nthink = \"2s..1s\"\n[[phase]]\nsessions = "
        "\"x\"\nhold = \"30\"\n");
    EXPECT_NE(error.find("w.toml:3"), std::string::npos) << error;
    EXPECT_NE(error.find("w.toml:4"), std::string::npos) << error;
    EXPECT_NE(error.find("w.toml:6"), std::string::npos) << error;
    EXPECT_NE(error.find("'30' has no unit"), std::string::npos) << error;
}

TEST(Workload, RefusesWhatMakesNoSense) {
    tells("", "w.toml:1", "no work");
    tells("[[work]]\naction = \"download\"\n", "w.toml:1", "no 'paths'");
    tells("[[work]]\nweight = 1\n", "w.toml:1", "no action");
    tells("[[work]]\naction = \"upload\"\nsize = { median = \"1MiB\" }\n", "w.toml:3",
          "needs 'sigma'");
    tells("[[work]]\naction = \"download\"\npaths = [\"a\\r\\nDELE b\"]\n", "w.toml:3", "line end");
    tells("[[work]]\naction = \"noop\"\n[[phase]]\nsessions = 1\n", "w.toml:3", "lasts no time");
    tells("[[work]]\naction = \"noop\"\n[[phase]]\nhold = \"1s\"\n", "w.toml:3", "sessions");
    tells("work = 3\n", "w.toml:1", "list of tables");
    tells("[[work]\naction", "w.toml:1", "syntax error");
    tells("[[work]]\naction = \"noop\"\n[run]\nseed = 1.5\n", "w.toml:4", "no whole number");
    tells(
        "[run]\narrivals=\"constant\"\n[[work]]\naction=\"noop\"\n[[phase]]\nsessions=1\nhold="
        "\"1s\"\n",
        "w.toml:5", "needs a rate");
}

TEST(Workload, BoundsWhatItHandsToTheParser) {
    tells("x" + std::string(20'000, '.') + "y = 1\n", "w.toml:1", "too many dots");
    std::string many;
    for (std::size_t i = 0; i <= kWorksMax; ++i) {
        many += "[[work]]\naction = \"noop\"\n";
    }
    tells(many, "w.toml:", "more than 256");
}

}  // namespace
}  // namespace sluice::load
