// The keys that a kernel would get, without such a kernel: records are made of them here as Linux
// makes them, and OpenSSL's client must read them. What goes wrong on the way changes nothing.
#include "sluice/tls/kernel_tls.hpp"

#include <linux/tls.h>
#include <openssl/evp.h>

#include <cstring>
#include <string>
#include <tuple>

#include "../vfs/fault_kernel.hpp"
#include "suites.hpp"
#include "tls_client.hpp"

namespace sluice::tls {
namespace {

constexpr std::uint64_t kAllCiphers = std::uint64_t{1} << TLS_CIPHER_AES_GCM_128 |
                                      std::uint64_t{1} << TLS_CIPHER_AES_GCM_256 |
                                      std::uint64_t{1} << TLS_CIPHER_CHACHA20_POLY1305;
constexpr int kSocket = 1000;  // never opened
constexpr std::uint8_t kData = 23;

void count_up(std::uint8_t* bytes) {
    for (int i = 7; i >= 0 && ++bytes[i] == 0; --i) {
    }
}

// A record as net/tls makes it of its structure, which counts on.
template <class Keys>
Wire seal_with(Wire& structure, const EVP_CIPHER* cipher, std::uint8_t type,
               std::string_view text) {
    Keys keys;
    std::memcpy(&keys, structure.data(), sizeof keys);
    const bool is_tls13 = keys.info.version == TLS_1_3_VERSION;
    const bool has_nonce = !is_tls13 && sizeof keys.iv == 8;
    Wire nonce(keys.salt, keys.salt + sizeof keys.salt);
    nonce.insert(nonce.end(), keys.iv, keys.iv + sizeof keys.iv);
    if (!has_nonce) {
        for (std::size_t i = 0; i < 8; ++i) {
            nonce[4 + i] ^= keys.rec_seq[i];
        }
    }
    Wire plain(text.begin(), text.end());
    if (is_tls13) {
        plain.push_back(type);
    }
    const std::size_t size = plain.size() + 16;
    const std::size_t payload = size + (has_nonce ? 8 : 0);
    Wire record = {is_tls13 ? kData : type, 3, 3, static_cast<std::uint8_t>(payload >> 8),
                   static_cast<std::uint8_t>(payload)};
    Wire bound = record;
    if (!is_tls13) {
        bound.assign(keys.rec_seq, keys.rec_seq + 8);
        bound.insert(bound.end(), {type, 3, 3, static_cast<std::uint8_t>(plain.size() >> 8),
                                   static_cast<std::uint8_t>(plain.size())});
    }
    if (has_nonce) {
        record.insert(record.end(), keys.iv, keys.iv + 8);
        count_up(keys.iv);
    }
    count_up(keys.rec_seq);
    std::memcpy(structure.data(), &keys, sizeof keys);

    EVP_CIPHER_CTX* context = EVP_CIPHER_CTX_new();
    Wire sealed(size);
    int count = 0;
    EVP_EncryptInit_ex(context, cipher, nullptr, keys.key, nonce.data());
    EVP_EncryptUpdate(context, nullptr, &count, bound.data(), static_cast<int>(bound.size()));
    EVP_EncryptUpdate(context, sealed.data(), &count, plain.data(), static_cast<int>(plain.size()));
    EVP_EncryptFinal_ex(context, sealed.data() + count, &count);
    EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, 16, sealed.data() + plain.size());
    EVP_CIPHER_CTX_free(context);
    record.insert(record.end(), sealed.begin(), sealed.end());
    return record;
}

// Encrypts as Linux does. What it "sends" is in `sent`.
class TlsKernel final : public vfs::FaultKernel {
public:
    Wire keys;  // empty: none were set
    Wire sent;
    bool refuses = false;
    bool is_full = false;
    std::uint64_t taken = 1000;

    Status set_tls_keys(int, Bytes given) override {
        if (refuses) {
            return sluice::fail_errno(ENOENT);
        }
        keys.assign(given.begin(), given.end());
        return {};
    }
    Status tls_keys(int, MutableBytes into) override {
        EXPECT_EQ(into.size(), keys.size());
        std::memcpy(into.data(), keys.data(), keys.size());
        return {};
    }
    Status send_tls_record(int, std::uint8_t type, Bytes content) override {
        if (is_full) {
            return sluice::fail_errno(EAGAIN);
        }
        seal(type, as_text(content));
        return {};
    }
    Result<std::uint64_t> taken_by_tcp(int) override { return taken; }

    void seal(std::uint8_t type, std::string_view text) {
        tls_crypto_info info;
        std::memcpy(&info, keys.data(), sizeof info);
        Wire record;
        switch (info.cipher_type) {
            case TLS_CIPHER_AES_GCM_128:
                record =
                    seal_with<tls12_crypto_info_aes_gcm_128>(keys, EVP_aes_128_gcm(), type, text);
                break;
            case TLS_CIPHER_AES_GCM_256:
                record =
                    seal_with<tls12_crypto_info_aes_gcm_256>(keys, EVP_aes_256_gcm(), type, text);
                break;
            default:
                record = seal_with<tls12_crypto_info_chacha20_poly1305>(
                    keys, EVP_chacha20_poly1305(), type, text);
        }
        sent.insert(sent.end(), record.begin(), record.end());
    }
};

class KernelTlsTest : public TlsTest {
protected:
    void SetUp() override {
        Settings settings;
        settings.kernel_ciphers = kAllCiphers;
        context_ = make_context(settings);
        control_ = std::make_unique<Connection>(*context_);
    }
    std::unique_ptr<Connection> data_connection(bool brings_data = false) {
        const Connection::DataRole role{.owner = *control_, .brings_data = brings_data};
        return std::make_unique<Connection>(*context_, role);
    }
    void deliver(Client& client) {
        client.give(kernel_of_tests_.sent);
        kernel_of_tests_.sent.clear();
    }
    static void expect_text(Connection& server, Client& client, std::string_view text) {
        const Result<std::size_t> taken = server.write(as_bytes(text));
        ASSERT_TRUE(taken);
        ASSERT_EQ(*taken, text.size());
        to_client(server, client);
        EXPECT_EQ(client.read(), text);
    }

    TlsKernel kernel_of_tests_;
    KernelSender sender_{kernel_of_tests_, kSocket};
    std::unique_ptr<Context> context_;
    std::unique_ptr<Connection> control_;
};

class EachSuite : public KernelTlsTest, public testing::WithParamInterface<Suite> {};
INSTANTIATE_TEST_SUITE_P(Tls, EachSuite, testing::ValuesIn(kSuites), suite_name);

TEST_P(EachSuite, TheKernelGoesOnWhereTheHandshakeEnded) {
    const std::unique_ptr<Connection> server = data_connection();
    Client client(options_of(GetParam()));
    ASSERT_TRUE(shake_hands(*server, client)) << server->failure();
    server->give_to_kernel(sender_);
    ASSERT_TRUE(sender_.is_on());
    const std::string text(16 * 1024, 'x');
    for (int i = 0; i < 300; ++i) {
        kernel_of_tests_.seal(kData, text);
        deliver(client);
        ASSERT_EQ(client.read(), text) << i;
    }
    ASSERT_TRUE(sender_.send_close_notify());
    deliver(client);
    EXPECT_EQ(client.read(), "");
    EXPECT_TRUE(client.saw_close());
}

TEST_P(EachSuite, RecordsThatWereSentBeforeCount) {
    const std::unique_ptr<Connection> server = data_connection();
    Client client(options_of(GetParam()));
    ASSERT_TRUE(shake_hands(*server, client));
    for (int i = 0; i < 5; ++i) {
        expect_text(*server, client, "a record of ours");
    }
    server->issue_ticket();
    expect_text(*server, client, "and a ticket");
    server->give_to_kernel(sender_);
    ASSERT_TRUE(sender_.is_on());
    kernel_of_tests_.seal(kData, "a record of the kernel's");
    deliver(client);
    EXPECT_EQ(client.read(), "a record of the kernel's");
}

TEST_P(EachSuite, AResumedSessionCanBeGivenToo) {
    Client first(options_of(GetParam()));
    ASSERT_TRUE(shake_hands(*control_, first));
    ASSERT_NE(first.last_session(), nullptr);
    ClientOptions options = options_of(GetParam());
    options.session = first.last_session();
    const std::unique_ptr<Connection> server = data_connection();
    Client client(options);
    ASSERT_TRUE(shake_hands(*server, client));
    ASSERT_TRUE(server->is_bound());
    server->give_to_kernel(sender_);
    ASSERT_TRUE(sender_.is_on());
    kernel_of_tests_.seal(kData, "text");
    deliver(client);
    EXPECT_EQ(client.read(), "text");
}

// The sum of what the records add, to the byte: with one less the FIN would come too early.
TEST_P(EachSuite, ItIsDrainedWhenTcpHasTheLastByte) {
    const std::unique_ptr<Connection> server = data_connection();
    Client client(options_of(GetParam()));
    ASSERT_TRUE(shake_hands(*server, client));
    server->give_to_kernel(sender_);
    ASSERT_TRUE(sender_.is_on());
    std::uint64_t plaintext = 0;
    for (const std::size_t size : {16384u, 16384u, 1u, 5000u}) {
        kernel_of_tests_.seal(kData, std::string(size, 'x'));
        plaintext += size;
    }
    ASSERT_TRUE(sender_.send_close_notify());
    kernel_of_tests_.taken += kernel_of_tests_.sent.size() - 1;
    EXPECT_FALSE(*sender_.is_drained(plaintext));
    ++kernel_of_tests_.taken;
    EXPECT_TRUE(*sender_.is_drained(plaintext));
}

TEST_P(EachSuite, AKernelThatRefusesChangesNothing) {
    const std::unique_ptr<Connection> server = data_connection();
    Client client(options_of(GetParam()));
    ASSERT_TRUE(shake_hands(*server, client));
    kernel_of_tests_.refuses = true;
    server->give_to_kernel(sender_);
    EXPECT_FALSE(sender_.is_on());
    expect_text(*server, client, "in user space");
    ASSERT_TRUE(server->close());
    to_client(*server, client);
    client.read();
    EXPECT_TRUE(client.saw_close());
}

TEST_P(EachSuite, ACipherThatTheKernelDoesNotHaveIsOurs) {
    Settings settings;
    settings.kernel_ciphers = 1;  // bit 0 is no cipher
    const std::unique_ptr<Context> context = make_context(settings);
    const Connection control(*context);
    const Connection::DataRole role{.owner = control};
    Connection server(*context, role);
    Client client(options_of(GetParam()));
    ASSERT_TRUE(shake_hands(server, client));
    server.give_to_kernel(sender_);
    EXPECT_FALSE(sender_.is_on());
    EXPECT_TRUE(kernel_of_tests_.keys.empty());
    expect_text(server, client, "in user space");
}

TEST_F(KernelTlsTest, CloseNotifyWaitsForRoom) {
    const std::unique_ptr<Connection> server = data_connection();
    Client client;
    ASSERT_TRUE(shake_hands(*server, client));
    server->give_to_kernel(sender_);
    kernel_of_tests_.is_full = true;
    const Status sent = sender_.send_close_notify();
    ASSERT_FALSE(sent);
    EXPECT_EQ(sent.error().code, Errc::WouldBlock);
}

TEST_F(KernelTlsTest, OutputThatWaitsKeepsItHere) {
    const std::unique_ptr<Connection> server = data_connection();
    Client client;
    ASSERT_TRUE(shake_hands(*server, client));
    ASSERT_TRUE(server->write(as_bytes("not sent yet")));
    server->give_to_kernel(sender_);
    EXPECT_FALSE(sender_.is_on());
    to_client(*server, client);
    EXPECT_EQ(client.read(), "not sent yet");
}

// The kernel makes records of 16 KiB, and a small client has no room for them.
TEST_F(KernelTlsTest, AClientOfShorterRecordsIsServedHere) {
    for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
        const std::unique_ptr<Connection> server = data_connection();
        Client client(only(version));
        SSL_set_tlsext_max_fragment_length(client.ssl(), TLSEXT_max_fragment_length_1024);
        ASSERT_TRUE(shake_hands(*server, client));
        server->give_to_kernel(sender_);
        EXPECT_FALSE(sender_.is_on());
        expect_text(*server, client, std::string(5000, 'x'));
    }
}

TEST_F(KernelTlsTest, UploadsStayHere) {
    const std::unique_ptr<Connection> server = data_connection(true);
    Client client;
    ASSERT_TRUE(shake_hands(*server, client));
    server->give_to_kernel(sender_);
    EXPECT_FALSE(sender_.is_on());
}

TEST_F(KernelTlsTest, NothingIsGivenBeforeTheHandshakeHasEnded) {
    const std::unique_ptr<Connection> server = data_connection();
    Client client;
    client.handshake();
    const Wire hello = client.take_output();
    server->feed(hello);
    ASSERT_FALSE(server->handshake());  // it has its keys by now, in TLS 1.3
    server->consume_output(server->output().size());
    server->give_to_kernel(sender_);
    EXPECT_FALSE(sender_.is_on());
}

// Then our own keys are others, too, and OpenSSL offers those to nobody.
TEST_F(KernelTlsTest, AKeyUpdateBeforeKeepsItHere) {
    const std::unique_ptr<Connection> server = data_connection();
    Client client(only(TLS1_3_VERSION));
    ASSERT_TRUE(shake_hands(*server, client));
    ASSERT_EQ(SSL_key_update(client.ssl(), SSL_KEY_UPDATE_REQUESTED), 1);
    client.write("x");
    ASSERT_EQ(*read_all(*server, client.take_output()), "x");
    server->give_to_kernel(sender_);
    EXPECT_FALSE(sender_.is_on());  // the answer is due
    expect_text(*server, client, "under new keys");
    server->give_to_kernel(sender_);
    EXPECT_FALSE(sender_.is_on());
    expect_text(*server, client, "still");
}

// Data are read when ours have all been sent. Anything that OpenSSL sent then would have a number
// that the kernel has used.
TEST_F(KernelTlsTest, AKeyUpdateAfterwardsIsReadAndNotAnswered) {
    const std::unique_ptr<Connection> server = data_connection();
    Client client(only(TLS1_3_VERSION));
    ASSERT_TRUE(shake_hands(*server, client));
    server->give_to_kernel(sender_);
    ASSERT_TRUE(sender_.is_on());
    kernel_of_tests_.seal(kData, "the last data");
    ASSERT_EQ(SSL_key_update(client.ssl(), SSL_KEY_UPDATE_REQUESTED), 1);
    client.write("under new keys");
    EXPECT_EQ(*read_all(*server, client.take_output()), "under new keys");
    EXPECT_FALSE(server->has_output());
    ASSERT_TRUE(sender_.send_close_notify());
    deliver(client);
    EXPECT_EQ(client.read(), "the last data");
    EXPECT_TRUE(client.saw_close());
    client.close();
    EXPECT_TRUE(read_all(*server, client.take_output()));
    EXPECT_TRUE(server->has_peer_closed());
}

TEST_F(KernelTlsTest, NoAlertIsSentBesideTheKernel) {
    const std::unique_ptr<Connection> server = data_connection();
    Client client;
    ASSERT_TRUE(shake_hands(*server, client));
    server->give_to_kernel(sender_);
    ASSERT_TRUE(sender_.is_on());
    client.write("broken on its way");
    Wire record = client.take_output();
    record.back() ^= 1;
    EXPECT_FALSE(read_all(*server, record));
    EXPECT_EQ(server->failure(), "decryption failed or bad record mac");
    EXPECT_FALSE(server->has_output());
    EXPECT_FALSE(server->close());
    EXPECT_FALSE(server->write(as_bytes("text")));
    server->issue_ticket();
    EXPECT_FALSE(server->has_output());
}

TEST(KernelTlsNames, SayWhatThereIs) {
    EXPECT_EQ(names_of_ciphers(0), "");
    EXPECT_EQ(names_of_ciphers(kAllCiphers), "AES-128-GCM, AES-256-GCM, ChaCha20-Poly1305");
    EXPECT_EQ(names_of_ciphers(std::uint64_t{1} << TLS_CIPHER_CHACHA20_POLY1305),
              "ChaCha20-Poly1305");
}

TEST(SendKeysTest, StructuresOfOtherKindsAreIgnored) {
    std::uint8_t info[SendKeys::kSizeMax] = {};
    const auto offer = [&info](SendKeys& keys, std::uint16_t version, std::uint16_t cipher) {
        const tls_crypto_info head = {version, cipher};
        std::memcpy(info, &head, sizeof head);
        keys.offer(info);
    };
    SendKeys keys;
    offer(keys, TLS_1_3_VERSION, TLS_CIPHER_AES_CCM_128);
    EXPECT_FALSE(keys.is_set());
    offer(keys, 0x0301, TLS_CIPHER_AES_GCM_128);
    EXPECT_FALSE(keys.is_set());
    offer(keys, TLS_1_3_VERSION, TLS_CIPHER_AES_GCM_128);
    EXPECT_TRUE(keys.is_set());
    EXPECT_TRUE(keys.is_among(kAllCiphers));
    EXPECT_FALSE(keys.is_among(std::uint64_t{1} << TLS_CIPHER_AES_GCM_256));
    keys.forget();
    EXPECT_FALSE(keys.is_set());
}

// Carries go through all eight bytes.
TEST(SendKeysTest, RecordNumbersCountAcrossBytes) {
    tls12_crypto_info_aes_gcm_128 given = {};
    given.info.version = TLS_1_2_VERSION;
    given.info.cipher_type = TLS_CIPHER_AES_GCM_128;
    std::memset(given.iv, 0xFF, sizeof given.iv);
    given.rec_seq[7] = 0xFF;
    SendKeys keys;
    keys.offer(&given);
    keys.count_record();
    keys.count_record();
    const Bytes next = keys.for_next_record();
    EXPECT_EQ(SendKeys::record_number(next), 0x101u);
    EXPECT_EQ(next.size(), sizeof given);
    EXPECT_EQ(as_text(next.subspan(4, 8)), std::string_view("\0\0\0\0\0\0\0\1", 8));
}

}  // namespace
}  // namespace sluice::tls
