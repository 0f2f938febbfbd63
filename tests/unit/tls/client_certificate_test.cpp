// Clients with certificates: who gets in, what their certificates say, and whose a data connection
// is then.
#include "tls_client.hpp"

#include "test_authority.hpp"

namespace sluice::tls {
namespace {

class ClientCertificate : public TlsTest, public testing::WithParamInterface<int> {
protected:
    std::unique_ptr<Context> context_for(ClientCertificates wanted, const std::string& crl = "") {
        Settings settings;
        settings.clients.wanted = wanted;
        settings.clients.authorities_name = "ca.pem";
        settings.clients.authorities_pem = authority_.pem();
        settings.clients.revoked_name = crl.empty() ? "" : "crl.pem";
        settings.clients.revoked_pem = crl;
        return make_context(settings);
    }
    ClientOptions client_with(const IdentityText* certificate, SSL_SESSION* session = nullptr) {
        ClientOptions options = only(GetParam());
        options.certificate = certificate;
        options.session = session;
        return options;
    }
    // "" when it got in, else why not.
    std::string refusal_of(Context& context, const IdentityText* certificate) {
        Connection server(context);
        Client client(client_with(certificate));
        if (shake_hands(server, client)) {
            return "";
        }
        EXPECT_FALSE(server.has_client_certificate());
        EXPECT_EQ(server.client_subject(), "");
        return std::string(server.failure());
    }
    static bool shake(Connection& server, Client& client) {
        return shake_hands(server, client).has_value();
    }

    TestAuthority authority_{"Authority", kernel_.wall_time()};
    TestAuthority stranger_{"Authority", kernel_.wall_time()};
    IdentityText alice_ = authority_.issue({.name = "alice"});
};
INSTANTIATE_TEST_SUITE_P(Tls, ClientCertificate, testing::Values(TLS1_2_VERSION, TLS1_3_VERSION),
                         version_name);

TEST_P(ClientCertificate, RequiredLetsOnlyTheRightOneIn) {
    const IdentityText expired = authority_.issue({.name = "alice", .days = -1});
    const IdentityText revoked = authority_.issue({.name = "alice"});
    const IdentityText foreign = stranger_.issue({.name = "alice"});
    const std::unique_ptr<Context> context =
        context_for(ClientCertificates::Required, authority_.revoke({&revoked}));
    EXPECT_EQ(refusal_of(*context, &alice_), "");
    EXPECT_EQ(refusal_of(*context, nullptr), "peer did not return a certificate");
    EXPECT_EQ(refusal_of(*context, &expired), "certificate has expired");
    EXPECT_EQ(refusal_of(*context, &revoked), "certificate revoked");
    EXPECT_EQ(refusal_of(*context, &foreign), "certificate signature failure");
    EXPECT_EQ(context->client_certificates(), ClientCertificates::Required);
}

TEST_P(ClientCertificate, OptionalWantsAShownOneToBeGood) {
    const IdentityText foreign = stranger_.issue({.name = "alice"});
    const std::unique_ptr<Context> context = context_for(ClientCertificates::Optional);
    EXPECT_EQ(refusal_of(*context, &alice_), "");
    EXPECT_EQ(refusal_of(*context, nullptr), "");
    EXPECT_EQ(refusal_of(*context, &foreign), "certificate signature failure");
}

TEST_P(ClientCertificate, NobodyIsLetInOnAnOldList) {
    const std::unique_ptr<Context> context =
        context_for(ClientCertificates::Required, authority_.revoke({}, -1));
    EXPECT_EQ(refusal_of(*context, &alice_), "CRL has expired");
}

TEST_P(ClientCertificate, OffAsksForNone) {
    const std::unique_ptr<Context> context = make_context();
    Connection server(*context);
    Client client(client_with(&alice_));
    ASSERT_TRUE(shake(server, client));
    EXPECT_FALSE(server.has_client_certificate());
    EXPECT_FALSE(server.is_client_named(ClientName::CommonName, "alice"));
}

TEST_P(ClientCertificate, NamesAreComparedExactly) {
    const IdentityText bob = authority_.issue(
        {.name = "bob", .alternatives = "email:bob@example.org,URI:ftp:bob,DNS:bob.example.org"});
    const std::unique_ptr<Context> context = context_for(ClientCertificates::Required);
    Connection server(*context);
    Client client(client_with(&bob));
    ASSERT_TRUE(shake(server, client));
    EXPECT_EQ(server.client_subject(), "CN=bob");
    EXPECT_TRUE(server.is_client_named(ClientName::CommonName, "bob"));
    EXPECT_TRUE(server.is_client_named(ClientName::Email, "bob@example.org"));
    EXPECT_TRUE(server.is_client_named(ClientName::Uri, "ftp:bob"));
    EXPECT_TRUE(server.is_client_named(ClientName::Host, "bob.example.org"));
    for (const std::string_view wrong : {"", "Bob", "bo", "bobb", "bob ", "bob@example.org"}) {
        EXPECT_FALSE(server.is_client_named(ClientName::CommonName, wrong)) << wrong;
    }
    EXPECT_FALSE(server.is_client_named(ClientName::Email, "bob"));
    EXPECT_FALSE(server.is_client_named(ClientName::Uri, "bob@example.org"));
    EXPECT_FALSE(server.is_client_named(ClientName::Host, "example.org"));
}

TEST_P(ClientCertificate, ANulOrASecondNameFoolsNobody) {
    const std::string nul("alice\0.example.org", 18);
    const IdentityText with_nul = authority_.issue({.name = nul});
    const IdentityText with_two = authority_.issue({.name = "alice\nroot"});
    const std::unique_ptr<Context> context = context_for(ClientCertificates::Required);
    for (const IdentityText* each : {&with_nul, &with_two}) {
        Connection server(*context);
        Client client(client_with(each));
        ASSERT_TRUE(shake(server, client));
        EXPECT_FALSE(server.is_client_named(ClientName::CommonName, "alice"));
        EXPECT_FALSE(server.is_client_named(ClientName::CommonName, "root"));
    }
}

TEST_P(ClientCertificate, IsAskedForAgainWhateverTicketThereIs) {
    const std::unique_ptr<Context> context = context_for(ClientCertificates::Required);
    Connection first(*context);
    Client client(client_with(&alice_));
    ASSERT_TRUE(shake(first, client));
    Connection second(*context);
    Client again(client_with(&alice_, client.last_session()));
    ASSERT_TRUE(shake(second, again));
    EXPECT_FALSE(again.was_resumed());
    EXPECT_TRUE(second.is_client_named(ClientName::CommonName, "alice"));
    // And a ticket is no certificate.
    Connection third(*context);
    Client bare(client_with(nullptr, client.last_session()));
    EXPECT_FALSE(shake(third, bare));
}

TEST_P(ClientCertificate, ADataConnectionResumesItsOwnersSessionOrShowsTheSame) {
    const IdentityText twin = authority_.issue({.name = "alice"});
    const std::unique_ptr<Context> context = context_for(ClientCertificates::Required);
    Connection owner(*context);
    Client client(client_with(&alice_));
    ASSERT_TRUE(shake(owner, client));
    Connection other_owner(*context);
    Client other(client_with(&alice_));
    ASSERT_TRUE(shake(other_owner, other));
    const auto data = [&](const IdentityText* certificate, SSL_SESSION* session, bool& bound) {
        Connection server(*context, Connection::DataRole{.owner = owner});
        Client end(client_with(certificate, session));
        const bool done = shake(server, end);
        bound = server.is_bound();
        return done && server.is_acceptable();
    };
    bool bound = false;
    EXPECT_TRUE(data(nullptr, client.last_session(), bound));
    EXPECT_TRUE(bound);
    EXPECT_TRUE(data(&alice_, nullptr, bound));
    EXPECT_FALSE(bound);
    EXPECT_TRUE(data(&alice_, other.last_session(), bound));
    EXPECT_FALSE(bound);
    EXPECT_FALSE(data(&twin, nullptr, bound));
    EXPECT_FALSE(data(nullptr, nullptr, bound));
    EXPECT_FALSE(data(nullptr, other.last_session(), bound));
}

TEST_P(ClientCertificate, OptionalAsksNoDataConnection) {
    const std::unique_ptr<Context> context = context_for(ClientCertificates::Optional);
    Connection owner(*context);
    Client client(client_with(&alice_));
    ASSERT_TRUE(shake(owner, client));
    Connection server(*context, Connection::DataRole{.owner = owner});
    Client end(client_with(nullptr));
    ASSERT_TRUE(shake(server, end));
    EXPECT_TRUE(server.is_acceptable());
}

TEST_F(TlsTest, AnAuthorityWithoutAListIsTold) {
    const TestAuthority authority("Authority", kernel_.wall_time());
    const TestAuthority other("Other", kernel_.wall_time());
    Settings settings;
    settings.identities.push_back(*make_self_signed({}, kernel_.wall_time()));
    settings.clients.wanted = ClientCertificates::Required;
    settings.clients.authorities_name = "ca.pem";
    settings.clients.authorities_pem = authority.pem() + other.pem();
    settings.clients.revoked_name = "crl.pem";
    settings.clients.revoked_pem = authority.revoke({});
    Findings findings;
    const std::unique_ptr<Context> context = Context::make(kernel_, settings, keys_, findings);
    ASSERT_NE(context, nullptr);
    ASSERT_EQ(findings.size(), 1u);
    EXPECT_EQ(findings[0].text, "crl.pem: has no list of CN=Other; its clients are refused");
    std::size_t lists = 0;
    for (const Term& term : context->terms()) {
        lists += term.kind == Term::Kind::RevocationList ? 1u : 0u;
    }
    EXPECT_EQ(context->terms().size(), 4u);
    EXPECT_EQ(lists, 1u);
}

TEST_F(TlsTest, TooManyAuthoritiesAreAMistake) {
    const TestAuthority authority("Authority", kernel_.wall_time());
    Settings settings;
    settings.identities.push_back(*make_self_signed({}, kernel_.wall_time()));
    settings.clients.wanted = ClientCertificates::Required;
    settings.clients.authorities_name = "ca.pem";
    for (int i = 0; i < 129; ++i) {
        settings.clients.authorities_pem += authority.pem();
    }
    Findings findings;
    EXPECT_EQ(Context::make(kernel_, settings, keys_, findings), nullptr);
    ASSERT_EQ(findings.size(), 1u);
    EXPECT_EQ(findings[0].text,
              "ca.pem: more than 128 authorities; name only those that vouch for "
              "clients of this server");
}

TEST_F(TlsTest, AContextKnowsItsConnections) {
    const std::unique_ptr<Context> context = make_context();
    EXPECT_FALSE(context->is_used());
    {
        Connection owner(*context);
        Connection data(*context, Connection::DataRole{.owner = owner});
        EXPECT_TRUE(context->is_used());
    }
    EXPECT_FALSE(context->is_used());
}

// A ticket of the former certificate opens with the next one: the keys are the same.
TEST_F(TlsTest, ATicketOutlivesItsContext) {
    const std::unique_ptr<Context> before = make_context();
    const std::unique_ptr<Context> after = make_context();
    for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
        Connection first(*before);
        Client client(only(version));
        ASSERT_TRUE(shake_hands(first, client));
        Connection second(*after);
        ClientOptions options = only(version);
        options.session = client.last_session();
        Client again(options);
        ASSERT_TRUE(shake_hands(second, again));
        EXPECT_TRUE(again.was_resumed());
        // As it is of a data connection that comes behind a reload.
        Connection data(*after, Connection::DataRole{.owner = first});
        options.session = client.last_session();
        Client bound(options);
        ASSERT_TRUE(shake_hands(data, bound));
        EXPECT_TRUE(data.is_bound());
    }
}

}  // namespace
}  // namespace sluice::tls
