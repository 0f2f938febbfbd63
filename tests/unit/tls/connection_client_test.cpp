// A data connection between two servers: one end is the TLS client (SSCN, CPSV).
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <memory>
#include <string>
#include <string_view>

#include "tls_client.hpp"

namespace sluice::tls {
namespace {

// What `from` has to say, told to `to` in pieces of `step` bytes; returns the plaintext in it.
std::string carry(Connection& from, Connection& to, std::size_t step) {
    const Wire bytes(from.output().begin(), from.output().end());
    from.consume_output(bytes.size());
    std::string text;
    for (std::size_t at = 0; at < bytes.size(); at += step) {
        to.feed(Bytes(bytes).subspan(at, std::min(step, bytes.size() - at)));
        if (!to.is_established()) {
            (void)to.handshake();
        }
        std::array<std::uint8_t, 512> plain;
        while (to.is_established()) {
            const Result<std::size_t> got = to.read(plain);
            if (!got || *got == 0) {
                break;
            }
            text += as_text(Bytes(plain).first(*got));
        }
        (void)to.take_unread();
    }
    return text;
}

bool meet(Connection& client, Connection& server, std::size_t step) {
    constexpr int kFlightsMax = 8;
    for (int i = 0; i < kFlightsMax && !(client.is_established() && server.is_established()); ++i) {
        if (!client.is_established()) {
            (void)client.handshake();
        }
        EXPECT_EQ(carry(client, server, step), "");
        EXPECT_EQ(carry(server, client, step), "");
    }
    return client.is_established() && server.is_established();
}

class ClientRole : public TlsTest {
protected:
    static Settings with_client(Version version) {
        Settings settings;
        settings.also_client = true;
        settings.version_max = version;
        return settings;
    }
    static Connection::DataRole client_of(const Connection& owner) {
        return Connection::DataRole{.owner = owner, .binding = Binding::Prefer, .is_client = true};
    }
};

TEST_F(ClientRole, MeetsAServerWhoseCertificateNobodyKnows) {
    for (const Version version : {Version::Tls12, Version::Tls13}) {
        const std::unique_ptr<Context> here = make_context(with_client(version));
        const std::unique_ptr<Context> there = make_context();
        const Connection mine(*here);
        const Connection theirs(*there);
        for (const std::size_t step : {std::size_t{1}, std::size_t{1} << 14}) {
            Connection client(*here, client_of(mine));
            Connection server(*there, Connection::DataRole{.owner = theirs});
            ASSERT_TRUE(meet(client, server, step));
            EXPECT_EQ(client.version(), version == Version::Tls12 ? "TLSv1.2" : "TLSv1.3");
            const std::string_view question = "data one way";
            const std::string_view answer = "and the other";
            ASSERT_TRUE(client.write(as_bytes(question)));
            EXPECT_EQ(carry(client, server, step), question);
            ASSERT_TRUE(server.write(as_bytes(answer)));
            EXPECT_EQ(carry(server, client, step), answer);
            ASSERT_TRUE(client.close());
            (void)carry(client, server, step);
            EXPECT_TRUE(server.has_peer_closed());
        }
    }
}

// Nothing binds it, and where nothing else is wanted nothing is asked for.
TEST_F(ClientRole, IsNeverBound) {
    const std::unique_ptr<Context> here = make_context(with_client(Version::Tls13));
    const std::unique_ptr<Context> there = make_context();
    const Connection mine(*here);
    const Connection theirs(*there);
    for (int i = 0; i < 2; ++i) {
        Connection client(*here, client_of(mine));
        Connection strict(*there,
                          Connection::DataRole{.owner = theirs, .binding = Binding::Require});
        ASSERT_TRUE(meet(client, strict, 1 << 14));
        EXPECT_FALSE(client.is_bound());
        EXPECT_FALSE(client.was_resumed());
        EXPECT_TRUE(client.is_acceptable());
        EXPECT_FALSE(strict.is_acceptable());
    }
}

// Two ends that both wait for the other's first word, or both speak it, do not come together.
TEST_F(ClientRole, TwoOfOneKindDoNotMeet) {
    const std::unique_ptr<Context> here = make_context(with_client(Version::Tls13));
    const Connection mine(*here);
    Connection one(*here, client_of(mine));
    Connection other(*here, client_of(mine));
    (void)one.handshake();
    const Wire hello(one.output().begin(), one.output().end());
    ASSERT_FALSE(hello.empty());
    (void)other.handshake();
    other.feed(hello);
    const Status met = other.handshake();
    ASSERT_FALSE(met);
    EXPECT_EQ(met.error().code, Errc::Protocol);
    EXPECT_FALSE(other.failure().empty());
    (void)other.take_unread();
    Connection server(*here, Connection::DataRole{.owner = mine});
    EXPECT_EQ(server.handshake().error().code, Errc::WouldBlock);
    EXPECT_FALSE(server.has_output());
}

TEST_F(ClientRole, AnOldServerIsRefused) {
    Settings settings = with_client(Version::Tls13);
    settings.version_min = Version::Tls13;
    const std::unique_ptr<Context> here = make_context(settings);
    Settings old;
    old.version_max = Version::Tls12;
    const std::unique_ptr<Context> there = make_context(old);
    const Connection mine(*here);
    const Connection theirs(*there);
    Connection client(*here, client_of(mine));
    Connection server(*there, Connection::DataRole{.owner = theirs});
    EXPECT_FALSE(meet(client, server, 1 << 14));
}

}  // namespace
}  // namespace sluice::tls
