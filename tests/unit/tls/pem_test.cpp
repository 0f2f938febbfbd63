// PEM as files have it: between other words, with any kind of line ends, and broken at every place.
#include "tls/pem.hpp"

#include <gtest/gtest.h>

#include <string>

namespace sluice::tls {
namespace {

const std::string kBlock = "-----BEGIN A THING-----\naGVsbG8g\r\nd29ybGQh\n-----END A THING-----\n";

TEST(PemReader, TakesBlocksFromBetweenWords) {
    const std::string text = "words\n" + kBlock + "\nmore - words -----\n" +
                             "-----BEGIN B-----\n YQ = = \n-----END B-----";
    PemReader reader(text);
    ASSERT_TRUE(reader.next());
    EXPECT_EQ(reader.name(), "A THING");
    EXPECT_EQ(as_text(reader.der()), "hello world!");
    ASSERT_TRUE(reader.next());
    EXPECT_EQ(reader.name(), "B");
    EXPECT_EQ(as_text(reader.der()), "a");
    EXPECT_FALSE(reader.next());
    EXPECT_TRUE(reader.is_at_end());
    EXPECT_EQ(reader.failure(), "");
    EXPECT_FALSE(reader.next());
}

TEST(PemReader, IsAtTheEndOfATextWithoutAny) {
    for (const std::string_view text : {"", "words", "-----END A-----"}) {
        PemReader reader(text);
        EXPECT_FALSE(reader.next());
        EXPECT_TRUE(reader.is_at_end());
    }
}

TEST(PemReader, SaysWhatIsBroken) {
    const struct {
        std::string_view text;
        std::string_view failure;
    } cases[] = {
        {"-----BEGIN A", "its first line is cut off"},
        {"-----BEGIN A\nYQ==\n-----END A-----\n", "its first line is cut off"},
        {"-----BEGIN A-----\nYQ==\n", "it does not end with its last line"},
        {"-----BEGIN A-----\nYQ==\n-----END B-----\n", "it does not end with its last line"},
        {"-----BEGIN A-----\nYQ==\n-----END A", "it does not end with its last line"},
        {"-----BEGIN A-----\n-----END A-----\n", "it is not in base 64"},
        {"-----BEGIN A-----\nYQ=\n-----END A-----\n", "it is not in base 64"},
        {"-----BEGIN A-----\nY===\n-----END A-----\n", "it is not in base 64"},
        {"-----BEGIN A-----\n====\n-----END A-----\n", "it is not in base 64"},
        {"-----BEGIN A-----\nY!==\n-----END A-----\n", "it is not in base 64"},
        {"-----BEGIN A-----\nX-Header: b\n\nYQ==\n-----END A-----\n", "it is not in base 64"},
    };
    for (const auto& each : cases) {
        PemReader reader(each.text);
        EXPECT_FALSE(reader.next()) << each.text;
        EXPECT_FALSE(reader.is_at_end());
        EXPECT_EQ(reader.failure(), each.failure) << each.text;
        EXPECT_TRUE(reader.der().empty());
        EXPECT_FALSE(reader.next());
    }
}

TEST(PemReader, CutAtEveryByteIsNothingOrBroken) {
    for (std::size_t cut = 0; cut < kBlock.size() - 1; ++cut) {
        PemReader reader(std::string_view(kBlock).substr(0, cut));
        EXPECT_FALSE(reader.next()) << cut;
    }
}

}  // namespace
}  // namespace sluice::tls
