// A Stream on a real socket, on both engines, against OpenSSL's client: handshakes that end well,
// late or not at all; bulk against a slow reader; and how a peer may end its side.
#include "sluice/tls/stream.hpp"

#include <atomic>
#include <optional>

#include "../io/loop_fixture.hpp"
#include "tls_client.hpp"

namespace sluice::tls {
namespace {

constexpr Duration kPatience = Duration::seconds(10);
// Of a turn, for handshakes: more than a busy machine can take.
constexpr Duration kTurnTime = Duration::seconds(3600);

// Counts the jobs that go by.
struct CountingPool final : io::HelperPool {
    io::HelperPool& behind;
    std::atomic<int> jobs{0};
    explicit CountingPool(io::HelperPool& pool) : behind(pool) {}
    void submit(io::HelperJob& job) override {
        ++jobs;
        behind.submit(job);
    }
};

class StreamTest : public io::LoopTest, public Stream::Owner {
protected:
    void SetUp() override {
        LoopTest::SetUp();
        if (reactor_ == nullptr) {
            return;
        }
        reactor_ = std::make_unique<io::Reactor>(kernel_, *backend_, ready_, pool_);
        Settings settings;
        settings.identities.push_back(*make_self_signed({}, kernel_.wall_time()));
        Findings findings;
        context_ = Context::make(kernel_, settings, keys_, findings);
        ASSERT_NE(context_, nullptr);
        context_->use(budget_);
        control_ = std::make_unique<Connection>(*context_);
        stop_.emplace(*backend_);
        make_pair(ours_, theirs_);
        const Stream::Wires wires = {*reactor_, ours_.fd(), poll_, *stop_, *this};
        const Connection::DataRole role{.owner = *control_};
        stream_ = std::make_unique<Stream>(wires, *context_, role);
    }
    void TearDown() override {
        stream_.reset();
        ours_ = net::Socket();
        theirs_ = net::Socket();
        stop_.reset();
        control_.reset();
        context_.reset();
        LoopTest::TearDown();
    }
    void before_wait() override { ++waits_; }
    void on_progress() override { ++progress_; }

    // Carries bytes between the client and its socket; `receive_max` at a time.
    void carry(Client& client, std::size_t receive_max = 1 << 20) {
        const Wire fresh = client.take_output();
        unsent_.insert(unsent_.end(), fresh.begin(), fresh.end());
        while (!unsent_.empty()) {
            const Result<std::size_t> sent = kernel_.send(theirs_.fd(), unsent_, false);
            if (!sent) {
                break;
            }
            unsent_.erase(unsent_.begin(), unsent_.begin() + static_cast<std::ptrdiff_t>(*sent));
        }
        Wire room(receive_max);
        const Result<std::size_t> got = kernel_.receive(theirs_.fd(), room);
        if (!got) {
            return;
        }
        if (*got == 0) {
            theirs_ended_ = true;
        }
        client.give(Bytes(room).first(*got));
    }
    void spend_this_turn() {
        ASSERT_EQ(context_->find_room(reactor_->now()), Context::Room::Shard);
        context_->spend(kTurnTime);
    }
    bool shake_hands(Client& client) {
        Status outcome;
        io::Task<void> task = keep(stream_->handshake(kPatience), outcome);
        task.start();
        const bool done = turn_until([&] {
            client.handshake();
            carry(client);
            return task.done();
        });
        EXPECT_TRUE(done);
        for (int i = 0; i < 10 && !client.handshake(); ++i) {
            carry(client);
        }
        return done && outcome.has_value();
    }
    static io::Task<void> keep(io::Task<Status> task, Status& outcome) { outcome = co_await task; }
    static io::Task<void> keep_ending(io::Task<Result<Ending>> task, Result<Ending>& outcome) {
        outcome = co_await task;
    }

    CountingPool pool_{helpers_};
    TicketKeys keys_{Duration::seconds(3600), kernel_.now()};
    HandshakeBudget budget_{kTurnTime};
    std::unique_ptr<Context> context_;
    std::unique_ptr<Connection> control_;
    io::Op poll_;
    std::optional<io::StopSource> stop_;
    net::Socket ours_;
    net::Socket theirs_;
    std::unique_ptr<Stream> stream_;
    Wire unsent_;
    int waits_ = 0;
    int progress_ = 0;
    bool theirs_ended_ = false;
};
INSTANTIATE_ON_BOTH_ENGINES(StreamTest);

TEST_P(StreamTest, AHandshakeWaitsForItsClient) {
    Client client;
    ASSERT_TRUE(shake_hands(client));
    EXPECT_TRUE(stream_->connection().is_established());
    EXPECT_GT(waits_, 0);
    EXPECT_GT(progress_, 0);
    EXPECT_EQ(pool_.jobs, 0);
}

// The share of a turn is used up: what is expensive runs elsewhere.
TEST_P(StreamTest, AHandshakeThatFindsNoTimeRunsOnAHelper) {
    reactor_->wait(Duration(0));
    spend_this_turn();
    Client client;
    client.handshake();
    carry(client);
    Status outcome;
    io::Task<void> task = keep(stream_->handshake(kPatience), outcome);
    task.start();
    EXPECT_EQ(pool_.jobs, 1);
    ASSERT_TRUE(turn_until([&] {
        client.handshake();
        carry(client);
        return task.done();
    }));
    EXPECT_TRUE(outcome);
}

// Helpers have other work: beyond a few steps at a time, a handshake waits for the next turn.
TEST_P(StreamTest, AHandshakeThatFindsNoHelperWaitsForTheNextTurn) {
    reactor_->wait(Duration(0));
    spend_this_turn();
    for (std::uint32_t i = 0; i < HandshakeBudget::kHelperStepsMax; ++i) {
        ASSERT_EQ(context_->find_room(reactor_->now()), Context::Room::Helper);
    }
    Client client;
    client.handshake();
    carry(client);
    Status outcome;
    io::Task<void> task = keep(stream_->handshake(kPatience), outcome);
    task.start();
    EXPECT_EQ(pool_.jobs, 0);
    EXPECT_FALSE(stream_->connection().has_output());
    ASSERT_TRUE(turn_until([&] {
        client.handshake();
        carry(client);
        return task.done();
    }));
    EXPECT_TRUE(outcome);
    EXPECT_EQ(pool_.jobs, 0);
    for (std::uint32_t i = 0; i < HandshakeBudget::kHelperStepsMax; ++i) {
        context_->leave_helper();
    }
}

TEST_P(StreamTest, AStopEndsAHandshakeThatWaitsForItsTurn) {
    reactor_->wait(Duration(0));
    spend_this_turn();
    for (std::uint32_t i = 0; i < HandshakeBudget::kHelperStepsMax; ++i) {
        ASSERT_EQ(context_->find_room(reactor_->now()), Context::Room::Helper);
    }
    Status outcome;
    io::Task<void> task = keep(stream_->handshake(kPatience), outcome);
    task.start();
    stop_->request(io::StopReason::Abor);
    ASSERT_TRUE(turn_until([&] { return task.done(); }));
    ASSERT_FALSE(outcome);
    EXPECT_EQ(outcome.error().code, Errc::Stopped);
}

TEST_P(StreamTest, AClientThatSaysNothingIsGivenUp) {
    Status outcome;
    io::Task<void> task = keep(stream_->handshake(Duration::milliseconds(100)), outcome);
    task.start();
    ASSERT_TRUE(turn_until([&] { return task.done(); }));
    ASSERT_FALSE(outcome);
    EXPECT_EQ(outcome.error().code, Errc::TimedOut);
}

TEST_P(StreamTest, AHalfHelloIsGivenUpToo) {
    Client client;
    client.handshake();
    const Wire hello = client.take_output();
    ASSERT_TRUE(kernel_.send(theirs_.fd(), Bytes(hello).first(hello.size() / 2), false));
    Status outcome;
    io::Task<void> task = keep(stream_->handshake(Duration::milliseconds(100)), outcome);
    task.start();
    ASSERT_TRUE(turn_until([&] { return task.done(); }));
    ASSERT_FALSE(outcome);
    EXPECT_EQ(outcome.error().code, Errc::TimedOut);
}

TEST_P(StreamTest, AStopEndsAHandshake) {
    Status outcome;
    io::Task<void> task = keep(stream_->handshake(kPatience), outcome);
    task.start();
    reactor_->run_ready();
    stop_->request(io::StopReason::Abor);
    ASSERT_TRUE(turn_until([&] { return task.done(); }));
    ASSERT_FALSE(outcome);
    EXPECT_EQ(outcome.error().code, Errc::Stopped);
}

TEST_P(StreamTest, AClientThatLeavesInTheMiddleEndsIt) {
    Client client;
    client.handshake();
    const Wire hello = client.take_output();
    ASSERT_TRUE(kernel_.send(theirs_.fd(), hello, false));
    theirs_.close();
    Status outcome;
    io::Task<void> task = keep(stream_->handshake(kPatience), outcome);
    task.start();
    ASSERT_TRUE(turn_until([&] { return task.done(); }));
    EXPECT_FALSE(outcome);
}

TEST_P(StreamTest, PlainTextInsteadOfAHelloIsToldSo) {
    const std::string_view plain = "RETR is not TLS at all\r\n";
    ASSERT_TRUE(kernel_.send(theirs_.fd(), as_bytes(plain), false));
    Status outcome;
    io::Task<void> task = keep(stream_->handshake(kPatience), outcome);
    task.start();
    ASSERT_TRUE(turn_until([&] { return task.done(); }));
    ASSERT_FALSE(outcome);
    EXPECT_EQ(outcome.error().code, Errc::Protocol);
    EXPECT_EQ(stream_->connection().failure(), "wrong version number");
}

TEST_P(StreamTest, BulkReachesASlowReaderWhole) {
    Client client;
    ASSERT_TRUE(shake_hands(client));
    Wire plaintext(5 << 20);
    for (std::size_t i = 0; i < plaintext.size(); ++i) {
        plaintext[i] = static_cast<std::uint8_t>(i * 31 + (i >> 12));
    }
    Wire memory(Connection::kGatherBytes);
    stream_->connection().lend_output(memory);
    Status outcome;
    io::Task<void> task = keep(stream_->write(plaintext), outcome);
    task.start();
    std::string text;
    ASSERT_TRUE(turn_until([&] {
        carry(client, 50'000);
        text += client.read();
        return task.done() && text.size() >= plaintext.size();
    }));
    EXPECT_TRUE(outcome);
    EXPECT_TRUE(text == as_text(plaintext));
    stream_->connection().lend_output({});
}

// A client of TLS 1.3 sends with the end of its handshake: that must not be lost.
TEST_P(StreamTest, WhatComesWithTheEndOfTheHandshakeIsKept) {
    Client client(only(TLS1_3_VERSION));
    Status outcome;
    io::Task<void> task = keep(stream_->handshake(kPatience), outcome);
    task.start();
    bool has_written = false;
    ASSERT_TRUE(turn_until([&] {
        if (client.handshake() && !has_written) {
            client.write(std::string(3000, 'x'));
            has_written = true;
        }
        carry(client);
        return task.done();
    }));
    ASSERT_TRUE(outcome);
    Wire plaintext(100);
    Wire ciphertext(20'000);
    std::string text;
    ASSERT_TRUE(turn_until([&] {
        const Result<std::size_t> got = stream_->receive_now(plaintext, ciphertext);
        if (got) {
            text += as_text(Bytes(plaintext).first(*got));
        }
        return text.size() >= 3000;
    }));
    EXPECT_EQ(text, std::string(3000, 'x'));
    EXPECT_EQ(stream_->receive_now(plaintext, ciphertext).error().code, Errc::WouldBlock);
}

TEST_P(StreamTest, TheTwoEndsOfAnUploadAreToldApart) {
    Client client;
    ASSERT_TRUE(shake_hands(client));
    client.write("the last bytes");
    carry(client);
    ASSERT_TRUE(kernel_.shutdown_sending(theirs_.fd()));
    Wire plaintext(4096);
    Wire ciphertext(20'000);
    Result<std::size_t> got = stream_->receive_now(plaintext, ciphertext);
    ASSERT_TRUE(got);
    EXPECT_EQ(as_text(Bytes(plaintext).first(*got)), "the last bytes");
    got = stream_->receive_now(plaintext, ciphertext);
    ASSERT_FALSE(got);
    EXPECT_EQ(got.error().code, Errc::EndOfStream);
    EXPECT_FALSE(stream_->connection().has_peer_closed());
}

// The kernel tells of a reset once. Behind the bytes that came before it, it must not be taken for
// the end of an upload.
TEST_P(StreamTest, AResetBehindDataIsNoEnd) {
    Client client;
    ASSERT_TRUE(shake_hands(client));
    client.write("not the last bytes");
    carry(client);
    const linger at_once = {1, 0};
    ASSERT_EQ(::setsockopt(theirs_.fd(), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once), 0);
    theirs_.close();
    Wire plaintext(4096);
    Wire ciphertext(20'000);
    const Result<std::size_t> first = stream_->receive_now(plaintext, ciphertext);
    for (int i = 0; i < 3; ++i) {
        const Result<std::size_t> got = stream_->receive_now(plaintext, ciphertext);
        ASSERT_FALSE(got);
        EXPECT_EQ(got.error().code, Errc::ConnectionReset) << first.has_value();
    }
}

TEST_P(StreamTest, ACloseNotifyIsTheCleanEnd) {
    Client client;
    ASSERT_TRUE(shake_hands(client));
    client.write("the last bytes");
    client.close();
    carry(client);
    Wire plaintext(4096);
    Wire ciphertext(20'000);
    Result<std::size_t> got = stream_->receive_now(plaintext, ciphertext);
    ASSERT_TRUE(got);
    EXPECT_EQ(*got, 14u);
    got = stream_->receive_now(plaintext, ciphertext);
    ASSERT_TRUE(got);
    EXPECT_EQ(*got, 0u);
}

TEST_P(StreamTest, ARecordThatIsCutIsNoEnd) {
    Client client;
    ASSERT_TRUE(shake_hands(client));
    client.write("this will never be whole");
    Wire record = client.take_output();
    record.resize(record.size() - 1);
    ASSERT_TRUE(kernel_.send(theirs_.fd(), record, false));
    ASSERT_TRUE(kernel_.shutdown_sending(theirs_.fd()));
    Wire plaintext(4096);
    Wire ciphertext(20'000);
    const Result<std::size_t> got = stream_->receive_now(plaintext, ciphertext);
    ASSERT_FALSE(got);
    EXPECT_EQ(got.error().code, Errc::EndOfStream);
}

TEST_P(StreamTest, ClosingTellsThePeerAndHearsIt) {
    Client client;
    ASSERT_TRUE(shake_hands(client));
    client.write("bytes that nobody wants");
    Result<Ending> ending = Ending::Open;
    io::Task<void> task = keep_ending(stream_->close(kPatience), ending);
    task.start();
    ASSERT_TRUE(turn_until([&] {
        carry(client);
        client.read();
        if (client.saw_close()) {
            client.close();
        }
        return task.done();
    }));
    ASSERT_TRUE(ending);
    EXPECT_EQ(*ending, Ending::Notified);
    for (int i = 0; i < 3; ++i) {
        carry(client);
    }
    EXPECT_TRUE(theirs_ended_);  // the FIN behind close_notify
}

TEST_P(StreamTest, ClosingDoesNotWaitForEver) {
    Client client;
    ASSERT_TRUE(shake_hands(client));
    Result<Ending> ending = Ending::Notified;
    io::Task<void> task = keep_ending(stream_->close(Duration::milliseconds(100)), ending);
    task.start();
    ASSERT_TRUE(turn_until([&] { return task.done(); }));
    ASSERT_TRUE(ending);
    EXPECT_EQ(*ending, Ending::Open);
}

TEST_P(StreamTest, APeerThatOnlySendsAFinHasLeftBare) {
    Client client;
    ASSERT_TRUE(shake_hands(client));
    ASSERT_TRUE(kernel_.shutdown_sending(theirs_.fd()));
    Result<Ending> ending = Ending::Open;
    io::Task<void> task = keep_ending(stream_->close(kPatience), ending);
    task.start();
    ASSERT_TRUE(turn_until([&] { return task.done(); }));
    ASSERT_TRUE(ending);
    EXPECT_EQ(*ending, Ending::Bare);
}

TEST_P(StreamTest, APeerThatNeverStopsTalkingIsLeft) {
    Client client;
    ASSERT_TRUE(shake_hands(client));
    const std::string chunk(16 * 1024, 'x');
    Result<Ending> ending = Ending::Notified;
    io::Task<void> task = keep_ending(stream_->close(kPatience), ending);
    task.start();
    ASSERT_TRUE(turn_until([&] {
        client.write(chunk);
        carry(client);
        return task.done();
    }));
    ASSERT_TRUE(ending);
    EXPECT_EQ(*ending, Ending::Open);
}

}  // namespace
}  // namespace sluice::tls
