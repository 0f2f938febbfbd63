#include "requirements.hpp"

#include <gtest/gtest.h>

namespace sluice::load {
namespace {

// 1 ms to 100 ms, ten seconds, 1 GB, one error among 101 begun.
Run sample_run() {
    Run run;
    for (std::uint64_t i = 1; i <= 100; ++i) {
        run.total.of(Step::Action).record(i * 1'000'000);
    }
    run.total.of(Step::FirstByte).record(500'000);
    run.total.actions_started = 101;
    run.total.actions_done = 100;
    run.total.bytes_received = 1'000'000'000;
    run.total.count(Trouble::Truncated);
    run.measured_seconds = 10;
    return run;
}

bool is_met(std::string_view text) {
    const Parsed<std::vector<Requirement>> parsed = parse_requirements(text);
    EXPECT_TRUE(parsed) << text << ": " << (parsed ? "" : parsed.error());
    const Run run = sample_run();
    bool all = true;
    for (const Requirement& one : *parsed) {
        all = all && judge(one, run).is_met;
    }
    return all;
}

std::string error_of(std::string_view text) {
    const Parsed<std::vector<Requirement>> parsed = parse_requirements(text);
    return parsed ? "none" : parsed.error();
}

TEST(Requirements, CompareEveryMetricWithWhatWasMeasured) {
    EXPECT_TRUE(is_met("p50<=51ms, p50>49ms, p90<91ms, p99<100ms, p999<=100ms"));
    EXPECT_TRUE(is_met("max==100ms,mean>50ms,mean<51ms"));
    EXPECT_TRUE(is_met("p99(first_byte)<1ms"));
    EXPECT_TRUE(is_met("throughput>=100MB/s,throughput>0.79Gbit/s,rate==10/s,rate<11"));
    EXPECT_TRUE(is_met("errors==1,errors!=0,errors<1%"));
    EXPECT_FALSE(is_met("p99<5ms"));
    EXPECT_FALSE(is_met("errors==0"));
    EXPECT_FALSE(is_met("errors<0.9%"));
    EXPECT_FALSE(is_met("throughput>101MB/s"));
    EXPECT_FALSE(is_met("p50<1s,rate>10"));
}

TEST(Requirements, OfAStepThatNeverHappenedAreMissed) {
    const Parsed<std::vector<Requirement>> parsed = parse_requirements("p99(login)<1s");
    ASSERT_TRUE(parsed);
    const Verdict verdict = judge(parsed->front(), sample_run());
    EXPECT_FALSE(verdict.is_met);
    EXPECT_EQ(verdict.actual, "not measured");
    EXPECT_EQ(verdict.text, "p99(login)<1s");
}

TEST(Requirements, PointAtTheMistake) {
    EXPECT_EQ(error_of("p99<5ms,erors==0"),
              "'erors' is no metric; did you mean 'errors'?\n  p99<5ms,erors==0\n          ^");
    EXPECT_EQ(error_of("p99(first_bite)<5ms"),
              "'first_bite' is no step; did you mean 'first_byte'?\n"
              "  p99(first_bite)<5ms\n      ^");
    EXPECT_EQ(error_of("p99<5"), "'5' is not a duration like 5ms or 200us\n  p99<5\n      ^");
    EXPECT_EQ(error_of("p99 5ms").substr(0, 20), "'p99 5ms' is no metr");
    EXPECT_EQ(error_of("p99"), "a comparison is missing: one of < <= > >= == !=\n  p99\n     ^");
    EXPECT_EQ(error_of("errors=0"),
              "a comparison is missing: one of < <= > >= == !=\n  errors=0\n        ^");
}

TEST(Requirements, RefuseWhatHasNoMeaning) {
    EXPECT_NE(error_of("").find("a metric is missing"), std::string::npos);
    EXPECT_NE(error_of("p99<5ms,").find("a metric is missing"), std::string::npos);
    EXPECT_NE(error_of("errors(login)==0").find("only latencies"), std::string::npos);
    EXPECT_NE(error_of("p99(login<1s").find("has no ')'"), std::string::npos);
    EXPECT_NE(error_of("throughput>5").find("is not a throughput"), std::string::npos);
    EXPECT_NE(error_of("rate>inf").find("is not a rate"), std::string::npos);
    EXPECT_NE(error_of("errors==-1").find("is not a count"), std::string::npos);
    EXPECT_NE(error_of("p99<").find("the value is missing"), std::string::npos);
}

TEST(Requirements, AreAtMostSoMany) {
    std::string text = "errors==0";
    for (std::size_t i = 1; i < kRequirementsMax; ++i) {
        text += ",errors==0";
    }
    EXPECT_TRUE(parse_requirements(text));
    EXPECT_NE(error_of(text + ",errors==0").find("more than 64"), std::string::npos);
}

}  // namespace
}  // namespace sluice::load
