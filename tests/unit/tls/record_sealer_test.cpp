// Records made here: OpenSSL's client reads each of them, behind those of OpenSSL's own; and from
// the first one on OpenSSL says nothing more, whatever the peer sends.
#include "tls/record_sealer.hpp"

#include "suites.hpp"

namespace sluice::tls {
namespace {

class SealerTest : public TlsTest, public testing::WithParamInterface<Suite> {
protected:
    void SetUp() override {
        context_ = make_context();
        control_ = std::make_unique<Connection>(*context_);
        const Connection::DataRole role{.owner = *control_};
        server_ = std::make_unique<Connection>(*context_, role);
        client_ = std::make_unique<Client>(options_of(GetParam()));
        ASSERT_TRUE(shake_hands(*server_, *client_)) << server_->failure();
    }
    void TearDown() override { server_->drop_output(); }
    // All of `text`, and what the client has read of it.
    std::string carry(std::string_view text) {
        std::string read;
        while (!text.empty()) {
            const Result<std::size_t> taken = server_->write(as_bytes(text));
            EXPECT_TRUE(taken || taken.error().code == Errc::WouldBlock);
            EXPECT_TRUE(taken || server_->has_output());
            if (taken) {
                text.remove_prefix(*taken);
            }
            if (!taken || text.empty()) {
                to_client(*server_, *client_);
                read += client_->read();
            }
            if (!taken && taken.error().code != Errc::WouldBlock) {
                break;
            }
        }
        return read;
    }

    std::unique_ptr<Context> context_;
    std::unique_ptr<Connection> control_;
    std::unique_ptr<Connection> server_;
    std::unique_ptr<Client> client_;
};
INSTANTIATE_TEST_SUITE_P(Tls, SealerTest, testing::ValuesIn(kSuites), suite_name);

TEST_P(SealerTest, GoesOnWhereOpenSslEnded) {
    for (int i = 0; i < 5; ++i) {
        ASSERT_EQ(carry("a record of OpenSSL's"), "a record of OpenSSL's");
    }
    server_->issue_ticket();
    ASSERT_EQ(carry("and a ticket"), "and a ticket");
    server_->seal_here();
    // Records of every kind of length, by more numbers than a byte holds.
    for (std::size_t size = 1; size < 400; ++size) {
        const std::string text = noise_of(size);
        ASSERT_EQ(carry(text), text) << size;
    }
    std::vector<std::uint8_t> lent(Connection::kGatherBytes);
    server_->lend_output(lent);
    const std::string file = noise_of(1'000'003);
    ASSERT_TRUE(carry(file) == file);
    ASSERT_TRUE(server_->close());
    to_client(*server_, *client_);
    EXPECT_EQ(client_->read(), "");
    EXPECT_TRUE(client_->saw_close());
    EXPECT_FALSE(server_->write(as_bytes("more")));
}

TEST_P(SealerTest, APieceOfFileFillsTheLentMemoryOnce) {
    std::vector<std::uint8_t> lent(Connection::kGatherBytes);
    server_->lend_output(lent);
    server_->seal_here();
    const std::string file = noise_of(256 * 1024);
    const Result<std::size_t> taken = server_->write(as_bytes(file));
    ASSERT_TRUE(taken);
    EXPECT_EQ(*taken, file.size());
    EXPECT_EQ(server_->write_room(), 0u);
    to_client(*server_, *client_);
    EXPECT_TRUE(client_->read() == file);
}

// What was sealed counts, whoever keeps it: a piece that its socket did not take.
TEST_P(SealerTest, OutputThatIsKeptStaysAsItWas) {
    std::vector<std::uint8_t> lent(Connection::kGatherBytes);
    server_->lend_output(lent);
    server_->seal_here();
    const std::string text = noise_of(100'000);
    ASSERT_TRUE(server_->write(as_bytes(text)));
    client_->give(server_->output().first(777));
    server_->consume_output(777);
    server_->keep_output();
    std::fill(lent.begin(), lent.end(), std::uint8_t{0});
    to_client(*server_, *client_);
    EXPECT_TRUE(client_->read() == text);
    ASSERT_EQ(carry("and more"), "and more");
}

// Its number would be that of a record of ours, and a nonce must never be used twice.
TEST_P(SealerTest, OpenSslSaysNothingMore) {
    server_->seal_here();
    ASSERT_EQ(carry("text"), "text");
    const Wire garbage = {23, 3,  3,  0,  40, 1,  2,  3,  4,  5,  6,  7,  8,  9,  10,
                          11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25,
                          26, 27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39, 40};
    const Result<std::string> read = read_all(*server_, garbage);
    ASSERT_FALSE(read);
    EXPECT_EQ(read.error().code, Errc::Protocol);
    const bool is_ours = GetParam().is_gcm();
    EXPECT_EQ(server_->has_output(), !is_ours);  // the alert of an OpenSSL that still sends
}

TEST_P(SealerTest, NewKeysOfTheClientAreItsOwnAffair) {
    if (GetParam().version != TLS1_3_VERSION) {
        GTEST_SKIP() << "TLS 1.2 has no KeyUpdate";
    }
    server_->seal_here();
    ASSERT_EQ(carry("text"), "text");
    ASSERT_EQ(SSL_key_update(client_->ssl(), SSL_KEY_UPDATE_REQUESTED), 1);
    client_->write("said by the client");
    const Result<std::string> read = read_all(*server_, client_->take_output());
    ASSERT_TRUE(read);
    EXPECT_EQ(*read, "said by the client");
    if (GetParam().is_gcm()) {
        EXPECT_FALSE(server_->has_output());
        EXPECT_EQ(carry("with the keys as they were"), "with the keys as they were");
    }
}

// RFC 6066 section 4: OpenSSL offers no keys then, and goes on by itself.
TEST_P(SealerTest, AClientOfShorterRecordsIsServedByOpenSsl) {
    const Connection::DataRole role{.owner = *control_};
    server_ = std::make_unique<Connection>(*context_, role);
    client_ = std::make_unique<Client>(options_of(GetParam()));
    SSL_set_tlsext_max_fragment_length(client_->ssl(), TLSEXT_max_fragment_length_1024);
    ASSERT_TRUE(shake_hands(*server_, *client_));
    server_->seal_here();
    const std::string text = noise_of(5000);
    EXPECT_EQ(carry(text), text);
}

TEST_P(SealerTest, BeforeTheHandshakeNothingChanges) {
    const Connection::DataRole role{.owner = *control_};
    server_ = std::make_unique<Connection>(*context_, role);
    client_ = std::make_unique<Client>(options_of(GetParam()));
    server_->seal_here();
    ASSERT_TRUE(shake_hands(*server_, *client_));
    EXPECT_EQ(carry("text"), "text");
}

}  // namespace
}  // namespace sluice::tls
