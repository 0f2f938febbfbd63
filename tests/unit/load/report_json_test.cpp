#include "report_json.hpp"

#include <gtest/gtest.h>

#include <string>

#include "sample_report.hpp"

namespace sluice::load {
namespace {

std::string replaced(std::string text, std::string_view from, std::string_view to) {
    const std::size_t at = text.find(from);
    EXPECT_NE(at, std::string::npos) << from;
    return at == std::string::npos ? text : text.replace(at, from.size(), to);
}

std::string error_of(std::string_view text) {
    const Parsed<Report> report = from_json(text);
    return report ? "none" : report.error();
}

TEST(ReportJson, ReadsBackWhatItWrote) {
    Report report = sample_report(1, 1'940'000'000, 690'000);
    report.run.total.count(Trouble::WrongBytes);
    report.options.congestion = "bbr";
    const std::string text = to_json(report);
    const Parsed<Report> copy = from_json(text);
    ASSERT_TRUE(copy) << copy.error();
    EXPECT_EQ(copy->run.total.actions_done, report.run.total.actions_done);
    EXPECT_EQ(copy->run.total.troubles, report.run.total.troubles);
    EXPECT_EQ(copy->run.total.replies, report.run.total.replies);
    EXPECT_EQ(copy->run.seconds.size(), 20u);
    EXPECT_EQ(copy->run.seconds[7].p99_ns, report.run.seconds[7].p99_ns);
    EXPECT_EQ(copy->run.server.context_switches, 12'345u);
    EXPECT_EQ(copy->run.server.sessions, 512u);
    EXPECT_EQ(copy->run.server.proportional_before, 9'000'000u);
    EXPECT_EQ(copy->run.features, "UTF8\nEPSV");
    EXPECT_EQ(copy->environment.processor, "A processor");
    EXPECT_EQ(copy->options.label, "sample");
    EXPECT_EQ(copy->options.phases.size(), 1u);
    ASSERT_EQ(copy->verdicts.size(), 1u);
    EXPECT_TRUE(copy->verdicts[0].is_met);
    EXPECT_NE(text.find("\"schema\":\"sluice-load/1\""), std::string::npos);
    EXPECT_EQ(text.find("secret-word"), std::string::npos) << "no password in a report";
    // Nothing is lost on the way: the copy writes the same bytes.
    EXPECT_EQ(to_json(*copy), text);
}

TEST(ReportJson, ReadsBackWhatItWroteOfTls) {
    Report report = sample_report(1, 1000, 690'000);
    report.options.url.tls = TlsMode::Implicit;
    report.options.tls.resume = TlsResume::All;
    report.options.tls.version = TlsVersion::Tls13;
    report.options.tls.protects_data = false;
    report.options.tls.ciphers = "TLS_AES_128_GCM_SHA256";
    report.options.tls.authorities_file = "ca.pem";
    report.run.total.tls_control_full = 1;
    report.run.total.tls_control_resumed = 2;
    report.run.total.tls_data_full = 3;
    report.run.total.tls_data_resumed = 4;
    report.run.total.count(Trouble::TlsTruncated);
    report.run.tls = TlsFacts{"TLSv1.3", "TLS_AES_128_GCM_SHA256", "wrong version number"};
    const std::string text = to_json(report);
    const Parsed<Report> copy = from_json(text);
    ASSERT_TRUE(copy) << copy.error();
    EXPECT_EQ(copy->options.url.tls, TlsMode::Implicit);
    EXPECT_EQ(copy->options.tls.resume, TlsResume::All);
    EXPECT_EQ(copy->run.total.tls_control_resumed, 2u);
    EXPECT_EQ(copy->run.tls.failure, "wrong version number");
    EXPECT_NE(text.find("\"tls_truncated\":1"), std::string::npos);
    EXPECT_NE(text.find("\"tls_data\":{"), std::string::npos) << "its histogram";
    EXPECT_EQ(to_json(*copy), text);
}

TEST(ReportJson, ReadsFilesFromBeforeTls) {
    std::string text = to_json(sample_report(1, 1000, 690'000));
    for (const char* field :
         {"\"tls_control_full\":0,", "\"tls_control_resumed\":0,", "\"tls_data_full\":0,",
          "\"tls_data_resumed\":0,", "\"tls\":{\"version\":\"\",\"cipher\":\"\",\"failure\":\"\"},",
          "\"tls\":\"off\",", "\"tls_resume\":\"data\",", "\"tls_version\":\"any\",",
          "\"data_protected\":true,", "\"tls_ciphers\":\"\",", "\"tls_authorities\":\"\","}) {
        text = replaced(text, field, "");
    }
    EXPECT_EQ(error_of(text), "none");
}

TEST(ReportJson, KeepsHistogramsThatCanBeMerged) {
    const Report report = sample_report(1, 1000, 690'000);
    Parsed<Report> copy = from_json(to_json(report));
    ASSERT_TRUE(copy);
    Tally twice = report.run.total;
    twice.merge(copy->run.total);
    const Histogram& merged = twice.of(Step::Action);
    EXPECT_EQ(merged.count(), 2 * report.run.total.of(Step::Action).count());
    EXPECT_EQ(merged.percentile(0.99), report.run.total.of(Step::Action).percentile(0.99));
    EXPECT_EQ(merged.max(), report.run.total.of(Step::Action).max());
}

TEST(ReportJson, OfABannerThatIsNoUtf8IsStillJson) {
    Report report = sample_report(1, 1000, 1000);
    report.run.banner = "220 caf\xe9 \xff";
    const Parsed<Report> copy = from_json(to_json(report));
    ASSERT_TRUE(copy) << copy.error();
    EXPECT_EQ(copy->run.banner, "220 caf\xEF\xBF\xBD \xEF\xBF\xBD");
}

TEST(ReportJson, SaysWhyAFileIsNone) {
    EXPECT_EQ(error_of(""), "is no JSON");
    EXPECT_EQ(error_of("{\"schema\":"), "is no JSON");
    EXPECT_EQ(error_of("[1]"), "is no report of sluice-load: it has no 'schema'");
    EXPECT_EQ(error_of("{}"), "is no report of sluice-load: it has no 'schema'");
    EXPECT_EQ(error_of("{\"schema\":\"sluice-load/9\"}"),
              "has the schema 'sluice-load/9', and 'sluice-load/1' is what this version reads");
    EXPECT_NE(error_of("{\"schema\":\"sluice-load/1\"}").find("'tool' is missing"),
              std::string::npos);
}

TEST(ReportJson, NamesTheFieldThatIsWrong) {
    const std::string good = to_json(sample_report(1, 1000, 690'000));
    ASSERT_EQ(error_of(good), "none");
    EXPECT_EQ(error_of(replaced(good, "\"logins\":512", "\"logins\":-1")),
              "'totals.logins' is missing or not a whole number");
    EXPECT_EQ(error_of(replaced(good, "\"sessions\":512", "\"sessions\":4294967296")),
              "'options.sessions' is missing or not a whole number");
    EXPECT_EQ(error_of(replaced(good, "\"230\":512", "\"230\":\"x\"")),
              "'replies.230' is missing or not a whole number");
    EXPECT_EQ(error_of(replaced(good, "\"cpu_seconds\":", "\"cpu\":")),
              "'server.cpu_seconds' is missing or not a number");
    EXPECT_NE(
        error_of(replaced(good, "\"buckets\":[[", "\"buckets\":[[1],[")).find("[lowest, count]"),
        std::string::npos);
    EXPECT_NE(error_of(replaced(good, "\"buckets\":[[", "\"buckets\":[[1,18446744073709551615],["))
                  .find("[lowest, count]"),
              std::string::npos)
        << "counts that overflow";
    EXPECT_NE(error_of(replaced(good, "\"rows\":[[", "\"rows\":[[1],[")).find("'seconds.rows'"),
              std::string::npos);
    EXPECT_NE(error_of(replaced(good, "ftp://127", "gopher://127")).find("speaks FTP alone"),
              std::string::npos);
}

TEST(ReportJson, SurvivesAnyCutAndAnyFlippedByte) {
    const std::string good = to_json(sample_report(1, 1000, 690'000));
    Prng prng(5);
    for (int i = 0; i < 300; ++i) {
        EXPECT_NE(error_of(good.substr(0, prng.below(good.size() - 2))), "none");
        std::string flipped = good;
        flipped[prng.below(flipped.size())] = static_cast<char>(prng.below(256));
        const Parsed<Report> report = from_json(flipped);
        EXPECT_TRUE(report || !report.error().empty());
    }
}

}  // namespace
}  // namespace sluice::load
