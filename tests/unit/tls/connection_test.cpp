// A Connection against OpenSSL's client, byte for byte: handshakes whole, in pieces and cut off;
// garbage at every stage; names, protocols, versions; the end of a stream; and the memory of an
// idle connection.
#include "sluice/tls/connection.hpp"

#include <malloc.h>

#include <algorithm>
#include <array>
#include <tuple>

#include "tls_client.hpp"

namespace sluice::tls {
namespace {

class ConnectionTest : public TlsTest {};

// Everything that both versions do alike.
class BothVersions : public TlsTest, public testing::WithParamInterface<int> {};
INSTANTIATE_TEST_SUITE_P(Tls, BothVersions, testing::Values(TLS1_2_VERSION, TLS1_3_VERSION),
                         version_name);

TEST_P(BothVersions, TextGoesBothWays) {
    const std::unique_ptr<Context> context = make_context();
    Connection server(*context);
    Client client(only(GetParam()));
    ASSERT_TRUE(shake_hands(server, client)) << server.failure();
    EXPECT_TRUE(server.is_established());
    EXPECT_EQ(server.version(), GetParam() == TLS1_2_VERSION ? "TLSv1.2" : "TLSv1.3");
    EXPECT_EQ(server.cipher(), GetParam() == TLS1_2_VERSION ? "ECDHE-ECDSA-AES128-GCM-SHA256"
                                                            : "TLS_AES_128_GCM_SHA256");
    EXPECT_FALSE(server.was_resumed());
    client.write("USER anonymous\r\n");
    const Result<std::string> text = read_all(server, client.take_output());
    ASSERT_TRUE(text);
    EXPECT_EQ(*text, "USER anonymous\r\n");
    const Result<std::size_t> taken = server.write(as_bytes("331 Please.\r\n"));
    ASSERT_TRUE(taken);
    EXPECT_EQ(*taken, 13u);
    to_client(server, client);
    EXPECT_EQ(client.read(), "331 Please.\r\n");
}

TEST_P(BothVersions, AHandshakeMayComeByteByByte) {
    const std::unique_ptr<Context> context = make_context();
    Connection server(*context);
    Client client(only(GetParam()));
    Status status = fail(Errc::WouldBlock);
    for (int round = 0; round < 10 && !status; ++round) {
        client.handshake();
        for (const std::uint8_t byte : client.take_output()) {
            server.feed(Bytes(&byte, 1));
            status = server.handshake();
            ASSERT_TRUE(status || status.error().code == Errc::WouldBlock) << server.failure();
        }
        to_client(server, client);
    }
    EXPECT_TRUE(status);
    EXPECT_TRUE(client.handshake());
}

// Issue: 10,000 handshakes aborted at every possible byte. What leaks shows under ASan.
TEST_P(BothVersions, AHandshakeMayStopAtEveryByte) {
    const std::unique_ptr<Context> context = make_context();
    std::size_t cut_in = 0;
    for (int flight = 0; flight < 2; ++flight) {
        std::size_t size = 1;
        for (std::size_t cut = 0; cut <= size; ++cut, ++cut_in) {
            auto server = std::make_unique<Connection>(*context);
            Client client(only(GetParam()));
            for (int sent = 0; sent < flight; ++sent) {
                client.handshake();
                const Wire whole = client.take_output();
                server->feed(whole);
                ASSERT_EQ(server->handshake().error().code, Errc::WouldBlock);
                to_client(*server, client);
            }
            client.handshake();
            const Wire bytes = client.take_output();
            size = bytes.size();
            server->feed(Bytes(bytes).first(std::min(cut, size)));
            const Status status = server->handshake();
            EXPECT_EQ(status.has_value(), flight == 1 && cut >= size) << flight << ' ' << cut;
            if (!status) {
                ASSERT_EQ(status.error().code, Errc::WouldBlock);
            }
        }
    }
    EXPECT_GT(cut_in, 250u);
}

// The same without a client that computes: the bytes of one are replayed against many servers.
TEST_F(ConnectionTest, TenThousandHandshakesStopAtEveryByteOfAHello) {
    const std::unique_ptr<Context> context = make_context();
    Client client;
    client.handshake();
    const Wire hello = client.take_output();
    for (int i = 0; i < 10'000; ++i) {
        Connection server(*context);
        const std::size_t cut = static_cast<std::size_t>(i) % hello.size();
        server.feed(Bytes(hello).first(cut));
        ASSERT_EQ(server.handshake().error().code, Errc::WouldBlock);
    }
}

TEST_F(ConnectionTest, AnythingButAClientHelloIsRefusedAtOnce) {
    const std::unique_ptr<Context> context = make_context();
    Wire zeros(4096, 0);
    Wire ones(4096, 0xFF);
    const std::string noise = noise_of(4096);
    const std::string_view words[] = {
        "USER anonymous\r\nPASS x\r\n",
        "GET / HTTP/1.1\r\nHost: x\r\n\r\n",
        "SSH-2.0-OpenSSH_9\r\n",
    };
    std::vector<Bytes> garbage = {zeros, ones, as_bytes(noise)};
    for (const std::string_view text : words) {
        garbage.push_back(as_bytes(text));
    }
    for (const Bytes bytes : garbage) {
        Connection server(*context);
        server.feed(bytes);
        const Status status = server.handshake();
        ASSERT_FALSE(status);
        EXPECT_EQ(status.error().code, Errc::Protocol);
        EXPECT_FALSE(server.failure().empty());
        (void)server.take_unread();
        // And it stays refused.
        EXPECT_EQ(server.handshake().error().code, Errc::Protocol);
        std::uint8_t room[16];
        EXPECT_EQ(server.read(room).error().code, Errc::Protocol);
        EXPECT_FALSE(server.close());
    }
}

// Nine bytes may announce a hello of 128 KiB, for which OpenSSL would reserve memory at once.
TEST_F(ConnectionTest, AHelloThatAnnouncesTooMuchIsRefusedAtItsNinthByte) {
    const std::unique_ptr<Context> context = make_context();
    Connection server(*context);
    const Wire announced = {22, 3, 1, 0x40, 0, 1, 1, 0, 0};
    for (std::size_t i = 0; i < announced.size(); ++i) {
        const Status step = server.handshake();
        ASSERT_FALSE(step);
        ASSERT_EQ(step.error().code, Errc::WouldBlock) << i;
        server.feed(Bytes(announced).subspan(i, 1));
    }
    EXPECT_EQ(server.handshake().error().code, Errc::Protocol);
    EXPECT_EQ(server.failure(), "a handshake message is too long");
}

// The second hello, that of a client that had no key of our groups, is looked at as well.
TEST_F(ConnectionTest, ASecondHelloThatAnnouncesTooMuchIsRefused) {
    const std::unique_ptr<Context> context = make_context();
    for (const bool changes : {false, true}) {
        Connection server(*context);
        Client client(only(TLS1_3_VERSION));
        // The first group is the one that a key is offered for; we do not have it.
        ASSERT_EQ(SSL_set1_groups_list(client.ssl(), "P-521:P-256"), 1);
        client.handshake();
        Wire wire = client.take_output();
        if (changes) {
            const Wire change = {20, 3, 3, 0, 1, 1};
            wire.insert(wire.end(), change.begin(), change.end());
        }
        const Wire announced = {22, 3, 3, 0x40, 0, 1, 1, 0, 0};
        wire.insert(wire.end(), announced.begin(), announced.end());
        server.feed(wire);
        EXPECT_EQ(server.handshake().error().code, Errc::Protocol);
        EXPECT_EQ(server.failure(), "a handshake message is too long");
    }
    Connection server(*context);
    Client client(only(TLS1_3_VERSION));
    ASSERT_EQ(SSL_set1_groups_list(client.ssl(), "P-521:P-256"), 1);
    EXPECT_TRUE(shake_hands(server, client));
}

TEST_F(ConnectionTest, RecordsOfEveryWrongLengthAreRefusedOrWaitedFor) {
    const std::unique_ptr<Context> context = make_context();
    Client client;
    client.handshake();
    const Wire hello = client.take_output();
    const std::size_t right = hello.size() - 5;
    std::size_t refused = 0;
    for (std::size_t length = 0; length <= 0xFFFF;
         length = length < 1024 ? length + 1 : length + 511) {
        if (length == right) {
            continue;
        }
        Wire bytes = hello;
        bytes[3] = static_cast<std::uint8_t>(length >> 8);
        bytes[4] = static_cast<std::uint8_t>(length & 0xFF);
        Connection server(*context);
        server.feed(bytes);
        const Status status = server.handshake();
        ASSERT_FALSE(status) << length;
        // Too long for any record: refused unseen. Too short: its rest is taken for records, which
        // now and then may look like the beginning of one.
        const bool is_refused = status.error().code == Errc::Protocol;
        if (length > 16 * 1024 + 256) {
            EXPECT_TRUE(is_refused) << length;
        }
        if (!is_refused) {
            EXPECT_EQ(status.error().code, Errc::WouldBlock) << length;
        }
        if (length > right && length <= 16 * 1024) {
            EXPECT_FALSE(is_refused) << length;
        }
        refused += is_refused ? 1 : 0;
        (void)server.take_unread();
    }
    EXPECT_GT(refused, right / 2);
}

TEST_P(BothVersions, PlaintextInTheMiddleOfAHandshakeIsRefused) {
    const std::unique_ptr<Context> context = make_context();
    Connection server(*context);
    Client client(only(GetParam()));
    client.handshake();
    const Wire hello = client.take_output();
    server.feed(hello);
    ASSERT_EQ(server.handshake().error().code, Errc::WouldBlock);
    server.feed(as_bytes("USER u\r\nPASS p\r\nMKD inj\r\n"));
    EXPECT_EQ(server.handshake().error().code, Errc::Protocol);
    (void)server.take_unread();
}

TEST_P(BothVersions, PlaintextInsideTheStreamIsRefused) {
    const std::unique_ptr<Context> context = make_context();
    Connection server(*context);
    Client client(only(GetParam()));
    ASSERT_TRUE(shake_hands(server, client));
    const Result<std::string> text = read_all(server, as_bytes("MKD injected-by-somebody\r\n"));
    ASSERT_FALSE(text);
    EXPECT_EQ(text.error().code, Errc::Protocol);
    (void)server.take_unread();
    EXPECT_EQ(server.write(as_bytes("226 ok\r\n")).error().code, Errc::Protocol);
}

TEST_P(BothVersions, ARecordThatWasTouchedIsRefusedAtEveryByte) {
    const std::unique_ptr<Context> context = make_context();
    for (std::size_t at = 0;; ++at) {
        Connection server(*context);
        Client client(only(GetParam()));
        ASSERT_TRUE(shake_hands(server, client));
        client.write("STOR file");
        Wire bytes = client.take_output();
        if (at == bytes.size()) {
            break;
        }
        bytes[at] ^= 0x01;
        const Result<std::string> text = read_all(server, bytes);
        (void)server.take_unread();
        // A length that became larger waits for the rest of its record; nothing is ever believed.
        EXPECT_TRUE(!text || text->empty()) << at;
    }
}

TEST_P(BothVersions, CloseNotifyIsToldFromNothingMore) {
    const std::unique_ptr<Context> context = make_context();
    Connection server(*context);
    Client client(only(GetParam()));
    ASSERT_TRUE(shake_hands(server, client));
    client.write("last words");
    Result<std::string> text = read_all(server, client.take_output());
    ASSERT_TRUE(text);
    EXPECT_EQ(*text, "last words");
    EXPECT_FALSE(server.has_peer_closed());
    client.close();
    const Wire notify = client.take_output();
    // Half of it is no end.
    text = read_all(server, Bytes(notify).first(notify.size() / 2));
    ASSERT_TRUE(text);
    EXPECT_FALSE(server.has_peer_closed());
    text = read_all(server, Bytes(notify).subspan(notify.size() / 2));
    ASSERT_TRUE(text);
    EXPECT_TRUE(server.has_peer_closed());
    // Ours may still be sent, once.
    EXPECT_TRUE(server.write(as_bytes("226\r\n")));
    EXPECT_TRUE(server.close());
    const std::size_t once = server.output().size();
    EXPECT_TRUE(server.close());
    EXPECT_EQ(server.output().size(), once);
    to_client(server, client);
    EXPECT_TRUE(client.read().find("226") == 0);
    EXPECT_TRUE(client.saw_close());
    EXPECT_EQ(server.write(as_bytes("more")).error().code, Errc::Protocol);
}

TEST_P(BothVersions, AQuarterOfAMegabyteLeavesInOnePiece) {
    const std::unique_ptr<Context> context = make_context();
    Connection server(*context);
    Client client(only(GetParam()));
    ASSERT_TRUE(shake_hands(server, client));
    Wire memory(Connection::kGatherBytes);
    server.lend_output(memory);
    Wire plaintext(300'000);
    for (std::size_t i = 0; i < plaintext.size(); ++i) {
        plaintext[i] = static_cast<std::uint8_t>(i * 7);
    }
    const Result<std::size_t> taken = server.write(plaintext);
    ASSERT_TRUE(taken);
    EXPECT_EQ(*taken, 256u * 1024);
    EXPECT_GT(server.output().size(), 256u * 1024);
    EXPECT_EQ(server.output().data(), memory.data());
    EXPECT_EQ(server.write(Bytes(plaintext).subspan(*taken)).error().code, Errc::WouldBlock);
    to_client(server, client);
    const Result<std::size_t> rest = server.write(Bytes(plaintext).subspan(*taken));
    ASSERT_TRUE(rest);
    EXPECT_EQ(*taken + *rest, plaintext.size());
    to_client(server, client);
    const std::string text = client.read();
    EXPECT_EQ(text.size(), plaintext.size());
    EXPECT_TRUE(text == as_text(plaintext));
    server.lend_output({});
    EXPECT_TRUE(server.write(as_bytes("226\r\n")));
    to_client(server, client);
    EXPECT_EQ(client.read(), "226\r\n");
}

// Lent memory is free for others although the client has not read: all that was in it comes out.
TEST_P(BothVersions, OutputThatIsKeptNeedsNoLentMemory) {
    const std::unique_ptr<Context> context = make_context();
    Connection server(*context);
    Client client(only(GetParam()));
    ASSERT_TRUE(shake_hands(server, client));
    Wire memory(Connection::kGatherBytes);
    server.lend_output(memory);
    Wire plaintext(256 * 1024);
    for (std::size_t i = 0; i < plaintext.size(); ++i) {
        plaintext[i] = static_cast<std::uint8_t>(i * 11 + (i >> 9));
    }
    ASSERT_TRUE(server.write(plaintext));
    client.give(server.output().first(1000));
    server.consume_output(1000);
    const std::size_t left = server.output().size();
    server.keep_output();
    std::fill(memory.begin(), memory.end(), std::uint8_t{0xEE});
    EXPECT_EQ(server.output().size(), left);
    // It is beyond what our own memory grows to: nothing more goes in until it has left.
    EXPECT_EQ(server.write_room(), 0u);
    EXPECT_EQ(server.write(as_bytes("more")).error().code, Errc::WouldBlock);
    to_client(server, client);
    EXPECT_TRUE(client.read() == as_text(plaintext));
    server.lend_output(memory);
    ASSERT_TRUE(server.write(as_bytes("226\r\n")));
    EXPECT_EQ(server.output().data(), memory.data());
    to_client(server, client);
    EXPECT_EQ(client.read(), "226\r\n");
    server.lend_output({});
}

// The bound of our own memory: a client that reads nothing makes us hold that much and no more.
TEST_F(ConnectionTest, OutputHasABound) {
    const std::unique_ptr<Context> context = make_context();
    Connection server(*context);
    Client client;
    ASSERT_TRUE(shake_hands(server, client));
    const Wire line(1000, 'x');
    std::size_t taken = 0;
    for (int i = 0; i < 1000; ++i) {
        const Result<std::size_t> got = server.write(line);
        if (!got) {
            EXPECT_EQ(got.error().code, Errc::WouldBlock);
            break;
        }
        taken += *got;
    }
    EXPECT_GT(taken, Connection::kOwnOutputMax / 2);
    EXPECT_LE(server.output().size(), Connection::kOwnOutputMax);
    // Requests to change keys are answered within the same bound, and then no more.
    Result<std::string> text = std::string();
    for (int i = 0; i < 2000 && text; ++i) {
        SSL_key_update(client.ssl(), SSL_KEY_UPDATE_REQUESTED);
        client.write("x");
        text = read_all(server, client.take_output());
        ASSERT_LE(server.output().size(), Connection::kOwnOutputMax);
    }
    ASSERT_FALSE(text);
    EXPECT_EQ(server.failure(), "the peer asks for answers and does not read them");
}

TEST_F(ConnectionTest, AChangeOfKeysIsFollowed) {
    const std::unique_ptr<Context> context = make_context();
    Connection server(*context);
    Client client(only(TLS1_3_VERSION));
    ASSERT_TRUE(shake_hands(server, client));
    SSL_key_update(client.ssl(), SSL_KEY_UPDATE_REQUESTED);
    client.write("NOOP\r\n");
    const Result<std::string> text = read_all(server, client.take_output());
    ASSERT_TRUE(text);
    EXPECT_EQ(*text, "NOOP\r\n");
    EXPECT_TRUE(server.write(as_bytes("200 ok\r\n")));
    to_client(server, client);
    EXPECT_EQ(client.read(), "200 ok\r\n");
}

// SSL_read does not return for them, so a peer could keep a thread busy with nothing else.
TEST_F(ConnectionTest, AFloodOfKeyChangesIsGivenUp) {
    const std::unique_ptr<Context> context = make_context();
    Connection server(*context);
    Client client(only(TLS1_3_VERSION));
    ASSERT_TRUE(shake_hands(server, client));
    Wire flood;
    for (std::uint32_t i = 0; i <= Connection::kIdleMessagesMax + 1; ++i) {
        SSL_key_update(client.ssl(), SSL_KEY_UPDATE_NOT_REQUESTED);
        SSL_do_handshake(client.ssl());
        const Wire update = client.take_output();
        flood.insert(flood.end(), update.begin(), update.end());
    }
    const Result<std::string> text = read_all(server, flood);
    ASSERT_FALSE(text);
    EXPECT_EQ(text.error().code, Errc::Protocol);
    EXPECT_EQ(server.failure(), "too many messages without data");
}

TEST_F(ConnectionTest, KeyChangesBetweenDataAreNoFlood) {
    const std::unique_ptr<Context> context = make_context();
    Connection server(*context);
    Client client(only(TLS1_3_VERSION));
    ASSERT_TRUE(shake_hands(server, client));
    for (std::uint32_t i = 0; i <= 2 * Connection::kIdleMessagesMax; ++i) {
        SSL_key_update(client.ssl(), SSL_KEY_UPDATE_NOT_REQUESTED);
        client.write("NOOP\r\n");
        const Result<std::string> text = read_all(server, client.take_output());
        ASSERT_TRUE(text) << i;
        EXPECT_EQ(*text, "NOOP\r\n");
    }
}

TEST_F(ConnectionTest, RenegotiationIsRefused) {
    const std::unique_ptr<Context> context = make_context();
    Connection server(*context);
    Client client(only(TLS1_2_VERSION));
    ASSERT_TRUE(shake_hands(server, client));
    SSL_renegotiate(client.ssl());
    SSL_do_handshake(client.ssl());
    ERR_clear_error();
    const Result<std::string> text = read_all(server, client.take_output());
    EXPECT_TRUE(!text || text->empty());
    EXPECT_EQ(SSL_total_renegotiations(client.ssl()), 1);
    to_client(server, client);
    EXPECT_EQ(client.read(), "");
    EXPECT_EQ(SSL_get_secure_renegotiation_support(client.ssl()), 1);
}

TEST_F(ConnectionTest, NothingIsCompressed) {
    const std::unique_ptr<Context> context = make_context();
    Connection server(*context);
    Client client(only(TLS1_2_VERSION));
    SSL_clear_options(client.ssl(), SSL_OP_NO_COMPRESSION);
    ASSERT_TRUE(shake_hands(server, client));
    EXPECT_EQ(SSL_get_current_compression(client.ssl()), nullptr);
}

TEST_F(ConnectionTest, OldVersionsAndWeakCiphersAreRefused) {
    const std::unique_ptr<Context> context = make_context();
    for (const int version : {SSL3_VERSION, TLS1_VERSION, TLS1_1_VERSION}) {
        Connection server(*context);
        Client client(only(version));
        EXPECT_FALSE(shake_hands(server, client)) << version;
        (void)server.take_unread();
    }
    for (const char* ciphers :
         {"AES128-SHA", "ECDHE-ECDSA-AES128-SHA", "eNULL", "aNULL", "PSK", "AES256-GCM-SHA384"}) {
        Connection server(*context);
        ClientOptions options = only(TLS1_2_VERSION);
        options.ciphers = ciphers;
        Client client(options);
        EXPECT_FALSE(shake_hands(server, client)) << ciphers;
    }
    Settings settings;
    settings.version_min = Version::Tls13;
    const std::unique_ptr<Context> modern = make_context(settings);
    Connection server(*modern);
    Client client(only(TLS1_2_VERSION));
    EXPECT_FALSE(shake_hands(server, client));
}

TEST_F(ConnectionTest, ProtocolsOfOtherServersAreRefused) {
    const std::unique_ptr<Context> context = make_context();
    struct Case {
        const char* offered;
        bool accepted;
        const char* chosen;
    };
    for (const Case& that :
         {Case{"", true, ""}, Case{"ftp", true, "ftp"}, Case{"http/1.1,ftp", true, "ftp"},
          Case{"ftp-data", true, ""}, Case{"x-filezilla-ftp", true, ""},
          Case{"x-filezilla-ftp,ftp", true, "ftp"}, Case{"http/1.1", false, ""},
          Case{"h2,http/1.1", false, ""}, Case{"imap", false, ""}, Case{"ftp2", false, ""}}) {
        Connection server(*context);
        ClientOptions options;
        options.protocols = that.offered;
        Client client(options);
        EXPECT_EQ(shake_hands(server, client).has_value(), that.accepted) << that.offered;
        EXPECT_EQ(client.protocol(), that.chosen) << that.offered;
        if (!that.accepted) {
            EXPECT_EQ(client.reason(), kAlertReason + SSL_AD_NO_APPLICATION_PROTOCOL);
        }
    }
    Connection control(*context);
    Client first;
    ASSERT_TRUE(shake_hands(control, first));
    Connection data(*context, Connection::DataRole{.owner = control});
    ClientOptions options;
    options.protocols = "ftp-data";
    Client second(options);
    ASSERT_TRUE(shake_hands(data, second));
    EXPECT_EQ(second.protocol(), "ftp-data");
}

std::string subject_of(Client& client) {
    X509* certificate = SSL_get0_peer_certificate(client.ssl());
    char name[256] = "";
    if (certificate != nullptr) {
        X509_NAME_get_text_by_NID(X509_get_subject_name(certificate), NID_commonName, name,
                                  sizeof name);
    }
    return name;
}

TEST_F(ConnectionTest, TheCertificateIsThatOfTheHostThatWasNamed) {
    Settings settings;
    const WallTime now = kernel_.wall_time();
    settings.identities = {*make_self_signed({"first.example"}, now),
                           *make_self_signed({"second.example", "*.second.example"}, now)};
    const std::unique_ptr<Context> context = make_context(settings);
    for (const auto& [host, subject] :
         {std::pair("", "first.example"), std::pair("first.example", "first.example"),
          std::pair("SECOND.example", "second.example"),
          std::pair("ftp.second.example", "second.example"),
          std::pair("a.b.second.example", "first.example"),
          std::pair("other.example", "first.example")}) {
        Connection server(*context);
        ClientOptions options;
        options.host = host;
        Client client(options);
        ASSERT_TRUE(shake_hands(server, client)) << host;
        EXPECT_EQ(subject_of(client), subject) << host;
        EXPECT_EQ(server.server_name(), host);
    }
}

TEST_F(ConnectionTest, AHostThatIsNotHereIsRefusedWhereThatIsStrict) {
    Settings settings;
    settings.strict_sni = true;
    const std::unique_ptr<Context> context = make_context(settings);
    Connection server(*context);
    ClientOptions options;
    options.host = "other.example";
    Client client(options);
    EXPECT_FALSE(shake_hands(server, client));
    EXPECT_EQ(client.reason(), kAlertReason + SSL_AD_UNRECOGNIZED_NAME);
    for (const char* host : {"", "ftp.example.org"}) {
        Connection other(*context);
        options.host = host;
        Client known(options);
        EXPECT_TRUE(shake_hands(other, known)) << host;
    }
}

// RSA beside ECDSA: who knows only one of them gets that one.
TEST_F(ConnectionTest, EachClientGetsTheKindOfKeyThatItKnows) {
    Settings settings;
    settings.identities = {rsa_identity(kernel_.wall_time()),
                           *make_self_signed({}, kernel_.wall_time())};
    Findings findings;
    const std::optional<CertificateFacts> facts =
        examine(settings.identities[0], kernel_.wall_time(), findings);
    ASSERT_TRUE(facts);
    EXPECT_EQ(facts->key, KeyKind::Rsa);
    const std::unique_ptr<Context> context = make_context(settings);
    for (const auto& [signatures, kind] :
         {std::pair("RSA+SHA256:RSA-PSS+SHA256", EVP_PKEY_RSA),
          std::pair("ECDSA+SHA256", EVP_PKEY_EC), std::pair("", EVP_PKEY_EC)}) {
        for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
            Connection server(*context);
            ClientOptions options = only(version);
            options.signatures = signatures;
            Client client(options);
            ASSERT_TRUE(shake_hands(server, client)) << signatures;
            EXPECT_EQ(
                EVP_PKEY_get_base_id(X509_get0_pubkey(SSL_get0_peer_certificate(client.ssl()))),
                kind)
                << signatures << version;
        }
    }
}

// What the issue demands of an idle session; a sanitizer counts memory in its own way.
TEST_P(BothVersions, AnIdleConnectionHoldsAtMostTwentyKibibytes) {
    const std::unique_ptr<Context> context = make_context();
    constexpr std::size_t kConnections = 100;
    std::vector<std::unique_ptr<Connection>> servers;
    servers.reserve(kConnections);
    {
        Client client(only(GetParam()));
        Connection warm_up(*context);
        ASSERT_TRUE(shake_hands(warm_up, client));
    }
    const std::size_t before = ::mallinfo2().uordblks;
    if (before == 0) {
        GTEST_SKIP() << "this allocator does not count";
    }
    for (std::size_t i = 0; i < kConnections; ++i) {
        servers.push_back(std::make_unique<Connection>(*context));
        Client client(only(GetParam()));
        ASSERT_TRUE(shake_hands(*servers.back(), client));
        client.write("NOOP\r\n");
        ASSERT_TRUE(read_all(*servers.back(), client.take_output()));
        ASSERT_TRUE(servers.back()->write(as_bytes("200 ok\r\n")));
        to_client(*servers.back(), client);
    }
    const std::size_t each = (::mallinfo2().uordblks - before) / kConnections;
    RecordProperty("bytes", static_cast<int>(each));
    EXPECT_LE(each, 20u * 1024);
    EXPECT_GT(each, 1024u);
}

}  // namespace
}  // namespace sluice::tls
