#include "sluice/proto/charset.hpp"

#include <gtest/gtest.h>

#include <random>

namespace sluice::proto {
namespace {

std::unique_ptr<Charset> charset(const char* name) {
    Result<std::unique_ptr<Charset>> opened = Charset::open(name);
    return opened ? std::move(*opened) : nullptr;
}

TEST(Utf8, KnowsItsOwn) {
    for (const char* text : {"", "abc", "ä", "€", "𝄞", "a\xC2\x80", "\xF4\x8F\xBF\xBF"}) {
        EXPECT_TRUE(is_utf8(text)) << text;
    }
    for (const char* text : {"\x80", "\xC3", "\xC0\x80", "\xE0\x80\x80", "\xED\xA0\x80", "\xFF",
                             "\xF4\x90\x80\x80", "\xF5\x80\x80\x80", "\xE2\x82", "\xE2\x28\xA1"}) {
        EXPECT_FALSE(is_utf8(text)) << text;
    }
}

TEST(Charset, RefusesWhatIsNoneAndWhatIsNoAscii) {
    EXPECT_EQ(charset("no-such-charset"), nullptr);
    EXPECT_EQ(charset("UTF-16"), nullptr);
    EXPECT_EQ(charset("EBCDIC-US"), nullptr);
    EXPECT_NE(charset("CP1252"), nullptr);
}

TEST(Charset, ConvertsBothWays) {
    const auto latin = charset("CP1252");
    ASSERT_NE(latin, nullptr);
    EXPECT_EQ(latin->to_client("250 Gr\xC3\xBC\xC3\x9F" "e"), "250 Gr\xFC\xDF" "e");
    EXPECT_EQ(latin->from_client("CWD Gr\xFC\xDF" "e"), "CWD Gr\xC3\xBC\xC3\x9F" "e");
    EXPECT_EQ(latin->from_client("CWD Gr\xC3\xBC\xC3\x9F" "e"), "CWD Gr\xC3\xBC\xC3\x9F" "e")
        << "who sends UTF-8 is understood";
    const auto cyrillic = charset("KOI8-R");
    ASSERT_NE(cyrillic, nullptr);
    EXPECT_EQ(cyrillic->to_client("\xD0\xBC\xD0\xB8\xD1\x80"), "\xCD\xC9\xD2");
}

TEST(Charset, SendsUtf8WhereTheCharacterSetWouldComeBackAsAnotherName) {
    const auto latin = charset("CP1252");
    ASSERT_NE(latin, nullptr);
    EXPECT_EQ(latin->to_client("\xE2\x98\x83"), "\xE2\x98\x83") << "no snowman in CP1252";
    // "Ã©" is C3 A9 in CP1252, which reads as "é" in UTF-8.
    EXPECT_EQ(latin->to_client("\xC3\x83\xC2\xA9"), "\xC3\x83\xC2\xA9");
}

// Every name that is UTF-8 comes back as itself.
TEST(Charset, LosesNoName) {
    std::mt19937 random(11);
    for (const char* name : {"CP1252", "ISO-8859-15", "KOI8-R", "CP932", "GB18030", "BIG5"}) {
        const auto one = charset(name);
        ASSERT_NE(one, nullptr) << name;
        for (int round = 0; round < 3000; ++round) {
            static constexpr std::string_view kPieces[] = {"a", " ", "Ã", "©", "é", "ж", "日", "本",
                                                           "€", "𝄞", "ÿ", "¥", "‾", "~", "\\"};
            std::string text;
            for (auto count = 1 + random() % 6; count > 0; --count) {
                text.append(kPieces[random() % std::size(kPieces)]);
            }
            EXPECT_EQ(one->from_client(one->to_client(text)), text) << name;
        }
    }
}

TEST(Charset, LeavesBytesThatAreNeitherAlone) {
    const auto japanese = charset("CP932");
    ASSERT_NE(japanese, nullptr);
    EXPECT_EQ(japanese->from_client("CWD \xFF\xFE"), "CWD \xFF\xFE");
    EXPECT_EQ(japanese->to_client("\xFF"), "\xFF");
}

TEST(Charset, TakesLinesLongerThanItsPieces) {
    const auto latin = charset("CP1252");
    ASSERT_NE(latin, nullptr);
    std::string utf8;
    std::string one_byte;
    for (int i = 0; i < 4000; ++i) {
        utf8.append("ü");
        one_byte.append("\xFC");
    }
    EXPECT_EQ(latin->to_client(utf8), one_byte);
    EXPECT_EQ(latin->from_client(one_byte), utf8);
}

}  // namespace
}  // namespace sluice::proto
