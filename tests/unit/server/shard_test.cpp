// A shard's whole life: limits at the door, drain, kill, and that nothing is left of many sessions.
#include "sluice/server/shard.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <vector>

#include "../session/shard_fixture.hpp"
#include "sluice/tls/connection.hpp"

namespace sluice::server {
namespace {

class ServerShardTest : public ShardTest {};
INSTANTIATE_SHARD_TESTS(ServerShardTest);

constexpr std::size_t kBigFile = 16u << 20;

TEST_P(ServerShardTest, LeavesNothingBehindAfterManySessions) {
    write_file("f", 1000);
    const std::size_t descriptors = open_descriptors();
    start();
    for (int round = 0; round < 10; ++round) {
        std::vector<std::unique_ptr<Client>> clients;
        for (int i = 0; i < 50; ++i) {
            clients.push_back(connect());
            watch(*clients.back());
            clients.back()->send("USER ftp\r\nPASS x\r\nEPSV\r\nMLST f\r\n");
        }
        ASSERT_TRUE(turn_until([&] {
            return std::all_of(clients.begin(), clients.end(),
                               [](const auto& client) { return client->replies() == 5; });
        }));
        // A third says QUIT, a third closes, a third resets.
        for (std::size_t i = 0; i < clients.size(); ++i) {
            if (i % 3 == 0) { clients[i]->say("QUIT"); }
            clients[i]->pump();
            unwatch(*clients[i]);
            if (i % 3 == 1) { clients[i]->close(); }
            if (i % 3 == 2) { clients[i]->reset(); }
        }
        ASSERT_TRUE(turn_until([&] { return shard_->session_count() == 0; }));
    }
    EXPECT_EQ(shard_->sessions_begun(), 500u);
    EXPECT_EQ(shard_->frames().live(), 0u);
    shard_->post_drain();
    ASSERT_TRUE(turn_until([&] { return shard_->has_ended(); }));
    EXPECT_EQ(backend_->in_flight(), 0u);
    placement_->set_shard(0, nullptr);
    shard_.reset();
    root_.reset();
    EXPECT_EQ(open_descriptors(), descriptors);
}

TEST_P(ServerShardTest, DrainLetsATransferFinishAndRefusesNewSessions) {
    write_file("big", kBigFile);
    start();
    const auto idle = login();
    const auto client = login();
    Client data(passive_port(*client));
    client->say("RETR big");
    ASSERT_TRUE(hears(*client, 1));
    shard_->post_drain();
    ASSERT_TRUE(turn_until([&] { return idle->has_ended(); }));
    EXPECT_EQ(idle->codes(), "421");
    EXPECT_FALSE(shard_->has_ended());
    watch(data);
    ASSERT_TRUE(turn_until([&] { return client->has_ended() && data.has_ended(); }));
    EXPECT_EQ(client->codes(), "150 226 421");
    EXPECT_EQ(data.received().size(), kBigFile);
    EXPECT_TRUE(turn_until([&] { return shard_->has_ended(); }));
}

TEST_P(ServerShardTest, KillEndsATransferAndASessionThatWaitsForItsClient) {
    write_file("big", kBigFile);
    start();
    const auto client = login();
    Client data(passive_port(*client));
    client->say("RETR big");
    ASSERT_TRUE(hears(*client, 1));
    const auto waiting = login();
    const std::uint16_t port = passive_port(*waiting);
    EXPECT_NE(port, 0u);
    waiting->say("RETR big");  // nobody connects
    turn_times(5);
    shard_->post_kill();
    kill_posted_ = true;
    EXPECT_TRUE(turn_until([&] { return shard_->has_ended(); }));
    turn_times(1);
    EXPECT_EQ(client->codes(), "150 426 421");
    EXPECT_EQ(waiting->codes(), "426 421");
}

TEST_P(ServerShardTest, KillAfterADrainEndsWhatTheDrainWaitsFor) {
    start();
    const auto client = login();
    Client data(passive_port(*client));
    client->say("STOR up");
    ASSERT_TRUE(hears(*client, 1));
    shard_->post_drain();
    turn_times(5);
    EXPECT_FALSE(shard_->has_ended());
    shard_->post_kill();
    kill_posted_ = true;
    EXPECT_TRUE(turn_until([&] { return shard_->has_ended(); }));
}

TEST_P(ServerShardTest, AnswersTheSessionAboveTheLimitWith421) {
    config_.limits.max_sessions = 3;
    start();
    std::vector<std::unique_ptr<Client>> clients;
    for (int i = 0; i < 3; ++i) { clients.push_back(login()); }
    const auto fourth = connect();
    watch(*fourth);
    ASSERT_TRUE(turn_until([&] { return fourth->has_ended(); }));
    EXPECT_EQ(fourth->codes(), "421");
    unwatch(*clients[0]);
    clients[0]->reset();  // its place is free again
    ASSERT_TRUE(turn_until([&] { return shard_->session_count() == 2; }));
    const auto fifth = login();
    EXPECT_FALSE(fifth->has_ended());
}

TEST_P(ServerShardTest, LimitsTheSessionsOfOneAddress) {
    config_.limits.max_sessions_per_ip = 2;
    start();
    const auto first = login();
    auto second = login();
    const auto third = connect();
    watch(*third);
    ASSERT_TRUE(turn_until([&] { return third->has_ended(); }));
    EXPECT_EQ(third->codes(), "421");
    second->say("QUIT");
    ASSERT_TRUE(turn_until([&] { return second->has_ended(); }));
    const auto fourth = login();
    EXPECT_FALSE(fourth->has_ended());
}

class ShardTlsTest : public ServerShardTest {
protected:
    std::unique_ptr<tls::Context> make_context() {
        tls::Settings settings;
        settings.identities.push_back(*tls::make_self_signed({}, kernel_.wall_time()));
        tls::Findings findings;
        return tls::Context::make(kernel_, settings, keys_, findings);
    }
    tls::TicketKeys keys_{Duration::seconds(3600), kernel_.now()};
};
INSTANTIATE_SHARD_TESTS(ShardTlsTest);

// A storm that has begun before a reload gets no second share of the turn by it.
TEST_P(ShardTlsTest, HandshakesOfAFormerContextTakeFromTheSameTurn) {
    start();
    std::unique_ptr<tls::Context> first = make_context();
    std::unique_ptr<tls::Context> second = make_context();
    tls::Context& former = *first;
    tls::Context& present = *second;
    // Somebody uses the former one.
    const tls::Connection connection(former);
    shard_->take_tls(std::move(first));
    shard_->take_tls(std::move(second));
    const Instant turn = shard_->reactor().now();
    using Room = tls::HandshakeBudget::Room;
    ASSERT_EQ(former.find_room(turn), Room::Shard);
    former.spend(tls::TurnTime::kShare);
    for (std::uint32_t i = 0; i < tls::HandshakeBudget::kHelperStepsMax; ++i) {
        EXPECT_EQ((i % 2 == 0 ? present : former).find_room(turn), Room::Helper);
    }
    EXPECT_EQ(present.find_room(turn), Room::NextTurn);
    EXPECT_EQ(former.find_room(turn), Room::NextTurn);
    former.leave_helper();
    EXPECT_EQ(present.find_room(turn), Room::Helper);
}

TEST_P(ShardTlsTest, AHelperFreesAFormerContextWhenItsLastConnectionHasEnded) {
    start();
    std::unique_ptr<tls::Context> first = make_context();
    auto connection = std::make_unique<tls::Connection>(*first);
    shard_->take_tls(std::move(first));
    shard_->take_tls(make_context());
    turn_times(3);
    EXPECT_EQ(shard_->former_tls_count(), 1u);
    EXPECT_EQ(pool_.jobs, 0);
    connection.reset();
    ASSERT_TRUE(turn_until([&] { return shard_->former_tls_count() == 0; }));
    EXPECT_EQ(pool_.jobs, 1);
}

TEST_P(ShardTlsTest, EndsWhileFormerContextsAreBeingFreed) {
    start();
    for (int i = 0; i < 5; ++i) {
        shard_->take_tls(make_context());
        if (i % 2 == 0) { shard_->run_ready(); }
    }
    end_shard();
    EXPECT_LE(pool_.jobs, 4);
}

}  // namespace
}  // namespace sluice::server
