// Method: exact bytes for each form, bounds of the buffer, and random texts that try to break a
// line.
#include "sluice/proto/reply.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <string_view>

#include "sluice/base/prng.hpp"

namespace sluice::proto {
namespace {

TEST(Reply, IsCodeBlankTextCrlf) {
    ReplyBuffer out;
    append_reply(out, ReplyCode::TransferComplete, "Transfer complete.");
    EXPECT_EQ(out.view(), "226 Transfer complete.\r\n");
}

TEST(Reply, JoinsPieces) {
    ReplyBuffer out;
    append_reply(out, ReplyCode::FileUnavailable, {"CWD ", "a\nb", ": no such directory"});
    EXPECT_EQ(out.view(), "550 CWD a?b: no such directory\r\n");
}

TEST(Reply, NeverCarriesALineEndOfAName) {
    ReplyBuffer out;
    append_reply(out, ReplyCode::FileUnavailable, std::string_view("a\r\n230 in\0.", 11));
    EXPECT_EQ(out.view(), "550 a??230 in?.\r\n");
}

TEST(Reply, OfSeveralLinesHasItsCodeFirstAndLast) {
    ReplyBuffer out;
    begin_reply(out, ReplyCode::SystemStatus, "Status:");
    append_reply_line(out, " plain");
    append_reply_line(out, "211 not the end");
    append_reply_line(out, "");
    end_reply(out, ReplyCode::SystemStatus, "End");
    EXPECT_EQ(out.view(), "211-Status:\r\n plain\r\n 211 not the end\r\n\r\n211 End\r\n");
}

TEST(Reply, GivesEveryLineOfATextTheCode) {
    ReplyBuffer out;
    append_reply_text(out, ReplyCode::FileActionOkay, "Welcome\r\n\n250 sly\nlast");
    append_reply(out, ReplyCode::FileActionOkay, "Done.");
    EXPECT_EQ(out.view(), "250-Welcome\r\n250-\r\n250-250 sly\r\n250-last\r\n250 Done.\r\n");
}

TEST(Reply, CutsALongTextAtALineEnd) {
    for (const std::string& text : {std::string(100'000, '\n'), std::string(100'000, 'x')}) {
        ReplyBuffer out;
        append_reply_text(out, ReplyCode::ServiceReady, text);
        EXPECT_LE(out.view().size(), kReplyTextBytesMax);
        EXPECT_FALSE(out.is_overflowed());
        EXPECT_TRUE(out.is_empty() || out.view().ends_with("\r\n"));
    }
}

TEST(Reply, DoublesQuotesInAPath) {
    ReplyBuffer out;
    append_path_reply(out, "/a\"b\"", "created");
    EXPECT_EQ(out.view(), "257 \"/a\"\"b\"\"\" created\r\n");
}

TEST(Reply, HoldsTheLongestPathOfQuotes) {
    ReplyBuffer out;
    append_path_reply(out, "/" + std::string(4094, '"'), "is the current directory");
    EXPECT_FALSE(out.is_overflowed());
    EXPECT_LE(out.view().size(), ReplyBuffer::kReplyBytesMax);
}

TEST(Reply, StaysOneLineForAnyBytes) {
    for (std::uint64_t seed = 1; seed <= 2000; ++seed) {
        Prng prng(seed);
        std::string text;
        const std::uint64_t size = prng.below(50);
        for (std::uint64_t i = 0; i < size; ++i) {
            text +=
                prng.chance(1, 2) ? "\r\n\0\"2"[prng.below(5)] : static_cast<char>(prng.below(256));
        }
        ReplyBuffer out;
        append_reply(out, ReplyCode::Okay, text);
        append_path_reply(out, text, text);
        append_reply(out, ReplyCode::Okay, {text, text});
        append_reply_line(out, text);
        const std::string_view view = out.view();
        ASSERT_EQ(std::count(view.begin(), view.end(), '\n'), 4) << "seed " << seed;
        ASSERT_EQ(std::count(view.begin(), view.end(), '\r'), 4) << "seed " << seed;
        ASSERT_EQ(std::count(view.begin(), view.end(), '\0'), 0) << "seed " << seed;
    }
}

TEST(ReplyBuffer, GivesBytesInOrderAsTheyAreSent) {
    ReplyBuffer out;
    EXPECT_TRUE(out.is_empty());
    EXPECT_TRUE(out.append("abc"));
    out.consume(2);
    EXPECT_TRUE(out.append("def"));
    EXPECT_EQ(out.view(), "cdef");
    out.consume(4);
    EXPECT_TRUE(out.is_empty());
    EXPECT_EQ(out.view(), "");
}

TEST(ReplyBuffer, RefusesWhatGoesBeyondItsBoundAndSaysSo) {
    ReplyBuffer out;
    EXPECT_TRUE(out.append(std::string(ReplyBuffer::kBytesMax, 'x')));
    EXPECT_FALSE(out.has_room());
    EXPECT_FALSE(out.is_overflowed());
    append_reply(out, ReplyCode::Okay, "one too many");
    EXPECT_TRUE(out.is_overflowed());
    EXPECT_EQ(out.view().size(), ReplyBuffer::kBytesMax);
    out.release();
    EXPECT_FALSE(out.is_overflowed());
    EXPECT_TRUE(out.has_room());
}

TEST(ReplyBuffer, CountsOnlyWhatIsNotSent) {
    ReplyBuffer out;
    for (int i = 0; i < 1000; ++i) {
        ASSERT_TRUE(out.append(std::string(40'000, static_cast<char>('a' + i % 26))));
        ASSERT_TRUE(out.has_room());
        out.consume(39'999);
        ASSERT_EQ(out.view(), std::string(1, static_cast<char>('a' + i % 26)));
        out.consume(1);
    }
}

TEST(ReplyBuffer, TakesBackSentBytesBeforeItGrows) {
    ReplyBuffer out;
    ASSERT_TRUE(out.append(std::string(60'000, 'a')));
    out.consume(59'000);
    ASSERT_TRUE(out.append(std::string(60'000, 'b')));
    EXPECT_EQ(out.view(), std::string(1000, 'a') + std::string(60'000, 'b'));
    EXPECT_LE(out.capacity(), 2 * ReplyBuffer::kBytesMax);
}

TEST(ReplyBuffer, HoldsNoMemoryAfterRelease) {
    ReplyBuffer out;
    const std::size_t idle = out.capacity();
    ASSERT_TRUE(out.append(std::string(1000, 'x')));
    out.release();
    EXPECT_EQ(out.capacity(), idle);
    EXPECT_TRUE(out.is_empty());
}

}  // namespace
}  // namespace sluice::proto
