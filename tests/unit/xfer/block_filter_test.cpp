// Method: blocks of RFC 959 3.4.2 by hand, every cut, and each of the 256 descriptors.
#include "xfer/block_filter.hpp"

#include <gtest/gtest.h>

#include "run_filter.hpp"

namespace sluice::xfer {
namespace {

using namespace std::string_view_literals;

std::string block(int descriptor, std::string_view data) {
    std::string bytes;
    bytes.push_back(static_cast<char>(descriptor));
    bytes.push_back(static_cast<char>(data.size() >> 8));
    bytes.push_back(static_cast<char>(data.size() & 0xFF));
    return bytes.append(data);
}

Outcome decode(std::string_view wire, bool has_records, Pieces pieces = {}) {
    BlockDecode filter(has_records);
    return run_filter(filter, wire, pieces);
}

TEST(BlockEncode, SendsDataAndAnEnd) {
    BlockEncode filter(false);
    EXPECT_EQ(run_filter(filter, "ab\n\xFF"sv).bytes, block(0, "ab\n\xFF") + block(64, ""));
    BlockEncode empty(false);
    EXPECT_EQ(run_filter(empty, "").bytes, block(64, ""));
}

TEST(BlockEncode, SendsRecordsAsBlocks) {
    BlockEncode filter(true);
    EXPECT_EQ(run_filter(filter, "one\n\nlast").bytes,
              block(128, "one") + block(128, "") + block(0, "last") + block(64, ""));
}

TEST(BlockEncode, CutsWhatIsLongerThanABlock) {
    const std::string file(kBlockDataMax + 1, 'x');
    BlockEncode filter(false);
    EXPECT_EQ(run_filter(filter, file).bytes,
              block(0, file.substr(1)) + block(0, "x") + block(64, ""));
}

TEST(BlockDecode, IsTheInverseHoweverBothAreCut) {
    for (const bool has_records : {false, true}) {
        for (const std::string_view file : {"one\n\ntwo\n"sv, "\xFFlast"sv, "\n"sv, ""sv}) {
            for (const Pieces& cut : all_cuts(file.size())) {
                BlockEncode encoder(has_records);
                const std::string wire = run_filter(encoder, file, cut).bytes;
                for (const Pieces& other : all_cuts(wire.size())) {
                    const Outcome outcome = decode(wire, has_records, other);
                    EXPECT_TRUE(outcome.ended);
                    EXPECT_EQ(outcome.bytes, file) << has_records << " " << other.in;
                }
            }
        }
    }
}

TEST(BlockDecode, TakesRecordsOverSeveralBlocksAndBothEndsAtOnce) {
    const std::string wire = block(0, "a") + block(0, "") + block(128, "b") + block(192, "c");
    for (const Pieces& cut : all_cuts(wire.size())) {
        EXPECT_EQ(decode(wire, true, cut).bytes, "ab\nc\n");
    }
    EXPECT_EQ(decode(block(0, "a") + block(64, "b"), false).bytes, "ab");
}

TEST(BlockDecode, SkipsRestartMarkers) {
    const std::string wire =
        block(0, "a") + block(16, "1234\n\xFF") + block(16, "") + block(0, "b") + block(64, "");
    for (const Pieces& cut : all_cuts(wire.size())) {
        const Outcome outcome = decode(wire, false, cut);
        EXPECT_TRUE(outcome.ended);
        EXPECT_EQ(outcome.bytes, "ab");
    }
}

TEST(BlockDecode, RefusesEveryOtherDescriptor) {
    for (int descriptor = 0; descriptor < 256; ++descriptor) {
        for (const bool has_records : {false, true}) {
            const bool known = (descriptor & (kBlockSuspect | 15)) == 0 &&
                               (has_records || (descriptor & kBlockEndOfRecord) == 0);
            const Errc expected = known ? Errc::Ok : Errc::Protocol;
            EXPECT_EQ(decode(block(descriptor, "x") + block(64, ""), has_records).error, expected)
                << descriptor;
        }
    }
}

TEST(BlockDecode, LeavesWhatIsBehindTheEnd) {
    for (const std::size_t piece : {1u, 3u, 4u, 100u}) {
        const Outcome outcome = decode(block(64, "a") + "more", false, Pieces{piece, 100});
        EXPECT_TRUE(outcome.ended);
        EXPECT_EQ(outcome.bytes, "a");
        EXPECT_EQ(outcome.behind_the_end, "more");
    }
}

TEST(BlockDecode, MissesTheEndWhereverTheStreamIsCut) {
    const std::string wire =
        block(0, "abc") + block(16, "marker") + block(128, "d") + block(64, "ef");
    for (std::size_t size = 0; size < wire.size(); ++size) {
        for (const std::size_t piece : {1u, 1000u}) {
            EXPECT_EQ(decode(wire.substr(0, size), true, Pieces{piece, 4}).error, Errc::EndOfStream)
                << size;
        }
    }
}

}  // namespace
}  // namespace sluice::xfer
