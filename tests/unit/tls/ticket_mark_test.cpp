// Tickets: resumption on every shard, fresh tickets for clients that use each once, and data
// connections that must belong to their control connection.
#include <gtest/gtest.h>

#include "tls_client.hpp"

namespace sluice::tls {
namespace {

class Tickets : public TlsTest, public testing::WithParamInterface<int> {
protected:
    ClientOptions with(SSL_SESSION* session) {
        ClientOptions options = only(GetParam());
        options.session = session;
        return options;
    }
    static Connection::DataRole role(const Connection& owner, Binding binding) {
        return Connection::DataRole{.owner = owner, .binding = binding};
    }
};
INSTANTIATE_TEST_SUITE_P(Tls, Tickets, testing::Values(TLS1_2_VERSION, TLS1_3_VERSION),
                         version_name);

TEST_P(Tickets, OfTheControlConnectionOpenItsDataConnections) {
    const std::unique_ptr<Context> context = make_context();
    for (const Binding binding : {Binding::Off, Binding::Prefer, Binding::Require}) {
        Connection control(*context);
        Client first(only(GetParam()));
        ASSERT_TRUE(shake_hands(control, first));
        ASSERT_NE(first.last_session(), nullptr);
        Connection data(*context, role(control, binding));
        Client second(with(first.last_session()));
        ASSERT_TRUE(shake_hands(data, second));
        EXPECT_TRUE(second.was_resumed());
        EXPECT_TRUE(data.was_resumed());
        EXPECT_TRUE(data.is_bound());
        EXPECT_TRUE(data.is_acceptable());
    }
}

TEST_P(Tickets, OfAnotherSessionOpenNothingWhereBindingIsRequired) {
    const std::unique_ptr<Context> context = make_context();
    Connection mine(*context);
    Client first(only(GetParam()));
    ASSERT_TRUE(shake_hands(mine, first));
    Connection theirs(*context);
    Client thief(only(GetParam()));
    ASSERT_TRUE(shake_hands(theirs, thief));
    for (const Binding binding : {Binding::Off, Binding::Prefer, Binding::Require}) {
        Connection data(*context, role(mine, binding));
        Client second(with(thief.last_session()));
        ASSERT_TRUE(shake_hands(data, second));
        EXPECT_EQ(data.was_resumed(), binding != Binding::Require) << static_cast<int>(binding);
        EXPECT_FALSE(data.is_bound());
        EXPECT_EQ(data.is_acceptable(), binding != Binding::Require);
    }
}

// Whoever is first at a data port gets through a full handshake; the tickets of that must not open
// the next one.
TEST_P(Tickets, OfADataConnectionThatShowedNothingShowNothing) {
    const std::unique_ptr<Context> context = make_context();
    Connection control(*context);
    Client owner(only(GetParam()));
    ASSERT_TRUE(shake_hands(control, owner));
    for (const Binding before : {Binding::Off, Binding::Prefer, Binding::Require}) {
        Connection stolen(*context, role(control, before));
        Client thief(only(GetParam()));
        ASSERT_TRUE(shake_hands(stolen, thief));
        EXPECT_EQ(stolen.is_acceptable(), before != Binding::Require);
        ASSERT_NE(thief.last_session(), nullptr);
        Connection data(*context, role(control, Binding::Require));
        Client again(with(thief.last_session()));
        ASSERT_TRUE(shake_hands(data, again));
        EXPECT_FALSE(data.is_acceptable());
    }
}

TEST_P(Tickets, WithoutOneIsAFullHandshake) {
    const std::unique_ptr<Context> context = make_context();
    Connection control(*context);
    Client first(only(GetParam()));
    ASSERT_TRUE(shake_hands(control, first));
    for (const Binding binding : {Binding::Off, Binding::Prefer, Binding::Require}) {
        Connection data(*context, role(control, binding));
        Client second(only(GetParam()));
        ASSERT_TRUE(shake_hands(data, second));
        EXPECT_FALSE(data.was_resumed());
        EXPECT_EQ(data.is_acceptable(), binding != Binding::Require);
    }
}

// cyberduck#18399, curl#3002: clients that use a ticket once, 200 transfers long.
TEST_P(Tickets, LastForClientsThatUseEachOnce) {
    const std::unique_ptr<Context> context = make_context();
    Connection control(*context);
    Client first(only(GetParam()));
    ASSERT_TRUE(shake_hands(control, first));
    std::vector<SSL_SESSION*> unused;
    for (SSL_SESSION* session : first.sessions()) {
        SSL_SESSION_up_ref(session);
        unused.push_back(session);
    }
    for (int transfer = 0; transfer < 200; ++transfer) {
        ASSERT_FALSE(unused.empty()) << transfer;
        SSL_SESSION* session = unused.back();
        unused.pop_back();
        Connection data(*context, role(control, Binding::Require));
        Client second(with(session));
        ASSERT_TRUE(shake_hands(data, second));
        ASSERT_TRUE(data.is_acceptable()) << transfer;
        for (SSL_SESSION* fresh : second.sessions()) {
            SSL_SESSION_up_ref(fresh);
            unused.push_back(fresh);
        }
        SSL_SESSION_free(session);
    }
    for (SSL_SESSION* session : unused) {
        SSL_SESSION_free(session);
    }
}

// A client that only sends gets nothing to read there, but a ticket over the control connection.
TEST_P(Tickets, ForUploadsComeOverTheControlConnection) {
    const std::unique_ptr<Context> context = make_context();
    Connection control(*context);
    Client first(only(GetParam()));
    ASSERT_TRUE(shake_hands(control, first));
    const std::size_t before = first.sessions().size();
    Connection data(
        *context,
        Connection::DataRole{.owner = control, .binding = Binding::Require, .brings_data = true});
    Client second(with(first.last_session()));
    ASSERT_TRUE(shake_hands(data, second));
    EXPECT_TRUE(data.is_bound());
    if (GetParam() == TLS1_3_VERSION) {
        EXPECT_TRUE(second.sessions().empty());
    }
    control.issue_ticket();
    ASSERT_TRUE(control.write(as_bytes("226 Transfer complete.\r\n")));
    to_client(control, first);
    EXPECT_EQ(first.read(), "226 Transfer complete.\r\n");
    if (GetParam() == TLS1_2_VERSION) {
        return;
    }  // its one ticket opens any number
    ASSERT_EQ(first.sessions().size(), before + 1);
    Connection next(*context, role(control, Binding::Require));
    Client third(with(first.last_session()));
    ASSERT_TRUE(shake_hands(next, third));
    EXPECT_TRUE(next.is_bound());
}

TEST_P(Tickets, OpenOnEveryShardAndForEverySiteOfTheSameName) {
    const std::unique_ptr<Context> one = make_context();
    const std::unique_ptr<Context> two = make_context();
    Connection control(*one);
    Client first(only(GetParam()));
    ASSERT_TRUE(shake_hands(control, first));
    Connection data(*two, role(control, Binding::Require));
    Client second(with(first.last_session()));
    ASSERT_TRUE(shake_hands(data, second));
    EXPECT_TRUE(data.is_acceptable());
}

// Clients with one cache of tickets for a host: the second control connection resumes the first
// one's session, and data connections use the tickets of either.
TEST_P(Tickets, OfAControlConnectionThatWasResumedServeBoth) {
    const std::unique_ptr<Context> context = make_context();
    Connection one(*context);
    Client first(only(GetParam()));
    ASSERT_TRUE(shake_hands(one, first));
    Connection two(*context);
    Client second(with(first.last_session()));
    ASSERT_TRUE(shake_hands(two, second));
    EXPECT_TRUE(two.was_resumed());
    Connection data(*context, role(one, Binding::Require));
    Client third(with(second.last_session()));
    ASSERT_TRUE(shake_hands(data, third));
    EXPECT_TRUE(data.is_acceptable());
    Connection other(*context, role(two, Binding::Require));
    Client fourth(with(first.sessions().front()));
    ASSERT_TRUE(shake_hands(other, fourth));
    EXPECT_TRUE(other.is_acceptable());
}

// A ticket travels in clear in a ClientHello. Who shows one without its secret gets a full
// handshake at most, and is not taken for its owner.
TEST_F(TlsTest, ATicketThatIsOfferedButNotResumedMarksNobody) {
    const std::unique_ptr<Context> context = make_context();
    Connection mine(*context);
    ClientOptions options = only(TLS1_3_VERSION);
    options.suites = "TLS_AES_256_GCM_SHA384";
    Client first(options);
    ASSERT_TRUE(shake_hands(mine, first));
    // Offered with another hash, it is opened, looked at and passed over.
    options.suites = "TLS_AES_256_GCM_SHA384:TLS_AES_128_GCM_SHA256";
    options.session = first.last_session();
    Settings settings;
    settings.suites = "TLS_AES_128_GCM_SHA256";
    const std::unique_ptr<Context> narrow = make_context(settings);
    Connection theirs(*narrow);
    Client thief(options);
    ASSERT_TRUE(shake_hands(theirs, thief));
    EXPECT_FALSE(theirs.was_resumed());
    Connection data(*context, Connection::DataRole{.owner = mine, .binding = Binding::Require});
    ClientOptions next = only(TLS1_3_VERSION);
    next.session = thief.last_session();
    Client second(next);
    ASSERT_TRUE(shake_hands(data, second));
    EXPECT_FALSE(data.is_acceptable());
}

// curl takes no tickets in TLS 1.2: it names the session, and the shard remembers it.
TEST_F(TlsTest, ASessionWithoutTicketsIsBoundLikeOneWithThem) {
    const std::unique_ptr<Context> context = make_context();
    Connection mine(*context);
    ClientOptions options = only(TLS1_2_VERSION);
    options.takes_tickets = false;
    Client first(options);
    ASSERT_TRUE(shake_hands(mine, first));
    ClientOptions resuming = options;
    resuming.session = first.last_session();
    // Again and again, also when data connections end without close_notify.
    for (int transfer = 0; transfer < 20; ++transfer) {
        Connection data(*context, Connection::DataRole{.owner = mine, .binding = Binding::Require});
        Client second(resuming);
        ASSERT_TRUE(shake_hands(data, second));
        EXPECT_TRUE(data.was_resumed());
        ASSERT_TRUE(data.is_acceptable()) << transfer;
    }
    Connection theirs(*context);
    Client thief(options);
    ASSERT_TRUE(shake_hands(theirs, thief));
    resuming.session = thief.last_session();
    Connection data(*context, Connection::DataRole{.owner = mine, .binding = Binding::Require});
    Client second(resuming);
    ASSERT_TRUE(shake_hands(data, second));
    EXPECT_FALSE(data.is_acceptable());
    // Nor does a full handshake on a data port make a session that opens the next one.
    Connection stolen(*context, Connection::DataRole{.owner = mine, .binding = Binding::Prefer});
    Client stranger(options);
    ASSERT_TRUE(shake_hands(stolen, stranger));
    resuming.session = stranger.last_session();
    Connection next(*context, Connection::DataRole{.owner = mine, .binding = Binding::Require});
    Client again(resuming);
    ASSERT_TRUE(shake_hands(next, again));
    EXPECT_FALSE(next.is_acceptable());
}

TEST_P(Tickets, OfKeysThatAreGoneAreAFullHandshake) {
    const std::unique_ptr<Context> context = make_context();
    Connection control(*context);
    Client first(only(GetParam()));
    ASSERT_TRUE(shake_hands(control, first));
    std::string refusal;
    ASSERT_TRUE(keys_.load(std::string(160, '1'), refusal));
    Connection data(*context, role(control, Binding::Prefer));
    Client second(with(first.last_session()));
    ASSERT_TRUE(shake_hands(data, second));
    EXPECT_FALSE(data.was_resumed());
    // A session of a file's keys is resumed like any other.
    Connection again(*context);
    Client third(only(GetParam()));
    ASSERT_TRUE(shake_hands(again, third));
    Connection bound(*context, role(again, Binding::Require));
    Client fourth(with(third.last_session()));
    ASSERT_TRUE(shake_hands(bound, fourth));
    EXPECT_TRUE(bound.is_acceptable());
}

TEST_P(Tickets, LiveAsLongAsTheirKeys) {
    const std::unique_ptr<Context> context = make_context();
    Connection control(*context);
    Client first(only(GetParam()));
    ASSERT_TRUE(shake_hands(control, first));
    EXPECT_EQ(SSL_SESSION_get_ticket_lifetime_hint(first.last_session()), 24u * 3600);
}

}  // namespace
}  // namespace sluice::tls
