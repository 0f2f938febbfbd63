// The runner against a scripted server: it accepts what is right and, above all, notices each kind
// of wrong. The fake answers a line with the reply registered for it and keeps its tree in a map.
#include "runner.hpp"

#include <gtest/gtest.h>

#include <map>
#include <vector>

namespace sluice::conform {
namespace {

class FakeTree final : public Tree {
public:
    Status make_directory(const std::string&) override { return {}; }
    Status make_file(const std::string& path, std::string_view content) override {
        files[path] = content;
        return {};
    }
    Status make_link(const std::string&, const std::string&) override { return {}; }
    Status make_fifo(const std::string&) override { return {}; }
    Status set_permissions(const std::string&, std::uint32_t) override { return {}; }
    Status set_modified(const std::string&, std::int64_t) override { return {}; }
    Status truncate(const std::string&, std::uint64_t) override { return {}; }
    Status rename(const std::string&, const std::string&) override { return {}; }
    Status remove(const std::string& path) override {
        files.erase(path);
        return {};
    }
    Node look(const std::string& path) const override {
        Node node;
        if (files.contains(path)) {
            node.kind = NodeKind::File;
            node.size = files.at(path).size();
        }
        return node;
    }
    Result<std::string> content(const std::string& path) const override {
        if (!files.contains(path)) {
            return fail(Errc::NotFound);
        }
        return files.at(path);
    }
    Result<std::vector<std::string>> entries(const std::string&) const override {
        std::vector<std::string> names;
        for (const auto& [name, bytes] : files) {
            names.push_back(name);
        }
        return names;
    }
    std::string outside_path() const override { return "/outside"; }
    std::map<std::string, std::string> files;
};

class FakeWorld final : public World {
public:
    std::map<std::string, std::string> answers;  // by line without CRLF
    std::string data;                            // what every data connection delivers
    std::string greeting = "220 ready\r\n";
    std::string uploaded;
    std::vector<TlsOptions> handshakes;
    bool dials_back = false;   // an active data connection is waiting to be accepted
    int moments = 0;           // how often a waiting check looked again
    std::string appears_late;  // a file that comes into being while a check waits

    FakeWorld() {
        answers["QUIT"] = "221 bye\r\n";
        answers["USER anonymous"] = "331 go on\r\n";
        answers["PASS guest@example.org"] = "230-hello\r\n230 in\r\n";
        answers["NOOP"] = "200 ok\r\n";
        answers["PASV"] = "227 Entering Passive Mode (127,0,0,1,4,1)\r\n";
        answers["EPSV"] = "229 Entering Extended Passive Mode (|||1025|)\r\n";
        answers["PORT 127,0,0,1,4,2"] = "200 ok\r\n";
    }

    Result<Endpoint> control_endpoint(Family family) override {
        if (family == Family::Ipv6) {
            return fail(Errc::NotSupported);
        }
        return Endpoint{"127.0.0.1", 21};
    }
    Result<ChannelId> dial(const DialOptions& options) override {
        const auto id = ChannelId{++last_};
        if (options.target.port == 21) {
            inbox_[id] = greeting;
            control_ = id;
        } else if (options.target.port == 1025) {
            inbox_[id] = data;
        } else {
            return fail(Errc::ConnectionRefused);
        }
        return id;
    }
    Endpoint local_endpoint(ChannelId) override { return {"127.0.0.1", 5000}; }
    Result<ListenerId> listen(const std::string&) override { return ListenerId{1}; }
    Endpoint listener_endpoint(ListenerId) override { return {"127.0.0.1", 1026}; }
    Result<ChannelId> accept(ListenerId, bool) override {
        if (!dials_back) {
            return fail(Errc::TimedOut);
        }
        const auto id = ChannelId{++last_};
        inbox_[id] = data;
        return id;
    }
    bool has_pending(ListenerId) override { return dials_back; }
    void close_listener(ListenerId) override {}
    Status send(ChannelId id, std::string_view bytes, bool) override {
        if (id != control_) {
            uploaded += bytes;
            return {};
        }
        pending_ += bytes;
        for (std::size_t end = pending_.find("\r\n"); end != std::string::npos;
             end = pending_.find("\r\n")) {
            const std::string line = pending_.substr(0, end);
            pending_.erase(0, end + 2);
            inbox_[id] += answers.contains(line) ? answers[line] : "500 what\r\n";
        }
        return {};
    }
    ReadEnd read(ChannelId id, std::string& out, std::size_t bytes_max) override {
        std::string& inbox = inbox_[id];
        if (inbox.empty()) {
            return id == control_ && !gone_ ? ReadEnd::TimedOut : ReadEnd::Closed;
        }
        const std::size_t size = std::min(bytes_max, inbox.size());
        out.append(inbox, 0, size);
        gone_ = gone_ || inbox.find("221 ") != std::string::npos;
        inbox.erase(0, size);
        return ReadEnd::Bytes;
    }
    ReadEnd read_now(ChannelId id, std::string& out, std::size_t bytes_max) override {
        return read(id, out, bytes_max);
    }
    Status begin_tls(ChannelId, const TlsOptions& options) override {
        handshakes.push_back(options);
        return {};
    }
    void finish_sending(ChannelId) override {}
    void close(ChannelId) override {}
    void reset(ChannelId) override {}

    Tree& tree() override { return tree_; }
    void begin_patience() override { moments = 0; }
    bool pass_moment() override {
        if (++moments == 3 && !appears_late.empty()) {
            tree_.files[appears_late] = "";
        }
        return moments < 10;
    }
    bool provides(std::string_view) override { return false; }

private:
    std::uint32_t last_ = 0;
    FakeTree tree_;
    ChannelId control_{0};
    bool gone_ = false;
    std::string pending_;
    std::map<ChannelId, std::string> inbox_;
};

// "" when the transcript passed, else "LINE: why".
std::string play(FakeWorld& world, std::string_view text) {
    std::optional<ParseError> error;
    const Transcript t = parse_transcript("test", text, error);
    if (error) {
        return "parse: " + error->message;
    }
    const Outcome outcome = run_transcript(t, world, {});
    if (outcome.verdict == Verdict::Skipped) {
        return "skipped: " + outcome.message;
    }
    return outcome.verdict == Verdict::Passed
               ? ""
               : std::to_string(outcome.line) + ": " + outcome.message;
}

TEST(Runner, PassesWhatIsRight) {
    FakeWorld world;
    world.data = "hello";
    world.answers["RETR f"] = "150 here\r\n226 done\r\n";
    EXPECT_EQ(play(world,
                   "file f \"hello\"\nlogin\ndata PASV\n> RETR f\n< 150 *\n"
                   "receive == f\n< 226 *\ncontent f == \"hello\"\nonly . f\n"),
              "");
}

TEST(Runner, NoticesAWrongReply) {
    FakeWorld world;
    EXPECT_EQ(play(world, "login\n> NOOP\n< 250 *\n"), "3: expected '250 *', got '200 ok'");
}

TEST(Runner, NoticesAMissingReply) {
    FakeWorld world;
    world.answers["NOOP"] = "";
    EXPECT_EQ(play(world, "> NOOP\n< 200 *\n"), "2: no reply: timed out");
}

TEST(Runner, NoticesAReplyTooMany) {
    FakeWorld world;
    world.answers["NOOP"] = "200 ok\r\n200 ok\r\n";
    EXPECT_EQ(play(world, "> NOOP\n< 200 *\n"),
              "2: at the end of session A: expected '221 *', got '200 ok'");
}

TEST(Runner, NoticesABareLineFeedAndBytesInsideALine) {
    FakeWorld world;
    world.answers["NOOP"] = "200 ok\n";
    EXPECT_EQ(play(world, "> NOOP\n< 200 *\n"), "2: a reply line ends in a bare LF");
    world.answers["NOOP"] = "200 o\rk\r\n";
    EXPECT_EQ(play(world, "> NOOP\n< 200 *\n"), "2: CR or NUL inside a reply line: 200 o\\rk");
}

TEST(Runner, SearchesALineInALongReply) {
    FakeWorld world;
    world.answers["FEAT"] = "211-Features:\r\n EPSV\r\n SIZE\r\n211 End\r\n";
    EXPECT_EQ(play(world, "> FEAT\n< 211-*\n<...\n<  SIZE\n< 211 End\n"), "");
    FakeWorld other = {};
    other.answers = world.answers;
    EXPECT_EQ(play(other, "> FEAT\n< 211-*\n<...\n<  MDTM\n< 211 End\n"),
              "3: no line ' MDTM' in the reply");
}

TEST(Runner, NoticesWrongData) {
    FakeWorld world;
    world.data = "hellO";
    world.answers["RETR f"] = "150 here\r\n226 done\r\n";
    const std::string_view text =
        "file f \"hello\"\ndata PASV\n> RETR f\n< 150 *\nreceive == f\n< 226 *\n";
    EXPECT_EQ(play(world, text), "5: received 5 bytes of 5, first difference at 4: O");
    FakeWorld longer;
    longer.answers = world.answers;
    longer.data = "hello!";
    EXPECT_EQ(play(longer, text), "5: more than the expected 5 bytes of data");
}

TEST(Runner, ComparesListingsInOrderAndWithout) {
    FakeWorld world;
    world.data = "b\r\na\r\n";
    EXPECT_EQ(play(world, "data EPSV\nreceive ~ unordered\n| a\n| b\n"), "");
    EXPECT_EQ(play(world, "data EPSV\nreceive ~\n| a\n| b\n"), "2: no line 'a' here; next is 'b'");
    EXPECT_EQ(play(world, "data EPSV\nreceive ~\n| b\n"), "2: 1 more lines, first 'a'");
    EXPECT_EQ(play(world, "data EPSV\nreceive ~\n| b\n|...\n"), "");
    world.data = "b\na\r\n";
    EXPECT_EQ(play(world, "data EPSV\nreceive ~\n|...\n"), "2: CR, LF or NUL inside a line: b\\na");
}

TEST(Runner, HoldsPassiveRepliesToTheirExactForm) {
    FakeWorld world;
    world.answers["PASV"] = "227 Entering Passive Mode (127,0,0,1,4,1), 7 left\r\n";
    EXPECT_EQ(play(world, "data PASV\n"),
              "1: not the 227 that clients know: '227 Entering Passive Mode (127,0,0,1,4,1), 7 "
              "left'");
    world.answers["EPSV"] = "229 Entering Extended Passive Mode (|||1025|).\r\n";
    EXPECT_EQ(play(world, "data EPSV\n"),
              "1: not the 229 that clients know: '229 Entering Extended Passive Mode "
              "(|||1025|).'");
}

TEST(Runner, NoticesDataThatShouldNotBeThere) {
    FakeWorld world;
    world.data = "x";
    EXPECT_EQ(play(world, "data PASV\nexpect-no-data\n"), "2: data came: x");
    EXPECT_EQ(play(world, "data PASV\nexpect-drop\n"), "2: expected no byte, got x");
    world.dials_back = true;
    EXPECT_EQ(play(world, "data PORT\nexpect-no-data\n"), "2: the server connected");
    world.dials_back = false;
    EXPECT_EQ(play(world, "data PORT\nexpect-no-data\n"), "");
    EXPECT_EQ(play(world, "data PORT\nreceive size 0\n"),
              "2: the server did not connect: timed out");
}

TEST(Runner, ARefusedConnectionIsADropAndNothingElse) {
    FakeWorld world;
    EXPECT_EQ(play(world, "data PASV later\ndial old port 9\nexpect-drop old\n"), "");
    EXPECT_EQ(play(world, "data PASV later\ndial old port 9\nreceive old == \"\"\n"),
              "3: the data connection was refused");
}

TEST(Runner, SendsWhatTheTranscriptSays) {
    FakeWorld world;
    EXPECT_EQ(play(world, "bytes b 100\ndata PASV\nsend b + \"-\" times 2\n"), "");
    EXPECT_EQ(world.uploaded.size(), 102u);
    EXPECT_EQ(world.uploaded.substr(100), "--");
}

TEST(Runner, SaysWhatATlsHandshakeBringsAlong) {
    FakeWorld world;
    EXPECT_EQ(play(world,
                   "> NOOP\n< 200 *\ntls\ntls as bob\ntls as bob stranger\ndata EPSV\ntls data\n"
                   "tls data fresh\ntls data serving\n"),
              "");
    ASSERT_EQ(world.handshakes.size(), 6u);
    EXPECT_EQ(world.handshakes[0].shows, "");
    EXPECT_EQ(world.handshakes[1].shows, "bob");
    EXPECT_FALSE(world.handshakes[1].is_stranger);
    EXPECT_TRUE(world.handshakes[2].is_stranger);
    EXPECT_TRUE(world.handshakes[3].resumes);
    EXPECT_FALSE(world.handshakes[4].resumes);
    EXPECT_FALSE(world.handshakes[4].serves);
    EXPECT_TRUE(world.handshakes[5].serves);
    EXPECT_FALSE(world.handshakes[5].resumes);
}

TEST(Runner, ChecksTheTree) {
    FakeWorld world;
    EXPECT_EQ(play(world, "file f \"abc\"\nmissing f\n"), "2: 'f' is a file");
    EXPECT_EQ(play(world, "exists g\n"), "1: 'g' is missing");
    EXPECT_EQ(play(world, "file f \"abc\"\ncontent f == \"abd\"\n"),
              "2: 'f' holds 3 bytes: abc; expected 3: abd");
    EXPECT_EQ(play(world, "file f \"abc\"\nsize f 4\n"), "2: 'f' is a file of 3 bytes");
    EXPECT_EQ(play(world, "file f \"abc\"\nonly . f g\n"), "2: '.' holds 'f'");
}

TEST(Runner, WaitsOnlyWhereToldTo) {
    FakeWorld world;
    world.appears_late = "late";
    EXPECT_EQ(play(world, "exists late\n"), "1: 'late' is missing");
    EXPECT_EQ(play(world, "eventually exists late\n"), "");
    EXPECT_EQ(world.moments, 3);
    EXPECT_EQ(play(world, "eventually missing late\n"), "1: 'late' is a file");
}

TEST(Runner, NoticesASessionThatShouldEndAndDoesNot) {
    FakeWorld world;
    EXPECT_EQ(play(world, "> NOOP\n< 200 *\nexpect-close\n"),
              "3: the server did not close the session");
    FakeWorld other;
    other.answers["NOOP"] = "200 ok\r\n500 no\r\n";
    EXPECT_EQ(play(other, "> NOOP\n< 200 *\nexpect-close\n"),
              "3: expected the end of the session, got '500 no\\r\\n'");
}

TEST(Runner, SkipsWhatTheWorldCannotDo) {
    FakeWorld world;
    EXPECT_EQ(play(world, "requires ipv6\n> NOOP\n"), "skipped: needs ipv6");
}

TEST(Runner, TakesAWholeReplyByItsCode) {
    FakeWorld world;
    world.answers["STAT"] = "211-one\r\n two\r\n211 end\r\n";
    EXPECT_EQ(play(world, "> STAT\nreply 211\n> NOOP\nreply 500|200\n"), "");
    FakeWorld other;
    other.answers["STAT"] = "211 one\r\n";
    EXPECT_EQ(play(other, "> STAT\nreply 212\n"), "2: expected '212*', got '211 one'");
}

TEST(Runner, RepeatsUntilALineMatchesAndGivesUp) {
    FakeWorld world;
    world.answers["STAT"] = "211-one\r\n 10 bytes\r\n211 end\r\n";
    EXPECT_EQ(play(world, "repeat \"STAT\" until \"* 10 bytes\"\n"), "");
    EXPECT_EQ(play(world, "repeat \"STAT\" until \"* 11 bytes\"\n"),
              "1: 'STAT' was never answered with '* 11 bytes'");
}

TEST(Runner, AsksAnotherServerForWhatEveryServerMustDo) {
    std::optional<ParseError> error;
    const CodeTable codes = CodeTable::parse(
        "minimum: MKD\nMKD: 257 550\nMLST: 250 550\nSTAT: 211\nUSER: 331; also 230\nPASS: 230\n"
        "QUIT: 221\nPASV: 227\nNLST: 150 226\nNOOP: 200\n",
        error);
    ASSERT_FALSE(error);
    ForeignServer foreign;
    foreign.codes = &codes;
    foreign.user = "somebody";
    foreign.password = "secret";
    const auto ask = [&foreign](FakeWorld& world, std::string_view text) {
        std::optional<ParseError> wrong;
        const Transcript t = parse_transcript("test", text, wrong);
        EXPECT_FALSE(wrong);
        RunOptions options;
        options.foreign = &foreign;
        const Outcome outcome = run_transcript(t, world, options);
        const std::string verdict = outcome.verdict == Verdict::Skipped ? "skipped: " : "";
        return outcome.verdict == Verdict::Passed ? std::string() : verdict + outcome.message;
    };
    FakeWorld world;
    world.answers["USER somebody"] = "331 go on\r\n";
    world.answers["PASS secret"] = "230-Hello\r\n230 in\r\n";
    world.answers["STAT"] = "211-one\r\n two\r\n211 end\r\n";
    world.answers["MKD d"] = "257 \"/d\"\r\n";
    world.answers["MKD e"] = "257 /e made\r\n";
    world.answers["MLST f"] = "250-f\r\n Size=5;Type=file; f\r\n250 End\r\n";
    world.answers["MLST g"] = "502 no\r\n";
    // Words, lines inside and whole conversations differ; what an RFC fixes may not.
    EXPECT_EQ(ask(world, "login\n> STAT\n< 211-Status of this session\n<...\n<  TYPE: *\n<...\n"),
              "");
    EXPECT_EQ(ask(world, "> MKD d\n< 257 \"/d\" created\n"), "");
    EXPECT_EQ(ask(world, "> MKD e\n< 257 \"/e\" created\n"),
              "expected '257 \"/e\" created', got '257 /e made'");
    EXPECT_EQ(ask(world, "> MLST f\n< 250-*\n<  type=file;size=5;perm=r; *f\n< 250 *\n"), "");
    EXPECT_NE(ask(world, "> MLST f\n< 250-*\n<  type=file;size=6; *f\n< 250 *\n"), "");
    EXPECT_EQ(ask(world, "> MLST g\n< 250-*\n<...\n"), "skipped: no MLST: '502 no'");
    EXPECT_EQ(ask(world, "requires sluice\n> NOOP\n< 200 *\n"), "skipped: needs sluice");
    EXPECT_EQ(ask(world, "server readonly limits.x=1\n> NOOP\n< 200 *\n"),
              "skipped: needs settings of sluice");
    EXPECT_EQ(ask(world, "server readonly\n> NOOP\n< 200 *\n"),
              "skipped: needs a read-only server");
    world.data = "d/b\r\na\r\n";
    world.answers["NLST"] = "150 here\r\n226 done\r\n";
    EXPECT_EQ(ask(world, "data PASV\n> NLST\n< 150 *\nreceive ~\n| a\n| b\n< 226 *\n"), "");
    foreign.has_tree = false;
    EXPECT_EQ(ask(world, "file f \"x\"\n> NOOP\n< 200 *\n"), "skipped: needs files on the server");
}

TEST(Runner, TakesAnotherServersReplyOnlyByName) {
    std::optional<ParseError> error;
    const Transcript t =
        parse_transcript("test", "> NOOP\n< 226 *\ndiffers: vsftpd 200 *\n", error);
    ASSERT_FALSE(error);
    FakeWorld world;
    EXPECT_EQ(run_transcript(t, world, {}).verdict, Verdict::Failed);
    FakeWorld again;
    EXPECT_EQ(run_transcript(t, again, {"vsftpd"}).verdict, Verdict::Passed);
    FakeWorld third;
    EXPECT_EQ(run_transcript(t, third, {"proftpd"}).verdict, Verdict::Failed);
}

}  // namespace
}  // namespace sluice::conform
