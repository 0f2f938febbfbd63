// Method: the codes of RFC 959 3.4.1 by hand, every cut, and each of the 256 codes.
#include "xfer/record_filter.hpp"

#include <gtest/gtest.h>

#include "run_filter.hpp"

namespace sluice::xfer {
namespace {

using namespace std::string_view_literals;

constexpr std::string_view kFile = "one\n\n\xFFtwo\xFF\xFF\nlast"sv;
constexpr std::string_view kWire =
    "one\xFF\x01\xFF\x01\xFF\xFFtwo\xFF\xFF\xFF\xFF\xFF\x01last\xFF\x02"sv;

TEST(RecordEncode, MarksLinesAndTheEndHoweverItIsCut) {
    for (const Pieces& cut : all_cuts(kFile.size())) {
        RecordEncode filter;
        const Outcome outcome = run_filter(filter, kFile, cut);
        EXPECT_TRUE(outcome.ended);
        EXPECT_EQ(outcome.bytes, kWire) << cut.in << " " << cut.out;
    }
}

TEST(RecordEncode, MarksTheEndOfAnEmptyFile) {
    RecordEncode filter;
    EXPECT_EQ(run_filter(filter, "").bytes, "\xFF\x02");
}

TEST(RecordDecode, IsTheInverseHoweverItIsCut) {
    for (const Pieces& cut : all_cuts(kWire.size())) {
        RecordDecode filter;
        const Outcome outcome = run_filter(filter, kWire, cut);
        EXPECT_TRUE(outcome.ended);
        EXPECT_EQ(outcome.bytes, kFile) << cut.in << " " << cut.out;
        EXPECT_EQ(outcome.behind_the_end, "");
    }
}

TEST(RecordDecode, TakesBothEndsAtOnce) {
    RecordDecode filter;
    const Outcome outcome = run_filter(filter, "line\xFF\x03"sv);
    EXPECT_TRUE(outcome.ended);
    EXPECT_EQ(outcome.bytes, "line\n");
}

TEST(RecordDecode, LeavesWhatIsBehindTheEnd) {
    for (const std::size_t piece : {1u, 2u, 3u, 100u}) {
        RecordDecode filter;
        const Outcome outcome = run_filter(filter, "a\xFF\x02more"sv, Pieces{piece, 100});
        EXPECT_TRUE(outcome.ended);
        EXPECT_EQ(outcome.bytes, "a");
        EXPECT_EQ(outcome.behind_the_end, "more");
    }
}

TEST(RecordDecode, RefusesEveryOtherCode) {
    for (int code = 0; code < 256; ++code) {
        RecordDecode filter;
        std::string wire = "ab\xFF";
        wire.push_back(static_cast<char>(code));
        const bool known = code == 1 || code == 2 || code == 3 || code == 255;
        const Errc expected = known ? Errc::Ok : Errc::Protocol;
        if (code == 1 || code == 255) {
            wire += "\xFF\x02";
        }
        EXPECT_EQ(run_filter(filter, wire).error, expected) << code;
    }
}

TEST(RecordDecode, MissesTheEndWhereverTheStreamIsCut) {
    for (std::size_t size = 0; size < kWire.size(); ++size) {
        RecordDecode filter;
        EXPECT_EQ(run_filter(filter, kWire.substr(0, size), Pieces{2, 5}).error, Errc::EndOfStream)
            << size;
    }
}

}  // namespace
}  // namespace sluice::xfer
