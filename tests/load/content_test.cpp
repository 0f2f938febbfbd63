#include "content.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <vector>

#include "crc32c.hpp"
#include "manifest.hpp"
#include "source_pool.hpp"

namespace sluice::load {
namespace {

// The bytes that an upload sends, read from the file it sends them from.
std::vector<std::uint8_t> sent(const Content& content, std::string_view path, std::uint64_t size) {
    std::vector<std::uint8_t> bytes(size);
    const std::uint64_t start = Content::start_of(path);
    for (std::uint64_t offset = 0; offset < size;) {
        const Content::Piece piece = Content::piece(start, offset, size - offset);
        const ssize_t got = ::pread(content.file(), bytes.data() + offset, piece.size,
                                    static_cast<off_t>(piece.position));
        EXPECT_EQ(got, static_cast<ssize_t>(piece.size));
        offset += piece.size;
    }
    return bytes;
}

TEST(Content, MatchesWhatItSendsOverTheWrapAndNothingElse) {
    Content content;
    ASSERT_TRUE(content.make(5));
    const std::uint64_t size = 2 * Content::kPatternBytes + 77;
    std::vector<std::uint8_t> bytes = sent(content, "a/b", size);
    const std::uint64_t start = Content::start_of("a/b");
    EXPECT_TRUE(content.matches(start, 0, bytes));
    EXPECT_TRUE(content.matches(start, 1000, Bytes(bytes).subspan(1000)));
    EXPECT_FALSE(content.matches(start, 1001, Bytes(bytes).subspan(1000)));
    EXPECT_FALSE(content.matches(Content::start_of("a/c"), 0, bytes));
    bytes[size - 1] ^= 0x80;
    EXPECT_FALSE(content.matches(start, 0, bytes));
    Content other;
    ASSERT_TRUE(other.make(6));
    EXPECT_FALSE(other.matches(start, 0, Bytes(bytes).first(100)));
}

TEST(Crc32c, GivesTheCheckValueInOnePieceAndInMany) {
    const Bytes digits = as_bytes("123456789");
    EXPECT_EQ(crc32c(0, digits), 0xE3069283u);  // RFC 3720 B.4
    std::uint32_t sum = 0;
    for (std::size_t i = 0; i < digits.size(); ++i) {
        sum = crc32c(sum, digits.subspan(i, 1));
    }
    EXPECT_EQ(sum, 0xE3069283u);
}

TEST(Manifest, NamesTheLineThatIsWrong) {
    Manifest manifest;
    EXPECT_EQ(manifest.parse("# x\ne3069283 9 digits and blanks\n"), "");
    ASSERT_NE(manifest.find("digits and blanks"), nullptr);
    EXPECT_EQ(manifest.find("digits and blanks")->size, 9u);
    EXPECT_NE(manifest.parse("e3069283 9 a\nxyz 9 b\n").find("line 2"), std::string::npos);
    EXPECT_NE(manifest.parse("e3069283 9\n").find("line 1"), std::string::npos);
    EXPECT_NE(Manifest().parse("# nothing\n"), "");
}

TEST(SourcePool, TakesTheHostsOfANetworkInTurn) {
    const Result<SourcePool> pool = SourcePool::parse("127.1.2.3/16");
    ASSERT_TRUE(pool);
    EXPECT_EQ(pool->size(), 65534u);
    EXPECT_EQ(pool->address(0).host_text(), "127.1.0.1");
    EXPECT_EQ(pool->address(255).host_text(), "127.1.1.0");
    EXPECT_EQ(pool->address(65533).host_text(), "127.1.255.254");
    EXPECT_EQ(pool->address(65534).host_text(), "127.1.0.1");
    EXPECT_FALSE(SourcePool::parse("127.0.0.1/33"));
    EXPECT_FALSE(SourcePool::parse("host/8"));
    EXPECT_FALSE(SourcePool::parse("")->address(1).is_set());
    EXPECT_EQ(SourcePool::parse("::1")->address(9).host_text(), "::1");
}

}  // namespace
}  // namespace sluice::load
