// The other end: an OpenSSL client whose bytes go through memory, so that a test holds every one of
// them; and a Context with certificates made for the test.
#pragma once

#include <gtest/gtest.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>

#include <cstdint>
#include <ctime>
#include <memory>
#include <string>
#include <vector>

#include "sluice/sys/linux_kernel.hpp"
#include "sluice/tls/connection.hpp"
#include "sluice/tls/context.hpp"

namespace sluice::tls {

using Wire = std::vector<std::uint8_t>;

// Bytes without a pattern, the same ones each time.
inline std::string noise_of(std::size_t size) {
    std::string text(size, '\0');
    std::uint32_t state = 1;
    for (char& c : text) {
        state = state * 1664525 + 1013904223;
        c = static_cast<char>(state >> 24);
    }
    return text;
}

struct ClientOptions {
    int version_min = TLS1_2_VERSION;
    int version_max = TLS1_3_VERSION;
    std::string ciphers;  // of TLS 1.2
    std::string suites;   // of TLS 1.3
    std::string signatures;
    std::string host;
    std::string protocols;  // ALPN, "," between
    SSL_SESSION* session = nullptr;
    bool takes_tickets = true;
    const IdentityText* certificate = nullptr;  // of the client
    bool wants_status = false;                  // OCSP
};

// A certificate and its key, for either end.
inline void use(SSL_CTX& context, const IdentityText& certificate) {
    BIO* chain = BIO_new_mem_buf(certificate.chain_pem.data(), -1);
    BIO* key = BIO_new_mem_buf(certificate.key_pem.data(), -1);
    X509* leaf = PEM_read_bio_X509(chain, nullptr, nullptr, nullptr);
    EVP_PKEY* secret = PEM_read_bio_PrivateKey(key, nullptr, nullptr, nullptr);
    EXPECT_EQ(SSL_CTX_use_cert_and_key(&context, leaf, secret, nullptr, 1), 1);
    X509_free(leaf);
    EVP_PKEY_free(secret);
    BIO_free(chain);
    BIO_free(key);
}

class Client {
public:
    explicit Client(const ClientOptions& options = {}) {
        context_ = SSL_CTX_new(TLS_client_method());
        SSL_CTX_set_min_proto_version(context_, options.version_min);
        SSL_CTX_set_max_proto_version(context_, options.version_max);
        if (options.version_min < TLS1_2_VERSION) {
            SSL_CTX_set_security_level(context_, 0);
        }
        if (!options.ciphers.empty()) {
            SSL_CTX_set_security_level(context_, 0);
            EXPECT_EQ(SSL_CTX_set_cipher_list(context_, options.ciphers.c_str()), 1);
        }
        if (!options.suites.empty()) {
            EXPECT_EQ(SSL_CTX_set_ciphersuites(context_, options.suites.c_str()), 1);
        }
        if (!options.signatures.empty()) {
            EXPECT_EQ(SSL_CTX_set1_sigalgs_list(context_, options.signatures.c_str()), 1);
        }
        SSL_CTX_set_session_cache_mode(context_,
                                       SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL_STORE);
        SSL_CTX_sess_set_new_cb(context_, [](SSL* ssl, SSL_SESSION* session) {
            static_cast<Client*>(SSL_get_app_data(ssl))->sessions_.push_back(session);
            return 1;
        });
        if (!options.takes_tickets) { SSL_CTX_set_options(context_, SSL_OP_NO_TICKET); }
        if (options.certificate != nullptr) { use(*context_, *options.certificate); }
        if (options.wants_status) {
            SSL_CTX_set_tlsext_status_type(context_, TLSEXT_STATUSTYPE_ocsp);
        }
        ssl_ = SSL_new(context_);
        SSL_set_app_data(ssl_, this);
        in_ = BIO_new(BIO_s_mem());
        out_ = BIO_new(BIO_s_mem());
        SSL_set_bio(ssl_, in_, out_);
        SSL_set_connect_state(ssl_);
        if (!options.host.empty()) {
            // The macro for this has a cast of C in it.
            SSL_ctrl(ssl_, SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name,
                     const_cast<char*>(options.host.c_str()));
        }
        if (!options.protocols.empty()) {
            const Wire list = protocol_list(options.protocols);
            SSL_set_alpn_protos(ssl_, list.data(), static_cast<unsigned>(list.size()));
        }
        if (options.session != nullptr) {
            // A copy: OpenSSL's client, too, uses each only once.
            SSL_SESSION* copy = SSL_SESSION_dup(options.session);
            SSL_set_session(ssl_, copy);
            SSL_SESSION_free(copy);
        }
    }
    Client(const Client&) = delete;
    Client& operator=(const Client&) = delete;
    ~Client() {
        // Otherwise OpenSSL takes the end for a broken session, which is never resumed.
        SSL_set_shutdown(ssl_, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
        SSL_free(ssl_);
        for (SSL_SESSION* session : sessions_) {
            SSL_SESSION_free(session);
        }
        SSL_CTX_free(context_);
        ERR_clear_error();
    }

    SSL* ssl() { return ssl_; }
    void give(Bytes bytes) {
        if (!bytes.empty()) {
            BIO_write(in_, bytes.data(), static_cast<int>(bytes.size()));
        }
    }
    Wire take_output() {
        Wire bytes(static_cast<std::size_t>(BIO_pending(out_)));
        if (!bytes.empty()) {
            BIO_read(out_, bytes.data(), static_cast<int>(bytes.size()));
        }
        return bytes;
    }
    // True when it has ended well.
    bool handshake() {
        if (SSL_is_init_finished(ssl_) == 1) {
            return true;
        }
        const int outcome = SSL_do_handshake(ssl_);
        if (outcome != 1 && SSL_get_error(ssl_, outcome) == SSL_ERROR_SSL) {
            reason_ = ERR_GET_REASON(ERR_peek_last_error());
            ERR_clear_error();
        }
        // TLS 1.2 tells of no ticket when it resumes, though there may be a fresh one.
        if (outcome == 1 && SSL_version(ssl_) == TLS1_2_VERSION && sessions_.empty()) {
            sessions_.push_back(SSL_get1_session(ssl_));
        }
        return outcome == 1;
    }
    void write(std::string_view text) {
        SSL_write(ssl_, text.data(), static_cast<int>(text.size()));
    }
    std::string read() {
        std::string text;
        char room[4096];
        int got = 0;
        while ((got = SSL_read(ssl_, room, sizeof room)) > 0) {
            text.append(room, static_cast<std::size_t>(got));
        }
        ERR_clear_error();
        return text;
    }
    bool saw_close() const { return (SSL_get_shutdown(ssl_) & SSL_RECEIVED_SHUTDOWN) != 0; }
    void close() {
        SSL_shutdown(ssl_);
        ERR_clear_error();
    }
    bool was_resumed() { return SSL_session_reused(ssl_) == 1; }
    // The OCSP response that has come; "" none.
    std::string status() {
        const unsigned char* data = nullptr;
        const long size = SSL_ctrl(ssl_, SSL_CTRL_GET_TLSEXT_STATUS_REQ_OCSP_RESP, 0, &data);
        return size <= 0 ? "" : std::string(reinterpret_cast<const char*>(data),
                                            static_cast<std::size_t>(size));
    }
    // The tickets that have come, oldest first. In TLS 1.3 also after the handshake, by read().
    const std::vector<SSL_SESSION*>& sessions() const { return sessions_; }
    SSL_SESSION* last_session() { return sessions_.empty() ? nullptr : sessions_.back(); }
    // Why it failed: ERR_R or an alert of the server (SSL_AD_REASON_OFFSET + alert).
    int reason() const { return reason_; }
    std::string protocol() {
        const unsigned char* data = nullptr;
        unsigned size = 0;
        SSL_get0_alpn_selected(ssl_, &data, &size);
        return data == nullptr ? "" : std::string(reinterpret_cast<const char*>(data), size);
    }

private:
    static Wire protocol_list(std::string_view names) {
        Wire list;
        while (!names.empty()) {
            const std::string_view name = names.substr(0, names.find(','));
            list.push_back(static_cast<std::uint8_t>(name.size()));
            list.insert(list.end(), name.begin(), name.end());
            names.remove_prefix(std::min(name.size() + 1, names.size()));
        }
        return list;
    }

    SSL_CTX* context_ = nullptr;
    SSL* ssl_ = nullptr;
    BIO* in_ = nullptr;
    BIO* out_ = nullptr;
    std::vector<SSL_SESSION*> sessions_;
    int reason_ = 0;
};

inline constexpr int kAlertReason = 1000;  // SSL_AD_REASON_OFFSET

// A certificate for the same names as make_self_signed({}), with a key of the other kind.
inline IdentityText rsa_identity(WallTime now) {
    IdentityText text;
    EVP_PKEY* key = EVP_RSA_gen(2048);
    X509* certificate = X509_new();
    X509_set_version(certificate, X509_VERSION_3);
    ASN1_INTEGER_set(X509_get_serialNumber(certificate), 7);
    std::time_t begins = static_cast<std::time_t>(now.seconds - 3600);
    std::time_t ends = static_cast<std::time_t>(now.seconds + 90 * 24 * 3600);
    X509_time_adj(X509_getm_notBefore(certificate), 0, &begins);
    X509_time_adj(X509_getm_notAfter(certificate), 0, &ends);
    X509_NAME* name = X509_get_subject_name(certificate);
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8,
                               reinterpret_cast<const unsigned char*>("localhost"), -1, -1, 0);
    X509_set_issuer_name(certificate, name);
    X509_set_pubkey(certificate, key);
    X509_sign(certificate, key, EVP_sha256());
    const auto pem_of = [](auto write) {
        BIO* memory = BIO_new(BIO_s_mem());
        write(memory);
        char* data = nullptr;
        const long size = BIO_get_mem_data(memory, &data);
        std::string pem(data, static_cast<std::size_t>(size));
        BIO_free(memory);
        return pem;
    };
    text.chain_pem = pem_of([&](BIO* to) { PEM_write_bio_X509(to, certificate); });
    text.key_pem = pem_of(
        [&](BIO* to) { PEM_write_bio_PrivateKey(to, key, nullptr, nullptr, 0, nullptr, nullptr); });
    X509_free(certificate);
    EVP_PKEY_free(key);
    return text;
}

inline std::string version_name(const testing::TestParamInfo<int>& tested) {
    return tested.param == TLS1_2_VERSION ? "Tls12" : "Tls13";
}

class TlsTest : public testing::Test {
protected:
    std::unique_ptr<Context> make_context(Settings settings = {}) {
        if (settings.identities.empty()) {
            settings.identities.push_back(
                *make_self_signed({"ftp.example.org"}, kernel_.wall_time()));
        }
        Findings findings;
        std::unique_ptr<Context> made = Context::make(kernel_, settings, keys_, findings);
        for (const Finding& finding : findings) {
            EXPECT_FALSE(finding.is_error) << finding.text;
        }
        return made;
    }

    // Carries what there is from one to the other.
    static void to_client(Connection& server, Client& client) {
        client.give(server.output());
        server.consume_output(server.output().size());
    }
    // Both handshakes as far as they come. Returns how the server's stands.
    static Status shake_hands(Connection& server, Client& client) {
        Status status = fail(Errc::WouldBlock);
        for (int round = 0; round < 10; ++round) {
            const bool client_done = client.handshake();
            const Wire bytes = client.take_output();
            server.feed(bytes);
            status = server.handshake();
            const bool is_broken = !status && status.error().code != Errc::WouldBlock;
            EXPECT_TRUE(server.take_unread().empty() || is_broken);
            to_client(server, client);
            if (client_done && status) {
                break;
            }
            if (!status && status.error().code != Errc::WouldBlock) {
                client.handshake();
                break;
            }
        }
        if (status) {
            client.read();
        }  // the tickets of TLS 1.3
        return status;
    }
    static Result<std::string> read_all(Connection& server, Bytes ciphertext) {
        server.feed(ciphertext);
        std::string text;
        std::uint8_t room[4096];
        while (true) {
            const Result<std::size_t> got = server.read(room);
            if (!got && got.error().code == Errc::WouldBlock) {
                return text;
            }
            if (!got) {
                return fail(got.error());
            }
            if (*got == 0) {
                return text;
            }
            text.append(as_text(Bytes(room, *got)));
        }
    }

    sys::LinuxKernel kernel_;
    TicketKeys keys_{Duration::seconds(24 * 3600), kernel_.now()};
};

inline ClientOptions only(int version) {
    ClientOptions options;
    options.version_min = version;
    options.version_max = version;
    return options;
}

}  // namespace sluice::tls
