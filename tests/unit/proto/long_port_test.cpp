#include "sluice/proto/long_port.hpp"

#include <gtest/gtest.h>

namespace sluice::proto {
namespace {

Errc code_of(std::string_view argument) {
    const Result<HostPort> parsed = parse_long_port(argument);
    return parsed ? Errc::Ok : parsed.error().code;
}

TEST(LongPort, ReadsBothFamilies) {
    EXPECT_EQ(parse_long_port("4,4,192,0,2,1,2,200,1").value(),
              HostPort::v4({192, 0, 2, 1}, 200 * 256 + 1));
    const Result<HostPort> six =
        parse_long_port("6,16,32,1,13,184,0,0,0,0,0,0,0,0,0,0,0,7,2,1,2");
    ASSERT_TRUE(six.has_value());
    EXPECT_EQ(print_address(*six), "2001:db8::7");
    EXPECT_EQ(six->port, 258);
}

TEST(LongPort, PrintsWhatItReads) {
    for (const char* text : {"4,4,192,0,2,1,2,200,1",
                             "6,16,32,1,13,184,0,0,0,0,0,0,0,0,0,0,0,7,2,255,255"}) {
        EXPECT_EQ(print_long_port(parse_long_port(text).value()), text);
    }
}

TEST(LongPort, TellsOtherFamiliesFromGarbage) {
    EXPECT_EQ(code_of("16,4,1,2,3,4,2,0,1"), Errc::NotSupported);
    EXPECT_EQ(code_of("5,4"), Errc::NotSupported);
    for (const char* text : {"", ",", "4", "4,", "4,4", "4,4,1,2,3,4,2,0", "4,4,1,2,3,4,2,0,1,2",
                             "4,5,1,2,3,4,2,0,1", "4,4,1,2,3,4,3,0,1", "4,4,256,2,3,4,2,0,1",
                             "4,4,1,2,3,4,2,0,-1", "4,4, 1,2,3,4,2,0,1", "4,4,1,2,3,4,2,0,1 ",
                             "4,4,0001,2,3,4,2,0,1", "6,16,1,2,3,4,2,0,1",
                             "4,4,1,2,3,4,2,0,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1"}) {
        EXPECT_EQ(code_of(text), Errc::BadArgument) << text;
    }
}

}  // namespace
}  // namespace sluice::proto
