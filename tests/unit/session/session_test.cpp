// What an idle session costs, and what its clocks end.
#include "sluice/session/session.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <vector>

#include "shard_fixture.hpp"

namespace sluice::server {
namespace {

class SessionTest : public ShardTest {};
INSTANTIATE_SHARD_TESTS(SessionTest);

constexpr std::size_t kSessions = 1000;

TEST_P(SessionTest, AThousandIdleSessionsCostUnderAKibibyteEach) {
    start();
    std::vector<std::unique_ptr<Client>> clients;
    for (std::size_t i = 0; i < kSessions; ++i) {
        clients.push_back(connect());
        watch(*clients.back());
        clients.back()->send("USER anonymous\r\nPASS guest@example.org\r\n");
        if (i % 50 == 49) { ASSERT_TRUE(hears(*clients.back(), 3)); }
    }
    ASSERT_TRUE(turn_until([&] {
        return std::all_of(clients.begin(), clients.end(),
                           [](const auto& client) { return client->replies() == 3; });
    }));
    ASSERT_EQ(shard_->session_count(), kSessions);
    // One frame for each: the control loop. What else a session holds is in the object.
    EXPECT_EQ(shard_->frames().live(), kSessions);
    const std::size_t frame = shard_->frames().live_bytes() / kSessions;
    RecordProperty("frame_bytes", static_cast<int>(frame));
    RecordProperty("session_bytes", static_cast<int>(sizeof(session::Session)));
    EXPECT_LE(frame + sizeof(session::Session), 1024u)
        << frame << " + " << sizeof(session::Session);
}

TEST_P(SessionTest, EndsWithoutALoginInTime) {
    config_.limits.login_timeout = Duration::milliseconds(200);
    start();
    const auto client = connect();
    watch(*client);
    EXPECT_TRUE(turn_until([&] { return client->has_ended(); }));
    EXPECT_EQ(client->codes(), "220 421");
}

TEST_P(SessionTest, EndsWhenIdleForTooLong) {
    config_.limits.idle_timeout = Duration::milliseconds(200);
    start();
    const auto client = login();
    EXPECT_TRUE(turn_until([&] { return client->has_ended(); }));
    EXPECT_EQ(client->codes(), "421");
}

// O-RES-5: a port that nobody connects to goes back, and the transfer that comes too late is told.
TEST_P(SessionTest, DropsAPassivePortThatNobodyConnectsTo) {
    config_.limits.data_connect_timeout = Duration::milliseconds(200);
    start();
    const auto client = login();
    client->send("PASV\r\n");
    ASSERT_TRUE(hears(*client, 1));
    const Instant later = kernel_.now() + Duration::milliseconds(500);
    ASSERT_TRUE(turn_until([&] { return kernel_.now() >= later; }));
    client->send("RETR nothing\r\n");
    ASSERT_TRUE(hears(*client, 2));
    EXPECT_EQ(client->codes(), "227 425");
}

TEST_P(SessionTest, IsNotIdleWhileATransferRuns) {
    config_.limits.idle_timeout = Duration::milliseconds(200);
    write_file("big", 16u << 20);
    start();
    const auto client = login();
    Client data(passive_port(*client));
    client->say("RETR big");
    turn_times(120);  // three times the limit
    EXPECT_FALSE(client->has_ended());
    watch(data);
    EXPECT_TRUE(hears(*client, 2));
    EXPECT_EQ(client->codes(), "150 226");
}

}  // namespace
}  // namespace sluice::server
