// Method: every split and every output size against loops of five lines.
#include "sluice/proto/ascii.hpp"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

#include "sluice/base/prng.hpp"

namespace sluice::proto {
namespace {

std::string naive_encode(std::string_view in) {
    std::string out;
    for (std::size_t i = 0; i < in.size(); ++i) {
        if (in[i] == '\n' && (i == 0 || in[i - 1] != '\r')) {
            out += '\r';
        }
        out += in[i];
    }
    return out;
}

std::string naive_decode(std::string_view in) {
    std::string out;
    for (std::size_t i = 0; i < in.size(); ++i) {
        if (in[i] == '\r' && i + 1 < in.size() && in[i + 1] == '\n') {
            continue;
        }
        out += in[i];
    }
    return out;
}

// Random chunk sizes of input and output, the output in a buffer with a guard behind it.
struct Chunks {
    Prng& prng;
    std::size_t in_max;
    std::size_t out_max;
};

template <class Step>
std::string drive(std::string_view in, Chunks chunks, Step step) {
    std::string result;
    std::size_t at = 0;
    int idle = 0;
    while (at < in.size()) {
        const std::size_t in_size =
            std::min(in.size() - at, std::size_t{1} + chunks.prng.below(chunks.in_max));
        const std::size_t out_size = 2 + chunks.prng.below(chunks.out_max);
        std::vector<std::uint8_t> out(out_size + 1, 0xA5);
        const AsciiStep done =
            step(as_bytes(in.substr(at, in_size)), MutableBytes(out.data(), out_size));
        EXPECT_LE(done.consumed, in_size);
        EXPECT_LE(done.produced, out_size);
        EXPECT_EQ(out[out_size], 0xA5);
        result += as_text(Bytes(out.data(), done.produced));
        at += done.consumed;
        idle = done.consumed == 0 && done.produced == 0 ? idle + 1 : 0;
        if (idle > 2) {
            ADD_FAILURE() << "no progress at " << at;
            break;
        }
    }
    return result;
}

std::string random_text(Prng& prng) {
    std::string text;
    const std::uint64_t size = prng.below(200);
    const std::uint64_t plain = prng.below(40);
    for (std::uint64_t i = 0; i < size; ++i) {
        text += prng.below(plain + 1) == 0 ? "\r\n\n\r"[prng.below(4)]
                                           : static_cast<char>(prng.below(256));
    }
    return text;
}

TEST(AsciiEncoder, AgreesWithANaiveLoopForEverySplit) {
    for (std::uint64_t seed = 1; seed <= 5000; ++seed) {
        Prng prng(seed);
        const std::string text = random_text(prng);
        AsciiEncoder encoder;
        const Chunks chunks = {prng, std::size_t{1} + prng.below(60),
                               std::size_t{1} + prng.below(60)};
        const std::string got = drive(
            text, chunks, [&](Bytes in, MutableBytes out) { return encoder.encode(in, out); });
        ASSERT_EQ(got, naive_encode(text)) << "seed " << seed;
    }
}

TEST(AsciiDecoder, AgreesWithANaiveLoopForEverySplit) {
    for (std::uint64_t seed = 1; seed <= 5000; ++seed) {
        Prng prng(seed);
        const std::string text = random_text(prng);
        AsciiDecoder decoder;
        const Chunks chunks = {prng, std::size_t{1} + prng.below(60),
                               std::size_t{1} + prng.below(60)};
        std::string got = drive(
            text, chunks, [&](Bytes in, MutableBytes out) { return decoder.decode(in, out); });
        std::uint8_t last = 0;
        if (decoder.finish(MutableBytes(&last, 1)) == 1) {
            got += static_cast<char>(last);
        }
        ASSERT_EQ(got, naive_decode(text)) << "seed " << seed;
        ASSERT_EQ(decoder.finish(MutableBytes(&last, 1)), 0u);
    }
}

TEST(Ascii, GivesAFileWithoutCrBackUnchanged) {
    for (std::uint64_t seed = 1; seed <= 500; ++seed) {
        Prng prng(seed);
        std::string text = random_text(prng);
        std::erase(text, '\r');
        ASSERT_EQ(naive_decode(naive_encode(text)), text);
        std::vector<std::uint8_t> wire(2 * text.size() + 2);
        std::vector<std::uint8_t> back(wire.size() + 2);
        AsciiEncoder encoder;
        const AsciiStep sent = encoder.encode(as_bytes(text), wire);
        ASSERT_EQ(sent.consumed, text.size());
        AsciiDecoder decoder;
        const AsciiStep received = decoder.decode(Bytes(wire.data(), sent.produced), back);
        ASSERT_EQ(received.consumed, sent.produced);
        ASSERT_EQ(as_text(Bytes(back.data(), received.produced)), text) << "seed " << seed;
    }
}

TEST(AsciiEncoder, KeepsCrlfAndBareCr) {
    std::vector<std::uint8_t> out(64);
    AsciiEncoder encoder;
    const AsciiStep step = encoder.encode(as_bytes("a\r\nb\rc\nd\n\n"), out);
    EXPECT_EQ(as_text(Bytes(out.data(), step.produced)), "a\r\nb\rc\r\nd\r\n\r\n");
}

TEST(AsciiDecoder, KeepsBareCrAndLf) {
    std::vector<std::uint8_t> out(64);
    AsciiDecoder decoder;
    const std::string_view text("a\r\nb\rc\nd\r\r\n\r\0", 13);
    const AsciiStep step = decoder.decode(as_bytes(text), out);
    EXPECT_EQ(as_text(Bytes(out.data(), step.produced)),
              std::string_view("a\nb\rc\nd\r\n\r\0", 11));
}

TEST(AsciiDecoder, WritesOutACrThatNothingFollowed) {
    std::vector<std::uint8_t> out(8);
    AsciiDecoder decoder;
    const AsciiStep step = decoder.decode(as_bytes("x\r"), out);
    EXPECT_EQ(step.consumed, 2u);
    EXPECT_EQ(step.produced, 1u);
    EXPECT_EQ(decoder.finish({}), 0u);
    EXPECT_EQ(decoder.finish(out), 1u);
    EXPECT_EQ(out[0], '\r');
}

TEST(Ascii, MovesNothingWithoutRoomForTwoBytes) {
    std::uint8_t one = 0;
    AsciiEncoder encoder;
    AsciiDecoder decoder;
    EXPECT_EQ(encoder.encode(as_bytes("abc"), MutableBytes(&one, 1)).consumed, 0u);
    EXPECT_EQ(decoder.decode(as_bytes("abc"), MutableBytes(&one, 1)).consumed, 0u);
    EXPECT_EQ(encoder.encode({}, MutableBytes(&one, 1)).produced, 0u);
}

TEST(AsciiDecoder, NeverProducesMoreThanOneByteMoreThanItConsumed) {
    Prng prng(3);
    AsciiDecoder decoder;
    std::vector<std::uint8_t> out(300);
    std::size_t consumed = 0;
    std::size_t produced = 0;
    for (int i = 0; i < 2000; ++i) {
        const std::string text = random_text(prng);
        const AsciiStep step = decoder.decode(as_bytes(text), out);
        ASSERT_LE(step.produced, step.consumed + 1);
        consumed += step.consumed;
        produced += step.produced;
        ASSERT_LE(produced, consumed);
    }
}

}  // namespace
}  // namespace sluice::proto
