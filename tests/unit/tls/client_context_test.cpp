#include "sluice/tls/client_context.hpp"

#include "tls_client.hpp"

namespace sluice::tls {
namespace {

struct Pair {
    Connection& server;
    Connection& client;
};

struct FreeServer {
    void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
    void operator()(SSL* ssl) const { SSL_free(ssl); }
};
template <class T>
using Handle = std::unique_ptr<T, FreeServer>;

void carry(Connection& from, Wire& wire) {
    const Bytes bytes = from.output();
    wire.insert(wire.end(), bytes.begin(), bytes.end());
    from.consume_output(bytes.size());
}

class ClientContextTest : public TlsTest {
protected:
    std::unique_ptr<ClientContext> make_client(const ClientSettings& settings = {}) {
        std::string refusal;
        std::unique_ptr<ClientContext> made = ClientContext::make(settings, refusal);
        EXPECT_NE(made, nullptr) << refusal;
        return made;
    }

    // Everything that either end has to say, until both are silent. How the client's end stands.
    static Status talk(Pair ends) {
        Status client = fail(Errc::WouldBlock);
        Wire to_server;
        Wire to_client;
        for (int round = 0; round < 8; ++round) {
            ends.client.feed(to_client);
            client = ends.client.handshake();
            std::uint8_t room[256];
            if (client) {
                (void)ends.client.read(room);  // tickets
            }
            (void)ends.client.take_unread();
            to_client.clear();
            carry(ends.client, to_server);
            ends.server.feed(to_server);
            const Status server = ends.server.handshake();
            (void)ends.server.take_unread();
            to_server.clear();
            carry(ends.server, to_client);
            if (!client && client.error().code != Errc::WouldBlock) {
                return client;
            }
            if (!server && server.error().code != Errc::WouldBlock && to_client.empty()) {
                return server;
            }
        }
        return client;
    }

    static Connection::ClientRole role(ClientTickets& tickets, bool resumes) {
        return Connection::ClientRole{.tickets = &tickets, .resumes = resumes};
    }
};

class ClientContextVersions : public ClientContextTest, public testing::WithParamInterface<int> {
protected:
    static ClientSettings only(int version) {
        ClientSettings settings;
        settings.version_min = version == TLS1_2_VERSION ? Version::Tls12 : Version::Tls13;
        settings.version_max = settings.version_min;
        return settings;
    }
};
INSTANTIATE_TEST_SUITE_P(Versions, ClientContextVersions,
                         testing::Values(TLS1_2_VERSION, TLS1_3_VERSION), version_name);

TEST_P(ClientContextVersions, BytesArriveInBothDirections) {
    const std::unique_ptr<Context> context = make_context();
    const std::unique_ptr<ClientContext> clients = make_client(only(GetParam()));
    ClientTickets tickets;
    Connection server(*context);
    Connection client(*clients, role(tickets, false));
    ASSERT_TRUE(talk({server, client}));
    EXPECT_EQ(client.version(), GetParam() == TLS1_2_VERSION ? "TLSv1.2" : "TLSv1.3");
    EXPECT_FALSE(client.was_resumed());
    ASSERT_TRUE(client.write(as_bytes("NOOP\r\n")));
    Wire wire;
    carry(client, wire);
    EXPECT_EQ(read_all(server, wire).value_or(""), "NOOP\r\n");
    ASSERT_TRUE(server.write(as_bytes("200 fine\r\n")));
    ASSERT_TRUE(server.close());
    wire.clear();
    carry(server, wire);
    EXPECT_EQ(read_all(client, wire).value_or(""), "200 fine\r\n");
    EXPECT_TRUE(client.has_peer_closed());
}

TEST_P(ClientContextVersions, ADataConnectionResumesTheSessionOfItsControlConnection) {
    const std::unique_ptr<Context> context = make_context();
    const std::unique_ptr<ClientContext> clients = make_client(only(GetParam()));
    ClientTickets tickets;
    Connection server(*context);
    Connection client(*clients, role(tickets, false));
    ASSERT_TRUE(talk({server, client}));
    ASSERT_FALSE(tickets.is_empty());
    // More often than there are tickets of the control connection.
    for (int turn = 0; turn < 10; ++turn) {
        const Connection::DataRole data{.owner = server, .binding = Binding::Require};
        Connection data_server(*context, data);
        Connection data_client(*clients, role(tickets, true));
        ASSERT_TRUE(talk({data_server, data_client}));
        EXPECT_TRUE(data_client.was_resumed()) << turn;
        EXPECT_TRUE(data_server.is_bound()) << turn;
        EXPECT_LE(tickets.count(), ClientTickets::kKeptMax);
        EXPECT_GE(tickets.count(), 1u);
    }
}

TEST_P(ClientContextVersions, WithoutNewTicketsTheLastOneIsUsedAgain) {
    const std::unique_ptr<Context> context = make_context();
    const std::unique_ptr<ClientContext> clients = make_client(only(GetParam()));
    ClientTickets tickets;
    Connection server(*context);
    Connection client(*clients, role(tickets, false));
    ASSERT_TRUE(talk({server, client}));
    for (int turn = 0; turn < 8; ++turn) {
        // Uploads bring no tickets.
        const Connection::DataRole data{
            .owner = server, .binding = Binding::Prefer, .brings_data = true};
        Connection data_server(*context, data);
        Connection data_client(*clients, role(tickets, true));
        ASSERT_TRUE(talk({data_server, data_client}));
        EXPECT_TRUE(data_client.was_resumed()) << turn;
    }
    EXPECT_EQ(tickets.count(), 1u);
}

TEST_P(ClientContextVersions, WithoutResumingEveryHandshakeIsFull) {
    const std::unique_ptr<Context> context = make_context();
    const std::unique_ptr<ClientContext> clients = make_client(only(GetParam()));
    ClientTickets tickets;
    for (int turn = 0; turn < 3; ++turn) {
        Connection server(*context);
        Connection client(*clients, role(tickets, false));
        ASSERT_TRUE(talk({server, client}));
        EXPECT_FALSE(client.was_resumed());
    }
    // Nobody keeps what comes.
    Connection server(*context);
    Connection client(*clients, Connection::ClientRole());
    EXPECT_TRUE(talk({server, client}));
}

TEST_F(ClientContextTest, ChecksWhoTheServerIs) {
    Settings server_settings;
    server_settings.identities.push_back(
        *make_self_signed({"ftp.example.org"}, kernel_.wall_time()));
    const std::string own = server_settings.identities.front().chain_pem;
    const std::string other = make_self_signed({"ftp.example.org"}, kernel_.wall_time())->chain_pem;
    const std::unique_ptr<Context> context = make_context(server_settings);
    const auto problem = [&](const std::string& authorities, const std::string& host) {
        ClientSettings settings;
        settings.authorities = authorities;
        settings.host = host;
        const std::unique_ptr<ClientContext> clients = make_client(settings);
        Connection server(*context);
        Connection client(*clients, Connection::ClientRole());
        const Status outcome = talk({server, client});
        EXPECT_EQ(outcome.has_value(), client.peer_problem().empty()) << client.failure();
        return std::string(client.peer_problem());
    };
    EXPECT_EQ(problem(own, "ftp.example.org"), "");
    EXPECT_EQ(problem(own, "127.0.0.1"), "");
    EXPECT_EQ(problem("", "elsewhere.example.org"), "");
    EXPECT_EQ(problem(own, "elsewhere.example.org"), "hostname mismatch");
    EXPECT_EQ(problem(own, "127.0.0.9"), "IP address mismatch");
    EXPECT_NE(problem(other, "ftp.example.org"), "");
}

TEST_F(ClientContextTest, TellsTheServerItsName) {
    const std::unique_ptr<Context> context = make_context();
    for (const char* host : {"ftp.example.org", "127.0.0.1", "::1"}) {
        ClientSettings settings;
        settings.host = host;
        const std::unique_ptr<ClientContext> clients = make_client(settings);
        Connection server(*context);
        Connection client(*clients, Connection::ClientRole());
        ASSERT_TRUE(talk({server, client}));
        const bool is_name = std::string_view(host) == "ftp.example.org";
        EXPECT_EQ(server.server_name(), is_name ? host : "");
    }
}

TEST_F(ClientContextTest, RefusesSettingsThatCannotBe) {
    const auto refusal_of = [](const ClientSettings& settings) {
        std::string refusal;
        EXPECT_EQ(ClientContext::make(settings, refusal), nullptr);
        return refusal;
    };
    ClientSettings settings;
    settings.ciphers = "NONE-OF-THEM";
    EXPECT_NE(refusal_of(settings).find("NONE-OF-THEM"), std::string::npos);
    settings = {};
    settings.suites = "TLS_NONE";
    EXPECT_NE(refusal_of(settings).find("TLS_NONE"), std::string::npos);
    settings = {};
    settings.authorities = "no PEM";
    EXPECT_EQ(refusal_of(settings), "there is no certificate in it");
}

TEST_F(ClientContextTest, GarbageBreaksAHandshakeInWords) {
    const std::unique_ptr<ClientContext> clients = make_client();
    Connection client(*clients, Connection::ClientRole());
    client.feed(as_bytes("220 this is no TLS at all\r\n"));
    const Status outcome = client.handshake();
    ASSERT_FALSE(outcome);
    EXPECT_EQ(outcome.error().code, Errc::Protocol);
    EXPECT_EQ(client.failure(), "wrong version number");
}

// The handshake messages in clear of `wire`, one by one: where their headers are.
std::vector<std::size_t> headers_of(const Wire& wire) {
    std::vector<std::size_t> found;
    for (std::size_t record = 0; record + 5 <= wire.size();) {
        const std::size_t end =
            record + 5 + (std::size_t{wire[record + 3]} << 8) + wire[record + 4];
        if (wire[record] != SSL3_RT_HANDSHAKE || end > wire.size()) {
            break;
        }
        for (std::size_t at = record + 5; at + 4 <= end;) {
            found.push_back(at);
            at += 4 + (std::size_t{wire[at + 2]} << 8) + wire[at + 3];
        }
        record = end;
    }
    return found;
}

// OpenSSL would reserve it at once, for a server that then says nothing: 100 KiB for a key
// exchange, and 64 KiB for a ticket, both of TLS 1.2.
TEST_F(ClientContextTest, AServerThatAnnouncesTooMuchIsRefusedAtTheHeader) {
    const std::unique_ptr<Context> context = make_context();
    ClientSettings settings;
    settings.version_max = Version::Tls12;
    const std::unique_ptr<ClientContext> clients = make_client(settings);
    const auto outcome_of = [&](int type, std::size_t announced, bool in_two_records) {
        Connection server(*context);
        Connection client(*clients, Connection::ClientRole());
        Wire wire;
        for (int round = 0; round < 2; ++round) {
            (void)client.handshake();
            wire.clear();
            carry(client, wire);
            server.feed(wire);
            (void)server.handshake();
            wire.clear();
            carry(server, wire);
            for (const std::size_t at : headers_of(wire)) {
                if (wire[at] != type) {
                    continue;
                }
                wire.resize(at + 4);
                wire[at + 1] = static_cast<std::uint8_t>(announced >> 16);
                wire[at + 2] = static_cast<std::uint8_t>(announced >> 8);
                wire[at + 3] = static_cast<std::uint8_t>(announced);
                const std::size_t size = in_two_records ? 2 : 4;
                // The header of a record stands before that of the message: here each has its own.
                EXPECT_EQ(wire[at - 5], SSL3_RT_HANDSHAKE);
                wire[at - 2] = 0;
                wire[at - 1] = static_cast<std::uint8_t>(size);
                if (in_two_records) {
                    const Wire cut = {SSL3_RT_HANDSHAKE, 3, 3, 0, 2};
                    wire.insert(wire.end() - 2, cut.begin(), cut.end());
                }
                client.feed(wire);
                const Status step = client.handshake();
                EXPECT_FALSE(step);
                return std::string(step.error().code == Errc::WouldBlock ? "waits"
                                                                         : client.failure());
            }
            client.feed(wire);
        }
        return std::string("there is no such message");
    };
    const std::string refused = "a handshake message is too long";
    for (const int type :
         {SSL3_MT_SERVER_HELLO, SSL3_MT_SERVER_KEY_EXCHANGE, SSL3_MT_NEWSESSION_TICKET}) {
        for (const bool in_two_records : {false, true}) {
            EXPECT_EQ(outcome_of(type, 16 * 1024, in_two_records), "waits") << type;
            EXPECT_EQ(outcome_of(type, 16 * 1024 + 1, in_two_records), refused) << type;
        }
    }
    EXPECT_EQ(outcome_of(SSL3_MT_CERTIFICATE, 20 * 1024, false), "waits");
}

// A ticket of TLS 1.3 may announce 128 KiB, and its header is encrypted.
TEST_F(ClientContextTest, ATicketThatDoesNotEndWithItsRecordIsRefused) {
    for (const std::size_t extra : {std::size_t{1000}, std::size_t{40'000}}) {
        // A server of OpenSSL's that puts `extra` bytes into its tickets.
        const Handle<SSL_CTX> theirs(SSL_CTX_new(TLS_server_method()));
        const IdentityText identity = *make_self_signed({}, kernel_.wall_time());
        use(*theirs, identity);
        Wire payload(extra, 'x');
        SSL_CTX_set_session_ticket_cb(
            theirs.get(),
            [](SSL* ssl, void* argument) {
                const Wire& wanted = *static_cast<const Wire*>(argument);
                return SSL_SESSION_set1_ticket_appdata(SSL_get_session(ssl), wanted.data(),
                                                       wanted.size());
            },
            nullptr, &payload);
        const Handle<SSL> server(SSL_new(theirs.get()));
        BIO* in = BIO_new(BIO_s_mem());
        BIO* out = BIO_new(BIO_s_mem());
        SSL_set_bio(server.get(), in, out);
        SSL_set_accept_state(server.get());

        const std::unique_ptr<ClientContext> clients = make_client();
        ClientTickets tickets;
        Connection client(*clients, role(tickets, false));
        Wire wire;
        for (int round = 0; round < 3; ++round) {
            client.feed(wire);
            (void)client.handshake();
            Wire reply;
            carry(client, reply);
            BIO_write(in, reply.data(), static_cast<int>(reply.size()));
            (void)SSL_do_handshake(server.get());
            wire.resize(static_cast<std::size_t>(BIO_pending(out)));
            BIO_read(out, wire.data(), static_cast<int>(wire.size()));
            if (client.is_established()) {
                break;
            }
        }
        ASSERT_TRUE(client.is_established());
        // The first record of the first ticket, and nothing behind it.
        const std::size_t record = 5 + (std::size_t{wire[3]} << 8) + wire[4];
        ASSERT_LE(record, wire.size());
        wire.resize(record);
        client.feed(wire);
        std::uint8_t room[16];
        const Result<std::size_t> got = client.read(room);
        ASSERT_FALSE(got);
        EXPECT_EQ(got.error().code, extra == 1000 ? Errc::WouldBlock : Errc::Protocol);
        EXPECT_EQ(client.failure(), extra == 1000 ? "" : "a ticket of several records");
        EXPECT_EQ(tickets.count(), extra == 1000 ? 1u : 0u);
    }
}

}  // namespace
}  // namespace sluice::tls
