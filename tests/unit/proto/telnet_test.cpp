// Method: known sequences, then random streams cut at random places against a single call.
#include "sluice/proto/telnet.hpp"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

#include "sluice/base/prng.hpp"

namespace sluice::proto {
namespace {

struct Filtered {
    std::string text;
    std::string answers;
    bool is_inside = false;
    friend bool operator==(const Filtered&, const Filtered&) = default;
};

// Runs the pieces through one filter.
Filtered run(const std::vector<std::string>& pieces) {
    TelnetFilter filter;
    Filtered result;
    for (std::string piece : pieces) {
        TelnetAnswers answers;
        const std::size_t kept =
            filter.filter({reinterpret_cast<std::uint8_t*>(piece.data()), piece.size()}, answers);
        EXPECT_LE(kept, piece.size());
        result.text += piece.substr(0, kept);
        result.answers += as_text(answers.view());
    }
    result.is_inside = filter.is_inside_command();
    return result;
}

Filtered run(std::string_view text) {
    return run(std::vector<std::string>{std::string(text)});
}

TEST(TelnetFilter, LeavesTextAlone) {
    EXPECT_EQ(run("NOOP\r\n").text, "NOOP\r\n");
    EXPECT_EQ(run("").text, "");
    const std::string_view with_nul("a\0b\xFE", 4);
    EXPECT_EQ(run(with_nul).text, with_nul);
}

TEST(TelnetFilter, RemovesInterruptAndSynchBeforeAbor) {
    EXPECT_EQ(run("\xFF\xF4\xFF\xF2"
                  "ABOR\r\n")
                  .text,
              "ABOR\r\n");
}

TEST(TelnetFilter, TurnsTwoIacIntoOneByte) {
    EXPECT_EQ(run("MKD i\xFF\xFFj\r\n").text, "MKD i\xFFj\r\n");
    EXPECT_EQ(run("\xFF\xFF\xFF\xFF").text, "\xFF\xFF");
}

TEST(TelnetFilter, RefusesEveryOption) {
    const Filtered result =
        run("\xFF\xFB\x01"
            "a\xFF\xFD\x03"
            "b");
    EXPECT_EQ(result.text, "ab");
    EXPECT_EQ(result.answers, "\xFF\xFE\x01\xFF\xFC\x03");
}

TEST(TelnetFilter, NeverAnswersARefusal) {
    const Filtered result = run("\xFF\xFC\x01\xFF\xFE\x03x");
    EXPECT_EQ(result.text, "x");
    EXPECT_EQ(result.answers, "");
}

TEST(TelnetFilter, SkipsASubnegotiation) {
    EXPECT_EQ(run("a\xFF\xFA\x18\x01xterm\xFF\xF0"
                  "b")
                  .text,
              "ab");
    // IAC IAC inside is data, not the end.
    EXPECT_EQ(run("a\xFF\xFA\xFF\xFF\xF0q\xFF\xF0"
                  "b")
                  .text,
              "ab");
}

TEST(TelnetFilter, GivesUpOnASubnegotiationWithoutEnd) {
    const std::string inside(TelnetFilter::kSubnegotiationBytesMax, 's');
    EXPECT_EQ(run("a\xFF\xFA" + inside + "NOOP\r\n").text, "aNOOP\r\n");
    EXPECT_TRUE(run("a\xFF\xFA" + inside.substr(1)).is_inside);
    EXPECT_FALSE(run("a\xFF\xFA" + inside).is_inside);
}

TEST(TelnetFilter, CountsEachSubnegotiationByItself) {
    const std::string one = "\xFF\xFA" + std::string(200, 's') + "\xFF\xF0";
    EXPECT_EQ(run(one + "a" + one + "b").text, "ab");
}

TEST(TelnetFilter, WaitsForTheRestOfACommand) {
    const Filtered result = run("NOOP\xFF");
    EXPECT_EQ(result.text, "NOOP");
    EXPECT_TRUE(result.is_inside);
}

TEST(TelnetFilter, SurvivesAFloodOfIac) {
    const Filtered result = run(std::string(65'536, '\xFF'));
    EXPECT_EQ(result.text, std::string(32'768, '\xFF'));
}

TEST(TelnetFilter, AnswersABoundedNumberOfRequestsPerCall) {
    std::string flood;
    for (int i = 0; i < 1000; ++i) {
        flood += "\xFF\xFD\x01";
    }
    const Filtered result = run(flood);
    EXPECT_EQ(result.text, "");
    EXPECT_EQ(result.answers.size(), 3 * TelnetAnswers::kAnswersMax);
}

TEST(TelnetFilter, GivesTheSameResultForEveryFragmentation) {
    const std::string_view alphabet(
        "\xFF\xFF\xFF\xFA\xF0\xFB\xFC\xFD\xFE\xF4"
        "ab\r\n\0",
        15);
    for (std::uint64_t seed = 1; seed <= 3000; ++seed) {
        Prng prng(seed);
        std::string stream;
        const std::uint64_t size = prng.below(400);
        std::size_t requests = 0;
        for (std::uint64_t i = 0; i < size; ++i) {
            char c = alphabet[prng.below(alphabet.size())];
            // Keeps the number of possible answers below the bound, which counts per call.
            if (c == '\xFB' || c == '\xFD') {
                if (++requests > TelnetAnswers::kAnswersMax) {
                    c = 'x';
                }
            }
            stream += c;
        }
        std::vector<std::string> pieces;
        std::size_t at = 0;
        while (at < stream.size()) {
            const std::size_t length = 1 + prng.below(prng.chance(1, 2) ? 3 : 50);
            pieces.push_back(stream.substr(at, length));
            at += length;
        }
        ASSERT_EQ(run(pieces), run(stream)) << "seed " << seed;
    }
}

}  // namespace
}  // namespace sluice::proto
