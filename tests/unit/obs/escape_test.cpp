// Every byte value in every form (O-LOG-1): one event stays one line, JSON stays JSON.
#include "sluice/obs/escape.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "sluice/base/prng.hpp"

namespace sluice::obs {
namespace {

std::string quoted_text(std::string_view bytes) {
    std::string out;
    append_quoted_text(out, bytes);
    return out;
}
std::string json(std::string_view bytes) {
    std::string out;
    append_json_string(out, bytes);
    return out;
}
std::string token(std::string_view bytes) {
    std::string out;
    append_xferlog_token(out, bytes);
    return out;
}
bool has_control(std::string_view text) {
    for (const char raw : text) {
        const auto c = static_cast<unsigned char>(raw);
        if (c < 0x20 || c == 0x7F) {
            return true;
        }
    }
    return false;
}

TEST(Escape, LeavesNoControlByteInAnyForm) {
    for (int value = 0; value < 256; ++value) {
        const char byte = static_cast<char>(value);
        for (const std::string& name : {std::string(1, byte), std::string("a") + byte + "b"}) {
            EXPECT_FALSE(has_control(quoted_text(name))) << value;
            EXPECT_FALSE(has_control(json(name))) << value;
            EXPECT_FALSE(has_control(token(name))) << value;
        }
    }
}

// Reads quoted text as its documentation says it is written.
std::string unquoted(std::string_view text) {
    std::string out;
    if (text.size() < 2 || text.front() != '"' || text.back() != '"') {
        return "no quotes";
    }
    text = text.substr(1, text.size() - 2);
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '"') {
            return "a quote ended the text early";
        }
        if (text[i] != '\\') {
            out.push_back(text[i]);
        } else if (text[++i] == 'x') {
            out.push_back(
                static_cast<char>(std::stoi(std::string(text.substr(i + 1, 2)), nullptr, 16)));
            i += 2;
        } else {
            out.push_back(text[i]);
        }
    }
    return out;
}

TEST(Escape, QuotedTextHoldsEveryByteOfTheName) {
    std::string all;
    for (int value = 0; value < 256; ++value) {
        all.push_back(static_cast<char>(value));
    }
    EXPECT_EQ(unquoted(quoted_text(all)), all);
    EXPECT_EQ(quoted_text("a\"b\\c\r\n"), "\"a\\\"b\\\\c\\x0d\\x0a\"");
    EXPECT_EQ(quoted_text(""), "\"\"");
}

// A name that is UTF-8 comes out of the JSON as it is.
TEST(Escape, JsonKeepsValidUtf8) {
    for (const std::string_view name :
         {"", "plain", "\"quoted\" and \\ and %n", "\xC3\xA9t\xC3\xA9", "\xE2\x82\xAC",
          "\xF0\x9F\x98\x80", "\xF4\x8F\xBF\xBF", "\xEF\xBF\xBF", "\xC2\x80"}) {
        const nlohmann::json value = nlohmann::json::parse(json(name), nullptr, false);
        ASSERT_TRUE(value.is_string()) << name;
        EXPECT_EQ(value.get<std::string>(), name);
    }
}

// One that is not comes out with each bad byte as the code point of its number.
TEST(Escape, JsonIsValidForBytesThatAreNoUtf8) {
    struct Case {
        const char* what;
        std::string_view bytes;
        std::string_view escaped;
    };
    const Case cases[] = {
        {"a lone continuation", "\x80", "\"\\u0080\""},
        {"Latin-1", "\xE9t\xE9", "\"\\u00e9t\\u00e9\""},
        {"overlong slash", "\xC0\xAF", "\"\\u00c0\\u00af\""},
        {"overlong in three bytes", "\xE0\x80\xAF", "\"\\u00e0\\u0080\\u00af\""},
        {"surrogate", "\xED\xA0\x80", "\"\\u00ed\\u00a0\\u0080\""},
        {"above U+10FFFF", "\xF4\x90\x80\x80", "\"\\u00f4\\u0090\\u0080\\u0080\""},
        {"cut short", "\xE2\x82", "\"\\u00e2\\u0082\""},
        {"never a byte of UTF-8", "\xFF\xFE", "\"\\u00ff\\u00fe\""},
    };
    for (const Case& one : cases) {
        EXPECT_EQ(json(one.bytes), one.escaped) << one.what;
        EXPECT_TRUE(nlohmann::json::accept(json(one.bytes))) << one.what;
    }
}

TEST(Escape, JsonIsValidForAllPairsOfBytesAndForNoise) {
    for (int first = 0; first < 256; ++first) {
        for (int second = 0; second < 256; ++second) {
            const char pair[2] = {static_cast<char>(first), static_cast<char>(second)};
            const std::string text = json(std::string_view(pair, 2));
            ASSERT_TRUE(nlohmann::json::accept(text)) << first << " " << second;
        }
    }
    constexpr std::uint64_t kSeed = 7;
    Prng random(kSeed);
    for (int round = 0; round < 20'000; ++round) {
        std::string noise;
        for (std::uint64_t i = random.below(40); i > 0; --i) {
            // Half of the bytes above 0x7F, so that long sequences begin and break off.
            noise.push_back(static_cast<char>(random.below(256)));
        }
        ASSERT_TRUE(nlohmann::json::accept(json(noise))) << "seed " << kSeed << ", round " << round;
    }
}

TEST(Escape, AnXferlogTokenIsOneWordForEveryName) {
    EXPECT_EQ(token(""), "-");
    EXPECT_EQ(token(" "), "_");
    EXPECT_EQ(token("/pub/a b\tc\n"), "/pub/a_b_c_");
    EXPECT_EQ(token(std::string_view("a\0b\x7F\x1B[2J", 8)), "a_b__[2J");
    for (int value = 0; value < 256; ++value) {
        const char byte = static_cast<char>(value);
        EXPECT_EQ(token(std::string_view(&byte, 1)).find_first_of(" \t\n\v\f\r"),
                  std::string::npos);
    }
}

TEST(Escape, AppendsToWhatIsThere) {
    std::string out = "x=";
    append_quoted_text(out, "1");
    append_json_string(out, "2");
    append_xferlog_token(out, "3");
    EXPECT_EQ(out, "x=\"1\"\"2\"3");
}

}  // namespace
}  // namespace sluice::obs
