// Method: known inputs at the bound, then random streams fed in random pieces against one piece.
#include "sluice/proto/line_splitter.hpp"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

#include "sluice/base/prng.hpp"

namespace sluice::proto {
namespace {

TEST(LineSplitter, EndsALineAtCrlfOrBareLf) {
    const Line crlf = next_line("NOOP\r\nPWD\r\n");
    EXPECT_EQ(crlf.kind, LineKind::Complete);
    EXPECT_EQ(crlf.text, "NOOP");
    EXPECT_EQ(crlf.consumed, 6u);
    const Line bare = next_line("NOOP\nPWD\n");
    EXPECT_EQ(bare.text, "NOOP");
    EXPECT_EQ(bare.consumed, 5u);
}

TEST(LineSplitter, GivesEmptyLines) {
    EXPECT_EQ(next_line("\n").text, "");
    EXPECT_EQ(next_line("\n").consumed, 1u);
    EXPECT_EQ(next_line("\r\n").text, "");
    EXPECT_EQ(next_line("\r\n").consumed, 2u);
}

TEST(LineSplitter, TakesOffOneCrOnly) {
    EXPECT_EQ(next_line("MKD q\r\r\n").text, "MKD q\r");
}

TEST(LineSplitter, KeepsNulAndBareCrInsideTheLine) {
    const std::string_view line("MKD a\0b\rc", 9);
    EXPECT_EQ(next_line(std::string(line) + "\r\n").text, line);
}

TEST(LineSplitter, WaitsForTheEndOfALine) {
    EXPECT_EQ(next_line("").kind, LineKind::Incomplete);
    EXPECT_EQ(next_line("NOO").kind, LineKind::Incomplete);
    EXPECT_EQ(next_line("NOOP\r").kind, LineKind::Incomplete);
    EXPECT_EQ(next_line("NOOP\r").consumed, 0u);
}

TEST(LineSplitter, TakesALineOfTheLimit) {
    const std::string text(kLineBytesMax, 'x');
    for (const std::string_view end : {"\n", "\r\n"}) {
        const std::string line = text + std::string(end);
        EXPECT_EQ(next_line(line).kind, LineKind::Complete);
        EXPECT_EQ(next_line(line).text, text);
        EXPECT_EQ(next_line(line).consumed, line.size());
    }
    // Not yet known: CRLF may follow.
    EXPECT_EQ(next_line(text).kind, LineKind::Incomplete);
    EXPECT_EQ(next_line(text + "\r").kind, LineKind::Incomplete);
}

TEST(LineSplitter, RejectsALineLongerThanTheLimit) {
    const std::string text(kLineBytesMax + 1, 'x');
    EXPECT_EQ(next_line(text + "\n").kind, LineKind::TooLong);
    EXPECT_EQ(next_line(text + "\r\n").kind, LineKind::TooLong);
    EXPECT_EQ(next_line(text + "xx").kind, LineKind::TooLong);
    EXPECT_EQ(next_line(std::string(70'000, 'A') + "\r\nNOOP\r\n").kind, LineKind::TooLong);
}

TEST(LineSplitter, HoldsTheLongestPathWithItsVerb) {
    EXPECT_EQ(next_line("SITE CHMOD 0644 " + std::string(4095, 'p') + "\r\n").kind,
              LineKind::Complete);
}

TEST(LineSplitter, GivesTheSameLinesForEveryFragmentation) {
    for (std::uint64_t seed = 1; seed <= 500; ++seed) {
        Prng prng(seed);
        std::string stream;
        const std::uint64_t size = prng.below(300);
        for (std::uint64_t i = 0; i < size; ++i) {
            stream += "\r\n\nab"[prng.below(5)];
        }

        std::vector<std::string> whole;
        std::string_view rest = stream;
        for (Line line = next_line(rest); line.kind == LineKind::Complete; line = next_line(rest)) {
            whole.emplace_back(line.text);
            rest.remove_prefix(line.consumed);
        }

        std::vector<std::string> pieced;
        std::string buffer;
        std::size_t scanned = 0;
        std::size_t at = 0;
        while (at < stream.size()) {
            const std::size_t length = 1 + prng.below(8);
            buffer += stream.substr(at, length);
            at += length;
            for (Line line = next_line(buffer, scanned); line.kind == LineKind::Complete;
                 line = next_line(buffer)) {
                pieced.emplace_back(line.text);
                buffer.erase(0, line.consumed);
            }
            scanned = buffer.size();
        }
        ASSERT_EQ(pieced, whole) << "seed " << seed;
    }
}

}  // namespace
}  // namespace sluice::proto
