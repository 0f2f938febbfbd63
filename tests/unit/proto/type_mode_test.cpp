// Method: every argument the RFCs and the devices send, and what must be refused with which error.
#include "sluice/proto/type_mode.hpp"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace sluice::proto {
namespace {

template <class T>
Errc error_of(const Result<T>& result) {
    return result ? Errc::Ok : result.error().code;
}

TEST(Type, TakesAsciiAndImageInEveryForm) {
    for (const std::string_view text : {"A", "a", "A N", "a n", "AN", "A "}) {
        const Result<TransferType> type = parse_type(text);
        ASSERT_TRUE(type.has_value()) << text;
        EXPECT_EQ(*type, TransferType::Ascii) << text;
    }
    for (const std::string_view text : {"I", "i", "L 8", "l 8", "L8", "I "}) {
        const Result<TransferType> type = parse_type(text);
        ASSERT_TRUE(type.has_value()) << text;
        EXPECT_EQ(*type, TransferType::Image) << text;
    }
}

TEST(Type, TellsKnownFormsFromNonsense) {
    for (const std::string_view text :
         {"E", "E N", "A T", "AT", "A C", "e t", "L 16", "L 7", "L36"}) {
        EXPECT_EQ(error_of(parse_type(text)), Errc::NotSupported) << text;
    }
    for (const std::string_view text :
         {"", " ", "X", "A X", "A NN", "I 8", "L", "L ", "L x", "L -8", "ASCII", "A  N", "\xC1",
          "L 99999999999999999999"}) {
        EXPECT_EQ(error_of(parse_type(text)), Errc::BadArgument) << text;
    }
}

TEST(Mode, IsStreamBlockOrDeflate) {
    EXPECT_EQ(parse_mode("S").value(), TransferMode::Stream);
    EXPECT_EQ(parse_mode("s ").value(), TransferMode::Stream);
    EXPECT_EQ(parse_mode("B").value(), TransferMode::Block);
    EXPECT_EQ(parse_mode("z").value(), TransferMode::Deflate);
    EXPECT_EQ(error_of(parse_mode("C")), Errc::NotSupported);
    for (const std::string_view text : {"", "X", "SS", "S S", "1", "ZZ"}) {
        EXPECT_EQ(error_of(parse_mode(text)), Errc::BadArgument) << text;
    }
}

TEST(Structure, IsFileOrRecord) {
    EXPECT_EQ(parse_structure("F").value(), FileStructure::File);
    EXPECT_EQ(parse_structure("f").value(), FileStructure::File);
    EXPECT_EQ(parse_structure("R").value(), FileStructure::Record);
    EXPECT_EQ(error_of(parse_structure("P")), Errc::NotSupported);
    EXPECT_EQ(error_of(parse_structure("B")), Errc::BadArgument);
    EXPECT_EQ(error_of(parse_structure("")), Errc::BadArgument);
}

TEST(Restart, ReadsUpToTheLargestOffset) {
    EXPECT_EQ(parse_restart("0").value(), 0);
    EXPECT_EQ(parse_restart("4294967297").value(), 4'294'967'297);
    EXPECT_EQ(parse_restart("9223372036854775807").value(), INT64_MAX);
    EXPECT_EQ(parse_restart("000000000000000000000000000000001").value(), 1);
}

// O-NUM-1.
TEST(Restart, RefusesAnythingButAPlainDecimal) {
    for (const std::string_view text :
         {"", "-1", "+5", " 5", "5 ", "1e5", "0x10", "5;6", "9223372036854775808",
          "9223372036854775810", "18446744073709551616", "18446744073709551621", "5\n"}) {
        EXPECT_EQ(error_of(parse_restart(text)), Errc::BadArgument) << text;
    }
}

// O-NUM-3.
TEST(Allocation, ReadsBytesAndRecord) {
    EXPECT_EQ(parse_allocation("9223372036854775807").value().bytes, INT64_MAX);
    EXPECT_FALSE(parse_allocation("10").value().record_bytes.has_value());
    const Allocation with_record = parse_allocation("1 R 2").value();
    EXPECT_EQ(with_record.bytes, 1);
    EXPECT_EQ(with_record.record_bytes, 2);
    EXPECT_EQ(parse_allocation("1 r 2").value().record_bytes, 2);
    EXPECT_EQ(parse_allocation("7 ").value().bytes, 7);
}

TEST(Allocation, RefusesOtherForms) {
    for (const std::string_view text :
         {"", "-1", "x", "1 R", "1 R x", "1 2", "1 RR 2", "1R2", "R 1", "9223372036854775808"}) {
        EXPECT_EQ(error_of(parse_allocation(text)), Errc::BadArgument) << text;
    }
}

}  // namespace
}  // namespace sluice::proto
