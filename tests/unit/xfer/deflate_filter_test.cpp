// Method: zlib's own whole-buffer calls as the peer; every cut of a small stream, large ones in
// pieces, each byte of a stream damaged, a bomb, and the memory that zlib really asks for.
#include "xfer/deflate_filter.hpp"

#include <gtest/gtest.h>

#include <memory>

#include "run_filter.hpp"

namespace sluice::xfer {
namespace {

using namespace std::string_view_literals;

std::string compressed(std::string_view plain, int level = 6) {
    uLongf size = compressBound(plain.size());
    std::string bytes(size, '\0');
    EXPECT_EQ(compress2(reinterpret_cast<Bytef*>(bytes.data()), &size,
                        reinterpret_cast<const Bytef*>(plain.data()), plain.size(), level),
              Z_OK);
    bytes.resize(size);
    return bytes;
}

std::string inflated(std::string_view bytes, std::size_t size) {
    uLongf length = size;
    std::string plain(size + 1, '\0');
    EXPECT_EQ(uncompress(reinterpret_cast<Bytef*>(plain.data()), &length,
                         reinterpret_cast<const Bytef*>(bytes.data()), bytes.size()),
              Z_OK);
    plain.resize(length);
    return plain;
}

// Lines with numbers: they compress, but not to nothing.
std::string some_text(std::size_t lines) {
    std::string text;
    for (std::size_t i = 0; i < lines; ++i) {
        text += "line " + std::to_string(i * 2654435761u % 1000003) + " of the text\n";
    }
    return text;
}

class DeflateFilter : public testing::Test {
protected:
    Outcome encode(std::string_view plain, int level, Pieces pieces = {}) {
        DeflateEncode filter(state(), level);
        return run_filter(filter, plain, pieces);
    }
    Outcome decode(std::string_view wire, Pieces pieces = {}, std::uint32_t ratio_max = 0) {
        DeflateDecode filter(state(), ratio_max);
        return run_filter(filter, wire, pieces);
    }
    MutableBytes state() const { return {memory_.get(), kDeflateStateBytes}; }

    std::unique_ptr<std::uint8_t[]> memory_{new std::uint8_t[kDeflateStateBytes]};
};

TEST_F(DeflateFilter, EncodesWhatZlibReadsAtEveryLevel) {
    const std::string text = some_text(20'000);
    for (int level = 0; level <= 9; ++level) {
        const Outcome outcome = encode(text, level, Pieces{10'000, 7'000});
        ASSERT_TRUE(outcome.ended) << level;
        EXPECT_TRUE(inflated(outcome.bytes, text.size()) == text) << level;
    }
}

TEST_F(DeflateFilter, EncodesHoweverItIsCut) {
    const std::string text = some_text(3);
    for (const Pieces& cut : all_cuts(text.size())) {
        EXPECT_EQ(inflated(encode(text, 6, cut).bytes, text.size()), text);
    }
    EXPECT_EQ(inflated(encode("", 6, Pieces{1, 4}).bytes, 0), "");
}

TEST_F(DeflateFilter, DecodesHoweverItIsCut) {
    const std::string text = some_text(3);
    const std::string wire = compressed(text);
    for (const Pieces& cut : all_cuts(wire.size())) {
        const Outcome outcome = decode(wire, cut);
        EXPECT_TRUE(outcome.ended);
        EXPECT_EQ(outcome.bytes, text);
        EXPECT_EQ(outcome.behind_the_end, "");
    }
    EXPECT_TRUE(decode(compressed("")).ended);
}

TEST_F(DeflateFilter, LeavesWhatIsBehindTheEnd) {
    const std::string wire = compressed("abc");
    for (const std::size_t piece : {1u, 5u, 1000u}) {
        const Outcome outcome = decode(wire + "more", Pieces{piece, 100});
        EXPECT_TRUE(outcome.ended);
        EXPECT_EQ(outcome.bytes, "abc");
        EXPECT_EQ(outcome.behind_the_end, "more");
    }
}

TEST_F(DeflateFilter, MissesTheEndWhereverTheStreamIsCut) {
    const std::string wire = compressed(some_text(3));
    for (std::size_t size = 0; size < wire.size(); ++size) {
        EXPECT_EQ(decode(wire.substr(0, size), Pieces{7, 50}).error, Errc::EndOfStream) << size;
    }
}

// A damaged stream may look good until its check sum is read, but then no other bytes pass for the
// right ones. (One bit of this stream is padding.)
TEST_F(DeflateFilter, NeverEndsWellWithAnotherContent) {
    const std::string text = some_text(3);
    const std::string wire = compressed(text);
    std::size_t unnoticed = 0;
    for (std::size_t i = 0; i < wire.size(); ++i) {
        std::string damaged = wire;
        damaged[i] = static_cast<char>(damaged[i] ^ 0x10);
        const Outcome outcome = decode(damaged, Pieces{11, 64});
        if (outcome.ended) {
            ++unnoticed;
            EXPECT_EQ(outcome.bytes, text) << i;
        }
    }
    EXPECT_LE(unnoticed, 1u);
}

TEST_F(DeflateFilter, RefusesWhatIsNoStream) {
    for (const std::string_view wire :
         {"hello, world"sv, "\xFF\xFF\xFF\xFF"sv, "\x1f\x8b\x08\x00"sv,
          "\x78\xbb\x00\x00\x00\x00"sv /* wants a dictionary */}) {
        EXPECT_EQ(decode(wire, Pieces{1, 16}).error, Errc::Protocol) << wire;
    }
}

TEST_F(DeflateFilter, GivesABombUpAtItsRatio) {
    const std::string zeros(DeflateDecode::kFreeBytes + (8 << 20), '\0');
    const std::string bomb = compressed(zeros);
    EXPECT_EQ(decode(bomb, {}, 250).error, Errc::FileTooBig);
    EXPECT_EQ(decode(bomb, {}, 0).bytes.size(), zeros.size());
    const std::string_view small = std::string_view(zeros).substr(0, DeflateDecode::kFreeBytes);
    EXPECT_TRUE(decode(compressed(small), {}, 250).ended) << "a small one does no harm";
    const std::string text = some_text(4'000'000);
    ASSERT_GT(text.size(), DeflateDecode::kFreeBytes);
    EXPECT_TRUE(decode(compressed(text, 1), {}, 250).ended);
}

TEST_F(DeflateFilter, StaysInItsMemory) {
    DeflateEncode largest(state(), 9);
    EXPECT_TRUE(run_filter(largest, "x").ended);
    RecordProperty("deflate_bytes",
                   static_cast<int>(kDeflateStateBytes - largest.state_bytes_left()));
    DeflateEncode without(state().first(1000), 6);
    EXPECT_EQ(run_filter(without, "x").error, Errc::NoMemory);
    DeflateDecode little(state().first(1000), 0);
    EXPECT_EQ(run_filter(little, compressed("x")).error, Errc::NoMemory);
}

}  // namespace
}  // namespace sluice::xfer
