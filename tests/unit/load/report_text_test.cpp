#include "report_text.hpp"

#include <gtest/gtest.h>

#include <string>

#include "health.hpp"
#include "human.hpp"
#include "sample_report.hpp"

namespace sluice::load {
namespace {

// Whether the words stand there, wherever the lines were broken.
bool has(const std::string& text, std::string_view part) {
    std::string flat;
    for (const char c : text) {
        const char shown = c == '\n' ? ' ' : c;
        if (shown != ' ' || flat.empty() || flat.back() != ' ') {
            flat.push_back(shown);
        }
    }
    return flat.find(part) != std::string::npos;
}

std::size_t widest_line(const std::string& text) {
    std::size_t widest = 0;
    std::size_t begin = 0;
    while (begin < text.size()) {
        const std::size_t end = text.find('\n', begin);
        widest = std::max(widest, columns_of(std::string_view(text).substr(begin, end - begin)));
        begin = end + 1;
    }
    return widest;
}

TEST(FinalTable, SaysWhatWasDoneAndFits80Columns) {
    const std::string text = final_table(sample_report(1, 1'940'000'000, 690'000), {"run.json"});
    EXPECT_LE(widest_line(text), 80u) << text;
    EXPECT_TRUE(has(text, "download ftp://127.0.0.1:2121/pub/file \"sample\""));
    EXPECT_TRUE(has(text, "512 sessions, 2 threads, closed loop, epsv; 20.0 s after 5s of warm-up"))
        << text;
    EXPECT_TRUE(has(text, "Gbit/s"));
    EXPECT_TRUE(has(text, "p99.9"));
    EXPECT_TRUE(has(text, "First byte"));
    EXPECT_TRUE(has(text, "226: "));
    EXPECT_TRUE(has(text, "Errors none"));
    EXPECT_TRUE(has(text, "cpu 19.20 s (96 % of a core)"));
    EXPECT_TRUE(has(text, "p99<5ms: met (3.90 ms)"));
    EXPECT_TRUE(has(text, "Wrote run.json"));
    EXPECT_FALSE(has(text, "WARNING"));
    EXPECT_FALSE(has(text, "secret-word"));
}

TEST(FinalTable, FitsWithTheLargestNumbers) {
    Report report = sample_report(1, 1'000'000'000'000'000, 3'000'000'000'000);
    for (std::uint64_t& count : report.run.total.replies) {
        count = 18'000'000'000'000'000'000u;
    }
    for (std::uint64_t& count : report.run.total.troubles) {
        count = 987'654'321;
    }
    report.options.arrivals = Arrivals::Poisson;
    report.run.total.actions_late = 123'456'789'012;
    report.run.own_cpu_share = 0.99;
    report.run.worst_lag_ns = 45'000'000;
    EXPECT_LE(widest_line(final_table(report, {std::string(60, 'a'), std::string(60, 'b')})), 80u);
}

TEST(FinalTable, SaysLoudlyWhatOfTlsIsNotSafe) {
    Report report = sample_report(1, 1000, 690'000);
    EXPECT_FALSE(has(final_table(report, {}), "Handshakes"));
    report.options.url.tls = TlsMode::Explicit;
    report.run.tls = TlsFacts{"TLSv1.3", "TLS_AES_128_GCM_SHA256", ""};
    report.run.total.tls_control_full = 512;
    report.run.total.tls_data_resumed = 1600;
    std::string text = final_table(report, {});
    EXPECT_LE(widest_line(text), 80u) << text;
    EXPECT_TRUE(has(text,
                    "TLS explicit, data private, TLSv1.3 TLS_AES_128_GCM_SHA256; the "
                    "certificate was NOT CHECKED (--tls-ca)"))
        << text;
    EXPECT_TRUE(has(text, "control 512 full, 0 resumed; data 0 full, 1,600 resumed")) << text;
    report.options.tls.authorities_file = "ca.pem";
    report.options.tls.protects_data = false;
    report.run.tls.failure = "wrong version number";
    text = final_table(report, {});
    EXPECT_TRUE(has(text, "data CLEAR")) << text;
    EXPECT_TRUE(has(text, "certificate checked; a handshake failed: wrong version number")) << text;
}

TEST(FinalTable, WarnsWhenTheGeneratorWasTheBottleneck) {
    Report report = sample_report(1, 1000, 1000);
    report.run.own_cpu_share = 0.95;
    EXPECT_TRUE(has(final_table(report, {}), "its busiest thread used 95 % of a core"));
    report.run.own_cpu_share = 0.5;
    report.run.worst_lag_ns = 50'000'000;
    EXPECT_TRUE(has(generator_warning(report.run), "its timers ran 50.0 ms late"));
    report.run.worst_lag_ns = kOwnLagMaxNs;
    EXPECT_EQ(generator_warning(report.run), "");
}

TEST(FinalTable, OfARunThatDidNothingStillSaysSo) {
    Report report;
    report.options.url.host = "h";
    report.run.total.count(Trouble::ConnectRefused);
    report.run.total.count(Trouble::ConnectRefused);
    report.run.total.count(Trouble::LoginRefused);
    const std::string text = final_table(report, {});
    EXPECT_TRUE(has(text, "connect_refused 2, login_refused 1")) << text;
    EXPECT_TRUE(has(text, "started 0, done 0 (0/s)")) << text;
}

TEST(LiveLine, SaysTheSecond) {
    Live live;
    live.elapsed_seconds = 12;
    live.left_seconds = 18;
    live.second = Second{1'940'000'000, 7412, 0, 610'000, 3'900'000, 512};
    live.sessions_wanted = 512;
    live.own_cpu_share = 0.71;
    EXPECT_EQ(live_line(live),
              "[ 12.0s] sess 512/512 | 1.94 GB/s 15.5 Gbit/s | 7,412/s | p50 0.61 p99 3.90 ms | "
              "err 0 | gen cpu 71% | left 18s");
    live.is_warmup = true;
    live.left_seconds = -1;
    live.second.bytes = 0;
    EXPECT_EQ(
        live_line(live),
        "[ 12.0s] warm-up sess 512/512 | 7,412/s | p50 0.61 p99 3.90 ms | err 0 | gen cpu 71%");
}

TEST(Human, ShowsThreeDigitsThatMatter) {
    EXPECT_EQ(amount(0), "0");
    EXPECT_EQ(amount(7.404), "7.40");
    EXPECT_EQ(amount(74.04), "74.0");
    EXPECT_EQ(amount(7396.2), "7,396");
    EXPECT_EQ(with_commas(1000000), "1,000,000");
    EXPECT_EQ(with_commas(999), "999");
    EXPECT_EQ(bytes_text(999), "999 B");
    EXPECT_EQ(bytes_text(999'999'999), "1.00 GB");
    EXPECT_EQ(bits_per_second(1.94e9), "15.5 Gbit/s");
    EXPECT_EQ(time_text(610'000), "610 us");
    EXPECT_EQ(milliseconds(1234), "0.0012");
}

TEST(Tally, HasADistinctNameForEachStepAndTrouble) {
    std::vector<std::string> names;
    for (std::size_t i = 0; i < static_cast<std::size_t>(Step::Count); ++i) {
        names.emplace_back(name_of(static_cast<Step>(i)));
    }
    for (std::size_t i = 0; i < static_cast<std::size_t>(Trouble::Count); ++i) {
        names.emplace_back(name_of(static_cast<Trouble>(i)));
    }
    std::sort(names.begin(), names.end());
    EXPECT_EQ(std::adjacent_find(names.begin(), names.end()), names.end());
    EXPECT_STREQ(name_of(Trouble::FinalFailed), "final_failed");
    EXPECT_STREQ(name_of(Trouble::MissingFinal), "missing_final");
    EXPECT_STREQ(name_of(Trouble::BadPassiveReply), "bad_passive_reply");
    EXPECT_STREQ(name_of(Step::DataConnect), "data_connect");
    EXPECT_STREQ(name_of(Step::TlsControl), "tls_control");
    EXPECT_STREQ(name_of(Step::TlsData), "tls_data");
    EXPECT_STREQ(name_of(Step::Action), "action");
    EXPECT_STREQ(name_of(Trouble::TlsTruncated), "tls_truncated");
    EXPECT_STREQ(name_of(Trouble::TlsRefused), "tls_refused");
}

TEST(Tally, MergedIsTheSumOfBoth) {
    Tally one = sample_report(1, 1000, 1000).run.total;
    Tally two = sample_report(2, 1000, 1000).run.total;
    two.count(Trouble::Truncated);
    two.actions_late = 3;
    two.bytes_sent = 7;
    two.tls_control_full = 1;
    two.tls_control_resumed = 2;
    two.tls_data_full = 3;
    two.tls_data_resumed = 4;
    const std::uint64_t done = one.actions_done + two.actions_done;
    const std::uint64_t received = one.bytes_received + two.bytes_received;
    one.merge(two);
    EXPECT_EQ(one.actions_done, done);
    EXPECT_EQ(one.bytes_received, received);
    EXPECT_EQ(one.bytes_sent, 7u);
    EXPECT_EQ(one.actions_late, 3u);
    EXPECT_EQ(one.tls_control_full, 1u);
    EXPECT_EQ(one.tls_control_resumed, 2u);
    EXPECT_EQ(one.tls_data_full, 3u);
    EXPECT_EQ(one.tls_data_resumed, 4u);
    EXPECT_EQ(one.logins, 1024u);
    EXPECT_EQ(one.replies[230], 1024u);
    EXPECT_EQ(one.troubles_total(), 1u);
    EXPECT_EQ(one.of(Step::Action).count(), 10'000u);
}

}  // namespace
}  // namespace sluice::load
