#include "compare.hpp"

#include <gtest/gtest.h>

#include <string>

#include "human.hpp"
#include "report_html.hpp"
#include "sample_report.hpp"

namespace sluice::load {
namespace {

Pair pair_of(Report base, Report other) {
    return compare({{"one", std::move(base)}, {"two", std::move(other)}}).at(0);
}

Compared row(const Pair& pair, std::string_view name) {
    for (const Compared& each : pair.rows) {
        if (each.name == name) {
            return each;
        }
    }
    ADD_FAILURE() << "no row " << name;
    return pair.rows.front();
}

TEST(Compare, NamesTheFasterWithTheRatioAndItsSpread) {
    const Pair pair =
        pair_of(sample_report(1, 1'000'000, 900'000), sample_report(2, 2'000'000, 600'000));
    const Compared& throughput = row(pair, "throughput");
    EXPECT_NEAR(throughput.ratio, 2, 0.06);
    EXPECT_LT(throughput.low, throughput.ratio);
    EXPECT_GT(throughput.high, throughput.ratio);
    EXPECT_GT(throughput.low, 1.9);
    EXPECT_EQ(throughput.says, Compared::Says::Better);
    EXPECT_EQ(row(pair, "p99 of a second").says, Compared::Says::Better) << "less is better";
    EXPECT_NE(pair.verdict.find("two is better (throughput"), std::string::npos) << pair.verdict;
}

TEST(Compare, SaysPlainlyThatThereIsNoDifference) {
    const Pair pair =
        pair_of(sample_report(1, 1'000'000, 900'000), sample_report(2, 1'000'000, 900'000));
    EXPECT_EQ(row(pair, "throughput").says, Compared::Says::Same);
    EXPECT_EQ(pair.verdict, "no significant difference");
}

TEST(Compare, SaysWhenEachIsBetterInSomething) {
    const Pair pair =
        pair_of(sample_report(1, 1'000'000, 600'000), sample_report(2, 2'000'000, 900'000));
    EXPECT_NE(pair.verdict.find("neither is better in all: two in throughput"), std::string::npos)
        << pair.verdict;
}

TEST(Compare, NamesNoWinnerWhenARunHadErrors) {
    Report other = sample_report(2, 2'000'000, 600'000);
    other.run.total.count(Trouble::Truncated);
    const Pair pair = pair_of(sample_report(1, 1'000'000, 900'000), other);
    EXPECT_EQ(pair.verdict, "no winner is named: two had 1 error");
    EXPECT_EQ(comparison_text({pair}).find("better"), std::string::npos) << "nor by a row";
    EXPECT_GT(row(pair, "throughput").low, 1.9) << "the ratio and its spread are still told";
}

TEST(Compare, NamesNoWinnerWhenTheGeneratorWasSaturatedOrTheWorkDiffered) {
    Report base = sample_report(1, 1'000'000, 900'000);
    base.run.own_cpu_share = 0.97;
    Report other = sample_report(2, 2'000'000, 600'000);
    other.options.sessions = 4;
    const Pair pair = pair_of(base, other);
    EXPECT_NE(pair.verdict.find("one: the generator was the bottleneck"), std::string::npos);
    EXPECT_NE(pair.verdict.find("the number of sessions differs: 512 and 4"), std::string::npos);
    EXPECT_EQ(pair.verdict.find("is better"), std::string::npos);
}

TEST(Compare, OfAFewSecondsTellsNothing) {
    Report base = sample_report(1, 1'000'000, 900'000);
    Report other = sample_report(2, 2'000'000, 600'000);
    base.run.seconds.resize(4);
    const Pair pair = pair_of(base, other);
    EXPECT_EQ(row(pair, "throughput").says, Compared::Says::Nothing);
    EXPECT_NE(pair.verdict.find("too few seconds"), std::string::npos);
}

// Three runs each that differ by more than their seconds do.
std::vector<NamedReport> pooled(std::uint64_t a_bytes, std::uint64_t b_bytes) {
    std::vector<NamedReport> reports;
    for (std::uint64_t i = 0; i < 3; ++i) {
        const std::uint64_t share = 80 + 20 * i;  // percent
        reports.push_back({"a", sample_report(1 + i, a_bytes * share / 100, 900'000)});
        reports.push_back({"b", sample_report(9 + i, b_bytes * share / 100, 900'000)});
    }
    return reports;
}

TEST(Compare, PoolsRunsOfOneNameAndCountsHowTheyDiffer) {
    const std::vector<NamedReport> reports = pooled(1'000'000, 1'200'000);
    const std::vector<Pair> pairs = compare(reports);
    ASSERT_EQ(pairs.size(), 1u);
    const Compared& throughput = row(pairs[0], "throughput");
    EXPECT_NEAR(throughput.ratio, 1.2, 0.03);
    EXPECT_EQ(throughput.says, Compared::Says::Same)
        << "runs of one server differ by more than the servers: " << throughput.low << " to "
        << throughput.high;
    EXPECT_EQ(pairs[0].notes, std::vector<std::string>{"a is the mean of 3 runs, b of 3"});
    // One run of each alone would have called it a difference.
    EXPECT_EQ(row(pair_of(reports[2].report, reports[3].report), "throughput").says,
              Compared::Says::Better);
    EXPECT_EQ(row(compare(pooled(1'000'000, 2'000'000)).at(0), "throughput").says,
              Compared::Says::Better);
}

TEST(Compare, OfThreeRunsEachKnowsTheSpreadOfWhatARunHasOneNumberOf) {
    std::vector<NamedReport> reports = pooled(1'000'000, 1'000'000);
    for (NamedReport& one : reports) {
        one.report.run.server.cpu_seconds = one.name == "a" ? 10 : 5;
    }
    const Compared& cpu = row(compare(reports).at(0), "server cpu/action");
    EXPECT_NEAR(cpu.ratio, 0.5, 0.02);
    EXPECT_GT(cpu.low, 0.4);
    EXPECT_EQ(cpu.says, Compared::Says::Better) << "less is better";
    reports.pop_back();
    EXPECT_EQ(row(compare(reports).at(0), "server cpu/action").high, 0) << "two runs: no spread";
}

TEST(Compare, NamesNoWinnerWhenOneOfThePooledRunsDidOtherWork) {
    std::vector<NamedReport> reports = pooled(1'000'000, 3'000'000);
    reports[4].report.options.sessions = 4;  // the third run of the base
    const Pair pair = compare(reports).at(0);
    EXPECT_NE(pair.verdict.find("the number of sessions differs: 512 and 4"), std::string::npos)
        << pair.verdict;
}

TEST(Compare, IsRepeatableAndFits80Columns) {
    Report base = sample_report(1, 1'000'000, 900'000);
    base.environment.processor = std::string(70, 'p');
    base.run.own_cpu_share = 0.97;
    const std::vector<NamedReport> reports = {{"a name that is far too long for its column", base},
                                              {"two", sample_report(2, 2'000'000, 600'000)},
                                              {"three", sample_report(3, 900'000, 600'000)}};
    const std::string text = comparison_text(compare(reports));
    EXPECT_EQ(text, comparison_text(compare(reports)));
    std::size_t width = 0;
    for (const char c : text) {
        width = c == '\n' ? 0 : width + 1;
        ASSERT_LE(width, 80u) << text;
    }
    EXPECT_EQ(compare(reports).size(), 2u);
}

TEST(ReportHtml, IsOnePageThatAsksForNothing) {
    Report report = sample_report(1, 1'000'000, 900'000);
    report.run.banner = "220 </script><script>alert(1)</script><!--";
    const std::vector<NamedReport> reports = {{"one <b>", report}, {"two", report}};
    const std::string page = to_html(reports, compare(reports));
    EXPECT_EQ(page.find("@"), page.find("@media")) << "a mark was not replaced";
    for (const char* mark :
         {"@DATA@", "@UPLOT_JS@", "@UPLOT_CSS@", "@REPORT_JS@", "@REPORT_CSS@"}) {
        EXPECT_EQ(page.find(mark), std::string::npos) << mark;
    }
    EXPECT_EQ(page.find("alert(1)</script>"), std::string::npos) << "a banner became markup";
    EXPECT_NE(page.find("\\u003c/script>"), std::string::npos);
    EXPECT_NE(page.find("{\"name\":\"one \\u003cb>\",\"schema\":\"sluice-load/1\""),
              std::string::npos);
    EXPECT_NE(page.find("\"verdict\":\"no significant difference\""), std::string::npos);
    for (const char* request : {"src=", "href=", "@import", "fetch(", "XMLHttpRequest"}) {
        EXPECT_EQ(page.find(request), std::string::npos) << request;
    }
}

}  // namespace
}  // namespace sluice::load
