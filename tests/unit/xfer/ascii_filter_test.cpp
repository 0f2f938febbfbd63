// Method: what proto/ascii_test says of the conversion itself is not repeated; here are the ends,
// the restart offset, and every cut.
#include "xfer/ascii_filter.hpp"

#include <gtest/gtest.h>

#include "run_filter.hpp"

namespace sluice::xfer {
namespace {

constexpr std::string_view kFile = "a\n\r\nb\rc\r\r\n\n";
constexpr std::string_view kWire = "a\r\n\r\nb\rc\r\r\n\r\n";

TEST(AsciiEncode, TurnsLineEndsHoweverItIsCut) {
    for (const Pieces& cut : all_cuts(kFile.size())) {
        AsciiEncode filter(0);
        const Outcome outcome = run_filter(filter, kFile, cut);
        EXPECT_TRUE(outcome.ended);
        EXPECT_EQ(outcome.bytes, kWire) << cut.in << " " << cut.out;
    }
}

TEST(AsciiEncode, LeavesOutWhatTheClientHas) {
    for (std::size_t skip = 0; skip <= kWire.size(); ++skip) {
        for (const Pieces& cut : all_cuts(kFile.size())) {
            AsciiEncode filter(static_cast<std::int64_t>(skip));
            EXPECT_EQ(run_filter(filter, kFile, cut).bytes, kWire.substr(skip)) << skip;
        }
    }
}

TEST(AsciiEncode, RefusesAnOffsetBehindTheEnd) {
    AsciiEncode filter(static_cast<std::int64_t>(kWire.size()) + 1);
    EXPECT_EQ(run_filter(filter, kFile).error, Errc::OutOfRange);
    AsciiEncode empty(1);
    EXPECT_EQ(run_filter(empty, "").error, Errc::OutOfRange);
}

TEST(AsciiDecode, TurnsLineEndsHoweverItIsCut) {
    for (const Pieces& cut : all_cuts(kWire.size())) {
        AsciiDecode filter;
        const Outcome outcome = run_filter(filter, kWire, cut);
        EXPECT_TRUE(outcome.ended);
        EXPECT_EQ(outcome.bytes, "a\n\nb\rc\r\n\n") << cut.in << " " << cut.out;
    }
}

TEST(AsciiDecode, KeepsACrAtTheVeryEnd) {
    for (const Pieces& cut : all_cuts(4)) {
        AsciiDecode filter;
        EXPECT_EQ(run_filter(filter, "abc\r", cut).bytes, "abc\r");
    }
    AsciiDecode filter;
    EXPECT_TRUE(run_filter(filter, "").ended);
}

}  // namespace
}  // namespace sluice::xfer
