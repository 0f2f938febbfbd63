// The order of replies, what passes a transfer that runs, and wake-ups that must not be lost: a
// real shard turned step by step.
#include <gtest/gtest.h>

#include <string>

#include "shard_fixture.hpp"

namespace sluice::server {
namespace {

class ControlLoopTest : public ShardTest {};
INSTANTIATE_SHARD_TESTS(ControlLoopTest);

constexpr std::size_t kBigFile = 16u << 20;  // more than two sockets and their queues hold

std::string repeated(std::string_view line, int times) {
    std::string all;
    for (int i = 0; i < times; ++i) { all.append(line); }
    return all;
}

TEST_P(ControlLoopTest, AnswersPipelinedCommandsInOrder) {
    write_file("f", 100);
    start();
    const auto client = login();
    Client data(passive_port(*client));
    watch(data);
    client->send("RETR f\r\nPWD\r\nQUIT\r\n");
    EXPECT_TRUE(turn_until([&] { return client->has_ended() && data.has_ended(); }));
    EXPECT_EQ(client->codes(), "150 226 257 221");
    EXPECT_EQ(data.received().size(), 100u);
}

// More answers than the reply buffer holds, out of one segment: nothing more comes from the client
// that could wake the session for the rest.
TEST_P(ControlLoopTest, GoesOnAfterAFullReplyBufferWithoutNewInput) {
    start();
    const auto client = login();
    client->send(repeated("HELP\r\n", 300));
    EXPECT_TRUE(hears(*client, 300));
    EXPECT_EQ(client->replies(), 300u);
}

TEST_P(ControlLoopTest, AnswersAllLinesThatWaitedForATransfer) {
    write_file("f", 10);
    start();
    const auto client = login();
    const std::uint16_t port = passive_port(*client);
    client->send("RETR f\r\n" + repeated("HELP\r\n", 1000));
    turn_times(20);
    Client data(port);
    watch(data);
    EXPECT_TRUE(hears(*client, 1002));
}

// A client that sends its next command while a long answer waits for it to read. The receive was
// armed while the transfer ran, so it completes in the middle of the long answer.
TEST_P(ControlLoopTest, HearsACommandThatCameDuringALongAnswer) {
    const std::string long_name(200, 'n');
    std::filesystem::create_directory(directory_ + "/d");
    for (int i = 0; i < 2000; ++i) { write_file("d/" + long_name + std::to_string(i), 0); }
    write_file("f", 10);
    start();
    const auto client = connect(4096);
    watch(*client);
    client->send("USER ftp\r\nPASS x\r\n");
    ASSERT_TRUE(hears(*client, 3));
    const std::uint16_t port = passive_port(*client);
    client->send("RETR f\r\nPWD\r\nSTAT d\r\n");
    turn_times(20);
    unwatch(*client);  // from here on it does not read
    Client data(port);
    watch(data);
    ASSERT_TRUE(turn_until([&] { return data.has_ended(); }));
    turn_times(50);
    client->say("SYST");
    client->pump(false);
    turn_times(50);
    watch(*client);
    EXPECT_TRUE(turn_until([&] {
        return client->received().find("\r\n215 ") != std::string::npos;
    })) << client->received().size();
}

TEST_P(ControlLoopTest, AbortEndsADownloadWith426And226) {
    write_file("big", kBigFile);
    start();
    const auto client = login();
    Client data(passive_port(*client));  // not read
    client->say("RETR big");
    ASSERT_TRUE(hears(*client, 1));
    turn_times(10);
    client->say("ABOR");
    ASSERT_TRUE(hears(*client, 3));
    EXPECT_EQ(client->codes(), "150 426 226");
    client->say("NOOP");
    EXPECT_TRUE(hears(*client, 4));
}

TEST_P(ControlLoopTest, EveryAbortIsAnswered) {
    start();
    const auto client = login();
    Client data(passive_port(*client));
    client->say("STOR up");
    ASSERT_TRUE(hears(*client, 1));
    client->send(repeated("ABOR\r\n", 256));  // one more than a byte counts
    ASSERT_TRUE(hears(*client, 2));
    turn_times(20);
    EXPECT_EQ(client->replies(), 1u + 1u + 256u) << client->codes();
}

TEST_P(ControlLoopTest, AnswersNoopAndStatDuringATransferAtOnce) {
    write_file("big", kBigFile);
    start();
    const auto client = login();
    Client data(passive_port(*client));  // not read: the transfer cannot end
    client->say("RETR big");
    ASSERT_TRUE(hears(*client, 1));
    client->send("NOOP\r\nSTAT\r\n");
    ASSERT_TRUE(hears(*client, 3));
    EXPECT_EQ(client->codes(), "150 200 211");
    EXPECT_FALSE(data.has_ended());
}

TEST_P(ControlLoopTest, EndOfInputDuringATransferAbortsIt) {
    write_file("big", kBigFile);
    start();
    const auto client = login();
    Client data(passive_port(*client));
    client->say("RETR big");
    ASSERT_TRUE(hears(*client, 1));
    client->finish_sending();
    EXPECT_TRUE(turn_until([&] { return client->has_ended(); }));
    EXPECT_EQ(client->codes(), "150 426");
    watch(data);
    EXPECT_TRUE(turn_until([&] { return data.has_ended(); }));
    EXPECT_LT(data.received().size(), kBigFile);
}

TEST_P(ControlLoopTest, ResetOfTheControlConnectionEndsTheTransfer) {
    write_file("big", kBigFile);
    start();
    const auto client = login();
    Client data(passive_port(*client));
    client->say("RETR big");
    ASSERT_TRUE(hears(*client, 1));
    unwatch(*client);
    client->reset();
    EXPECT_TRUE(turn_until([&] { return shard_->session_count() == 0; }));
}

TEST_P(ControlLoopTest, QuitDuringATransferLetsItFinish) {
    write_file("big", kBigFile);
    start();
    const auto client = login();
    Client data(passive_port(*client));
    client->say("RETR big");
    ASSERT_TRUE(hears(*client, 1));
    client->say("QUIT");
    client->pump();
    client->finish_sending();  // many clients close at once behind their QUIT
    turn_times(10);
    EXPECT_EQ(client->codes(), "150");
    watch(data);
    EXPECT_TRUE(turn_until([&] { return client->has_ended() && data.has_ended(); }));
    EXPECT_EQ(client->codes(), "150 226 221");
    EXPECT_EQ(data.received().size(), kBigFile);
}

// The farewell and all before it reach a client that reads slowly.
TEST_P(ControlLoopTest, QuitBehindALongAnswerLosesNothingOfIt) {
    const std::string long_name(200, 'n');
    std::filesystem::create_directory(directory_ + "/d");
    for (int i = 0; i < 1000; ++i) { write_file("d/" + long_name + std::to_string(i), 0); }
    start();
    const auto client = connect(4096);
    watch(*client);
    client->send("USER ftp\r\nPASS x\r\n");
    ASSERT_TRUE(hears(*client, 3));
    unwatch(*client);
    client->send("STAT d\r\nQUIT\r\n");
    client->pump(false);
    turn_times(20);
    client->read_at_most(1000);
    watch(*client);
    EXPECT_TRUE(turn_until([&] { return client->has_ended(); }));
    EXPECT_EQ(client->codes(), "220 331 230 212 221");
}

TEST_P(ControlLoopTest, RefusesALineLongerThanTheLimitAndCloses) {
    start();
    const auto client = login();
    client->send(std::string(20'000, 'a'));
    EXPECT_TRUE(turn_until([&] { return client->has_ended(); }));
    EXPECT_EQ(client->codes(), "500");
    EXPECT_FALSE(client->was_reset());
}

TEST_P(ControlLoopTest, TakesALineOneByteAtATime) {
    start();
    const auto client = login();
    for (const char c : std::string_view("NOOP\r\n")) {
        client->send(std::string_view(&c, 1));
        turn_times(2);
    }
    EXPECT_TRUE(hears(*client, 1));
    EXPECT_EQ(client->codes(), "200");
}

TEST_P(ControlLoopTest, NothingBehindQuitIsExecuted) {
    start();
    const auto client = login();
    client->send("QUIT\r\nMKD made\r\n");
    EXPECT_TRUE(turn_until([&] { return client->has_ended(); }));
    EXPECT_EQ(client->codes(), "221");
    EXPECT_FALSE(std::filesystem::exists(directory_ + "/made"));
}

TEST_P(ControlLoopTest, ReinForgivesNoFailedLogin) {
    config_.limits.login_attempts = 3;
    start();
    const auto client = connect();
    watch(*client);
    client->send(repeated("USER nosuch\r\nPASS x\r\nREIN\r\n", 3));
    EXPECT_TRUE(turn_until([&] { return client->has_ended(); }));
    EXPECT_EQ(client->codes(), "220 331 530 220 331 530 220 331 530 421");
}

TEST_P(ControlLoopTest, ReinDoesNotPutOffTheLoginTimeout) {
    config_.limits.login_timeout = Duration::milliseconds(300);
    start();
    const auto client = connect();
    watch(*client);
    // Longer than the time-out in all: REIN every few turns of 5 ms.
    for (int i = 0; i < 200 && !client->has_ended(); ++i) {
        client->say("REIN");
        turn_times(2);
        while (!client->has_ended() && client->replies() < static_cast<std::size_t>(i) + 2) {
            step();
        }
        shard_->turn(Duration::milliseconds(5));
    }
    EXPECT_TRUE(turn_until([&] { return client->has_ended(); }));
    EXPECT_LT(client->replies(), 200u);
}

TEST_P(ControlLoopTest, AbortIsHeardWhileTheServerDrains) {
    write_file("big", kBigFile);
    start();
    const auto client = login();
    Client data(passive_port(*client));
    client->say("RETR big");
    ASSERT_TRUE(hears(*client, 1));
    shard_->post_drain();
    turn_times(5);
    client->say("ABOR");
    EXPECT_TRUE(turn_until([&] { return client->has_ended(); }));
    EXPECT_EQ(client->codes(), "150 426 226 421");
}

}  // namespace
}  // namespace sluice::server
