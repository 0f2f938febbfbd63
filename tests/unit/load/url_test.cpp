#include "url.hpp"

#include <gtest/gtest.h>

namespace sluice::load {
namespace {

std::string error_of(std::string_view text) {
    const Parsed<Url> url = parse_url(text);
    return url ? "none" : url.error();
}

TEST(Url, HasDefaultsForAllButTheHost) {
    const Parsed<Url> url = parse_url("ftp://localhost");
    ASSERT_TRUE(url);
    EXPECT_EQ(url->user, "anonymous");
    EXPECT_EQ(url->password, "load@");
    EXPECT_EQ(url->host, "localhost");
    EXPECT_EQ(url->port, 21);
    EXPECT_EQ(url->path, "");
}

TEST(Url, TakesAllParts) {
    const Parsed<Url> url = parse_url("FTP://me%40home:p%3Aw@10.0.0.1:2121/a%20b/c%25.bin");
    ASSERT_TRUE(url);
    EXPECT_EQ(url->user, "me@home");
    EXPECT_EQ(url->password, "p:w");
    EXPECT_EQ(url->host, "10.0.0.1");
    EXPECT_EQ(url->port, 2121);
    EXPECT_EQ(url->path, "a b/c%.bin");
}

TEST(Url, TakesIpv6InBracketsOnly) {
    const Parsed<Url> url = parse_url("ftp://[::1]:2121/x");
    ASSERT_TRUE(url);
    EXPECT_EQ(url->host, "::1");
    EXPECT_EQ(url->port, 2121);
    EXPECT_EQ(error_of("ftp://::1/"), "an IPv6 address is written in brackets: ftp://[::1]/");
    EXPECT_EQ(error_of("ftp://[::1/"), "the '[' of the IPv6 address has no ']'");
    EXPECT_EQ(error_of("ftp://[nonsense]/"), "'nonsense' is no IPv6 address");
    EXPECT_EQ(error_of("ftp://[::1]21/"), "'21' after the address is no ':port'");
}

TEST(Url, SaysWhatToDoAboutOtherSchemes) {
    EXPECT_EQ(error_of("localhost:2121/x"),
              "'localhost:2121/x' has no scheme; did you mean 'ftp://localhost:2121/x'?");
    EXPECT_NE(error_of("http://host/").find("speaks FTP alone, not 'http'"), std::string::npos);
}

TEST(Url, SaysHowTlsBegins) {
    const Parsed<Url> implicit = parse_url("ftps://h/x");
    ASSERT_TRUE(implicit);
    EXPECT_EQ(implicit->tls, TlsMode::Implicit);
    EXPECT_EQ(implicit->port, 990);
    EXPECT_FALSE(implicit->has_port);
    const Parsed<Url> explicit_tls = parse_url("FTPES://h:2121/x");
    ASSERT_TRUE(explicit_tls);
    EXPECT_EQ(explicit_tls->tls, TlsMode::Explicit);
    EXPECT_EQ(explicit_tls->port, 2121);
    EXPECT_TRUE(explicit_tls->has_port);
    EXPECT_EQ(parse_url("ftpes://h/")->port, 21);
    EXPECT_EQ(parse_url("ftp://h/")->tls, TlsMode::Off);
}

TEST(Url, RefusesWhatWouldEndACommandLine) {
    EXPECT_NE(error_of("ftp://h/a%0d%0aDELE%20b").find("line end"), std::string::npos);
    EXPECT_NE(error_of("ftp://u%0A@h/").find("the user holds"), std::string::npos);
    EXPECT_NE(error_of("ftp://u:%00@h/").find("the password holds"), std::string::npos);
}

TEST(Url, RefusesBrokenPercentCodesAtAnyPlace) {
    for (const char* text : {"ftp://h/%", "ftp://h/%4", "ftp://h/%zz", "ftp://h/100%"}) {
        EXPECT_NE(error_of(text).find("percent code"), std::string::npos) << text;
    }
}

TEST(Url, RefusesPortsAndHostsThatAreNone) {
    for (const char* text : {"ftp://h:0/", "ftp://h:65536/", "ftp://h:x/", "ftp://h:/"}) {
        EXPECT_NE(error_of(text).find("is no port"), std::string::npos) << text;
    }
    EXPECT_NE(error_of("ftp:///x").find("host is missing"), std::string::npos);
    EXPECT_NE(error_of("ftp://@h/").find("user before the '@' is empty"), std::string::npos);
    EXPECT_NE(error_of("ftp://a b/").find("neither a host name"), std::string::npos);
    EXPECT_NE(error_of("ftp://" + std::string(kUrlBytesMax, 'a')).find("longer"),
              std::string::npos);
}

TEST(Url, IsShownWithoutItsPasswordAndReadsBack) {
    for (const char* text : {"ftp://h/", "ftp://me%40x@h:2121/a%20b", "ftp://[::1]/%2Fetc/x%25",
                             "ftps://h/a", "ftps://h:21/a", "ftpes://h/a", "ftpes://h:990/a"}) {
        const Parsed<Url> url = parse_url(text);
        ASSERT_TRUE(url) << text;
        EXPECT_EQ(show(*url), text);
    }
    EXPECT_EQ(show(*parse_url("ftp://me:secret@h/x")), "ftp://me@h/x");
}

}  // namespace
}  // namespace sluice::load
