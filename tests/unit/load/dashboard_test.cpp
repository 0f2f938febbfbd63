#include "dashboard.hpp"

#include <gtest/gtest.h>

#include <string>

#include "sample_report.hpp"

namespace sluice::load {
namespace {

// What has happened after `seconds` of the sample's twenty.
class DashboardTest : public testing::Test {
protected:
    Dashboard after(std::size_t seconds) {
        Dashboard board(report_.options);
        for (std::size_t i = 0; i < seconds; ++i) {
            Snapshot snapshot;
            snapshot.elapsed_seconds = static_cast<double>(i + 1);
            snapshot.total_seconds = 20;
            snapshot.second = report_.run.seconds[i];
            snapshot.actions = 700 * (i + 1);
            snapshot.sessions_wanted = 512;
            snapshot.sessions_by_state = {0, 2, 3, 7, 500};
            snapshot.own_cpu_share = report_.run.own_cpu_share;
            snapshot.is_warmup = i < warmup_seconds_;
            snapshot.total = &report_.run.total;
            board.add(snapshot);
        }
        return board;
    }

    static std::string text_of(const Canvas& canvas) {
        std::string text;
        for (int row = 0; row < canvas.rows(); ++row) {
            text += canvas.row_text(row) + "\n";
        }
        return text;
    }

    static int row_with(const Canvas& canvas, std::string_view part) {
        for (int row = 0; row < canvas.rows(); ++row) {
            if (canvas.row_text(row).find(part) != std::string::npos) {
                return row;
            }
        }
        return -1;
    }

    static bool has(const Canvas& canvas, std::string_view part) {
        return row_with(canvas, part) >= 0;
    }

    Report report_ = sample_report(1, 1'940'000'000, 690'000);
    std::size_t warmup_seconds_ = 0;
};

TEST_F(DashboardTest, ShowsTheRunOnAUsualScreen) {
    const Canvas canvas = after(5).draw(24, 80, true);
    const std::string text = text_of(canvas);
    EXPECT_TRUE(canvas.row_text(0).starts_with(" download ftp://127.0.0.1:2121/pub/file")) << text;
    EXPECT_TRUE(canvas.row_text(0).ends_with("running")) << text;
    EXPECT_EQ(text.find("secret-word"), std::string::npos);
    EXPECT_TRUE(has(canvas, " 25 %  5 s of 20 s, 15 s left")) << text;
    EXPECT_TRUE(has(canvas, "Gbit/s (")) << text;
    EXPECT_TRUE(has(canvas, "512 of 512 open, 500 busy, 7 ready, 3 logging in, 2 connecting"));
    EXPECT_TRUE(has(canvas, "p50      p90      p99    p99.9      max       count")) << text;
    EXPECT_TRUE(has(canvas, "First byte")) << text;
    EXPECT_TRUE(has(canvas, "Whole action")) << text;
    EXPECT_TRUE(has(canvas, "226: ")) << text;
    EXPECT_TRUE(has(canvas, "Errors      none")) << text;
    EXPECT_TRUE(has(canvas, "cpu 71 % of a core")) << text;
    EXPECT_EQ(row_with(canvas, "q or Ctrl-C"), 23) << text;
}

TEST_F(DashboardTest, DrawsSomethingInsideEverySize) {
    const Dashboard board = after(20);
    for (int rows = -1; rows < 60; ++rows) {
        for (const int columns : {-1, 0, 1, 7, 29, 30, 31, 43, 79, 80, 81, 200}) {
            const Canvas canvas = board.draw(rows, columns, true);
            EXPECT_FALSE(text_of(canvas).find_first_not_of(" \n") == std::string::npos)
                << rows << " x " << columns;
        }
    }
    EXPECT_EQ(board.draw(1'000'000, 1'000'000, true).rows(), Canvas::kRowsMax);
}

TEST_F(DashboardTest, LeavesOutTheLeastImportantFirst) {
    const Dashboard board = after(5);
    for (int rows = 6; rows < 50; ++rows) {
        const Canvas canvas = board.draw(rows, 80, true);
        EXPECT_TRUE(has(canvas, "Now")) << rows;
        EXPECT_TRUE(has(canvas, "Errors")) << rows;
        EXPECT_EQ(row_with(canvas, "q or Ctrl-C"), rows - 1) << rows;
        if (has(canvas, "First byte")) {
            EXPECT_TRUE(has(canvas, "Connect")) << "all steps or the whole action alone, " << rows;
        }
    }
    EXPECT_FALSE(has(board.draw(10, 80, true), "Whole action"));
    EXPECT_TRUE(has(board.draw(16, 80, true), "Whole action"));
    EXPECT_FALSE(has(board.draw(16, 80, true), "First byte"));
    EXPECT_TRUE(has(board.draw(40, 80, true), "p99 highest")) << "a tall one has every plot";
    EXPECT_FALSE(has(board.draw(24, 60, true), "count")) << "a narrow one has fewer columns";
    EXPECT_TRUE(has(board.draw(24, 60, true), "p99"));
}

TEST_F(DashboardTest, PlotsEachSecondAgainstTheHighest) {
    report_.run.seconds.resize(4);
    const std::uint64_t bytes[] = {0, 500'000'000, 1, 1'000'000'000};
    for (std::size_t i = 0; i < 4; ++i) {
        report_.run.seconds[i].bytes = bytes[i];
    }
    const Canvas canvas = after(4).draw(30, 80, true);
    const int name = row_with(canvas, "Throughput highest 8.00 Gbit/s");
    ASSERT_GT(name, 0) << text_of(canvas);
    const int plots_end = row_with(canvas, "Actions/s highest");
    ASSERT_GT(plots_end, name + 2);
    // Twenty seconds on 78 columns: three for each.
    for (int row = name + 1; row < plots_end; ++row) {
        EXPECT_EQ(canvas.at(row, 1).glyph, U' ') << "nothing is no bar";
        EXPECT_EQ(canvas.at(row, 10).glyph, U'\u2588') << "the highest is full";
        EXPECT_EQ(canvas.at(row, 12).glyph, U'\u2588');
        EXPECT_EQ(canvas.at(row, 13).glyph, U' ');
    }
    EXPECT_EQ(canvas.at(plots_end - 1, 7).glyph, U'\u2581') << "little is not nothing";
    int eighths = 0;
    for (int row = name + 1; row < plots_end; ++row) {
        const char32_t glyph = canvas.at(row, 4).glyph;
        eighths += glyph == U' ' ? 0 : static_cast<int>(glyph - U'\u2580');
    }
    EXPECT_EQ(eighths, (plots_end - name - 1) * 8 / 2);
}

TEST_F(DashboardTest, OfALongRunPlotsTheLastSeconds) {
    Dashboard board(report_.options);
    Snapshot snapshot;
    snapshot.total_seconds = 5000;
    for (int i = 0; i < 3000; ++i) {
        snapshot.second.actions = i == 2999 ? 100 : 50;
        board.add(snapshot);
    }
    const Canvas canvas = board.draw(24, 80, true);
    const int name = row_with(canvas, "Actions/s highest 100");
    ASSERT_GT(name, 0);
    EXPECT_EQ(canvas.at(name + 1, 78).glyph, U'\u2588');
    EXPECT_EQ(canvas.at(name + 1, 77).glyph, U' ');
}

TEST_F(DashboardTest, MarksTroublesAndTheWarmUp) {
    warmup_seconds_ = 2;
    report_.run.seconds[3].troubles = 1;
    report_.run.total.count(Trouble::Truncated);
    const Canvas canvas = after(5).draw(30, 80, true);
    const int bottom = row_with(canvas, "Actions/s highest") - 1;
    ASSERT_GT(bottom, 0);
    EXPECT_EQ(canvas.at(bottom, 1).look, Look::Dim);
    EXPECT_EQ(canvas.at(bottom, 7).look, Look::Good);
    EXPECT_EQ(canvas.at(bottom, 10).look, Look::Bad);
    const int errors = row_with(canvas, "truncated 1");
    ASSERT_GT(errors, 0);
    EXPECT_EQ(canvas.at(errors, 13).look, Look::Bad);
    EXPECT_TRUE(after(1).draw(24, 80, true).row_text(0).ends_with("warm-up"));
}

TEST_F(DashboardTest, OfACountedRunSaysHowManyAreLeft) {
    report_.options.transfers_max = 7000;
    const Canvas canvas = after(5).draw(24, 80, true);
    EXPECT_TRUE(has(canvas, " 50 %  3,500 of 7,000, about 0 s left")) << text_of(canvas);
}

TEST_F(DashboardTest, BeforeTheFirstSecondAndWhileEndingSaysSo) {
    Dashboard board(report_.options);
    EXPECT_TRUE(board.draw(24, 80, true).row_text(0).ends_with("beginning"));
    board.set_ending();
    EXPECT_TRUE(board.draw(24, 80, true).row_text(0).ends_with("ending"));
}

TEST_F(DashboardTest, WarnsWhenTheGeneratorIsTheBottleneck) {
    report_.run.own_cpu_share = 0.97;
    const Canvas canvas = after(2).draw(24, 80, true);
    const int row = row_with(canvas, "it is the bottleneck");
    ASSERT_GT(row, 0);
    EXPECT_EQ(canvas.at(row, 13).look, Look::Warning);
}

TEST_F(DashboardTest, UsesAsciiAloneWhereTheTerminalHasNoMore) {
    report_.options.label = "caf\xC3\xA9 \x1b[2J";
    const std::string text = text_of(after(5).draw(24, 80, false));
    for (const char c : text) {
        ASSERT_TRUE((c >= ' ' && c <= '~') || c == '\n') << text;
    }
    EXPECT_NE(text.find("\"caf?? ?[2J\""), std::string::npos) << "names command no terminal";
}

TEST(Canvas, CutsOffWhatIsOutside) {
    Canvas canvas(2, 5);
    EXPECT_EQ(canvas.put(0, 3, "abc"), 6);
    canvas.put(1, -1, "xy");
    canvas.put(7, 0, "no");
    canvas.put(-1, 0, U'n');
    EXPECT_EQ(canvas.row_text(0), "   ab");
    EXPECT_EQ(canvas.row_text(1), "y");
}

}  // namespace
}  // namespace sluice::load
