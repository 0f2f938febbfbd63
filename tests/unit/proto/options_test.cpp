// Method: what clients send, by name of the client where it is known.
#include "sluice/proto/options.hpp"

#include <gtest/gtest.h>

#include <string_view>

namespace sluice::proto {
namespace {

TEST(Options, TurnsUtf8OnInEverySpelling) {
    // Windows Explorer, FileZilla, old WinSCP.
    for (const std::string_view text :
         {"UTF8 ON", "utf8 on", "UTF-8 ON", "UTF8", "UTF-8", "UTF8 ON "}) {
        EXPECT_EQ(parse_options(text).kind, OptionKind::Utf8On) << text;
    }
    EXPECT_EQ(parse_options("UTF8 OFF").kind, OptionKind::Utf8Off);
    EXPECT_EQ(parse_options("UTF-8 nlst").kind, OptionKind::Utf8Nlst);
    EXPECT_EQ(parse_options("UTF8 MAYBE").kind, OptionKind::Malformed);
    EXPECT_EQ(parse_options("UTF8 ON ON").kind, OptionKind::Malformed);
}

TEST(Options, ChoosesFacts) {
    const OptionRequest request = parse_options("MLST type;size;modify;");
    EXPECT_EQ(request.kind, OptionKind::MlstFacts);
    EXPECT_EQ(request.facts, parse_facts("type;size;modify;"));
    EXPECT_EQ(parse_options("mlst").kind, OptionKind::MlstFacts);
    EXPECT_TRUE(parse_options("mlst").facts.is_empty());
    EXPECT_EQ(parse_options("MLST type; size;").kind, OptionKind::Malformed);
}

// lftp sends LEVEL alone; the draft has more words, and ProFTPD takes "LEVEL" without a number.
TEST(Options, ChoosesTheLevelOfModeZ) {
    const OptionRequest request = parse_options("mode z level 0");
    EXPECT_EQ(request.kind, OptionKind::DeflateLevel);
    EXPECT_EQ(request.level, 0);
    EXPECT_EQ(parse_options("MODE Z LEVEL 9 ").level, 9);
    for (const std::string_view text :
         {"MODE", "MODE Z", "MODE Z LEVEL", "MODE Z LEVEL 10", "MODE Z LEVEL -1", "MODE Z LEVEL x",
          "MODE Z LEVEL 6 EXTRA", "MODE Z  LEVEL 6", "MODE Z ENGINE zlib", "MODE B LEVEL 6"}) {
        EXPECT_EQ(parse_options(text).kind, OptionKind::Malformed) << text;
    }
}

TEST(Options, HandsOnTheWordsBehindHash) {
    EXPECT_EQ(parse_options("HASH").kind, OptionKind::Hash);
    EXPECT_EQ(parse_options("HASH").value, "");
    EXPECT_EQ(parse_options("hash sha-256 ").kind, OptionKind::Hash);
    EXPECT_EQ(parse_options("hash sha-256 ").value, "sha-256");
    EXPECT_EQ(parse_options("HASH SHA-1 MD5").value, "SHA-1 MD5");
}

TEST(Options, HandsOnTheWordsBehindStorHash) {
    EXPECT_EQ(parse_options("STOR HASH SHA-256;CRC32").kind, OptionKind::StoreHash);
    EXPECT_EQ(parse_options("STOR HASH SHA-256;CRC32").value, "SHA-256;CRC32");
    EXPECT_EQ(parse_options("stor hash off").value, "off");
    for (const std::string_view text : {"STOR", "STOR HASH", "STOR HASHES x", "STOR X", "STOR  HASH x"}) {
        EXPECT_EQ(parse_options(text).kind, OptionKind::Malformed) << text;
    }
}

TEST(Options, KnowsNothingElse) {
    for (const std::string_view text :
         {"", " ", "UTF16 ON", "MLSD x"}) {
        EXPECT_EQ(parse_options(text).kind, OptionKind::Unknown) << text;
    }
}

}  // namespace
}  // namespace sluice::proto
