// The three line formats with harmless and with hostile names (O-LOG-1).
#include "sluice/obs/render.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <vector>

namespace sluice::obs {
namespace {

constexpr std::int64_t kWhen = 1'700'000'000;  // 2023-11-14 22:13:20 UTC

std::vector<std::string> hostile_names() {
    return {
        "/a\r\n2023-11-14T22:13:20.000000Z info login ip=6.6.6.6 user=\"root\"",
        "/a\nTue Nov 14 22:13:20 2023 1 6.6.6.6 1 /etc/passwd b _ o a root ftp 0 * c",
        "/\x1B[2J\x1B]0;owned\x07",
        std::string("/a\0b", 4),
        "/%n%s%x{}{0}",
        "/\" path=\"/forged\" code=226",
        "/\",\"event\":\"login\",\"x\":\"",
        "/caf\xE9\xFF\x80",
        "/  two  blanks  ",
        "/back\\slash\\",
        "/" + std::string(4094, 'x'),
        "/" + std::string(4094, '\n'),
    };
}

Event transfer(std::string_view path) {
    Event event(EventKind::Transfer, Level::Info);
    event.when = WallTime(kWhen, 123'456'789);
    event.session = 0xBEEF;
    event.ip = "192.0.2.7";
    event.port = 40'000;
    event.user = path;
    event.password = path;
    event.command = "RETR";
    event.path = path;
    event.target = path;
    event.reason = path;
    event.direction = Direction::Download;
    event.complete = true;
    event.bytes = 5'000'000'000;
    event.offset = 17;
    event.duration = Duration::milliseconds(2'345);
    event.code = 226;
    return event;
}

std::string text_line(const Event& event) {
    std::string out;
    render_text(out, event);
    return out;
}
std::string json_line(const Event& event) {
    std::string out;
    render_json(out, event);
    return out;
}
bool is_one_line(const std::string& text) {
    return std::count(text.begin(), text.end(), '\n') == 1 && text.back() == '\n' &&
           text.find('\r') == std::string::npos && text.find('\x1B') == std::string::npos &&
           text.find('\0') == std::string::npos;
}

// The key=value fields of a text line, quotes respected: what a log analyser sees.
std::vector<std::string> fields_of(std::string_view line) {
    std::vector<std::string> fields(1);
    bool inside = false;
    for (std::size_t i = 0; i + 1 < line.size(); ++i) {
        const char c = line[i];
        if (inside && c == '\\') {
            fields.back() += line.substr(i, 2);
            ++i;
        } else if (c == ' ' && !inside) {
            fields.emplace_back();
        } else {
            if (c == '"') {
                inside = !inside;
            }
            fields.back() += c;
        }
    }
    EXPECT_FALSE(inside) << line;
    return fields;
}

TEST(RenderText, WritesATransferInOneReadableLine) {
    Event event = transfer("/pub/a");
    event.user = "anonymous";
    event.target = {};
    event.reason = {};
    EXPECT_EQ(text_line(event),
              "2023-11-14T22:13:20.123456Z info transfer ip=192.0.2.7 port=40000"
              " user=\"anonymous\" RETR path=\"/pub/a\" bytes=5000000000 ms=2345 complete code=226"
              " session=beef\n");
}

TEST(RenderText, GivesHostileNamesTheFieldsOfHarmlessOnes) {
    const std::size_t expected = fields_of(text_line(transfer("/harmless"))).size();
    for (const std::string& name : hostile_names()) {
        const std::string line = text_line(transfer(name));
        EXPECT_TRUE(is_one_line(line)) << line;
        const std::vector<std::string> fields = fields_of(line);
        EXPECT_EQ(fields.size(), expected) << line;
        EXPECT_EQ(fields[3], "ip=192.0.2.7");  // in front of everything a client can choose
        EXPECT_EQ(fields.back(), "session=beef");
    }
}

TEST(Render, ShowsTheDigestsOfAnUpload) {
    Event event = transfer("/pub/a");
    EXPECT_EQ(json_line(event).find("digests"), std::string::npos);
    event.digests = "SHA-256=ba78 CRC32=352441c2";
    EXPECT_NE(text_line(event).find(" code=226 SHA-256=ba78 CRC32=352441c2 "), std::string::npos);
    EXPECT_NE(json_line(event).find(",\"digests\":\"SHA-256=ba78 CRC32=352441c2\""),
              std::string::npos);
}

TEST(Render, ShowsTheProfileOfAClientThatWasRecognised) {
    Event event(EventKind::Login, Level::Debug);
    event.user = "ftp";
    EXPECT_EQ(text_line(event).find("client"), std::string::npos);
    EXPECT_EQ(json_line(event).find("client"), std::string::npos);
    event.client = "single-line device";
    EXPECT_NE(text_line(event).find(" user=\"ftp\" client=\"single-line device\""),
              std::string::npos)
        << text_line(event);
    EXPECT_NE(json_line(event).find(",\"user\":\"ftp\",\"client\":\"single-line device\""),
              std::string::npos)
        << json_line(event);
}

TEST(Render, ShowsHowLongACertificateIsGood) {
    Event event(EventKind::Certificate, Level::Warn);
    event.when = WallTime(kWhen, 123'456'789);
    event.path = "/etc/fullchain.pem";
    event.target = "ftp.example.org";
    event.days_left = -2;
    event.reason = "it expired";
    EXPECT_EQ(text_line(event),
              "2023-11-14T22:13:20.123456Z warn certificate path=\"/etc/fullchain.pem\""
              " target=\"ftp.example.org\" days_left=-2 reason=\"it expired\"\n");
    const nlohmann::json line = nlohmann::json::parse(json_line(event));
    EXPECT_EQ(line["event"], "certificate");
    EXPECT_EQ(line["days_left"], -2);
    EXPECT_EQ(json_line(transfer("/a")).find("days_left"), std::string::npos);
}

TEST(Render, ShowsTheTlsOfATransferAndWhatIsOddAboutIt) {
    Event event = transfer("/pub/a");
    EXPECT_EQ(text_line(event).find("tls"), std::string::npos);
    EXPECT_EQ(json_line(event).find("tls"), std::string::npos);
    event.tls = "TLSv1.3";
    event.tls_bound = true;
    EXPECT_NE(text_line(event).find(" code=226 tls=TLSv1.3 "), std::string::npos);
    EXPECT_NE(json_line(event).find(",\"tls\":\"TLSv1.3\",\"tls_bound\":true"), std::string::npos);
    EXPECT_EQ(json_line(event).find("tls_eof"), std::string::npos);
    event.tls_kernel = true;
    EXPECT_NE(text_line(event).find(" tls=TLSv1.3 tls_kernel=yes "), std::string::npos);
    EXPECT_NE(json_line(event).find(",\"tls_bound\":true,\"tls_kernel\":true"), std::string::npos);
    event.tls_kernel = false;
    event.tls_bound = false;
    event.tls_eof_missing = true;
    EXPECT_NE(text_line(event).find(" tls=TLSv1.3 tls_bound=no tls_eof=missing "),
              std::string::npos);
    EXPECT_NE(json_line(event).find(",\"tls_bound\":false,\"tls_eof\":\"missing\""),
              std::string::npos);
}

TEST(RenderText, LeavesOutWhatIsNotKnown) {
    Event event(EventKind::Notice, Level::Warn);
    event.when = WallTime(kWhen);
    event.reason = "hello";
    EXPECT_EQ(text_line(event), "2023-11-14T22:13:20.000000Z warn notice reason=\"hello\"\n");
}

TEST(RenderJson, WritesEveryFieldOfATransfer) {
    const nlohmann::json line =
        nlohmann::json::parse(json_line(transfer("/pub/a")), nullptr, false);
    ASSERT_TRUE(line.is_object());
    EXPECT_EQ(line.at("ts"), "2023-11-14T22:13:20.123456Z");
    EXPECT_EQ(line.at("event"), "transfer");
    EXPECT_EQ(line.at("level"), "info");
    EXPECT_EQ(line.at("session"), "beef");
    EXPECT_EQ(line.at("ip"), "192.0.2.7");
    EXPECT_EQ(line.at("port"), 40'000);
    EXPECT_EQ(line.at("cmd"), "RETR");
    EXPECT_EQ(line.at("path"), "/pub/a");
    EXPECT_EQ(line.at("direction"), "download");
    EXPECT_EQ(line.at("type"), "binary");
    EXPECT_EQ(line.at("bytes"), 5'000'000'000);
    EXPECT_EQ(line.at("offset"), 17);
    EXPECT_EQ(line.at("status"), "complete");
    EXPECT_EQ(line.at("code"), 226);
    EXPECT_EQ(line.at("duration_us"), 2'345'000);
    EXPECT_FALSE(line.contains("password"));
}

TEST(RenderJson, ParsesWithTheSameFieldsForHostileNames) {
    const std::size_t expected =
        nlohmann::json::parse(json_line(transfer("/harmless")), nullptr, false).size();
    for (const std::string& name : hostile_names()) {
        const std::string text = json_line(transfer(name));
        EXPECT_TRUE(is_one_line(text));
        const nlohmann::json line = nlohmann::json::parse(text, nullptr, false);
        ASSERT_TRUE(line.is_object()) << text;
        EXPECT_EQ(line.size(), expected) << text;
        EXPECT_EQ(line.at("event"), "transfer");
    }
    const std::string with_nul("/a\0b", 4);
    EXPECT_EQ(nlohmann::json::parse(json_line(transfer(with_nul)), nullptr, false).at("path"),
              with_nul);
}

TEST(RenderJson, NamesEveryKindAndLevelDifferently) {
    std::vector<std::string> names;
    for (int kind = 0; kind <= static_cast<int>(EventKind::Notice); ++kind) {
        names.emplace_back(name_of(static_cast<EventKind>(kind)));
    }
    std::sort(names.begin(), names.end());
    EXPECT_EQ(std::adjacent_find(names.begin(), names.end()), names.end());
    for (const Level level : {Level::Error, Level::Warn, Level::Info, Level::Debug}) {
        const std::string text = json_line(Event(EventKind::Start, level));
        EXPECT_TRUE(nlohmann::json::accept(text)) << text;
    }
}

// xferlog(5): five words of date, then 13 fields.
std::vector<std::string> words_of(const std::string& line) {
    std::vector<std::string> words(1);
    for (const char c : line) {
        if (c == ' ') {
            words.emplace_back();
        } else if (c != '\n') {
            words.back() += c;
        }
    }
    // A day below 10 is padded with a blank.
    words.erase(std::remove(words.begin(), words.end(), ""), words.end());
    return words;
}

TEST(RenderXferlog, HasEighteenWordsWhateverTheName) {
    for (const std::string& name : hostile_names()) {
        std::string line;
        ASSERT_TRUE(render_xferlog(line, transfer(name)));
        EXPECT_TRUE(is_one_line(line));
        const std::vector<std::string> words = words_of(line);
        ASSERT_EQ(words.size(), 18u) << line;
        EXPECT_EQ(words[5], "2");  // whole seconds
        EXPECT_EQ(words[6], "192.0.2.7");
        EXPECT_EQ(words[7], "5000000000");
        EXPECT_EQ(words[9], "b");
        EXPECT_EQ(words[10], "_");
        EXPECT_EQ(words[11], "o");
        EXPECT_EQ(words[12], "a");
        EXPECT_EQ(words[14], "ftp");
        EXPECT_EQ(words[17], "c");
    }
}

TEST(RenderXferlog, TellsTheDirectionTheTypeAndTheEnd) {
    Event event = transfer("/a");
    event.direction = Direction::Upload;
    event.ascii = true;
    event.complete = false;
    event.password = {};
    event.duration = Duration(0);
    std::string line;
    ASSERT_TRUE(render_xferlog(line, event));
    const std::vector<std::string> words = words_of(line);
    ASSERT_EQ(words.size(), 18u) << line;
    EXPECT_EQ(words[5], "1");  // never less than one second, as in wu-ftpd
    EXPECT_EQ(words[9], "a");
    EXPECT_EQ(words[11], "i");
    EXPECT_EQ(words[13], "-");
    EXPECT_EQ(words[17], "i");
}

TEST(RenderXferlog, SaysNothingOfListingsAndLogins) {
    Event listing = transfer("/a");
    listing.direction = Direction::Listing;
    std::string line;
    EXPECT_FALSE(render_xferlog(line, listing));
    EXPECT_FALSE(render_xferlog(line, Event(EventKind::Login, Level::Info)));
    EXPECT_TRUE(line.empty());
    Event removed = transfer("/a");
    removed.kind = EventKind::Delete;
    ASSERT_TRUE(render_xferlog(line, removed));
    EXPECT_EQ(words_of(line)[11], "d");
}

}  // namespace
}  // namespace sluice::obs
